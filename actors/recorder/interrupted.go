package recorder

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/claude-code-hub/cch/actors/protocol"
	"github.com/claude-code-hub/cch/internal/domain"
	"github.com/claude-code-hub/cch/internal/pricing"
)

// closeInterrupted closes the rows that no process is working on any more. Their
// records are journaled like others, for they owe a settlement. A journal that
// takes none, as its disk is full, does not keep the process from starting:
// handLeft comes back to them.
func (w *worker) closeInterrupted(ctx context.Context) error {
	closed := 0
	err := w.r.eachLost(ctx, func(rows []domain.OpenLog) error {
		safe := w.journalEnds(ctx, rows, w.r.keep) // one that cannot be closed is buried, and stays open
		if len(safe) == 0 {
			return nil
		}
		if err := w.commit(ctx, safe); err != nil {
			return err
		}
		w.r.queue.caughtUp(safe[len(safe)-1].end)
		closed += len(safe)
		return nil
	})
	if closed > 0 {
		w.r.o.Logger.WarnContext(ctx, "requests were interrupted when the last process ended", "count", closed)
	}
	return err
}

// eachLost visits the open rows of requests that are nobody's any more.
func (r *Recorder) eachLost(ctx context.Context, visit func(rows []domain.OpenLog) error) error {
	lost, err := r.o.Lost(ctx)
	if err != nil {
		return err
	}
	for last := domain.RequestID(0); ; {
		rows, err := r.o.Store.Open(ctx, last, r.o.BatchRecords)
		if err != nil || len(rows) == 0 {
			return err
		}
		last = rows[len(rows)-1].ID
		rows = slices.DeleteFunc(rows, func(row domain.OpenLog) bool { return !lost(row.ID) })
		if len(rows) == 0 {
			continue
		}
		if err := visit(rows); err != nil {
			return err
		}
	}
}

// CloseLost records the ends of requests whose process died elsewhere, and
// returns their number. What the journal does not take is left for the next time.
func (r *Recorder) CloseLost(ctx context.Context) (closed int, err error) {
	w := &worker{r: r}
	err = r.eachLost(ctx, func(rows []domain.OpenLog) error {
		safe := w.journalEnds(ctx, rows, func(it *item, done func(error)) { r.hand(*it, true, done) })
		closed += len(safe)
		return nil
	})
	if err != nil {
		return closed, fmt.Errorf("close what dead processes left: %w", err)
	}
	return closed, nil
}

// handLeft gives the journal what it did not take at the start. It is called
// after a batch came through it: so there is room again.
func (w *worker) handLeft(ctx context.Context) {
	if len(w.left) == 0 {
		return
	}
	rows := w.left
	w.left = nil
	w.journalEnds(ctx, rows, func(it *item, done func(error)) { w.r.hand(*it, true, done) })
}

// journalEnds journals the ends of open rows and returns those that are safe;
// the others are left for later.
func (w *worker) journalEnds(ctx context.Context, rows []domain.OpenLog, journal func(*item, func(error))) []item {
	batch, errs := make([]item, len(rows)), make([]error, len(rows))
	var journaled sync.WaitGroup
	journaled.Add(len(rows))
	for i, row := range rows {
		batch[i] = item{finished: interrupted(row, w.r.o.Now())}
		journal(&batch[i], func(err error) { errs[i] = err; journaled.Done() })
	}
	journaled.Wait()
	safe := batch[:0]
	var why error
	for i, err := range errs {
		if err != nil {
			w.left, why = append(w.left, rows[i]), err
			continue
		}
		safe = append(safe, batch[i])
	}
	if why != nil {
		w.r.o.Logger.ErrorContext(ctx, "interrupted requests cannot be closed yet", "count", len(w.left), "error", why)
	}
	return slices.Clip(safe)
}

// interrupted is the record of a request whose process died. A row is opened
// when a provider is called, so the request was admitted and owes a settlement:
// its estimate, if it was being answered.
func interrupted(open domain.OpenLog, now time.Time) *protocol.LogRecord {
	row := open.RequestLog
	settle := protocol.QuotaSettle{
		SettleKey: domain.SettleKey{ReqID: row.ID, Kind: domain.LedgerCharge},
		UserID:    row.UserID, KeyID: row.KeyID, SessionID: row.SessionID,
		State: string(pricing.StateNotBilled), T: row.CreatedAt.UnixMilli(), IsFinal: true,
		Row: domain.LedgerFacts{Model: row.Call.Model},
	}
	if b := open.Begun; b != nil {
		settle.State, settle.Charge, settle.ProviderCost = string(pricing.StateEstimated), b.Estimate, b.ProviderEstimate
		settle.Row.ProviderID, row.Cost = b.ProviderID, b.Estimate
	}
	row.Result = domain.ResultRecord{
		StatusCode: 500, Outcome: domain.OutcomeFailure, ErrorCode: string(domain.ReasonInterrupted),
		ErrorMessage: "the server stopped before the request ended",
	}
	return &protocol.LogRecord{
		Log:     row,
		Detail:  domain.RequestDetail{RequestID: row.ID, Chain: interruptedChain(now)},
		Settles: []protocol.QuotaSettle{settle},
	}
}

// interruptedChain is the only decision that is known of such a request.
func interruptedChain(now time.Time) string {
	entry := domain.ChainEntry{Reason: domain.ReasonInterrupted, Timestamp: now.UnixMilli()}
	return string(domain.AppendChain(nil, []domain.ChainEntry{entry}))
}
