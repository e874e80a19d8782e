package store_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
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
	require.NoError(t, s.RequestLogs().WriteBatch(t.Context(), domain.LogBatch{Finished: []domain.FinishedLog{storetest.Finished(l)}}))
	got, _, err := s.RequestLogs().Get(t.Context(), l.ID)
	require.NoError(t, err)
	require.Equal(t, "\ufffdagent", got.Client.UserAgent)
	require.Equal(t, "mo\ufffddel", got.Call.Model)
	require.Equal(t, "broken \ufffd", got.Result.ErrorMessage)
}

// A node that was taken for dead and was not brings the real ends of its requests.
func TestPostgresEndsReplaceWhatWasGivenUp(t *testing.T) {
	t.Parallel()
	s := storetest.OpenPostgres(t, testkit.Postgres(t))
	l := storetest.RequestLog(1)
	lost := *storetest.Opened(l)
	lost.SessionID = l.SessionID
	lost.Result = domain.ResultRecord{StatusCode: 500, Outcome: domain.OutcomeFailure, ErrorCode: string(domain.ReasonInterrupted)}
	logs := s.RequestLogs()
	require.NoError(t, logs.WriteBatch(t.Context(), domain.LogBatch{Started: []*domain.RequestLog{storetest.Opened(l)}}))
	for _, end := range []domain.RequestLog{lost, lost, l, lost} {
		require.NoError(t, logs.WriteBatch(t.Context(), domain.LogBatch{Finished: []domain.FinishedLog{storetest.Finished(end)}}))
	}
	got, detail, err := logs.Get(t.Context(), l.ID)
	require.NoError(t, err)
	require.Empty(t, cmp.Diff(l, got))
	require.Empty(t, cmp.Diff(storetest.Detail(l.ID), detail))
	session, err := s.Sessions().Get(t.Context(), domain.SessionKey{KeyID: l.KeyID, ID: l.SessionID}.Hash())
	require.NoError(t, err)
	require.EqualValues(t, 1, session.Requests)
}

// Months get partitions ahead of time, give their space back when their rows
// are gone, and are no condition for a row to be kept.
func TestPostgresPartitionsByMonth(t *testing.T) {
	t.Parallel()
	dsn := testkit.Postgres(t)
	now := time.Date(2026, 11, 29, 23, 59, 0, 0, time.UTC)
	s, err := store.Open(t.Context(), store.Options{DSN: dsn, AutoMigrate: true, Now: func() time.Time { return now }})
	require.NoError(t, err)
	defer func() { require.NoError(t, s.Close()) }()
	require.Equal(t, "request_logs_2026_11 request_logs_2026_12 request_logs_2027_01 request_logs_other", partitions(t, dsn))

	row := func(at time.Time) domain.FinishedLog {
		l := storetest.RequestLog(1)
		l.CreatedAt, l.ID = at, domain.FirstRequestIDAt(at)
		return storetest.Finished(l)
	}
	long := now.AddDate(0, 6, 0)
	require.NoError(t, s.RequestLogs().WriteBatch(t.Context(), domain.LogBatch{Finished: []domain.FinishedLog{row(now), row(now.AddDate(0, 0, 2)), row(long)}}))
	require.Equal(t, "1 1 0 1", testkit.PostgresScalar(t, dsn, `SELECT (SELECT COUNT(*) FROM request_logs_2026_11) || ' ' ||
		(SELECT COUNT(*) FROM request_logs_2026_12) || ' ' || (SELECT COUNT(*) FROM request_logs_2027_01) || ' ' ||
		(SELECT COUNT(*) FROM request_logs_other)`))

	now = long // its month cannot have a partition any more, the next ones can
	require.NoError(t, s.RequestLogs().Prepare(t.Context()))
	n, err := s.RequestLogs().PruneRows(t.Context(), time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC), 10)
	require.NoError(t, err)
	require.Equal(t, 1, n)
	left, err := s.RequestLogs().Shrink(t.Context(), 1)
	require.NoError(t, err)
	require.Zero(t, left)
	require.Equal(t, "request_logs_2026_12 request_logs_2027_06 request_logs_2027_07 request_logs_other", partitions(t, dsn))
	logs, err := s.RequestLogs().List(t.Context(), domain.LogFilter{})
	require.NoError(t, err)
	require.Len(t, logs, 2)
}

func partitions(t *testing.T, dsn string) string {
	t.Helper()
	return testkit.PostgresScalar(t, dsn, `SELECT string_agg(c.relname, ' ' ORDER BY c.relname) FROM pg_inherits AS i
		JOIN pg_class AS c ON c.oid = i.inhrelid WHERE i.inhparent = 'request_logs'::regclass`)
}

// Nodes hear of each other's changes, and of those they missed when their
// connection broke.
func TestPostgresNodesHearOfChanges(t *testing.T) {
	t.Parallel()
	dsn := testkit.Postgres(t)
	one, other := storetest.OpenPostgres(t, dsn), storetest.OpenPostgres(t, dsn)
	heard := make(chan int64, 100)
	watching, stop := context.WithCancel(t.Context())
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		other.Watch(watching, func(version int64) { heard <- version })
	}()
	await := func(version int64) {
		t.Helper()
		for got := int64(-1); got < version; {
			select {
			case got = <-heard:
			case <-t.Context().Done():
				t.Fatal("nothing was heard")
			}
		}
	}
	await(0)
	_, version, err := one.Users().Create(t.Context(), domain.User{Name: "ann", Role: domain.RoleUser})
	require.NoError(t, err)
	await(version)

	testkit.PostgresExec(t, dsn, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'SELECT COALESCE(MAX(id)%'")
	_, version, err = one.Users().Create(t.Context(), domain.User{Name: "bob", Role: domain.RoleUser})
	require.NoError(t, err)
	await(version)
	stop()
	<-stopped
}
