package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/claude-code-hub/cch/internal/domain"
)

// maxExactCharges is how many single charges of a provider are read. Of more,
// those of a minute come as one, stamped with the last of them, so that nothing
// leaves a window early.
const maxExactCharges = 4096

// Spent reads what was spent at a provider, as of one moment.
func (r Ledger) Spent(ctx context.Context, q domain.SpentQuery) (s domain.Spent, err error) {
	tx, err := r.s.main.read.DB.BeginTx(ctx, r.s.main.oneInstant())
	if err != nil {
		return s, fmt.Errorf("read the ledger of provider %d: %w", q.Provider, err)
	}
	defer func() { _ = tx.Rollback() }() // nothing was written
	read := spentReader{ctx: ctx, tx: tx, bind: r.s.main.bind, provider: int64(q.Provider)}
	if s.Charges, err = read.charges(q.After.UnixMilli()); err == nil {
		s.Recent, err = read.recent(q.After.UnixMilli(), q.Recent.UnixMilli())
	}
	for i := 0; i < len(q.Sums) && err == nil; i++ {
		var sum domain.Money
		sum, err = read.sum(q.Sums[i])
		s.Sums = append(s.Sums, sum)
	}
	if err != nil {
		return domain.Spent{}, fmt.Errorf("read the ledger of provider %d: %w", q.Provider, err)
	}
	return s, nil
}

// spentReader reads within one transaction.
type spentReader struct {
	ctx      context.Context //nolint:containedctx // of the one call it lives for
	tx       *sql.Tx
	bind     func(string) string
	provider int64
}

func (r *spentReader) charges(after int64) (list []domain.SpentCharge, err error) {
	var n int
	row := r.tx.QueryRowContext(r.ctx, r.bind("SELECT COUNT(*) FROM usage_ledger WHERE provider_id = ? AND admitted_at > ?"), r.provider, after)
	if err := row.Scan(&n); err != nil {
		return nil, err
	}
	group := "admitted_at"
	if n > maxExactCharges {
		group = "admitted_at / 60000"
	}
	err = r.each("SELECT MAX(admitted_at), SUM(provider_cost_nusd) FROM usage_ledger WHERE provider_id = ? AND admitted_at > ? "+
		"GROUP BY "+group+" ORDER BY 1", []any{r.provider, after}, func(scan func(...any) error) error {
		var c domain.SpentCharge
		if err := scan(&c.At, &c.Amount); err != nil {
			return err
		}
		list = append(list, c)
		return nil
	})
	return list, err
}

func (r *spentReader) recent(admitted, settled int64) (list []domain.SettleKey, err error) {
	err = r.each("SELECT request_id, attempt, kind, n FROM usage_ledger WHERE provider_id = ? AND admitted_at > ? AND settled_at > ?",
		[]any{r.provider, admitted, settled}, func(scan func(...any) error) error {
			var k domain.SettleKey
			if err := scan(&k.ReqID, &k.Attempt, &k.Kind, &k.N); err != nil {
				return err
			}
			list = append(list, k)
			return nil
		})
	return list, err
}

func (r *spentReader) sum(after time.Time) (sum domain.Money, err error) {
	query, args := "SELECT COALESCE(SUM(provider_cost_nusd), 0) FROM usage_ledger WHERE provider_id = ?", []any{r.provider}
	if !after.IsZero() {
		query, args = query+" AND admitted_at > ?", append(args, after.UnixMilli())
	}
	return sum, r.tx.QueryRowContext(r.ctx, r.bind(query), args...).Scan(&sum)
}

func (r *spentReader) each(query string, args []any, row func(scan func(...any) error) error) (err error) {
	rows, err := r.tx.QueryContext(r.ctx, r.bind(query), args...)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		if err := row(rows.Scan); err != nil {
			return err
		}
	}
	return rows.Err()
}
