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
	err := r.s.logs.read.NewRaw("SELECT COUNT(*) FROM (SELECT 1 FROM request_logs LIMIT ?)", limit).Scan(ctx, &n)
	if err != nil {
		return 0, fmt.Errorf("count request logs: %w", err)
	}
	return n, nil
}

// Purge deletes the rows and details of a user and those a provider served (0 =
// none), and tells how many of them were still open: these are written again
// when their request ends.
func (r RequestLogs) Purge(ctx context.Context, user domain.UserID, provider domain.ProviderID) (open int, err error) {
	for {
		deleted, unfinished, err := r.purgeSome(ctx, user, provider)
		open += unfinished
		if err != nil {
			return open, fmt.Errorf("purge request logs: %w", err)
		}
		if deleted < purgeRows {
			return open, nil
		}
	}
}

func (r RequestLogs) purgeSome(ctx context.Context, user domain.UserID, provider domain.ProviderID) (deleted, open int, err error) {
	err = r.s.logs.write.RunInTx(ctx, nil, func(ctx context.Context, tx bun.Tx) error {
		var rows []logRow
		err := tx.NewSelect().Model(&rows).Column("id", "status_code").
			Where("user_id = NULLIF(?, 0) OR provider_id = NULLIF(?, 0)", int64(user), int64(provider)).Limit(purgeRows).Scan(ctx)
		if err != nil || len(rows) == 0 {
			return err
		}
		ids := make([]int64, len(rows))
		for i := range rows {
			ids[i] = rows[i].ID
			if rows[i].StatusCode == 0 {
				open++
			}
		}
		deleted = len(ids)
		if _, err := tx.NewDelete().Model((*detailRow)(nil)).Where("request_id IN (?)", bun.List(ids)).Exec(ctx); err != nil {
			return err
		}
		_, err = tx.NewDelete().Model((*logRow)(nil)).Where("id IN (?)", bun.List(ids)).Exec(ctx)
		return err
	})
	return deleted, open, err
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
		Where("scope = ?", scopeProvider).Where("scope_id = ?", int64(provider)).Exec(ctx)
	if err != nil {
		return fmt.Errorf("purge breaker events: %w", err)
	}
	return nil
}
