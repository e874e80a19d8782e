package protocol

import "github.com/claude-code-hub/cch/internal/domain"

// QuotaReserve asks a user's quota actor to admit a request (wire). The same
// LeaseID again gives the same grant, extended. With bounds for more attempts it
// asks for what they add; a refusal then leaves the grant as it was.
type QuotaReserve struct {
	LeaseID   domain.LeaseID
	ReqID     domain.RequestID
	UserID    domain.UserID
	KeyID     domain.KeyID
	SessionID string
	T         int64
	Class     domain.CallClass
	Low       domain.Money // bounds of what all attempts together may cost
	Upper     domain.Money
	Attempts  int    // that run side by side; 0 = 1
	Model     string // billed model
	TTLMs     int64
	Node      string
	Reclaim   bool         // held already: grant and count it, even above the limit
	Estimate  domain.Money // with Reclaim: as it was granted; 0 = to be judged anew
	// WaitUntil repeats the time of a QuotaWait: the asker stays in line no
	// longer than that. 0 = it has not waited yet.
	WaitUntil int64
}

// QuotaGrant answers QuotaReserve (wire).
type QuotaGrant struct {
	OK        bool
	Estimate  domain.Money
	ExpiresAt int64
	Refusal   *QuotaRefusal // set when not OK
	Epoch     int64
}

// QuotaRefusal says which limit refused (wire).
type QuotaRefusal struct {
	Limit   domain.LimitType
	Scope   domain.Scope
	Current int64 // nano-USD for money
	Max     int64
	ResetAt int64  // latest reset over all failing limits; 0 = none
	Reason  string // one of the Refused constants
}

// Reasons of a QuotaRefusal.
const (
	RefusedLimitReached = "limit_reached"
	RefusedReserved     = "reserved"    // only open reservations are in the way
	RefusedTooLarge     = "too_large"   // what is left is less than the request may cost
	RefusedUnavailable  = "unavailable" // nobody guards the limits, and what may be spent so is spent
	RefusedReleased     = "released"    // the lease was given back before it was asked for
)

// QuotaWait answers a QuotaReserve that stands in line for money which others
// have reserved (wire). The asker asks again, with WaitUntil, and is then
// answered when its turn has come or the time is over.
type QuotaWait struct {
	LeaseID domain.LeaseID
	Until   int64
}

// SettleKey names one settlement; a repeated one changes nothing.
type SettleKey = domain.SettleKey

// QuotaSettle books what a request cost and, when IsFinal, closes its lease (wire).
type QuotaSettle struct {
	SettleKey
	LeaseID      domain.LeaseID
	UserID       domain.UserID
	KeyID        domain.KeyID
	SessionID    string
	Charge       domain.Money
	ProviderCost domain.Money
	State        string // billed, free, unpriced, estimated, missing_usage, not_billed
	T            int64  // admission time
	IsFinal      bool
	// Row is the rest of the ledger row. A zero LeaseID with IsFinal closes
	// whatever lease the request holds.
	Row domain.LedgerFacts
}

// QuotaSettled acknowledges a QuotaSettle (wire).
type QuotaSettled struct {
	SettleKey
	UserSeq   int64 // of the row; 0 with Duplicate
	Duplicate bool  // the ledger had it
	Refused   bool  // the ledger will never take it; it was set aside for the operator
	Epoch     int64
}

// QuotaRead asks for the state of a user's limits (wire).
type QuotaRead struct {
	UserID domain.UserID
	T      int64
}

// QuotaForget says that rows of the user were deleted from the ledger: what is
// counted of money is counted anew. It fails while rows wait for the ledger.
type QuotaForget struct{ UserID domain.UserID }

// QuotaForgotten answers QuotaForget.
type QuotaForgotten struct{ Epoch int64 }

// QuotaState answers QuotaRead (wire).
type QuotaState struct {
	Windows []QuotaWindow
	Epoch   int64
}

// QuotaWindow is the state of one limit (wire).
type QuotaWindow struct {
	Scope    domain.Scope
	ID       int64 // user or key id
	Limit    domain.LimitType
	Used     int64 // nano-USD for money
	Reserved int64
	Max      int64 // 0 = unlimited
	ResetAt  int64 // 0 = none
}
