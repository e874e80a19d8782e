package recorder

import (
	"context"
	"encoding/json"
	"errors"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/claude-code-hub/cch/actors/protocol"
	"github.com/claude-code-hub/cch/internal/domain"
	"github.com/claude-code-hub/cch/internal/pricing"
)

const (
	firstRetry   = 250 * time.Millisecond
	longestRetry = 30 * time.Second
)

// worker is the goroutine that brings rows to the store.
type worker struct{ r *Recorder }

func (w *worker) run(ctx context.Context) {
	for {
		batch, from, ok := w.r.queue.next(ctx)
		if !ok {
			return
		}
		if batch == nil {
			if batch = w.readBack(ctx, from); batch == nil {
				continue
			}
		}
		if w.commit(ctx, batch) != nil {
			return // stopped; what is left stays in the journal
		}
		if err := w.r.checkpoint(); err != nil {
			w.r.o.Logger.ErrorContext(ctx, "journal checkpoint was not written", "error", err)
		}
	}
}

// readBack reads the next batch from the journal; none when there is nothing.
func (w *worker) readBack(ctx context.Context, from int64) []item {
	end := w.r.o.Journal.End()
	batch, err := w.readJournal(ctx, from, nil)
	if err != nil {
		w.r.o.Logger.ErrorContext(ctx, "journal cannot be read", "error", err)
		pause(ctx, firstRetry)
		return nil
	}
	if len(batch) > 0 {
		end = batch[len(batch)-1].end
	} // else nothing but damage lay up to there
	w.r.queue.caughtUp(end)
	return batch
}

// readJournal decodes the records after a position, as many as make a batch.
// Records that mean nothing to us are buried.
func (w *worker) readJournal(ctx context.Context, from int64, visit func(item)) (batch []item, err error) {
	bytes := 0
	readErr := w.r.o.Journal.Read(from, func(record []byte, end int64) bool {
		it, decodeErr := decode(record)
		it.size, it.end = len(record), end
		if decodeErr != nil {
			w.r.o.Logger.ErrorContext(ctx, "journal record cannot be decoded, it is buried", "error", decodeErr)
			err = errors.Join(err, w.r.buryRecord(ctx, record, decodeErr))
		}
		if visit != nil {
			visit(it)
		}
		batch = append(batch, it)
		bytes += len(record)
		return len(batch) < w.r.o.BatchRecords && bytes < w.r.o.BatchBytes
	})
	return batch, errors.Join(readErr, err)
}

// replay commits everything behind the checkpoint and hands the settlements on.
func (w *worker) replay(ctx context.Context) error {
	replayed := 0
	for at := w.r.o.Journal.Checkpointed(); ; {
		batch, err := w.readJournal(ctx, at, func(it item) {
			if d := w.r.progress.journaled(it.end, it.settles()); d != nil {
				w.r.settler.owe(d)
			}
		})
		if err != nil {
			return err
		}
		if len(batch) == 0 {
			break
		}
		if err := w.commit(ctx, batch); err != nil {
			return err
		}
		at = batch[len(batch)-1].end
		w.r.queue.caughtUp(at)
		replayed += len(batch)
	}
	if replayed > 0 {
		w.r.o.Logger.InfoContext(ctx, "journal replayed", "records", replayed)
	}
	return w.r.checkpoint()
}

// commit brings a batch to the store, however long that takes, and buries what
// the store will never take; it fails only when ctx ends.
func (w *worker) commit(ctx context.Context, batch []item) error {
	poison, err := sift(ctx, batch, w.persist)
	if err != nil {
		return err
	}
	for _, p := range poison {
		w.r.o.Logger.ErrorContext(ctx, "store will not take a request log, it is buried", "error", p.why)
		if err := w.r.bury(ctx, p.alone[0], p.why); err != nil {
			return err
		}
	}
	w.r.progress.rowsDone(batch[len(batch)-1].end)
	return nil
}

// persist writes records and tries again while the store is away. It fails with
// what the store rejects, or when ctx ends.
func (w *worker) persist(ctx context.Context, batch []item) error {
	for wait := firstRetry; ; wait = min(2*wait, longestRetry) {
		err := w.write(ctx, batch)
		if err == nil || rejected(err) {
			return err
		}
		w.r.stats.retries.Add(1)
		w.r.o.Logger.ErrorContext(ctx, "store does not take request logs, trying again",
			"records", len(batch), "wait_ms", wait.Milliseconds(), "error", err)
		if !pause(ctx, jittered(wait)) {
			return ctx.Err()
		}
	}
}

func (w *worker) write(ctx context.Context, batch []item) error {
	var started []*domain.RequestLog
	var begun []*domain.BegunLog
	var finished []domain.FinishedLog
	for _, it := range batch {
		switch {
		case it.started != nil:
			started = append(started, it.started)
		case it.begun != nil:
			begun = append(begun, it.begun)
		case it.finished != nil:
			finished = append(finished, domain.FinishedLog{Log: &it.finished.Log, Detail: &it.finished.Detail})
		}
	}
	if len(started)+len(finished) > 0 {
		if err := w.r.o.Store.WriteBatch(ctx, started, finished); err != nil {
			return err
		}
	}
	if begun = unfinished(begun, finished); len(begun) > 0 {
		if err := w.r.o.Store.Begin(ctx, begun); err != nil {
			return err
		}
	}
	w.r.stats.written.Add(int64(len(started) + len(finished)))
	return nil
}

// unfinished are those of begun whose end is not in the same batch.
func unfinished(begun []*domain.BegunLog, finished []domain.FinishedLog) []*domain.BegunLog {
	if len(begun) == 0 || len(finished) == 0 {
		return begun
	}
	ended := make(map[domain.RequestID]struct{}, len(finished))
	for _, f := range finished {
		ended[f.Log.ID] = struct{}{}
	}
	return slices.DeleteFunc(begun, func(b *domain.BegunLog) bool { _, ok := ended[b.ID]; return ok })
}

// closeInterrupted closes the rows that no process is working on any more. Their
// records are journaled like others, for they owe a settlement.
func (w *worker) closeInterrupted(ctx context.Context) error {
	closed := 0
	for last := domain.RequestID(0); ; {
		rows, err := w.r.o.Store.Open(ctx, last, w.r.o.BatchRecords)
		if err != nil || len(rows) == 0 {
			if closed > 0 {
				w.r.o.Logger.WarnContext(ctx, "requests were interrupted when the last process ended", "count", closed)
			}
			return err
		}
		last = rows[len(rows)-1].ID // one that cannot be closed is buried, and stays open
		if err := w.interrupt(ctx, rows); err != nil {
			return err
		}
		closed += len(rows)
	}
}

// interrupt journals the ends of open rows and writes them.
func (w *worker) interrupt(ctx context.Context, rows []domain.OpenLog) (err error) {
	batch := make([]item, len(rows))
	safe := make(chan error, len(rows))
	for i, row := range rows {
		batch[i] = item{finished: interrupted(row, w.r.o.Now())}
		w.r.keep(&batch[i], func(err error) { safe <- err })
	}
	for range rows {
		err = errors.Join(err, <-safe)
	}
	if err != nil {
		return err
	}
	if err := w.commit(ctx, batch); err != nil {
		return err
	}
	w.r.queue.caughtUp(batch[len(batch)-1].end)
	return nil
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
func interruptedChain(now time.Time) []byte {
	chain, err := json.Marshal([]domain.ChainEntry{{Reason: domain.ReasonInterrupted, Timestamp: now.UnixMilli()}})
	if err != nil {
		panic("recorder: encode a decision chain: " + err.Error()) // plain texts and numbers
	}
	return chain
}

// jittered spreads a pause over ± 20 %, so that several processes do not knock
// at a recovering database together.
func jittered(d time.Duration) time.Duration {
	return d*4/5 + rand.N(d*2/5)
}

// pause waits; false when ctx ended.
func pause(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}
