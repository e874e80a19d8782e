package store

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/claude-code-hub/cch/internal/domain"
)

// Usage tells what the store takes, table by table, in the order of names. The
// embedded engine has to count: what it does not get to before ctx ends is told
// as not known, and is no error.
func (s *Store) Usage(ctx context.Context, now time.Time) (domain.StorageUsage, error) {
	engine, schema, err := s.Versions(ctx)
	if err != nil {
		return domain.StorageUsage{}, err
	}
	u := domain.StorageUsage{Engine: engine, Schema: schema, At: now}
	for _, db := range s.databases() {
		size, tables, err := db.usage(ctx)
		if err != nil {
			return domain.StorageUsage{}, fmt.Errorf("measure %s: %w", db.name, err)
		}
		u.Bytes += size
		for _, t := range tables {
			if t.Name != migrationTable { // each file has one, of some rows
				u.Tables = append(u.Tables, t)
			}
		}
	}
	slices.SortFunc(u.Tables, func(a, b domain.TableUsage) int { return strings.Compare(a.Name, b.Name) })
	return u, nil
}

// usage takes the server's own estimates of rows; partitions count as their table.
func (e *postgresEngine) usage(ctx context.Context) (size int64, tables []domain.TableUsage, err error) {
	if err := e.read.QueryRow(ctx, "SELECT pg_database_size(current_database())").Scan(&size); err != nil {
		return 0, nil, err
	}
	rows, err := e.read.Query(ctx, `
		SELECT COALESCE(parent.relname, c.relname)::text, SUM(GREATEST(c.reltuples, 0))::bigint, SUM(pg_total_relation_size(c.oid))::bigint
		FROM pg_class AS c
		LEFT JOIN pg_inherits AS i ON i.inhrelid = c.oid
		LEFT JOIN pg_class AS parent ON parent.oid = i.inhparent
		WHERE c.relkind = 'r' AND c.relnamespace = current_schema()::regnamespace
		GROUP BY 1`)
	if err != nil {
		return 0, nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var t domain.TableUsage
		if err := rows.Scan(&t.Name, &t.Rows, &t.Bytes); err != nil {
			return 0, nil, err
		}
		tables = append(tables, t)
	}
	return size, tables, rows.Err()
}

// usage counts rows, and pages where the engine tells which table has them.
func (e *sqliteEngine) usage(ctx context.Context) (size int64, tables []domain.TableUsage, err error) {
	err = e.read.QueryRowContext(ctx, "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size").Scan(&size)
	if err != nil {
		return 0, nil, err
	}
	names, err := e.tableNames(ctx)
	if err != nil {
		return 0, nil, err
	}
	for _, name := range names {
		t := domain.TableUsage{Name: name, Rows: -1, Bytes: -1}
		if e.read.QueryRowContext(ctx, `SELECT COUNT(*) FROM "`+name+`"`).Scan(&t.Rows) == nil {
			t.Exact = true
		} else {
			t.Rows = -1
		}
		err := e.read.QueryRowContext(ctx,
			`SELECT COALESCE(SUM(pgsize), 0) FROM dbstat WHERE aggregate = TRUE AND name IN (SELECT name FROM sqlite_schema WHERE tbl_name = ?)`,
			name).Scan(&t.Bytes)
		if err != nil {
			t.Bytes = -1
		}
		tables = append(tables, t)
	}
	return size, tables, nil
}

func (e *sqliteEngine) tableNames(ctx context.Context) (names []string, err error) {
	rows, err := e.read.QueryContext(ctx,
		`SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite!_%' ESCAPE '!' ORDER BY name`)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return nil, err
		}
		names = append(names, name)
	}
	return names, rows.Err()
}
