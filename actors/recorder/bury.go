package recorder

import (
	"context"
	"fmt"
	"time"

	"github.com/claude-code-hub/cch/actors/protocol"
	"github.com/claude-code-hub/cch/internal/domain"
)

// Buried is a record that the store will not take, set aside for the operator.
type Buried struct {
	At     time.Time
	Reason string // what the store said
	Record []byte // as the journal had it
}

// Burial describes a buried record to an operator.
type Burial struct {
	Buried
	Kind    string // started, begun, finished, settlement or unreadable
	ID      domain.RequestID
	UserID  domain.UserID
	Charge  domain.Money
	Replays bool // it can be given to the journal again
}

// bury sets a record aside, on the disk, and tries until that is done: what
// follows in the journal must not be forgotten before. It fails only when ctx
// ends.
func (r *Recorder) bury(ctx context.Context, it item, why error) error {
	record, err := newEncoder().encode(it)
	if err != nil {
		return err // cannot be: it was encoded before
	}
	return r.buryRecord(ctx, record, why)
}

func (r *Recorder) buryRecord(ctx context.Context, record []byte, why error) error {
	dead, err := newEncoder().encode(item{buried: &Buried{At: r.o.Now(), Reason: why.Error(), Record: record}})
	if err != nil {
		return err
	}
	for wait := firstRetry; ; wait = min(2*wait, longestRetry) {
		err := r.o.Journal.Bury(dead)
		if err == nil {
			r.stats.buried.Add(1)
			return nil
		}
		r.o.Logger.ErrorContext(ctx, "a record cannot be set aside, trying again",
			"wait_ms", wait.Milliseconds(), "error", err)
		if !pause(ctx, jittered(wait)) {
			return ctx.Err()
		}
	}
}

// settlementOf is the settlement that a ledger row came from, but for the lease
// it closed. Given to the user's quota actor it is booked under a new number.
func settlementOf(row *domain.LedgerRow) *protocol.QuotaSettle {
	return &protocol.QuotaSettle{
		SettleKey: row.SettleKey, UserID: row.UserID, KeyID: row.KeyID, SessionID: row.SessionID,
		Charge: row.Charge, ProviderCost: row.ProviderCost, State: row.State, T: row.AdmittedAt,
		IsFinal: row.IsFinal, Row: row.LedgerFacts,
	}
}

// ReadBurial describes what Journal.Bury was given.
func ReadBurial(dead []byte) Burial {
	it, err := decode(dead)
	if err != nil {
		return Burial{Kind: "unreadable", Buried: Buried{Record: dead, Reason: err.Error()}}
	}
	b := Burial{Buried: Buried{Record: dead}}
	if it.buried != nil {
		b.Buried = *it.buried
		if it, err = decode(it.buried.Record); err != nil {
			b.Kind = "unreadable"
			return b
		}
	}
	b.describe(it)
	return b
}

func (b *Burial) describe(it item) {
	b.Replays = true
	switch {
	case it.started != nil:
		b.Kind, b.ID, b.UserID = "started", it.started.ID, it.started.UserID
	case it.begun != nil:
		b.Kind, b.ID = "begun", it.begun.ID
	case it.finished != nil:
		b.Kind, b.ID, b.UserID, b.Charge = "finished", it.finished.Log.ID, it.finished.Log.UserID, it.finished.Log.Cost
	case it.settle != nil:
		b.Kind, b.ID, b.UserID, b.Charge = "settlement", it.settle.ReqID, it.settle.UserID, it.settle.Charge
	default:
		b.Kind, b.Replays = "unreadable", false
	}
}

// Exhume gives the buried records that can be read to the journal again, for
// the next process to bring them to the store, and returns their number. The
// journal must not be in use by a Recorder.
func Exhume(j interface {
	Append(record []byte, urgent bool, done func(end int64, err error)) error
}, dead [][]byte,
) (int, error) {
	n := 0
	for _, d := range dead {
		b := ReadBurial(d)
		if !b.Replays {
			continue
		}
		written := make(chan error, 1)
		err := j.Append(b.Record, true, func(_ int64, err error) { written <- err })
		if err == nil {
			err = <-written
		}
		if err != nil {
			return n, fmt.Errorf("give a buried record back to the journal: %w", err)
		}
		n++
	}
	return n, nil
}
