package store

import (
	"context"
	"fmt"

	"github.com/uptrace/bun"

	"github.com/claude-code-hub/cch/internal/domain"
)

// purgeRows is how many log rows one transaction deletes, so that no writer
// waits long.
const purgeRows = 1000

// CountUpTo counts rows, but no more than limit of them: what is asked is
// mostly whether there are any.
func (r RequestLogs) CountUpTo(ctx context.Context, limit int) (int, error) {
	var n int
	err := r.s.logs.read.NewRaw("SELECT COUNT(*) FROM (SELECT 1 FROM request_logs LIMIT ?) AS counted", limit).Scan(ctx, &n)
	if err != nil {
		return 0, fmt.Errorf("count request logs: %w", err)
	}
	return n, nil
}

// Purge deletes the closed rows of a user and those a provider served (0 =
// none), with their details. It tells how many rows are left because their
// requests still run.
func (r RequestLogs) Purge(ctx context.Context, user domain.UserID, provider domain.ProviderID) (running int, err error) {
	mine := func(q *bun.SelectQuery) *bun.SelectQuery {
		return q.Where("(user_id = NULLIF(?, 0) OR provider_id = NULLIF(?, 0))", int64(user), int64(provider))
	}
	for deleted := purgeRows; deleted == purgeRows; {
		if deleted, err = r.purgeSome(ctx, mine); err != nil {
			return 0, fmt.Errorf("purge request logs: %w", err)
		}
	}
	n, err := r.s.logs.read.NewSelect().Model((*logRow)(nil)).Apply(mine).Where("status_code IS NULL").Count(ctx)
	if err != nil {
		return 0, fmt.Errorf("purge request logs: %w", err)
	}
	return int(n), nil
}

func (r RequestLogs) purgeSome(ctx context.Context, mine func(*bun.SelectQuery) *bun.SelectQuery) (deleted int, err error) {
	err = r.s.logs.write.RunInTx(ctx, nil, func(ctx context.Context, tx bun.Tx) error {
		var ids []int64
		err := tx.NewSelect().Model((*logRow)(nil)).Column("id").Apply(mine).Where("status_code IS NOT NULL").
			Limit(purgeRows).Scan(ctx, &ids)
		if err != nil || len(ids) == 0 {
			return err
		}
		deleted = len(ids)
		if _, err := tx.NewDelete().Model((*detailRow)(nil)).Where("request_id IN (?)", bun.List(ids)).Exec(ctx); err != nil {
			return err
		}
		_, err = tx.NewDelete().Model((*logRow)(nil)).Where("id IN (?)", bun.List(ids)).Exec(ctx)
		return err
	})
	return deleted, err
}

// Purge deletes what was summed up about the sessions of a user.
func (r Sessions) Purge(ctx context.Context, user domain.UserID) error {
	_, err := r.s.main.write.NewDelete().Model((*sessionRow)(nil)).Where("user_id = ?", int64(user)).Exec(ctx)
	if err != nil {
		return fmt.Errorf("purge sessions: %w", err)
	}
	return nil
}

// Purge deletes the transitions of a provider's breaker.
func (r BreakerEvents) Purge(ctx context.Context, provider domain.ProviderID) error {
	_, err := r.s.main.write.NewDelete().Model((*breakerEventRow)(nil)).
		Where("scope = ?", string(domain.BreakerOfProvider)).Where("scope_id = ?", int64(provider)).Exec(ctx)
	if err != nil {
		return fmt.Errorf("purge breaker events: %w", err)
	}
	return nil
}
