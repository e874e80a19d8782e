package store_test

import (
	"context"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/internal/domain"
	"github.com/claude-code-hub/cch/internal/testkit"
	"github.com/claude-code-hub/cch/persistence/store"
	"github.com/claude-code-hub/cch/persistence/storetest"
)

func TestPostgres(t *testing.T) {
	t.Parallel()
	open := storetest.Postgres(t)
	storetest.Run(t, func(t *testing.T) *store.Store { t.Helper(); return open(t) })
}

// Replicas that start together queue: each migration runs once.
func TestPostgresReplicasMigrateOnce(t *testing.T) {
	t.Parallel()
	dsn := testkit.Postgres(t)
	var starting sync.WaitGroup
	for range 4 {
		starting.Go(func() {
			s, err := store.Open(context.Background(), store.Options{DSN: dsn, AutoMigrate: true})
			if err != nil {
				t.Error(err)
				return
			}
			if pending, err := s.Pending(context.Background()); err != nil || pending != 0 {
				t.Error(pending, err)
			}
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		})
	}
	starting.Wait()
}

func TestPostgresMigrations(t *testing.T) {
	t.Parallel()
	dsn := testkit.Postgres(t)
	o := store.Options{DSN: dsn, Sealer: storetest.Sealer{}}
	s, err := store.Open(t.Context(), o)
	require.NoError(t, err, "a store without its migrations opens, to be migrated")
	pending, err := s.Pending(t.Context())
	require.NoError(t, err)
	require.Positive(t, pending)
	require.NoError(t, s.Migrate(t.Context()))
	pending, err = s.Pending(t.Context())
	require.NoError(t, err)
	require.Zero(t, pending)
	require.NoError(t, s.Ping(t.Context()))
	require.NoError(t, s.Close())

	testkit.PostgresExec(t, dsn, "INSERT INTO schema_migrations (version_id, is_applied) VALUES (9999, TRUE)")
	_, err = store.Open(t.Context(), o)
	require.ErrorIs(t, err, store.ErrNewerDatabase)
}

func TestPostgresThatCannotBeReached(t *testing.T) {
	t.Parallel()
	_, err := store.Open(t.Context(), store.Options{DSN: "postgres://cch:very-secret-password@127.0.0.1:1/cch"})
	require.ErrorContains(t, err, "127.0.0.1")
	require.NotContains(t, err.Error(), "very-secret-password")
	_, err = store.Open(t.Context(), store.Options{DSN: "postgres://cch:very-secret-password@127.0.0.1:port/cch"})
	require.Error(t, err)
	require.NotContains(t, err.Error(), "very-secret-password")
}

// What the engine cannot take at the moment is not the caller's fault.
func TestPostgresThatTakesNoWrites(t *testing.T) {
	t.Parallel()
	dsn := testkit.Postgres(t)
	require.NoError(t, storetest.OpenPostgres(t, dsn).Ping(t.Context()))
	name := dsn[strings.LastIndex(dsn, "/")+1 : strings.Index(dsn, "?")]
	testkit.PostgresExec(t, dsn, "ALTER DATABASE "+name+" SET default_transaction_read_only = on")
	s := storetest.OpenPostgres(t, dsn)
	_, _, err := s.Users().Create(t.Context(), domain.User{Name: "ann", Role: domain.RoleUser})
	require.True(t, domain.IsKind(err, domain.KindOverloaded), err)
	require.NotContains(t, domain.AsFault(err).Detail, "SQL")
}

// Clients and upstreams send what is no text; the row is kept all the same, and
// is the same on every engine.
func TestPostgresTakesWhatIsNoText(t *testing.T) {
	t.Parallel()
	s := storetest.OpenPostgres(t, testkit.Postgres(t))
	l := storetest.RequestLog(1)
	l.Client.UserAgent, l.Call.Model, l.Result.ErrorMessage = "\xff\xfeagent", "mo\x00del", "broken \xc3"
	require.NoError(t, s.RequestLogs().WriteBatch(t.Context(), nil, []domain.FinishedLog{storetest.Finished(l)}))
	got, _, err := s.RequestLogs().Get(t.Context(), l.ID)
	require.NoError(t, err)
	require.Equal(t, "\ufffdagent", got.Client.UserAgent)
	require.Equal(t, "mo\ufffddel", got.Call.Model)
	require.Equal(t, "broken \ufffd", got.Result.ErrorMessage)
}
