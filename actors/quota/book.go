package quota

import (
	"slices"
	"time"

	"github.com/claude-code-hub/cch/actors/kit"
	"github.com/claude-code-hub/cch/actors/protocol"
	"github.com/claude-code-hub/cch/internal/domain"
	"github.com/claude-code-hub/cch/internal/pricing"
)

const stateEstimated = string(pricing.StateEstimated)

// book numbers the user's ledger rows and knows which of them the ledger has
// not confirmed. A row counts from the moment it is numbered, so that nothing
// is spent twice while the ledger is busy; when the ledger turns it down, what
// it counted is taken back.
type book struct {
	epoch int64
	seq   int64                       // of the row numbered last
	open  []*entry                    // not confirmed, by their number
	byKey map[domain.SettleKey]*entry // the same
	// charged is the sum of all charges that count, ever: what the ledger must
	// say, but for the rows that are open.
	charged domain.Money
}

// entry is a row on its way to the ledger.
type entry struct {
	row    domain.LedgerRow
	key    domain.SettleKey // what is acknowledged: of the row, or of what it corrects
	askers []kit.Responder  // of those who wait for that
	lease  *leaseRecord     // the lost reservation that the row is for; nil = none
}

// number makes the next row. The row belongs to the ledger from now on.
func (b *book) number(row domain.LedgerRow, key domain.SettleKey) *entry {
	b.seq++
	row.UserSeq, row.Epoch = b.seq, b.epoch
	e := &entry{row: row, key: key}
	b.open = append(b.open, e)
	if b.byKey == nil {
		b.byKey = map[domain.SettleKey]*entry{}
	}
	b.byKey[key] = e
	return e
}

// waiting finds the row by which a settlement is being booked; nil = none.
func (b *book) waiting(key domain.SettleKey) *entry { return b.byKey[key] }

// close takes a row off the open ones; nil if it is none.
func (b *book) close(seq int64) *entry {
	i, found := slices.BinarySearchFunc(b.open, seq, func(e *entry, seq int64) int { return int(e.row.UserSeq - seq) })
	if !found {
		return nil
	}
	e := b.open[i]
	if i == 0 { // as it mostly is: rows are decided in their order
		b.open[0] = nil
		b.open = b.open[1:]
	} else {
		b.open = slices.Delete(b.open, i, i+1)
	}
	delete(b.byKey, e.key)
	if len(b.open) == 0 {
		b.open, b.byKey = nil, nil
	}
	return e
}

// confirmed is the number up to which every row is decided.
func (b *book) confirmed() int64 {
	if len(b.open) > 0 {
		return b.open[0].row.UserSeq - 1
	}
	return b.seq
}

// correction is the row that puts right what the ledger has of a request as a
// whole, an estimate, when the real cost comes; false if nothing is wrong.
func correction(real, kept *domain.LedgerRow) (domain.LedgerRow, bool) {
	if kept.Attempt != 0 || real.Attempt == 0 || kept.Kind != domain.LedgerCharge {
		return domain.LedgerRow{}, false
	}
	row := *real
	row.SettleKey = domain.SettleKey{ReqID: kept.ReqID, Attempt: kept.Attempt, Kind: domain.LedgerAdjust, N: 1}
	row.Charge -= kept.Charge
	row.ProviderCost -= kept.ProviderCost
	row.IsFinal = false
	return row, true
}

// reversed is a row that takes back what another counted.
func reversed(row domain.LedgerRow) domain.LedgerRow {
	row.Charge, row.ProviderCost = -row.Charge, -row.ProviderCost
	return row
}

// estimateKey names the row that ends a request as a whole, by its estimate.
func estimateKey(id domain.RequestID) domain.SettleKey {
	return domain.SettleKey{ReqID: id, Kind: domain.LedgerCharge}
}

// estimated is the row of a request that was lost while its answer ran. Who
// answered is not known here.
func estimated(user domain.UserID, r *reservation, now time.Time) domain.LedgerRow {
	return domain.LedgerRow{
		SettleKey: estimateKey(r.reqID), UserID: user, KeyID: r.key, AdmittedAt: r.t, SettledAt: now.UnixMilli(),
		Charge: r.estimate, State: stateEstimated, IsFinal: true,
		LedgerFacts: domain.LedgerFacts{SessionID: r.session.ID, Model: r.model},
	}
}

// rowOf is the row of a settlement, but for its number.
func rowOf(m *protocol.QuotaSettle, now time.Time) domain.LedgerRow {
	row := domain.LedgerRow{
		SettleKey: m.SettleKey, UserID: m.UserID, KeyID: m.KeyID, AdmittedAt: m.T, SettledAt: now.UnixMilli(),
		Charge: m.Charge, ProviderCost: m.ProviderCost, State: m.State, IsFinal: m.IsFinal, LedgerFacts: m.Row,
	}
	row.SessionID = m.SessionID
	return row
}
