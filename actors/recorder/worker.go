package recorder

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"github.com/claude-code-hub/cch/internal/domain"
)

const (
	firstRetry   = 250 * time.Millisecond
	longestRetry = 30 * time.Second
)

// worker is the goroutine that brings rows to the store.
type worker struct {
	r    *Recorder
	left []domain.OpenLog // interrupted requests whose ends the journal did not take
}

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
		w.checkpoint(ctx)
		w.handLeft(ctx)
	}
}

// checkpoint tells the journal what is done. When it cannot be told, as its disk
// is full, more than that is replayed after a crash, which changes nothing.
func (w *worker) checkpoint(ctx context.Context) {
	if err := w.r.checkpoint(); err != nil {
		w.r.o.Logger.ErrorContext(ctx, "journal checkpoint was not written", "error", err)
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
	w.checkpoint(ctx)
	return nil
}

// commit brings a batch to the store, however long that takes, and buries what
// the store will never take; it fails only when ctx ends.
func (w *worker) commit(ctx context.Context, batch []item) error {
	end := batch[len(batch)-1].end
	for len(batch) > 0 {
		err := w.persist(ctx, patience, batch)
		if err == nil {
			break
		}
		if !refused(err) {
			return err
		}
		if batch, err = w.sift(ctx, batch); err != nil {
			return err
		}
		if len(batch) > 0 && !pause(ctx, jittered(longestRetry)) {
			return ctx.Err()
		}
		if more := w.r.queue.tryTake(); len(batch) > 0 && len(more) > 0 { // to tell the records' fault from the store's
			batch, end = append(batch, more...), more[len(more)-1].end
		}
	}
	w.r.progress.rowsDone(end)
	return nil
}

// sift buries the bad records of a batch and returns those that are undecided.
func (w *worker) sift(ctx context.Context, batch []item) (left []item, err error) {
	s := sieve[item]{
		write:   func(ctx context.Context, part []item) error { return w.persist(ctx, 1, part) },
		control: func(ctx context.Context, it item) error { return w.write(ctx, []item{it}) },
	}
	poison, left, err := s.sift(ctx, batch)
	for _, p := range poison {
		w.r.o.Logger.ErrorContext(ctx, "store will not take a request log, it is buried", "error", p.why)
		if err := w.r.bury(ctx, p.alone[0], p.why); err != nil {
			return nil, err
		}
	}
	return left, err
}

// persist writes records, see [persist].
func (w *worker) persist(ctx context.Context, tries int, batch []item) error {
	return persist(ctx, tries, func(ctx context.Context) error { return w.write(ctx, batch) }, func(wait int64, err error) {
		w.r.stats.retries.Add(1)
		w.r.o.Logger.ErrorContext(ctx, "store does not take request logs, trying again",
			"records", len(batch), "wait_ms", wait, "error", err)
	})
}

func (w *worker) write(ctx context.Context, batch []item) error {
	var b domain.LogBatch
	for _, it := range batch {
		switch {
		case it.started != nil:
			b.Started = append(b.Started, it.started)
		case it.begun != nil:
			b.Begun = append(b.Begun, it.begun)
		case it.finished != nil:
			b.Finished = append(b.Finished, domain.FinishedLog{Log: &it.finished.Log, Detail: &it.finished.Detail})
		}
	}
	if !b.Empty() {
		if err := w.r.o.Store.WriteBatch(ctx, b); err != nil {
			return err
		}
	}
	w.r.stats.written.Add(int64(len(b.Started) + len(b.Finished)))
	w.r.traffic.count(b.Finished)
	return nil
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
