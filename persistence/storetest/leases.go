package storetest

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/internal/domain"
)

// Leases are taken from nobody who holds one, by the clock of the database.
func testLeases(t *testing.T, open Open) {
	t.Helper()
	s, ctx := open(t), t.Context()
	leases := s.Leases()
	const hour, noTime = time.Hour, -time.Second // in the past by the clock of the database

	one, ok, err := leases.Take(ctx, "leader", "one", hour, 0)
	require.NoError(t, err)
	require.True(t, ok)
	_, ok, err = leases.Take(ctx, "leader", "other", hour, 0)
	require.NoError(t, err)
	require.False(t, ok, "it has a holder")
	ok, err = leases.Renew(ctx, "leader", one, hour)
	require.NoError(t, err)
	require.True(t, ok)
	ok, err = leases.Renew(ctx, "leader", one+1, hour)
	require.NoError(t, err)
	require.False(t, ok)
	ok, err = leases.Renew(ctx, "unknown", 1, hour)
	require.NoError(t, err)
	require.False(t, ok)

	again, ok, err := leases.Take(ctx, "leader", "one", hour, 0)
	require.NoError(t, err)
	require.True(t, ok, "its holder comes back")
	require.Greater(t, again, one)
	ok, err = leases.Renew(ctx, "leader", one, hour)
	require.NoError(t, err)
	require.False(t, ok, "an earlier process of the holder has no say")

	ok, err = leases.Renew(ctx, "leader", again, noTime)
	require.NoError(t, err)
	require.True(t, ok)
	ok, err = leases.Renew(ctx, "leader", again, hour)
	require.NoError(t, err)
	require.False(t, ok, "a lease that lapsed is not renewed")
	_, ok, err = leases.Take(ctx, "leader", "other", hour, hour)
	require.NoError(t, err)
	require.False(t, ok, "not so soon")
	taken, ok, err := leases.Take(ctx, "leader", "other", hour, 0)
	require.NoError(t, err)
	require.True(t, ok)
	require.Greater(t, taken, again)
	require.NoError(t, leases.Release(ctx, "leader", again))
	requireLease(t, s.Leases().List, domain.HeldLease{Name: "leader", Holder: "other", Fence: taken}, true)
	require.NoError(t, leases.Release(ctx, "leader", taken))
	requireLease(t, s.Leases().List, domain.HeldLease{Name: "leader", Holder: "other", Fence: taken}, false)
}

func requireLease(t *testing.T, list listLeases, want domain.HeldLease, held bool) {
	t.Helper()
	found, err := list(t.Context(), "lead")
	require.NoError(t, err)
	require.Len(t, found, 1)
	require.Equal(t, held, found[0].Left > 0)
	found[0].Left = 0
	require.Equal(t, want, found[0])
	found, err = list(t.Context(), "other")
	require.NoError(t, err)
	require.Empty(t, found)
}

type listLeases = func(ctx context.Context, prefix string) ([]domain.HeldLease, error)
