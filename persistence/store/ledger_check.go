package store

import (
	"context"
	"fmt"
	"time"

	"github.com/uptrace/bun"

	"github.com/claude-code-hub/cch/internal/domain"
)

// settledPage is how many requests are compared at once.
const settledPage = 1000

// admitted matches the closed log rows of requests that were admitted for sure:
// a provider was called, or a process died on the way.
const admitted = "status_code IS NOT NULL AND (attempts > 0 OR error_code = ?)"

type settledRow struct {
	ID     int64 `bun:"id"`
	UserID int64 `bun:"user_id"`
}

// Unsettled finds requests of [from, to) in the log that were admitted and have
// not exactly one final row in the ledger. It may run beside appends if to lies
// behind the time that a settlement takes.
func (r Ledger) Unsettled(ctx context.Context, from, to time.Time) (out []domain.LedgerDifference, err error) {
	last := int64(domain.FirstRequestIDAt(to))
	for behind := int64(domain.FirstRequestIDAt(from)) - 1; ; {
		var rows []settledRow
		err := r.s.logs.read.NewSelect().Table("request_logs").ColumnExpr("id, COALESCE(user_id, 0) AS user_id").
			Where("id > ? AND id < ?", behind, last).Where(admitted, string(domain.ReasonInterrupted)).
			Order("id").Limit(settledPage).Scan(ctx, &rows)
		if err != nil {
			return nil, fmt.Errorf("read requests to compare: %w", err)
		}
		if len(rows) == 0 {
			return out, nil
		}
		behind = rows[len(rows)-1].ID
		found, err := r.unsettled(ctx, rows)
		if err != nil {
			return nil, err
		}
		out = append(out, found...)
	}
}

func (r Ledger) unsettled(ctx context.Context, rows []settledRow) (out []domain.LedgerDifference, err error) {
	ids := make([]int64, len(rows))
	for i, row := range rows {
		ids[i] = row.ID
	}
	var finals []struct {
		ID int64 `bun:"request_id"`
		N  int64 `bun:"n"`
	}
	err = r.s.main.read.NewSelect().Table("usage_ledger").ColumnExpr("request_id, COUNT(*) AS n").
		Where("is_final").Where("request_id IN (?)", bun.List(ids)).Group("request_id").Scan(ctx, &finals)
	if err != nil {
		return nil, fmt.Errorf("read final ledger rows: %w", err)
	}
	counts := make(map[int64]int64, len(finals))
	for _, f := range finals {
		counts[f.ID] = f.N
	}
	for _, row := range rows {
		if n := counts[row.ID]; n != 1 {
			out = append(out, domain.LedgerDifference{
				UserID: domain.UserID(row.UserID), Where: "request " + domain.RequestID(row.ID).String(),
				Figure: "final rows", Ledger: n, Found: 1,
			})
		}
	}
	return out, nil
}
