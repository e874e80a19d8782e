package store_test

import (
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"io/fs"
	"path/filepath"
	"testing"

	"github.com/pressly/goose/v3"
	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/internal/domain"
	"github.com/claude-code-hub/cch/internal/testkit"
	"github.com/claude-code-hub/cch/persistence/migrations"
	"github.com/claude-code-hub/cch/persistence/store"
	"github.com/claude-code-hub/cch/persistence/storetest"
)

// firstVersion is the schema of the first version that anybody ran.
const firstVersion = 3

// TestUpgradeFromTheFirstVersion brings a database with rows of the first schema
// to the newest one: nothing is lost, and all of it can be used as before.
func TestUpgradeFromTheFirstVersion(t *testing.T) {
	t.Parallel()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		dir := t.TempDir()
		main, logs := raw(t, filepath.Join(dir, "cch.db")), raw(t, filepath.Join(dir, "logs.db"))
		migrateTo(t, goose.DialectSQLite3, main, migrations.SQLiteConfiguration(), firstVersion)
		migrateTo(t, goose.DialectSQLite3, logs, migrations.SQLiteLogs(), 1)
		fillFirst(t, main, logs, "BLOB")
		requireUpgraded(t, openIn(t, dir))

		old := raw(t, filepath.Join(dir, "cch.db.bak-3"))
		require.EqualValues(t, firstVersion, scalar(t, old, "SELECT MAX(version_id) FROM schema_migrations"))
		require.EqualValues(t, "ann", scalar(t, old, "SELECT name FROM users"))
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		dsn := testkit.Postgres(t)
		db, err := sql.Open("pgx", dsn)
		require.NoError(t, err)
		defer func() { require.NoError(t, db.Close()) }()
		migrateTo(t, goose.DialectPostgres, db, migrations.Postgres(), firstVersion)
		fillFirst(t, db, db, "BYTEA")
		requireUpgraded(t, storetest.OpenPostgres(t, dsn))
	})
}

func migrateTo(t *testing.T, dialect goose.Dialect, db *sql.DB, files fs.FS, version int64) {
	t.Helper()
	p, err := goose.NewProvider(dialect, db, files, goose.WithTableName("schema_migrations"))
	require.NoError(t, err)
	_, err = p.UpTo(t.Context(), version)
	require.NoError(t, err)
}

// fillFirst writes rows as the first version wrote them. bytes is what the engine
// calls a column of bytes.
func fillFirst(t *testing.T, main, logs *sql.DB, bytes string) {
	t.Helper()
	hash := sha256.Sum256([]byte("sk-of-the-first-version"))
	for _, statement := range []string{
		`INSERT INTO users (name, role, is_enabled, limit_5h_nusd, allowed_models, created_at, updated_at)
			VALUES ('ann', 'user', TRUE, 5000000000, '["claude-*"]', 1000, 1000)`,
		`INSERT INTO user_groups (user_id, group_id, position) VALUES (1, 1, 0)`,
		`INSERT INTO api_keys (user_id, name, key_hash, key_prefix, key_last4, is_enabled, can_login_web_ui, created_at, updated_at)
			VALUES (1, 'laptop', '` + hex.EncodeToString(hash[:]) + `', 'sk-of-th', 'sion', TRUE, FALSE, 1000, 1000)`,
		`INSERT INTO providers (name, type, url, key_enc, key_last4, is_enabled, accept_formats, proxy_fallback_to_direct,
				preserve_client_ip, disable_session_reuse, model_redirects, allowed_models, created_at, updated_at)
			VALUES ('acme', 'claude', 'https://acme.example', CAST('sealed|providers:key_enc:1|credential' AS ` + bytes + `), 'tial',
				TRUE, '"native"', FALSE, FALSE, FALSE, '[]', '[]', 1000, 1000)`,
		`INSERT INTO provider_group_members (provider_id, group_id, position, priority) VALUES (1, 1, 0, 7)`,
		`INSERT INTO settings (name, value, updated_at) VALUES ('site_title', '"Hub of the first version"', 1000)`,
		`INSERT INTO config_changes (kind, entity_id, at) VALUES ('provider', '1', 1000)`,
		`INSERT INTO sessions (key_id, session_id, id, user_id, model, client_kind, first_at, last_at, requests, input_tokens,
				output_tokens, cache_read_input_tokens, cache_creation_5m_input_tokens, cache_creation_1h_input_tokens, reasoning_tokens, cost_nusd)
			VALUES (1, 's', '` + domain.SessionKey{KeyID: 1, ID: "s"}.Hash() + `', 1, 'm', 'cli', 1000, 2000, 2, 10, 20, 30, 40, 50, 60, 70)`,
	} {
		_, err := main.ExecContext(t.Context(), statement)
		require.NoError(t, err, statement)
	}
	for _, statement := range []string{
		`INSERT INTO request_logs (id, created_at, user_id, key_id, session_id, session_seq, endpoint, client_format, call_class,
				model_requested, stream, status_code, status_code_inferred, outcome, attempts, input_tokens, output_tokens,
				cache_read_input_tokens, cache_creation_5m_input_tokens, cache_creation_1h_input_tokens, reasoning_tokens, cost_nusd,
				provider_mult_e4, group_mult_e4, config_version, is_demo)
			VALUES (42, 1000, 1, 1, 's', 1, '/v1/messages', 'claude', 'generate', 'm', TRUE, 200, FALSE, 'success', 1, 10, 20, 0, 0, 0, 0, 70,
				10000, 10000, 1, FALSE)`,
		`INSERT INTO request_details (request_id, decision_chain, purge_at) VALUES (42, '[{"reason":"request_success"}]', 5000)`,
	} {
		_, err := logs.ExecContext(t.Context(), statement)
		require.NoError(t, err, statement)
	}
}

// requireUpgraded reads everything back and goes on with it.
func requireUpgraded(t *testing.T, s *store.Store) {
	t.Helper()
	ctx := t.Context()
	c, err := s.Configuration(ctx)
	require.NoError(t, err)
	require.Equal(t, "Hub of the first version", c.Settings.SiteTitle)
	require.Len(t, c.Users, 1)
	require.Equal(t, domain.Money(5_000_000_000), c.Users[0].Limits.USD5h)
	require.Equal(t, domain.MultiplierOne, c.Users[0].CostMultiplier)
	require.Equal(t, []string{"default"}, c.Users[0].Groups)
	require.Len(t, c.Keys, 1)
	require.Equal(t, sha256.Sum256([]byte("sk-of-the-first-version")), c.Keys[0].Hash)
	require.Len(t, c.Providers, 1)
	require.Equal(t, "credential", c.Providers[0].Key.Reveal())
	require.Equal(t, map[string]int{"default": 7}, c.Providers[0].GroupPriorities)

	log, detail, err := s.RequestLogs().Get(ctx, 42)
	require.NoError(t, err)
	require.Equal(t, 200, log.Result.StatusCode)
	require.Equal(t, domain.Money(70), log.Cost)
	require.Contains(t, detail.Chain, "request_success")
	session, err := s.Sessions().Get(ctx, domain.SessionKey{KeyID: 1, ID: "s"}.Hash())
	require.NoError(t, err)
	require.EqualValues(t, 2, session.Requests)

	user := *c.Users[0]
	user.Name = "ann of today"
	_, version, err := s.Users().Update(ctx, user, user.Version)
	require.NoError(t, err)
	require.Greater(t, version, c.Version)
	another, _, err := s.Users().Create(ctx, domain.User{Name: "bob", Role: domain.RoleUser})
	require.NoError(t, err)
	require.Greater(t, another.ID, user.ID)
	next := storetest.RequestLog(1)
	next.KeyID, next.SessionID = 1, "s"
	require.NoError(t, s.RequestLogs().WriteBatch(ctx, domain.LogBatch{Finished: []domain.FinishedLog{storetest.Finished(next)}}))
	session, err = s.Sessions().Get(ctx, session.Hash)
	require.NoError(t, err)
	require.EqualValues(t, 3, session.Requests)
}
