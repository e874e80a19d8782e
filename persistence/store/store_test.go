package store_test

import (
	"context"
	"database/sql"
	"os"
	"path/filepath"
	"testing"

	"github.com/pressly/goose/v3"
	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/internal/domain"
	"github.com/claude-code-hub/cch/persistence/migrations"
	"github.com/claude-code-hub/cch/persistence/store"
	"github.com/claude-code-hub/cch/persistence/storetest"
)

func openIn(t *testing.T, dir string) *store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), store.Options{DataDir: dir, Sealer: storetest.Sealer{}, AutoMigrate: true})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s
}

func TestSQLite(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T) *store.Store { t.Helper(); return openIn(t, t.TempDir()) })
}

// raw opens a database file beside the store.
func raw(t *testing.T, path string) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+path)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	return db
}

func scalar(t *testing.T, db *sql.DB, query string) (v any) {
	t.Helper()
	require.NoError(t, db.QueryRowContext(context.Background(), query).Scan(&v))
	return v
}

func TestFilesAreSetUpForConcurrentUse(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "odd name?#%41") // must survive as it is
	openIn(t, dir)
	for _, name := range []string{"cch.db", "logs.db"} {
		_, err := os.Stat(filepath.Join(dir, name))
		require.NoError(t, err)
	}
	plain := t.TempDir()
	openIn(t, plain)
	for _, name := range []string{"cch.db", "logs.db"} {
		db := raw(t, filepath.Join(plain, name))
		require.Equal(t, "wal", scalar(t, db, "PRAGMA journal_mode"))
		require.EqualValues(t, 2, scalar(t, db, "PRAGMA auto_vacuum"), "incremental")
	}
}

func TestCredentialsAreSealedInTheFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := openIn(t, dir)
	_, _, err := s.Providers().Create(t.Context(), storetest.ProviderWithSecrets())
	require.NoError(t, err)
	db := raw(t, filepath.Join(dir, "cch.db"))
	require.Contains(t, string(scalar(t, db, "SELECT key_enc FROM providers").([]byte)), "sealed|providers:key_enc:1|")
	require.Contains(t, string(scalar(t, db, "SELECT proxy_url_enc FROM providers").([]byte)), "sealed|providers:proxy_url_enc:1|")
	require.Contains(t, string(scalar(t, db, "SELECT custom_headers_enc FROM providers").([]byte)), "sealed|providers:custom_headers_enc:1|")
}

func TestMigrations(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	o := store.Options{DataDir: dir, Sealer: storetest.Sealer{}}

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

	newest := scalar(t, raw(t, filepath.Join(dir, "cch.db")), "SELECT MAX(version_id) FROM schema_migrations")

	// An existing database is copied before it changes.
	o.DataDir, o.AutoMigrate = t.TempDir(), true
	db := raw(t, filepath.Join(o.DataDir, "cch.db"))
	old, err := goose.NewProvider(goose.DialectSQLite3, db, migrations.SQLiteConfiguration(), goose.WithTableName("schema_migrations"))
	require.NoError(t, err)
	_, err = old.UpTo(t.Context(), 3)
	require.NoError(t, err)
	s, err = store.Open(t.Context(), o)
	require.NoError(t, err)
	require.NoError(t, s.Close())
	backup := raw(t, filepath.Join(o.DataDir, "cch.db.bak-3"))
	require.EqualValues(t, 3, scalar(t, backup, "SELECT MAX(version_id) FROM schema_migrations"))
	require.Equal(t, newest, scalar(t, db, "SELECT MAX(version_id) FROM schema_migrations"))

	_, err = db.ExecContext(t.Context(), "INSERT INTO schema_migrations (version_id, is_applied) VALUES (9999, 1)")
	require.NoError(t, err)
	_, err = store.Open(t.Context(), o)
	require.ErrorIs(t, err, store.ErrNewerDatabase)
}

func TestOpenRefusesWhatItCannotServe(t *testing.T) {
	t.Parallel()
	for _, dsn := range []string{"mysql://localhost/cch", "cch.db", "sqlite://"} {
		_, err := store.Open(t.Context(), store.Options{DSN: dsn})
		require.ErrorContains(t, err, "not supported")
	}
	_, err := store.Open(t.Context(), store.Options{})
	require.Error(t, err)

	path := filepath.Join(t.TempDir(), "sub", "hub.db")
	s, err := store.Open(t.Context(), store.Options{DSN: "sqlite://" + path, Sealer: storetest.Sealer{}, AutoMigrate: true})
	require.NoError(t, err)
	require.NoError(t, s.Close())
	_, err = os.Stat(path)
	require.NoError(t, err)
}

func openBench(b *testing.B) *store.Store {
	b.Helper()
	s, err := store.Open(b.Context(), store.Options{DataDir: b.TempDir(), Sealer: storetest.Sealer{}, AutoMigrate: true})
	require.NoError(b, err)
	b.Cleanup(func() { require.NoError(b, s.Close()) })
	return s
}

func TestAWriteTheEngineCannotTakeIsNotTheCallersFault(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := openIn(t, dir)
	other, err := raw(t, filepath.Join(dir, "cch.db")).Conn(t.Context())
	require.NoError(t, err)
	_, err = other.ExecContext(t.Context(), "BEGIN IMMEDIATE")
	require.NoError(t, err)

	_, _, err = s.Users().Create(t.Context(), domain.User{Name: "ann", Role: domain.RoleUser})
	require.True(t, domain.IsKind(err, domain.KindOverloaded), err)
	require.NotContains(t, domain.AsFault(err).Detail, "SQL")

	_, err = other.ExecContext(t.Context(), "ROLLBACK")
	require.NoError(t, err)
	require.NoError(t, other.Close())
	_, _, err = s.Users().Create(t.Context(), domain.User{Name: "ann", Role: domain.RoleUser})
	require.NoError(t, err)
}

func TestDatabaseFilesAreTheOwnersAlone(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s, err := store.Open(t.Context(), store.Options{DataDir: dir, Sealer: storetest.Sealer{}, AutoMigrate: true})
	require.NoError(t, err)
	defer func() { require.NoError(t, s.Close()) }()
	for _, pattern := range []string{"cch.db*", "logs.db*"} {
		files, err := filepath.Glob(filepath.Join(dir, pattern))
		require.NoError(t, err)
		require.NotEmpty(t, files)
		for _, f := range files {
			info, err := os.Stat(f)
			require.NoError(t, err)
			require.Equal(t, os.FileMode(0o600), info.Mode().Perm(), f)
		}
	}
}
