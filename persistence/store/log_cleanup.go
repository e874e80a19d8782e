package store

import (
	"context"
	"errors"
	"fmt"

	"github.com/uptrace/bun"

	"github.com/claude-code-hub/cch/internal/domain"
)

// errCleansAll keeps an empty selection from meaning everything.
var errCleansAll = errors.New("a clean-up must select something")

// CountCleanup counts the rows that a clean-up would delete.
func (r RequestLogs) CountCleanup(ctx context.Context, c domain.LogCleanup) (int, error) {
	if c.IsZero() {
		return 0, errCleansAll
	}
	n, err := applyCleanup(r.s.logs.read.NewSelect().Model((*logRow)(nil)), c).Count(ctx)
	if err != nil {
		return 0, fmt.Errorf("count request logs: %w", err)
	}
	return int(n), nil
}

// CleanUp deletes rows of ended requests with their details, the oldest first,
// in one short transaction: at most limit of them. It returns how many; fewer
// than limit means that none are left.
func (r RequestLogs) CleanUp(ctx context.Context, c domain.LogCleanup, limit int) (deleted int, err error) {
	if c.IsZero() {
		return 0, errCleansAll
	}
	err = r.s.logs.write.RunInTx(ctx, nil, func(ctx context.Context, tx bun.Tx) error {
		var ids []int64
		err := applyCleanup(tx.NewSelect().Model((*logRow)(nil)), c).Column("id").Order("id").Limit(int64(limit)).Scan(ctx, &ids)
		if err != nil || len(ids) == 0 {
			return err
		}
		deleted = len(ids)
		return deleteLogs(ctx, tx, ids)
	})
	if err != nil {
		return 0, fmt.Errorf("clean up request logs: %w", err)
	}
	return deleted, nil
}

// deleteLogs deletes rows with their details.
func deleteLogs(ctx context.Context, tx bun.Tx, ids []int64) error {
	if _, err := tx.NewDelete().Model((*detailRow)(nil)).Where("request_id IN (?)", bun.List(ids)).Exec(ctx); err != nil {
		return err
	}
	_, err := tx.NewDelete().Model((*logRow)(nil)).Where("id IN (?)", bun.List(ids)).Exec(ctx)
	return err
}

func applyCleanup(q *bun.SelectQuery, c domain.LogCleanup) *bun.SelectQuery {
	q = applyLogRange(q, domain.LogFilter{From: c.After, To: c.Before}).Where("status_code IS NOT NULL")
	if len(c.Users) > 0 {
		q = q.Where("user_id IN (?)", bun.List(c.Users))
	}
	if len(c.Providers) > 0 {
		q = q.Where("provider_id IN (?)", bun.List(c.Providers))
	}
	if len(c.Statuses) > 0 {
		q = q.Where("status_code IN (?)", bun.List(c.Statuses))
	}
	if !c.Status.IsZero() {
		q = q.Where("status_code BETWEEN ? AND ?", c.Status.Min, c.Status.Max)
	}
	if c.OnlyBlocked {
		q = q.Where("outcome = ?", string(domain.OutcomeBlocked))
	}
	return q
}
