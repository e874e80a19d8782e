package store

import (
	"context"
	"database/sql"
	"errors"
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

	mu      sync.Mutex
	stmt    *batchStatements
	pending bool // sums of an earlier batch may still be waiting
	args    []any
}

func newBatchWriter(main, logs *database) *batchWriter {
	return &batchWriter{main: main, logs: logs, pending: true}
}

// RejectedError says that the store will never take the batch as it is: the
// data are at fault, not the moment.
type RejectedError struct{ cause error }

func (e *RejectedError) Error() string { return "rejected: " + e.cause.Error() }
func (e *RejectedError) Unwrap() error { return e.cause }

// Rejected marks the error for callers that know it only by its behaviour.
func (e *RejectedError) Rejected() bool { return true }

// WriteBatch opens and closes rows in one transaction. A row both opened and
// closed here is written once. Writing the same again changes nothing: a row
// is opened and closed only once. The arguments are not kept.
func (r RequestLogs) WriteBatch(ctx context.Context, started []*domain.RequestLog, finished []domain.FinishedLog) error {
	// A batch is short and belongs to many requests, so none of them can
	// cancel it; this also spares a goroutine per statement.
	ctx = context.WithoutCancel(ctx)
	err := r.s.batch.write(ctx, started, finished)
	switch {
	case err == nil:
		return nil
	case rejected(err):
		err = &RejectedError{cause: err}
	}
	return fmt.Errorf("write %d opened and %d closed request logs: %w", len(started), len(finished), err)
}

func (w *batchWriter) write(ctx context.Context, started []*domain.RequestLog, finished []domain.FinishedLog) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.stmt == nil {
		stmt, err := prepareBatch(ctx, w.main, w.logs)
		if err != nil {
			return err
		}
		w.stmt = stmt
	}
	if w.pending {
		if err := w.addPending(ctx); err != nil {
			return err
		}
		w.pending = false
	}
	sums, batch, err := w.writeLogs(ctx, started, finished)
	if err != nil || sums.empty() {
		return err
	}
	if err := w.addSums(ctx, batch, sums); err != nil {
		w.pending = true
		return fmt.Errorf("add session sums: %w", err)
	}
	return nil
}

// writeLogs writes the rows and keeps the sums of what it really wrote.
func (w *batchWriter) writeLogs(ctx context.Context, started []*domain.RequestLog, finished []domain.FinishedLog) (sums sessionSums, batch int64, err error) {
	tx, err := w.logs.write.DB.BeginTx(ctx, nil)
	if err != nil {
		return sums, 0, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, tx.Rollback())
		}
	}()
	if err = w.closeRows(ctx, tx, finished, &sums); err != nil {
		return sums, 0, err
	}
	if err = w.openRows(ctx, tx, started, finished, &sums); err != nil {
		return sums, 0, err
	}
	if batch, err = w.keepSums(ctx, tx, sums); err != nil {
		return sums, 0, err
	}
	return sums, batch, tx.Commit()
}

func (w *batchWriter) closeRows(ctx context.Context, tx *sql.Tx, finished []domain.FinishedLog, sums *sessionSums) error {
	if len(finished) == 0 {
		return nil
	}
	closeRow := tx.StmtContext(ctx, w.stmt.closeRow)
	addDetail := tx.StmtContext(ctx, w.stmt.addDetail) //nolint:sqlclosecheck // closed with its transaction
	for _, f := range finished {
		changed, err := w.exec(ctx, closeRow, f.Log)
		if err != nil {
			return fmt.Errorf("close %s: %w", f.Log.ID, err)
		}
		if !changed {
			continue // closed before
		}
		sums.closed(f.Log)
		w.args = detailValues(append(w.args[:0], int64(f.Log.ID)), f.Log, f.Detail)
		if _, err = addDetail.ExecContext(ctx, w.args...); err != nil {
			return fmt.Errorf("add the detail of %s: %w", f.Log.ID, err)
		}
	}
	return nil
}

func (w *batchWriter) openRows(ctx context.Context, tx *sql.Tx, started []*domain.RequestLog, finished []domain.FinishedLog, sums *sessionSums) error {
	if len(started) == 0 {
		return nil
	}
	closed := make(map[domain.RequestID]struct{}, len(finished))
	for _, f := range finished {
		closed[f.Log.ID] = struct{}{}
	}
	openRow := tx.StmtContext(ctx, w.stmt.openRow)
	for _, l := range started {
		if _, done := closed[l.ID]; done {
			continue
		}
		opened, err := w.exec(ctx, openRow, l)
		if err != nil {
			return fmt.Errorf("open %s: %w", l.ID, err)
		}
		if opened {
			sums.opened(l)
		}
	}
	return nil
}

// exec writes one row and tells whether anything changed.
func (w *batchWriter) exec(ctx context.Context, stmt *sql.Stmt, l *domain.RequestLog) (bool, error) {
	w.args = logValues(w.args[:0], l)
	res, err := stmt.ExecContext(ctx, w.args...)
	if err != nil {
		return false, err
	}
	n, err := res.RowsAffected()
	return n > 0, err
}

func (w *batchWriter) close() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.stmt == nil {
		return nil
	}
	return w.stmt.close()
}
