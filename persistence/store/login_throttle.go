package store

import (
	"context"
	"fmt"
	"time"

	"github.com/uptrace/bun"

	"github.com/claude-code-hub/cch/internal/domain"
)

type throttleRow struct {
	bun.BaseModel `bun:"table:login_throttle"`

	Scope         string `bun:"scope,pk"`
	Failures      int    `bun:"failures"`
	WindowStartAt int64  `bun:"window_start_at"`
	LockedUntil   int64  `bun:"locked_until_at,nullzero"`
}

// LoginThrottle keeps counts of failed sign-ins, so that a restart forgives nothing.
type LoginThrottle struct{ s *Store }

// LoginThrottle is the repository of failed sign-ins.
func (s *Store) LoginThrottle() LoginThrottle { return LoginThrottle{s} }

// Get reads a scope; one without failures is not found.
func (r LoginThrottle) Get(ctx context.Context, scope string) (domain.LoginThrottle, error) {
	row := throttleRow{Scope: scope}
	err := r.s.main.read.NewSelect().Model(&row).WherePK().Scan(ctx)
	if err := found(err, "login throttle", scope); err != nil {
		return domain.LoginThrottle{}, err
	}
	return domain.LoginThrottle{
		Scope:         scope,
		Failures:      row.Failures,
		WindowStartAt: fromMillis(row.WindowStartAt),
		LockedUntil:   fromMillis(row.LockedUntil),
	}, nil
}

// Put replaces a scope's count.
func (r LoginThrottle) Put(ctx context.Context, t domain.LoginThrottle) error {
	row := throttleRow{
		Scope: t.Scope, Failures: t.Failures,
		WindowStartAt: toMillis(t.WindowStartAt), LockedUntil: toMillis(t.LockedUntil),
	}
	_, err := r.s.main.write.NewInsert().Model(&row).
		On("CONFLICT (scope) DO UPDATE").
		Set("failures = EXCLUDED.failures").
		Set("window_start_at = EXCLUDED.window_start_at").
		Set("locked_until_at = EXCLUDED.locked_until_at").
		Exec(ctx)
	if err != nil {
		return fmt.Errorf("write the login throttle: %w", asFault(err))
	}
	return nil
}

// Prune forgets scopes whose window began before an instant and that are not
// locked any more.
func (r LoginThrottle) Prune(ctx context.Context, before time.Time) error {
	ms := before.UnixMilli()
	_, err := r.s.main.write.NewDelete().Model((*throttleRow)(nil)).
		Where("window_start_at < ?", ms).
		Where("(locked_until_at IS NULL OR locked_until_at < ?)", ms).
		Exec(ctx)
	if err != nil {
		return fmt.Errorf("prune the login throttle: %w", err)
	}
	return nil
}
