package store

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/claude-code-hub/cch/internal/domain"
)

// Claim makes the caller the only writer of a user's rows and returns its
// epoch: later than any before and no less than the time. Rows that an earlier
// writer has not appended by now never will be.
func (r Ledger) Claim(ctx context.Context, user domain.UserID, node string, now time.Time) (epoch int64, err error) {
	ms := now.UnixMilli()
	err = r.s.main.write.NewRaw(`INSERT INTO quota_owner (user_id, epoch, node, updated_at) VALUES (?, ?, ?, ?)
		ON CONFLICT (user_id) DO UPDATE SET
			epoch = CASE WHEN quota_owner.epoch >= EXCLUDED.epoch THEN quota_owner.epoch + 1 ELSE EXCLUDED.epoch END,
			node = EXCLUDED.node, updated_at = EXCLUDED.updated_at
		RETURNING epoch`, int64(user), ms, node, ms).Scan(ctx, &epoch)
	if err != nil {
		return 0, fmt.Errorf("claim the ledger of user %d: %w", user, err)
	}
	return epoch, nil
}

// After returns a user's rows with a higher number, in order, at most so many.
func (r Ledger) After(ctx context.Context, user domain.UserID, seq int64, limit int) ([]domain.LedgerRow, error) {
	return r.rows(ctx, "WHERE user_id = ? AND user_seq > ? ORDER BY user_seq LIMIT ?", int64(user), seq, limit)
}

// Since returns a user's rows admitted after a time, in the order of that time,
// then of their numbers.
func (r Ledger) Since(ctx context.Context, user domain.UserID, after time.Time) ([]domain.LedgerRow, error) {
	return r.rows(ctx, "WHERE user_id = ? AND admitted_at > ? ORDER BY admitted_at, user_seq", int64(user), after.UnixMilli())
}

// LastSeq is the highest number of a user's rows; 0 = there are none.
func (r Ledger) LastSeq(ctx context.Context, user domain.UserID) (seq int64, err error) {
	err = r.s.main.read.NewRaw("SELECT COALESCE(MAX(user_seq), 0) FROM usage_ledger WHERE user_id = ?", int64(user)).Scan(ctx, &seq)
	if err != nil {
		return 0, fmt.Errorf("read the last ledger row of user %d: %w", user, err)
	}
	return seq, nil
}

// Sum is what a user (key 0), or one key of the user, was charged for requests
// admitted after a time; the zero time = ever. Rows numbered above upto (0 = no
// bound) do not count.
func (r Ledger) Sum(ctx context.Context, user domain.UserID, key domain.KeyID, after time.Time, upto int64) (sum domain.Money, err error) {
	q := r.s.main.read.NewSelect().Table("usage_ledger").ColumnExpr("COALESCE(SUM(charge_nusd), 0)")
	if key == 0 {
		q = q.Where("user_id = ?", int64(user))
	} else { // the plus keeps the database from taking the user's index
		q = q.Where("key_id = ?", int64(key)).Where("+user_id = ?", int64(user))
	}
	if !after.IsZero() {
		q = q.Where("admitted_at > ?", after.UnixMilli())
	}
	if upto > 0 {
		q = q.Where("user_seq <= ?", upto)
	}
	var n int64
	if err := q.Scan(ctx, &n); err != nil {
		return 0, fmt.Errorf("sum up the ledger of user %d: %w", user, err)
	}
	return domain.Money(n), nil
}

// Of returns the rows of a request, in the order in which they came.
func (r Ledger) Of(ctx context.Context, id domain.RequestID) ([]domain.LedgerRow, error) {
	return r.rows(ctx, "WHERE request_id = ? ORDER BY id", int64(id))
}

// Unpriced returns rows admitted after a time that had no price and were not
// adjusted since, in the order of their keys, those behind one.
func (r Ledger) Unpriced(ctx context.Context, after time.Time, behind domain.SettleKey, limit int) ([]domain.LedgerRow, error) {
	return r.rows(ctx, "AS u WHERE state = 'unpriced' AND kind = 'charge' AND admitted_at > ?"+
		" AND (request_id > ? OR request_id = ? AND attempt > ?)"+
		" AND NOT EXISTS (SELECT 1 FROM usage_ledger AS a WHERE a.request_id = u.request_id"+
		" AND a.attempt = u.attempt AND a.kind = 'adjust') ORDER BY request_id, attempt LIMIT ?",
		after.UnixMilli(), int64(behind.ReqID), int64(behind.ReqID), behind.Attempt, limit)
}

// chargesOf matches the rows of kind charge that a query asks for and that may
// cost something.
func chargesOf(q domain.RecomputeQuery) (where string, args []any) {
	where = "kind = 'charge' AND state <> 'not_billed' AND model <> '' AND admitted_at >= ? AND admitted_at < ?"
	args = []any{q.From.UnixMilli(), q.To.UnixMilli()}
	if len(q.Models) > 0 {
		where += " AND model IN (?" + strings.Repeat(", ?", len(q.Models)-1) + ")"
		for _, model := range q.Models {
			args = append(args, model)
		}
	}
	return where, args
}

// CountCharges counts the rows that Charges returns in all.
func (r Ledger) CountCharges(ctx context.Context, q domain.RecomputeQuery) (n int, err error) {
	where, args := chargesOf(q)
	if err := r.s.main.read.NewRaw("SELECT COUNT(*) FROM usage_ledger WHERE "+where, args...).Scan(ctx, &n); err != nil {
		return 0, fmt.Errorf("count charges: %w", err)
	}
	return n, nil
}

// Charges returns rows of kind charge that may cost something, in the order of
// their keys, those behind one.
func (r Ledger) Charges(ctx context.Context, q domain.RecomputeQuery, behind domain.SettleKey, limit int) ([]domain.LedgerRow, error) {
	where, args := chargesOf(q)
	args = append(args, int64(behind.ReqID), int64(behind.ReqID), behind.Attempt, limit)
	return r.rows(ctx, "WHERE "+where+" AND (request_id > ? OR request_id = ? AND attempt > ?) ORDER BY request_id, attempt LIMIT ?", args...)
}

// ProviderSince returns a provider's rows admitted after a time, in its order.
func (r Ledger) ProviderSince(ctx context.Context, provider domain.ProviderID, after time.Time) ([]domain.LedgerRow, error) {
	return r.rows(ctx, "WHERE provider_id = ? AND admitted_at > ? ORDER BY admitted_at, id", int64(provider), after.UnixMilli())
}

// ProviderSum is what was spent at a provider for requests admitted after a
// time; the zero time = ever.
func (r Ledger) ProviderSum(ctx context.Context, provider domain.ProviderID, after time.Time) (domain.Money, error) {
	q := r.s.main.read.NewSelect().Table("usage_ledger").ColumnExpr("COALESCE(SUM(provider_cost_nusd), 0)").
		Where("provider_id = ?", int64(provider))
	if !after.IsZero() {
		q = q.Where("admitted_at > ?", after.UnixMilli())
	}
	var n int64
	if err := q.Scan(ctx, &n); err != nil {
		return 0, fmt.Errorf("sum up the ledger of provider %d: %w", provider, err)
	}
	return domain.Money(n), nil
}

func (r Ledger) rows(ctx context.Context, where string, args ...any) ([]domain.LedgerRow, error) {
	rows, err := r.s.main.read.DB.QueryContext(ctx, r.s.main.bind("SELECT "+ledgerColumns+" FROM usage_ledger "+where), args...)
	if err != nil {
		return nil, fmt.Errorf("read the ledger: %w", err)
	}
	list, err := scanLedgerRows(rows)
	if err != nil {
		return nil, fmt.Errorf("read the ledger: %w", err)
	}
	return list, nil
}
