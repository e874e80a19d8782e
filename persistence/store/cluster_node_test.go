package store_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/internal/domain"
	"github.com/claude-code-hub/cch/internal/testkit"
	"github.com/claude-code-hub/cch/persistence/store"
	"github.com/claude-code-hub/cch/persistence/storetest"
)

func clusterNodes(t *testing.T) *store.ClusterNodes {
	t.Helper()
	s, err := store.Open(t.Context(), store.Options{DSN: testkit.Postgres(t), AutoMigrate: true, Sealer: storetest.Sealer{}})
	require.NoError(t, err)
	t.Cleanup(func() { _ = s.Close() })
	n, err := s.ClusterNodes()
	require.NoError(t, err)
	t.Cleanup(func() { _ = n.Close(t.Context()) })
	return n
}

func node(id, addr string) domain.ClusterNode {
	return domain.ClusterNode{SystemID: id, Process: "process of " + id, Addr: addr, Version: "1"}
}

func TestNodesOfAClusterHaveLeases(t *testing.T) {
	t.Parallel()
	n, ttl := clusterNodes(t), time.Minute
	no, err := n.Join(t.Context(), node("a", "a:1"), ttl)
	require.NoError(t, err)
	require.Equal(t, 1, no)
	no, err = n.Join(t.Context(), node("b", "b:1"), ttl)
	require.NoError(t, err)
	require.Equal(t, 2, no)

	nodes, held, err := n.Beat(t.Context(), "a", ttl)
	require.NoError(t, err)
	require.True(t, held)
	require.Len(t, nodes, 2)
	require.Equal(t, []string{"a", "b"}, []string{nodes[0].SystemID, nodes[1].SystemID})
	require.Equal(t, "process of b", nodes[1].Process)
	require.LessOrEqual(t, nodes[0].ReadyIn, time.Duration(0), "the first owns at once")
	require.Greater(t, nodes[1].ReadyIn, 50*time.Second, "the second waits until the first has surely heard of it")
	require.Less(t, nodes[1].Age, 20*time.Second)

	require.NoError(t, n.End(t.Context(), "a"))
	nodes, held, err = n.Beat(t.Context(), "a", ttl)
	require.NoError(t, err)
	require.False(t, held, "a lease that was taken away is not renewed")
	require.Len(t, nodes, 1)
	nodes, held, err = n.Beat(t.Context(), "b", ttl)
	require.NoError(t, err)
	require.True(t, held)
	require.Len(t, nodes, 1)
}

func TestALapsedLeaseIsNotRenewed(t *testing.T) {
	t.Parallel()
	n := clusterNodes(t)
	_, err := n.Join(t.Context(), node("a", "a:1"), time.Minute)
	require.NoError(t, err)
	time.Sleep(30 * time.Millisecond)
	nodes, held, err := n.Beat(t.Context(), "a", 10*time.Millisecond)
	require.NoError(t, err)
	require.False(t, held)
	require.Empty(t, nodes)
}

func TestAnAddressKeepsItsNumber(t *testing.T) {
	t.Parallel()
	n, ttl := clusterNodes(t), time.Minute
	for _, x := range []domain.ClusterNode{node("a", "a:1"), node("b", "b:1"), node("c", "c:1")} {
		_, err := n.Join(t.Context(), x, ttl)
		require.NoError(t, err)
	}
	require.NoError(t, n.End(t.Context(), "a"))
	no, err := n.Join(t.Context(), node("d", "d:1"), ttl)
	require.NoError(t, err)
	require.Equal(t, 4, no, "the number of a waits for it")
	no, err = n.Join(t.Context(), node("b2", "b:1"), ttl)
	require.NoError(t, err)
	require.Equal(t, 2, no, "who listens at the address is its node")
	_, held, err := n.Beat(t.Context(), "b", ttl)
	require.NoError(t, err)
	require.False(t, held)
}

func TestSQLiteHasNoCluster(t *testing.T) {
	t.Parallel()
	s, err := store.Open(t.Context(), store.Options{DataDir: t.TempDir(), AutoMigrate: true, Sealer: storetest.Sealer{}})
	require.NoError(t, err)
	t.Cleanup(func() { _ = s.Close() })
	_, err = s.ClusterNodes()
	require.ErrorIs(t, err, domain.ErrNotPostgres)
}
