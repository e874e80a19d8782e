package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // driver pgx
	_ "modernc.org/sqlite"             // driver sqlite

	"github.com/claude-code-hub/cch/persistence/store"
)

// source makes the numbers from 1 to %d.
const (
	sqliteSource   = "WITH RECURSIVE g(n) AS (SELECT %d UNION ALL SELECT n + 1 FROM g WHERE n < %d)"
	postgresSource = "WITH g AS (SELECT generate_series(%d::bigint, %d::bigint) AS n)"
)

// mixed turns a number into what a request was, always the same: a, b and c are
// as good as random, u is the user, of whom the first are the busiest.
const mixed = `%s, h AS (
	SELECT n, %d + n * %d / %d AS at, (n * 2654435761 %% 4294967296) / 4096 AS a,
		(n * 2246822519 %% 4294967296) / 4096 AS b, (n * 3266489917 %% 4294967296) / 4096 AS c FROM g),
r AS (SELECT n, at, a, b, c, 1 + (a %% 1000) * (a %% 1000) / 5000 AS u,
	(at - 1735689600000) * 4194304 + n %% 4096 AS id FROM h)
`

const ledgerRows = `INSERT INTO usage_ledger (request_id, attempt, kind, n, user_id, user_seq, key_id, provider_id, admitted_at,
	settled_at, charge_nusd, provider_cost_nusd, state, epoch, model, input_tokens, output_tokens, cache_read_input_tokens,
	cache_creation_5m_input_tokens, cache_creation_1h_input_tokens, reasoning_tokens, is_final, is_success, counts_for_rate,
	duration_ms, ttfb_ms, ttft_ms, final_of)
` + mixed + `SELECT id, 1, 'charge', 0, u, n, u, 1 + (u * 3 + b %% 3) %% 20, at, at + 900, 1000 + c * 60, 1000 + c * 50,
	'billed', 1, 'model-' || ((u * 7 + c %% 3) %% 30), b %% 4000, c %% 2000, a %% 90000, b %% 3000, 0, 0, 1 = 1, b %% 50 <> 0,
	b %% 70 <> 0, 200 + c %% 40000, 100 + c %% 900, 200 + c %% 2000, id FROM r`

const logRows = `INSERT INTO request_logs (id, created_at, user_id, key_id, provider_id, first_provider_id, provider_name,
	session_id, session_seq, endpoint, client_format, call_class, provider_type, model_requested, model_sent, stream,
	status_code, status_code_inferred, outcome, attempts, input_tokens, output_tokens, cache_read_input_tokens,
	cache_creation_5m_input_tokens, cache_creation_1h_input_tokens, reasoning_tokens, cost_nusd, provider_mult_e4,
	group_mult_e4, duration_ms, ttfb_ms, ttft_ms, client_ip, user_agent, client_kind, client_version, config_version, is_demo)
` + mixed + `SELECT id, at, u, u, 1 + (u * 3 + b %% 3) %% 20, 1 + (u * 3 + b %% 3) %% 20, 'provider-' || (1 + (u * 3 + b %% 3) %% 20),
	'session-' || (n / 40) || '-' || u, n %% 40, '/v1/messages', 'claude', 'conversation', 'claude',
	'model-' || ((u * 7 + c %% 3) %% 30), 'model-' || ((u * 7 + c %% 3) %% 30), 1 = 1,
	CASE WHEN b %% 50 <> 0 THEN 200 ELSE 500 END, 1 = 0, CASE WHEN b %% 50 <> 0 THEN 'success' ELSE 'failure' END, 1,
	b %% 4000, c %% 2000, a %% 90000, b %% 3000, 0, 0, 1000 + c * 60, 10000, 10000, 200 + c %% 40000, 100 + c %% 900,
	200 + c %% 2000, '10.0.0.1', 'claude-cli/2.1.197 (external, cli)', 'claude-cli', '2.1.197', 1, 1 = 0 FROM r`

// fill makes the rows. Indexes of the ledger are built when it is full.
func fill(ctx context.Context, s *store.Store, dsn string, ledger, logs int) error {
	began := time.Now()
	end := began.UTC().Truncate(time.Hour)
	start := end.Add(-days * 24 * time.Hour)
	e, err := connect(dsn)
	if err != nil {
		return err
	}
	defer e.close()
	indexes, err := e.dropIndexes(ctx)
	if err != nil {
		return err
	}
	text := func(rows string, first int) string {
		return fmt.Sprintf(rows, fmt.Sprintf(e.source, first, ledger), start.UnixMilli(), end.Sub(start).Milliseconds(), ledger)
	}
	steps := []struct {
		name string
		run  func() error
	}{
		{"ledger", func() error { return execute(ctx, e.main, text(ledgerRows, 1)) }},
		{"indexes", func() error { return execute(ctx, e.main, indexes...) }},
		{"logs", func() error { return execute(ctx, e.logs, text(logRows, max(1, ledger-logs+1))) }},
		{"hours", func() error { return s.Rollups().Rebuild(ctx, start, end) }},
		{"days", func() error { _, err := s.Rollups().CloseDays(ctx, time.UTC, end); return err }},
		{"statistics", func() error { return execute(ctx, e.main, e.analyze...) }},
	}
	for _, step := range steps {
		if err := step.run(); err != nil {
			return fmt.Errorf("%s: %w", step.name, err)
		}
		fmt.Printf("%-12s done after %s\n", step.name, time.Since(began).Round(time.Second))
	}
	return nil
}

// engine is a database that is filled.
type engine struct {
	main, logs *sql.DB
	source     string
	indexes    string // asks for names and texts of the ledger's indexes
	analyze    []string
}

func connect(dsn string) (*engine, error) {
	if file, ok := strings.CutPrefix(dsn, "sqlite://"); ok {
		main, err := sql.Open("sqlite", "file:"+file+"?_pragma=synchronous(off)&_pragma=cache_size(-262144)&_pragma=temp_store(memory)")
		if err != nil {
			return nil, err
		}
		logs, err := sql.Open("sqlite", "file:"+filepath.Join(filepath.Dir(file), "logs.db")+"?_pragma=synchronous(off)&_pragma=cache_size(-262144)")
		return &engine{
			main: main, logs: logs, source: sqliteSource,
			indexes: "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND tbl_name = 'usage_ledger' AND sql IS NOT NULL",
		}, err
	}
	db, err := sql.Open("pgx", dsn)
	return &engine{
		main: db, logs: db, source: postgresSource, analyze: []string{"ANALYZE"},
		indexes: "SELECT indexname::text, indexdef::text FROM pg_indexes WHERE tablename = 'usage_ledger' AND indexname NOT LIKE '%pkey'",
	}, err
}

func (e *engine) close() {
	_ = e.logs.Close()
	_ = e.main.Close()
}

func (e *engine) dropIndexes(ctx context.Context) (texts []string, err error) {
	rows, err := e.main.QueryContext(ctx, e.indexes)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	var names []string
	for rows.Next() {
		var name, text string
		if err := rows.Scan(&name, &text); err != nil {
			return nil, err
		}
		names, texts = append(names, "DROP INDEX "+name), append(texts, text)
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	return texts, execute(ctx, e.main, names...)
}

func execute(ctx context.Context, db *sql.DB, statements ...string) error {
	for _, text := range statements {
		if _, err := db.ExecContext(ctx, text); err != nil {
			return fmt.Errorf("%.60s: %w", text, err)
		}
	}
	return nil
}
