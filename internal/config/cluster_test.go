package config_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/internal/config"
)

func TestANodeOfAClusterSharesWhatItMust(t *testing.T) {
	t.Parallel()
	_, _, err := config.Load(map[string]string{"CLUSTER_MODE": "automanaged", "CLUSTER_ADDR": "0.0.0.0:1", "CLUSTER_SECRET": "short", "CLUSTER_HOSTS": "a:1,b"})
	for _, want := range []string{
		"nodes must share a PostgreSQL database", "SQLite is for a single node", "ENCRYPTION_KEY is unset: the nodes",
		"CLUSTER_SECRET is unset or shorter", `CLUSTER_ADDR is "0.0.0.0:1"`, `CLUSTER_HOSTS has "b"`, "CLUSTER_HOSTS does not list CLUSTER_ADDR",
	} {
		require.ErrorContains(t, err, want)
	}
	_, _, err = config.Load(map[string]string{"CLUSTER_MODE": "etcd"})
	require.ErrorContains(t, err, "CLUSTER_MODE is etcd: use single, automanaged")

	c, warnings, err := config.Load(map[string]string{
		"CLUSTER_MODE": "automanaged", "CLUSTER_ADDR": "10.0.0.1:23100", "CLUSTER_SECRET": "a secret of some length",
		"CLUSTER_HOSTS": "10.0.0.1:23100,10.0.0.2:23100", "DSN": "postgres://x@db/cch", "ADMIN_TOKEN": "a token of some length",
		"ENCRYPTION_KEY": "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=",
	})
	require.NoError(t, err)
	require.Empty(t, warnings)
	require.True(t, c.Cluster.On())
	require.Len(t, c.Cluster.Hosts, 2)
	single, _, err := config.Load(nil)
	require.NoError(t, err)
	require.False(t, single.Cluster.On())
}
