package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"sync"

	"github.com/claude-code-hub/cch/internal/domain"
)

// batchWriter writes request logs. It is the hot path of the store: prepared
// statements on the single writing connection, one transaction per file.
//
// The two files cannot be committed together, so the log file's transaction
// also keeps the session sums of its batch. They are added to the other file
// afterwards, under a mark that says up to which batch this was done; a crash
// in between neither loses nor doubles a sum.
type batchWriter struct {
	main, logs *database

	known knownModels

	mu      sync.Mutex
	stmt    *batchStatements
	pending bool // sums of an earlier batch may still be waiting
	args    []any
}

func newBatchWriter(main, logs *database) *batchWriter {
	return &batchWriter{main: main, logs: logs, pending: true, stmt: newBatchStatements()}
}

// RejectedError says that the store will never take the batch as it is: the
// data are at fault, not the moment.
type RejectedError struct{ cause error }

func (e *RejectedError) Error() string { return "rejected: " + e.cause.Error() }
func (e *RejectedError) Unwrap() error { return e.cause }

// Rejected marks the error for callers that know it only by its behaviour.
func (e *RejectedError) Rejected() bool { return true }

// UnavailableError says that the store takes nothing at the moment, whatever the
// data.
type UnavailableError struct{ cause error }

func (e *UnavailableError) Error() string { return e.cause.Error() }
func (e *UnavailableError) Unwrap() error { return e.cause }

// Unavailable marks the error for callers that know it only by its behaviour.
func (e *UnavailableError) Unavailable() bool { return true }

// classified says of an error what is known of its cause.
func classified(err error) error {
	switch {
	case err == nil:
		return nil
	case rejected(err):
		return &RejectedError{cause: err}
	case outOfOrder(err) != "":
		return &UnavailableError{cause: err}
	}
	return err
}

// WriteBatch opens and closes rows in one transaction, and notes on those that
// are open who has begun to answer, and what that costs if nobody will know
// better. A row both opened and closed here is written once. Writing the same
// again changes nothing: a row is opened and closed only once. The batch is not
// kept. It belongs to many requests: ctx is that of who writes it. When a server
// does not answer, its end is the end of the waiting; what became of the batch is
// then not known.
func (r RequestLogs) WriteBatch(ctx context.Context, batch domain.LogBatch) error {
	err := classified(r.s.batch.write(ctx, batch))
	if err == nil {
		return nil
	}
	return fmt.Errorf("write %d opened, %d begun and %d closed request logs: %w",
		len(batch.Started), len(batch.Begun), len(batch.Finished), err)
}

func (w *batchWriter) write(ctx context.Context, batch domain.LogBatch) error {
	ctx = context.WithoutCancel(ctx) // it is short, and this spares a goroutine per statement
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.pending {
		if err := w.addPending(ctx); err != nil {
			return err
		}
		w.pending = false
	}
	sums, number, err := w.writeLogs(ctx, batch)
	if err != nil || sums.empty() {
		return err
	}
	if err := w.addSums(ctx, number, sums); err != nil {
		w.pending = true
		return fmt.Errorf("add session sums: %w", err)
	}
	return nil
}

// writeLogs writes the rows and keeps the sums of what it really wrote, under a
// number.
func (w *batchWriter) writeLogs(ctx context.Context, batch domain.LogBatch) (sums sessionSums, number int64, err error) {
	var models []logModel
	err = inTx(ctx, w.logs.write.DB, func(_ *sql.Tx, hot runHot) error {
		return hot(func(conn driver.Conn) error {
			if err := w.closeRows(ctx, conn, batch.Finished, &sums); err != nil {
				return err
			}
			for _, f := range batch.Finished {
				models = w.known.unknown(models, f.Log)
			}
			if err := w.noteModels(ctx, conn, models); err != nil {
				return err
			}
			closed := batch.Closed()
			if err := w.openRows(ctx, conn, batch.Started, closed, &sums); err != nil {
				return err
			}
			if err := w.beginRows(ctx, conn, batch.Begun, closed); err != nil {
				return err
			}
			number, err = w.keepSums(ctx, conn, sums)
			return err
		})
	})
	if err == nil {
		w.known.noted(models)
	}
	return sums, number, err
}

func (w *batchWriter) forgetModels() { w.known.forget() }

func (w *batchWriter) closeRows(ctx context.Context, conn driver.Conn, finished []domain.FinishedLog, sums *sessionSums) error {
	for _, f := range finished {
		w.args = logValues(w.args[:0], f.Log)
		changed, err := w.stmt.closeRow.exec(ctx, conn, w.args)
		if err != nil {
			return fmt.Errorf("close %s: %w", f.Log.ID, err)
		}
		if !changed {
			continue // closed before
		}
		sums.closed(f.Log)
		w.args = detailValues(append(w.args[:0], int64(f.Log.ID)), f.Log, f.Detail)
		if _, err = w.stmt.addDetail.exec(ctx, conn, w.args); err != nil {
			return fmt.Errorf("add the detail of %s: %w", f.Log.ID, err)
		}
	}
	return nil
}

func (w *batchWriter) openRows(ctx context.Context, conn driver.Conn, started []*domain.RequestLog, closed map[domain.RequestID]bool, sums *sessionSums) error {
	for _, l := range started {
		if closed[l.ID] {
			continue
		}
		w.args = logValues(w.args[:0], l)
		opened, err := w.stmt.openRow.exec(ctx, conn, w.args)
		if err != nil {
			return fmt.Errorf("open %s: %w", l.ID, err)
		}
		if opened {
			sums.opened(l)
		}
	}
	return nil
}

func (w *batchWriter) beginRows(ctx context.Context, conn driver.Conn, begun []*domain.BegunLog, closed map[domain.RequestID]bool) error {
	for _, b := range begun {
		if closed[b.ID] {
			continue
		}
		w.args = append(w.args[:0], int64(b.ProviderID), storable(b.Model), b.Attempt, int64(b.Estimate), int64(b.ProviderEstimate), int64(b.ID))
		if _, err := w.stmt.beginRow.exec(ctx, conn, w.args); err != nil {
			return fmt.Errorf("begin %s: %w", b.ID, err)
		}
	}
	return nil
}

func (w *batchWriter) close() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.stmt.close()
}
