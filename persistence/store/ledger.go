package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/claude-code-hub/cch/internal/domain"
)

// Ledger keeps what was spent. Rows are appended and never changed; each comes
// from the one writer its user has, see Claim.
type Ledger struct{ s *Store }

// Ledger is the repository of ledger rows.
func (s *Store) Ledger() Ledger { return Ledger{s} }

// ledgerWriter appends rows. It is a hot path of the store: prepared statements
// on the single writing connection.
type ledgerWriter struct {
	main *database
	days *zones

	mu   sync.Mutex
	stmt *ledgerStatements
	args []any
}

// Append writes rows in one transaction with the roll-ups and session sums they
// add to. It tells for each row what became of it: nil = appended,
// domain.ErrLedgerFenced, or a *domain.LedgerDuplicateError, after which nothing has
// changed. An error of the whole leaves everything as it was; it is a
// RejectedError when the rows are at fault.
func (r Ledger) Append(ctx context.Context, rows []domain.LedgerRow) ([]error, error) {
	results, err := r.s.ledger.append(ctx, rows)
	if err = classified(err); err == nil {
		return results, nil
	}
	return nil, fmt.Errorf("append %d ledger rows: %w", len(rows), err)
}

func (w *ledgerWriter) append(ctx context.Context, rows []domain.LedgerRow) (results []error, err error) {
	ctx = context.WithoutCancel(ctx) // see batchWriter
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.stmt == nil {
		if w.stmt, err = prepareLedger(ctx, w.main); err != nil {
			return nil, err
		}
	}
	b := ledgerBatch{w: w, rows: rows, results: make([]error, len(rows))}
	if err := inTx(ctx, w.main.write.DB, func(tx *sql.Tx, hot runHot) error {
		b.tx = tx
		return b.run(ctx, hot)
	}); err != nil {
		return nil, err
	}
	return b.results, nil
}

func (w *ledgerWriter) close() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.stmt == nil {
		return nil
	}
	return w.stmt.close()
}

// ledgerBatch is one transaction.
type ledgerBatch struct {
	w       *ledgerWriter
	tx      *sql.Tx
	rows    []domain.LedgerRow
	results []error
	sums    usageSums
}

func (b *ledgerBatch) run(ctx context.Context, hot runHot) error {
	var refused []int // by the table, whose reasons are looked up afterwards
	err := hot(func(conn driver.Conn) (err error) {
		if err = b.fence(ctx, conn); err != nil {
			return err
		}
		refused, err = b.insertAll(ctx, conn)
		return err
	})
	if err != nil {
		return err
	}
	for _, i := range refused {
		if b.results[i], err = b.conflict(ctx, &b.rows[i]); err != nil {
			return err
		}
	}
	if len(b.sums.rows) == 0 {
		return nil
	}
	days, err := b.sums.closedDays(ctx, b)
	if err != nil {
		return err
	}
	return hot(func(conn driver.Conn) error { return b.sums.add(ctx, conn, b.w, days) })
}

// fence holds the writers of the batch against the owners of their users. The
// update keeps an owner from being replaced before the transaction ends. Users
// are taken in order, so that no two batches wait for each other.
func (b *ledgerBatch) fence(ctx context.Context, conn driver.Conn) error {
	order := make([]int, len(b.rows))
	for i := range order {
		order[i] = i
	}
	writer := func(i int) [2]int64 { return [2]int64{int64(b.rows[i].UserID), b.rows[i].Epoch} }
	slices.SortStableFunc(order, func(i, j int) int { x, y := writer(i), writer(j); return slices.Compare(x[:], y[:]) })
	var held bool
	for at, i := range order {
		if at == 0 || writer(i) != writer(order[at-1]) {
			row := &b.rows[i]
			b.w.args = append(b.w.args[:0], int64(row.UserID), row.Epoch)
			var err error
			if held, err = b.w.stmt.hold.exec(ctx, conn, b.w.args); err != nil {
				return fmt.Errorf("hold the owner of user %d: %w", row.UserID, err)
			}
		}
		if !held {
			b.results[i] = domain.ErrLedgerFenced
		}
	}
	return nil
}

// insertAll inserts the rows that passed the fence and names those that the
// table did not take.
func (b *ledgerBatch) insertAll(ctx context.Context, conn driver.Conn) (refused []int, err error) {
	for i := range b.rows {
		if b.results[i] != nil {
			continue
		}
		row := &b.rows[i]
		var finalOf any // unique, so that a request ends once
		if row.IsFinal {
			finalOf = int64(row.ReqID)
		}
		b.w.args = append(ledgerValues(b.w.args[:0], row), finalOf)
		inserted, err := b.w.stmt.insert.exec(ctx, conn, b.w.args)
		switch {
		case err != nil:
			return nil, fmt.Errorf("append the ledger row of %s: %w", row.ReqID, err)
		case inserted:
			b.sums.count(row)
		default:
			refused = append(refused, i)
		}
	}
	return refused, nil
}

// conflict says why a row was not inserted: the ledger has it, or its number is
// taken, which cannot be unless its writer counted wrong.
func (b *ledgerBatch) conflict(ctx context.Context, row *domain.LedgerRow) (result, err error) {
	kept, err := scanLedger(b.tx.StmtContext(ctx, b.w.stmt.kept).QueryRowContext(ctx, //nolint:sqlclosecheck // closed with its transaction
		int64(row.ReqID), row.Attempt, row.Kind, row.N, row.IsFinal))
	switch {
	case err == nil:
		return &domain.LedgerDuplicateError{Kept: kept}, nil
	case errors.Is(err, sql.ErrNoRows):
		return domain.ErrLedgerFenced, nil
	}
	return nil, fmt.Errorf("look for the ledger row of %s: %w", row.ReqID, err)
}
