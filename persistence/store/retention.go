package store

import (
	"context"
	"fmt"
	"time"

	"github.com/uptrace/bun"

	"github.com/claude-code-hub/cch/internal/domain"
)

// PruneRows deletes the oldest rows of requests that came before an instant,
// with their details, in one short transaction: at most limit of them. It
// returns how many; fewer than limit means that none are left. Rows still open
// stay.
func (r RequestLogs) PruneRows(ctx context.Context, before time.Time, limit int) (deleted int, err error) {
	err = r.s.logs.write.RunInTx(ctx, nil, func(ctx context.Context, tx bun.Tx) error {
		var ids []int64
		err := tx.NewSelect().Model((*logRow)(nil)).Column("id").
			Where("id < ?", int64(domain.FirstRequestIDAt(before))).Where(r.s.logs.unindexed("status_code")+" IS NOT NULL").
			Order("id").Limit(int64(limit)).Scan(ctx, &ids)
		if err != nil {
			return err
		}
		if deleted = len(ids); deleted > 0 {
			if err := deleteLogs(ctx, tx, ids); err != nil {
				return err
			}
		}
		if deleted == limit {
			return nil
		}
		return pruneModels(ctx, tx, before)
	})
	if err != nil {
		return 0, fmt.Errorf("prune request logs: %w", err)
	}
	return deleted, nil
}

// idsAhead is how far the time in an id may be ahead of that of its row: ids count
// on while the clock is set back.
const idsAhead = time.Hour

// PruneDetails deletes details that need not be kept at an instant any more, at
// most limit of them, and returns how many. They are found by the time in their
// ids, which is what their own is counted from.
func (r RequestLogs) PruneDetails(ctx context.Context, at time.Time, limit int) (int, error) {
	expired := r.s.logs.write.NewSelect().Model((*detailRow)(nil)).Column("request_id").
		Where("request_id < ?", int64(domain.FirstRequestIDAt(at.Add(idsAhead-detailsKept)))).Where("purge_at <= ?", at.UnixMilli()).
		Order("request_id").Limit(int64(limit))
	res, err := r.s.logs.write.NewDelete().Model((*detailRow)(nil)).Where("request_id IN (?)", expired).Exec(ctx)
	if err != nil {
		return 0, fmt.Errorf("prune request details: %w", err)
	}
	n, err := res.RowsAffected()
	if err != nil {
		return 0, fmt.Errorf("prune request details: %w", err)
	}
	return int(n), nil
}

// Prepare makes room for the rows of the next weeks. It is called at every start
// and from time to time.
func (r RequestLogs) Prepare(ctx context.Context) error {
	if err := r.s.logs.prepare(ctx, r.s.now()); err != nil {
		return fmt.Errorf("prepare the request log: %w", err)
	}
	return nil
}

// Shrink gives disk space of deleted rows back to the system, at most so many
// pages at a time, and returns how many are left to give back.
func (r RequestLogs) Shrink(ctx context.Context, pages int) (left int, err error) {
	if left, err = r.s.logs.shrink(ctx, r.s.now(), pages); err != nil {
		return 0, fmt.Errorf("shrink the request log: %w", err)
	}
	return left, nil
}
