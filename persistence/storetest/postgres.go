package storetest

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/internal/testkit"
	"github.com/claude-code-hub/cch/persistence/store"
)

// Postgres makes a template with all migrations and returns how to open a store
// on a copy of it.
func Postgres(t testing.TB) func(testing.TB) *store.Store {
	t.Helper()
	template := testkit.NewPostgresTemplate(t, func(dsn string) {
		s, err := store.Open(t.Context(), store.Options{DSN: dsn, Sealer: Sealer{}, AutoMigrate: true})
		require.NoError(t, err)
		require.NoError(t, s.Close())
	})
	return func(t testing.TB) *store.Store {
		t.Helper()
		return OpenPostgres(t, template.Database(t))
	}
}

// OpenPostgres opens a store that is closed when the test ends.
func OpenPostgres(t testing.TB, dsn string) *store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), store.Options{
		DSN: dsn, Sealer: Sealer{}, AutoMigrate: true, Pool: store.PoolLimits{Connections: 6},
	})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s
}
