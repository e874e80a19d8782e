package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/claude-code-hub/cch/internal/domain"
)

// Leases are what one process at a time may have. They lapse by the clock of the
// database, so that those of the processes need not agree.
type Leases struct{ s *Store }

// Leases is the repository of leases.
func (s *Store) Leases() Leases { return Leases{s} }

// Take takes a lease that nobody has, that lapsed at least grace ago, or that the
// holder has already, and returns its fence. false = somebody else has it.
func (r Leases) Take(ctx context.Context, name, holder string, ttl, grace time.Duration) (fence int64, ok bool, err error) {
	now := r.s.main.clock()
	err = r.s.main.write.NewRaw("INSERT INTO leases (name, holder, fence, until_at) VALUES (?, ?, 1, "+now+" + ?)"+
		" ON CONFLICT (name) DO UPDATE SET holder = EXCLUDED.holder, fence = leases.fence + 1, until_at = EXCLUDED.until_at"+
		" WHERE leases.until_at + ? <= "+now+" OR leases.holder = EXCLUDED.holder RETURNING fence",
		name, holder, ttl.Milliseconds(), grace.Milliseconds()).Scan(ctx, &fence)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return 0, false, nil
	case err != nil:
		return 0, false, fmt.Errorf("take the lease %s: %w", name, err)
	}
	return fence, true, nil
}

// Renew has a lease last for ttl from now on. false = it lapsed, or was taken:
// whoever had it has to take it anew.
func (r Leases) Renew(ctx context.Context, name string, fence int64, ttl time.Duration) (ok bool, err error) {
	now := r.s.main.clock()
	res, err := r.s.main.write.NewRaw("UPDATE leases SET until_at = "+now+" + ? WHERE name = ? AND fence = ? AND until_at > "+now,
		ttl.Milliseconds(), name, fence).Exec(ctx)
	if err != nil {
		return false, fmt.Errorf("renew the lease %s: %w", name, err)
	}
	n, err := res.RowsAffected()
	return n > 0, err
}

// Release ends a lease now. One that was taken since is left alone.
func (r Leases) Release(ctx context.Context, name string, fence int64) error {
	now := r.s.main.clock()
	_, err := r.s.main.write.NewRaw("UPDATE leases SET until_at = "+now+" WHERE name = ? AND fence = ? AND until_at > "+now, name, fence).Exec(ctx)
	if err != nil {
		return fmt.Errorf("release the lease %s: %w", name, err)
	}
	return nil
}

// List returns the leases whose names begin with a prefix, by their names, also
// those that lapsed.
func (r Leases) List(ctx context.Context, prefix string) ([]domain.HeldLease, error) {
	var rows []struct {
		Name   string `bun:"name"`
		Holder string `bun:"holder"`
		Fence  int64  `bun:"fence"`
		Left   int64  `bun:"left_ms"`
	}
	err := r.s.main.read.NewRaw("SELECT name, holder, fence, until_at - "+r.s.main.clock()+" AS left_ms FROM leases"+
		" WHERE name >= ? AND name < ? ORDER BY name", prefix, afterPrefix(prefix)).Scan(ctx, &rows)
	if err != nil {
		return nil, fmt.Errorf("list leases: %w", err)
	}
	list := make([]domain.HeldLease, len(rows))
	for i, row := range rows {
		list[i] = domain.HeldLease{Name: row.Name, Holder: row.Holder, Fence: row.Fence, Left: millis(row.Left)}
	}
	return list, nil
}
