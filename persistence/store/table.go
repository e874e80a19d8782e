package store

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/uptrace/bun"
)

// TableKind says what a table is about, for who copies some of them.
type TableKind string

// Kinds of tables.
const (
	TableConfiguration TableKind = "configuration" // users, keys, providers, prices, settings
	TableSpent         TableKind = "spent"         // the ledger and what is summed up of it
	TableState         TableKind = "state"         // sessions, snapshots of actors, histories
	TableLogs          TableKind = "logs"          // requests and probes
)

// ColumnType is how a value of a column is written down.
type ColumnType string

// Column types, the same for every engine. A truth value is an integer.
const (
	ColumnInteger ColumnType = "integer" // int64
	ColumnText    ColumnType = "text"    // string
	ColumnBytes   ColumnType = "bytes"   // []byte
)

// Column is one of a table.
type Column struct {
	Name string
	Type ColumnType

	boolean  bool // kept as such by the engine
	identity bool // numbered by the engine
}

// Table is one table, with its columns by name.
type Table struct {
	Name    string
	Kind    TableKind
	Columns []Column

	key []string // primary key, in order
	db  *database
}

// copied lists the tables that may leave a database, in an order in which rows
// can be added: what a row refers to comes before it. What is left out belongs
// to one database alone: sign-ins, answers that are kept for a while, the
// numbers of configuration versions, leases of processes, marks of half-done work
// and of migrations, and what is made out of other tables.
func copied() []Table {
	var list []Table
	add := func(kind TableKind, names ...string) {
		for _, name := range names {
			list = append(list, Table{Name: name, Kind: kind})
		}
	}
	add(TableConfiguration, "settings", "provider_groups", "users", "user_groups", "api_keys", "key_groups",
		"provider_vendors", "provider_endpoints", "providers", "provider_group_members", "provider_accounts",
		"model_prices", "model_aliases", "price_catalog", "price_holds", "request_filters", "error_rules", "user_preferences")
	add(TableSpent, "usage_ledger", "usage_hourly", "usage_daily", "usage_days", "quota_owner")
	add(TableState, "sessions", "actor_snapshots", "breaker_events", "provider_account_history", "resource_bindings")
	add(TableLogs, "request_logs", "request_details", "probe_logs")
	return list
}

// TablesKeptApart are the tables that stay where they are.
func TablesKeptApart() []string {
	return []string{
		"auth_sessions", "login_throttle", "config_changes", "applied_marks", "pending_session_sums", "replay_payloads", "leases",
		"cluster_nodes",
		"request_log_models",
		"request_log_models", "usage_daily_by",
		migrationTable,
	}
}

// Tables lists the tables that can be copied to another database, in an order
// in which they can be filled.
func (s *Store) Tables(ctx context.Context) ([]Table, error) {
	list := copied()
	for i := range list {
		t := &list[i]
		for _, db := range s.databases() {
			columns, key, err := db.columns(ctx, t.Name)
			if err != nil {
				return nil, fmt.Errorf("read the columns of %s: %w", t.Name, err)
			}
			if len(columns) > 0 {
				slices.SortFunc(columns, func(a, b Column) int { return strings.Compare(a.Name, b.Name) })
				t.Columns, t.key, t.db = columns, key, db
				break
			}
		}
		if t.db == nil || len(t.key) == 0 {
			return nil, fmt.Errorf("there is no table %s, or it has no primary key", t.Name)
		}
	}
	return list, nil
}

// Versions are the numbers of the last migrations, by the names of the engine.
func (s *Store) Versions(ctx context.Context) (engine string, version int64, err error) {
	for _, sc := range s.schema {
		current, _, err := sc.versions(ctx)
		if err != nil {
			return "", 0, err
		}
		version = max(version, current)
	}
	return string(s.main.dialect()), version, nil
}

// tablePage is how many rows are read or written with one statement.
const tablePage = 500

// ReadTable visits all rows of a table by its primary key, in pages that it may
// keep. The values are int64, string, []byte or nil, in the order of the
// table's columns. Tables that are read with the same Reading are as of one
// instant.
func (r *Reading) ReadTable(ctx context.Context, t Table, visit func(rows [][]any) error) error {
	tx, err := r.in(ctx, t.db)
	if err != nil {
		return err
	}
	names := make([]string, len(t.Columns))
	for i, c := range t.Columns {
		names[i] = c.Name
	}
	var behind []any
	for {
		rows, err := t.page(ctx, tx, names, behind)
		if err != nil {
			return fmt.Errorf("read %s: %w", t.Name, err)
		}
		if len(rows) > 0 {
			if err := visit(rows); err != nil {
				return err
			}
		}
		if len(rows) < tablePage {
			return nil
		}
		behind = behind[:0]
		for _, k := range t.key {
			behind = append(behind, rows[len(rows)-1][slices.Index(names, k)])
		}
	}
}

// Count counts the rows of a table.
func (r *Reading) Count(ctx context.Context, t Table) (n int, err error) {
	tx, err := r.in(ctx, t.db)
	if err != nil {
		return 0, err
	}
	if err := tx.NewRaw("SELECT COUNT(*) FROM ?", bun.Ident(t.Name)).Scan(ctx, &n); err != nil {
		return 0, fmt.Errorf("count %s: %w", t.Name, err)
	}
	return n, nil
}

// page reads the rows behind a primary key.
func (t Table) page(ctx context.Context, tx bun.Tx, names []string, behind []any) ([][]any, error) {
	key := strings.Join(t.key, ", ")
	query := "SELECT " + strings.Join(names, ", ") + " FROM " + t.Name
	if len(behind) > 0 {
		query += " WHERE (" + key + ") > (?" + strings.Repeat(", ?", len(behind)-1) + ")"
	}
	query += fmt.Sprintf(" ORDER BY %s LIMIT %d", key, tablePage)
	found, err := tx.Tx.QueryContext(ctx, t.db.bind(query), behind...)
	if err != nil {
		return nil, err
	}
	defer func() { _ = found.Close() }()
	var rows [][]any
	for found.Next() {
		row := make([]any, len(names))
		into := make([]any, len(names))
		for i := range row {
			into[i] = &row[i]
		}
		if err := found.Scan(into...); err != nil {
			return nil, err
		}
		for i, c := range t.Columns {
			row[i] = c.plain(row[i])
		}
		rows = append(rows, row)
	}
	return rows, found.Err()
}

// plain is a value as every engine would give it.
func (c Column) plain(v any) any {
	switch x := v.(type) {
	case bool:
		if x {
			return int64(1)
		}
		return int64(0)
	case []byte:
		if c.Type == ColumnText {
			return string(x)
		}
	case string:
		if c.Type == ColumnBytes {
			return []byte(x)
		}
	}
	return v
}

// stored is a value as the engine takes it.
func (c Column) stored(v any) any {
	if n, ok := v.(int64); ok && c.boolean {
		return n != 0
	}
	return v
}

// Reading reads tables as of one instant a database.
type Reading struct {
	txs map[*database]bun.Tx
}

// Read has tables read.
func (s *Store) Read(ctx context.Context, work func(r *Reading) error) error {
	r := &Reading{txs: make(map[*database]bun.Tx)}
	defer func() {
		for _, tx := range r.txs {
			_ = tx.Rollback() // it only read
		}
	}()
	// Logs first: nothing they speak of is missing from what is read later.
	for _, db := range slices.Backward(s.databases()) {
		if _, err := r.in(ctx, db); err != nil {
			return err
		}
	}
	return work(r)
}

// in is the transaction of a database. The instant is that of its first query.
func (r *Reading) in(ctx context.Context, db *database) (bun.Tx, error) {
	tx, ok := r.txs[db]
	if ok {
		return tx, nil
	}
	tx, err := db.read.BeginTx(ctx, db.oneInstant())
	if err != nil {
		return tx, fmt.Errorf("begin to read %s: %w", db.name, err)
	}
	r.txs[db] = tx
	var one int
	if err := tx.NewRaw("SELECT 1 FROM "+migrationTable+" LIMIT 1").Scan(ctx, &one); err != nil {
		return tx, fmt.Errorf("begin to read %s: %w", db.name, err)
	}
	return tx, nil
}
