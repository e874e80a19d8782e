package lease_test

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/internal/domain"
	"github.com/claude-code-hub/cch/persistence/lease"
)

// database keeps leases in memory, by a clock that can be set.
type database struct {
	mu     sync.Mutex
	ahead  time.Duration // of the real clock
	away   bool
	leases map[string]domain.HeldLease
	until  map[string]time.Time
}

func newDatabase() *database {
	return &database{leases: map[string]domain.HeldLease{}, until: map[string]time.Time{}}
}

var errAway = errors.New("away")

func (d *database) now() time.Time { return time.Now().Add(d.ahead) }

func (d *database) Take(_ context.Context, name, holder string, ttl, grace time.Duration) (int64, bool, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.away {
		return 0, false, errAway
	}
	l, known := d.leases[name]
	if known && l.Holder != holder && d.now().Before(d.until[name].Add(grace)) {
		return 0, false, nil
	}
	l = domain.HeldLease{Name: name, Holder: holder, Fence: l.Fence + 1}
	d.leases[name], d.until[name] = l, d.now().Add(ttl)
	return l.Fence, true, nil
}

func (d *database) Renew(_ context.Context, name string, fence int64, ttl time.Duration) (bool, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.away {
		return false, errAway
	}
	if d.leases[name].Fence != fence || !d.now().Before(d.until[name]) {
		return false, nil
	}
	d.until[name] = d.now().Add(ttl)
	return true, nil
}

func (d *database) Release(_ context.Context, name string, fence int64) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.leases[name].Fence == fence {
		d.until[name] = d.now()
	}
	return nil
}

func (d *database) List(context.Context, string) (list []domain.HeldLease, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.away {
		return nil, errAway
	}
	for name, l := range d.leases {
		l.Left = d.until[name].Sub(d.now())
		list = append(list, l)
	}
	return list, nil
}

func (d *database) set(change func()) {
	d.mu.Lock()
	defer d.mu.Unlock()
	change()
}

func keep(t *testing.T, d lease.Store, holder string) *lease.Keeper {
	t.Helper()
	return lease.Keep(t.Context(), lease.Options{Store: d, Name: "leader", Holder: holder, Logger: slog.New(slog.DiscardHandler)})
}

func leads(k *lease.Keeper) bool {
	_, done, ok := k.Lead(context.Background())
	done()
	return ok
}

func TestOneOfTwoLeads(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := newDatabase()
		one, other := keep(t, d, "one"), keep(t, d, "other")
		for range 20 {
			require.True(t, one.Holds())
			require.True(t, leads(one))
			require.False(t, other.Holds())
			require.False(t, leads(other))
			time.Sleep(7 * time.Second)
		}
		led, done, ok := one.Lead(t.Context())
		require.True(t, ok)
		require.NoError(t, one.Close(t.Context()))
		synctest.Wait()
		require.Error(t, led.Err(), "what is led ends with the leadership")
		done()
		time.Sleep(11 * time.Second)
		require.True(t, other.Holds(), "a lease that was given back is taken at the next look")
		require.NoError(t, other.Close(t.Context()))
	})
}

// A leader that cannot reach the database stops before another one begins.
func TestALeaderThatIsCutOffStops(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d, line := newDatabase(), &cut{}
		line.Store = d
		one, other := keep(t, line, "one"), keep(t, d, "other")
		led, done, ok := one.Lead(t.Context())
		require.True(t, ok)
		defer done()
		line.set(true)
		for both := range 120 {
			require.False(t, one.Holds() && other.Holds(), "%d s after", both)
			if other.Holds() {
				synctest.Wait()
				require.Error(t, led.Err())
				break
			}
			time.Sleep(time.Second)
		}
		require.True(t, other.Holds())
		line.set(false)
		time.Sleep(time.Minute)
		require.False(t, one.Holds())
		require.True(t, other.Holds())
		require.NoError(t, errors.Join(one.Close(t.Context()), other.Close(t.Context())))
	})
}

// cut is a database that one keeper does not reach.
type cut struct {
	lease.Store

	mu  sync.Mutex
	off bool
}

func (c *cut) set(off bool) { c.mu.Lock(); c.off = off; c.mu.Unlock() }

func (c *cut) check() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.off {
		return errAway
	}
	return nil
}

func (c *cut) Renew(ctx context.Context, name string, fence int64, ttl time.Duration) (bool, error) {
	if err := c.check(); err != nil {
		return false, err
	}
	return c.Store.Renew(ctx, name, fence, ttl)
}

func (c *cut) Take(ctx context.Context, name, holder string, ttl, grace time.Duration) (int64, bool, error) {
	if err := c.check(); err != nil {
		return 0, false, err
	}
	return c.Store.Take(ctx, name, holder, ttl, grace)
}

// A clock of the database that is set forward lets another take the lease early.
// Whoever had it does not begin anything any more, as it asks first, and ends what
// it does at its next look.
func TestTheClockOfTheDatabaseJumps(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := newDatabase()
		one := keep(t, d, "one")
		led, done, ok := one.Lead(t.Context())
		require.True(t, ok)
		defer done()
		d.set(func() { d.ahead = time.Hour })
		other := keep(t, d, "other")
		require.True(t, other.Holds())
		require.True(t, one.Holds(), "it does not know yet")
		require.False(t, leads(one))
		synctest.Wait()
		require.Error(t, led.Err())
		require.False(t, one.Holds())

		d.set(func() { d.ahead = 0 }) // back: the lease lasts, for who renews it
		time.Sleep(5 * time.Minute)
		require.True(t, other.Holds())
		require.False(t, one.Holds())
		require.NoError(t, errors.Join(one.Close(t.Context()), other.Close(t.Context())))
	})
}

// A process that was stopped finds out before it does anything.
func TestAStalledLeaderIsNone(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := newDatabase()
		one := keep(t, d, "one")
		led, done, ok := one.Lead(t.Context())
		require.True(t, ok)
		defer done()
		// Nothing of it runs for a while: its next look comes after another took over.
		fence, ok, err := d.Take(t.Context(), "leader", "one", 0, 0)
		require.NoError(t, err)
		require.True(t, ok)
		taken, ok, err := d.Take(t.Context(), "leader", "other", time.Hour, 0)
		require.NoError(t, err)
		require.True(t, ok)
		require.Greater(t, taken, fence)
		require.False(t, leads(one))
		synctest.Wait()
		require.Error(t, led.Err())
		require.NoError(t, one.Close(t.Context()))
		ok, err = d.Renew(t.Context(), "leader", taken, time.Hour)
		require.NoError(t, err)
		require.True(t, ok, "the lease of the other is left alone")
	})
}
