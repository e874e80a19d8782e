package store

import (
	"context"
	"fmt"
	"time"

	"github.com/uptrace/bun"

	"github.com/claude-code-hub/cch/internal/domain"
)

// DeleteSome deletes at most limit of a user's rows that were admitted up to a
// time, and returns how many. It is for the deletion of statistics alone: what
// is counted from the ledger has to be told.
func (r Ledger) DeleteSome(ctx context.Context, user domain.UserID, upto time.Time, limit int) (int, error) {
	res, err := r.s.main.write.NewRaw("DELETE FROM usage_ledger WHERE id IN ("+
		"SELECT id FROM usage_ledger WHERE user_id = ? AND admitted_at <= ? ORDER BY admitted_at LIMIT ?)",
		int64(user), upto.UnixMilli(), limit).Exec(ctx)
	if err != nil {
		return 0, fmt.Errorf("delete ledger rows of user %d: %w", user, err)
	}
	n, err := res.RowsAffected()
	return int(n), err
}

// CountUpTo counts a user's rows that were admitted up to a time.
func (r Ledger) CountUpTo(ctx context.Context, user domain.UserID, upto time.Time) (n int, err error) {
	err = r.s.main.read.NewRaw("SELECT COUNT(*) FROM usage_ledger WHERE user_id = ? AND admitted_at <= ?", int64(user), upto.UnixMilli()).Scan(ctx, &n)
	if err != nil {
		return 0, fmt.Errorf("count ledger rows of user %d: %w", user, err)
	}
	return n, nil
}

// Forget deletes the sums of a user for the time up to an instant, whose ledger
// rows are gone. The hour that the instant is in is summed up anew.
func (r Rollups) Forget(ctx context.Context, user domain.UserID, upto time.Time) error {
	hour := upto.UnixMilli() / hourMs
	err := r.s.main.write.RunInTx(ctx, nil, func(ctx context.Context, tx bun.Tx) error {
		if _, err := tx.NewRaw("DELETE FROM usage_hourly WHERE user_id = ? AND hour_no < ?", int64(user), hour).Exec(ctx); err != nil {
			return err
		}
		if _, err := tx.NewRaw("DELETE FROM usage_daily WHERE user_id = ?", int64(user)).Exec(ctx); err != nil {
			return err
		}
		return rebuildCoarse(ctx, tx)
	})
	if err != nil {
		return fmt.Errorf("delete statistics of user %d: %w", user, err)
	}
	return r.Rebuild(ctx, time.UnixMilli(hour*hourMs), upto)
}
