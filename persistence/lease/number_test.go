package lease_test

import (
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/internal/domain"
	"github.com/claude-code-hub/cch/persistence/lease"
)

func take(t *testing.T, d *database, hub string) *lease.Number {
	t.Helper()
	n, err := lease.TakeNumber(t.Context(), d, hub, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	return n
}

func TestHubsHaveNumbersOfTheirOwn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := newDatabase()
		one, other := take(t, d, "one"), take(t, d, "other")
		require.Equal(t, 0, one.Current())
		require.Equal(t, 1, other.Current())
		require.Equal(t, 1, other.IDs(0).Next(time.Now()).Node())
		require.NoError(t, one.Close(t.Context()))

		third := take(t, d, "third")
		require.Equal(t, 2, third.Current(), "a number rests before another hub has it")
		back := take(t, d, "one")
		require.Equal(t, 0, back.Current(), "a hub that starts again has its own")
		require.NoError(t, back.Close(t.Context()))
		time.Sleep(11 * time.Minute)
		fourth := take(t, d, "fourth")
		require.Equal(t, 0, fourth.Current())
		for _, n := range []*lease.Number{other, third, fourth} {
			require.NoError(t, n.Close(t.Context()))
		}
	})
}

// Ids stay apart while the database is away, however long.
func TestAHubThatIsCutOffGivesItsNumberUp(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := newDatabase()
		n := take(t, d, "one")
		ids := n.IDs(0)
		d.set(func() { d.away = true })
		time.Sleep(8 * time.Minute)
		require.Equal(t, 0, ids.Next(time.Now()).Node())
		time.Sleep(2 * time.Minute)
		require.GreaterOrEqual(t, ids.Next(time.Now()).Node(), 512, "nobody else is given such a number")
		d.set(func() { d.away = false })
		time.Sleep(time.Minute)
		require.Equal(t, 0, ids.Next(time.Now()).Node(), "nobody took it")

		d.set(func() { d.away = true })
		time.Sleep(10 * time.Minute)
		d.set(func() {
			d.away = false
			d.until["node/000"] = d.now().Add(time.Hour)
			l := d.leases["node/000"]
			l.Holder = "other"
			d.leases["node/000"] = l
		})
		time.Sleep(time.Minute)
		require.Equal(t, 1, ids.Next(time.Now()).Node())
		require.NoError(t, n.Close(t.Context()))
	})
}

func TestWhichRequestsAreLost(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Until(time.Date(2026, 11, 30, 0, 0, 0, 0, time.UTC))) // ids have no years before
		d := newDatabase()
		one, other := take(t, d, "one"), take(t, d, "other")
		before := domain.NewRequestIDs(0, 0).Next(time.Now())
		others := other.IDs(0)
		lost := func(id domain.RequestID) bool {
			is, err := one.Lost(t.Context())
			require.NoError(t, err)
			return is(id)
		}
		require.True(t, lost(before), "of an earlier process of this hub")
		own := one.IDs(before).Next(time.Now())
		require.True(t, lost(before))
		require.False(t, lost(own))
		running := others.Next(time.Now())
		require.False(t, lost(running))
		require.True(t, lost(domain.NewRequestIDs(7, 0).Next(time.Now())), "nobody has that number")
		stray := domain.NewRequestIDs(600, 0).Next(time.Now())
		require.False(t, lost(stray))

		require.NoError(t, other.Close(t.Context()))
		require.False(t, lost(running), "it may come back")
		time.Sleep(3 * time.Minute)
		require.True(t, lost(running))
		require.False(t, lost(own))
		time.Sleep(time.Hour)
		require.True(t, lost(stray))
		require.NoError(t, one.Close(t.Context()))
	})
}

func TestAHubIsKnownByItsFolder(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	name, err := lease.Identity(dir)
	require.NoError(t, err)
	again, err := lease.Identity(dir)
	require.NoError(t, err)
	require.Equal(t, name, again)
	other, err := lease.Identity(t.TempDir())
	require.NoError(t, err)
	require.NotEqual(t, name, other)
	_, err = lease.Identity(dir + "/missing")
	require.Error(t, err)
}
