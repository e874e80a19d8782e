package domain

import (
	"errors"
	"time"
)

// Kinds of ledger rows.
const (
	LedgerCharge = "charge" // what an attempt cost
	LedgerAdjust = "adjust" // what a charge was wrong by
)

// SettleKey names one settlement, and with it its row in the ledger; a repeated
// one changes nothing.
type SettleKey struct {
	ReqID   RequestID
	Attempt int    // from 1; 0 = the request as a whole
	Kind    string // LedgerCharge or LedgerAdjust
	N       int    // 0 for the charge, then counting adjustments
}

// SettleID is a SettleKey in sixteen bytes and without a pointer: a set of a
// hundred thousand is nothing that the garbage collector has to look through.
type SettleID struct {
	req     RequestID
	n       int32
	attempt int16
	adjust  bool
}

// ID packs the key.
func (k SettleKey) ID() SettleID {
	return SettleID{req: k.ReqID, n: int32(k.N), attempt: int16(k.Attempt), adjust: k.Kind == LedgerAdjust}
}

// Key unpacks the id.
func (i SettleID) Key() SettleKey {
	kind := LedgerCharge
	if i.adjust {
		kind = LedgerAdjust
	}
	return SettleKey{ReqID: i.req, Attempt: int(i.attempt), Kind: kind, N: int(i.n)}
}

// LedgerRow is one row of the ledger: the only truth of what was spent. Rows
// are appended and never changed. The quota actor of the user numbers them, so
// that a user's rows are complete up to any number.
type LedgerRow struct {
	SettleKey
	UserID       UserID
	UserSeq      int64 // from 1, by the user's only writer
	Epoch        int64 // of that writer
	KeyID        KeyID
	AdmittedAt   int64 // Unix ms: the time at which the row counts in every window
	SettledAt    int64 // Unix ms
	Charge       Money // what limits of the user and the key count
	ProviderCost Money // what limits of the provider count
	State        string
	IsFinal      bool // one row of every admitted request is
	LedgerFacts
}

// LedgerFacts are the columns of a ledger row that no limit of a user counts by.
type LedgerFacts struct {
	ProviderID    ProviderID // 0 = none was called
	GroupID       GroupID    // whose multiplier was applied; 0 = none
	SessionID     string     // whose sums the row adds to; not kept in the ledger
	Reported      *Money     // what the upstream says it cost; nil = nothing
	PriceID       int64      // 0 = not stored
	PriceNode     string
	Model         string // billed
	Usage         Usage
	IsSuccess     bool
	CountsForRate bool // a success or the provider's failure
	Duration      time.Duration
	TTFB          time.Duration
	TTFT          time.Duration
}

// What keeps the ledger from taking a row.
var (
	// ErrLedgerFenced says that the user's rows have another writer by now.
	ErrLedgerFenced = errors.New("the ledger has another writer for this user")
	// ErrLedgerRefused says that the row itself is impossible. What it would have
	// booked is set aside for the operator.
	ErrLedgerRefused = errors.New("the ledger refuses the row")
)

// LedgerDuplicateError says that the ledger has the row already, or another final
// row of the request. It is the error of an append that changed nothing.
type LedgerDuplicateError struct{ Kept LedgerRow }

func (*LedgerDuplicateError) Error() string { return "the ledger has this row" }

// LedgerDifference is a figure that disagrees with the ledger.
type LedgerDifference struct {
	UserID UserID
	Where  string // what was compared: a table and time, or a window
	Figure string
	Ledger int64 // what the ledger says
	Found  int64 // what was found instead
}

// SpentQuery asks what was spent at a provider.
type SpentQuery struct {
	Provider ProviderID
	After    time.Time   // admitted after it: the single charges
	Recent   time.Time   // settled after it: which attempts they were of
	Sums     []time.Time // sums of what was admitted after each; zero = ever
}

// Spent is what was spent at a provider, all of it as of one moment.
type Spent struct {
	Charges []SpentCharge // by time; of very many those of a minute are one, at the last of their times
	Recent  []SettleKey
	Sums    []Money
}

// SpentCharge is what was spent at a time.
type SpentCharge struct {
	At     int64 // Unix ms
	Amount Money
}
