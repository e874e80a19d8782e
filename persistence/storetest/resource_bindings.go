package storetest

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/internal/domain"
)

func testResourceBindings(t *testing.T, open Open) {
	t.Helper()
	s, ctx := open(t), t.Context()
	r := s.ResourceBindings()
	bind := func(key domain.KeyID, id string, p domain.ProviderID, left time.Duration) domain.ResourceBinding {
		return domain.ResourceBinding{Key: domain.ResourceKey{KeyID: key, ID: id}, Provider: p, ExpiresAt: time.Now().Add(left)}
	}
	at := func(key domain.KeyID, id string) domain.ProviderID {
		got, err := r.Find(ctx, domain.ResourceKey{KeyID: key, ID: id})
		if domain.IsKind(err, domain.KindNotFound) {
			return 0
		}
		require.NoError(t, err)
		return got.Provider
	}
	require.NoError(t, r.Keep(ctx, nil))
	require.NoError(t, r.Keep(ctx, []domain.ResourceBinding{
		bind(1, "resp_1", 3, time.Hour), bind(2, "resp_1", 4, time.Hour), bind(1, "old", 5, -time.Minute), bind(1, "twice", 5, time.Hour),
		bind(1, "twice", 6, time.Hour),
	}))
	require.Equal(t, domain.ProviderID(3), at(1, "resp_1"))
	require.Equal(t, domain.ProviderID(4), at(2, "resp_1"), "ids mean something under their key alone")
	require.Equal(t, domain.ProviderID(6), at(1, "twice"))
	require.Zero(t, at(1, "old"))
	require.Zero(t, at(3, "resp_1"))
	require.NoError(t, r.Keep(ctx, []domain.ResourceBinding{bind(1, "resp_1", 7, time.Hour)}))
	require.Equal(t, domain.ProviderID(7), at(1, "resp_1"))
	for _, want := range []int{1, 0} {
		n, err := r.Prune(ctx, time.Now(), 10)
		require.NoError(t, err)
		require.Equal(t, want, n)
	}
	require.Equal(t, domain.ProviderID(7), at(1, "resp_1"))
}
