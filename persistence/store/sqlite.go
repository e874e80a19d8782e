package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"runtime"
	"strings"
	"time"

	"github.com/pressly/goose/v3"
	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect/sqlitedialect"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

const sqliteDriver = "sqlite"

// sqliteEngine is one SQLite file: a single writing connection, behind which
// writers queue, and a pool of reading ones that never wait for it.
type sqliteEngine struct {
	path        string
	write, read *sql.DB
}

// openSQLite opens or creates a file. The writer comes first because a
// reader cannot create the files of the write-ahead log.
func openSQLite(ctx context.Context, path string) (*database, error) {
	if err := errors.Join(configureSQLite(), touch(path)); err != nil {
		return nil, err
	}
	write, err := openSQLitePool(ctx, dataSource(path, url.Values{
		"_txlock": {"immediate"},
		"_pragma": {
			"busy_timeout(5000)",
			"auto_vacuum(incremental)", // only before the first table, so before the journal mode
			"journal_mode(wal)",
			"synchronous(normal)",
			"foreign_keys(1)",
			"cache_size(-4096)", // KiB, out of [sqlitePages]; with less, many small batches read pages again
			"wal_autocheckpoint(4000)",
		},
	}), 1)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	read, err := openSQLitePool(ctx, dataSource(path, url.Values{
		"mode":    {"ro"},
		"_pragma": {"busy_timeout(5000)", "query_only(1)", "cache_size(-1024)"},
	}), max(4, runtime.GOMAXPROCS(0)))
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open %s for reading: %w", path, err), write.Close())
	}
	return &database{
		engine: &sqliteEngine{path: path, write: write.DB, read: read.DB},
		name:   path, write: write, read: read,
	}, nil
}

func openSQLitePool(ctx context.Context, dsn string, connections int) (*bun.DB, error) {
	pool, err := sql.Open(sqliteDriver, dsn)
	if err != nil {
		return nil, err
	}
	pool.SetMaxOpenConns(connections)
	pool.SetMaxIdleConns(connections)
	if err := pool.PingContext(ctx); err != nil {
		return nil, errors.Join(err, pool.Close())
	}
	return bun.NewDB(pool, sqlitedialect.New()), nil
}

func dataSource(path string, options url.Values) string {
	return (&url.URL{Scheme: "file", OmitHost: true, Path: path, RawQuery: options.Encode()}).String()
}

func (e *sqliteEngine) close() error { return errors.Join(e.read.Close(), e.write.Close()) }

func (*sqliteEngine) dialect() goose.Dialect { return goose.DialectSQLite3 }

func (*sqliteEngine) bind(query string) string { return query }

func (*sqliteEngine) unindexed(column string) string { return "+" + column }

func (*sqliteEngine) openApart() bool { return false }

func (*sqliteEngine) recentFirst() []string { return []string{"last_at DESC", "id DESC"} }

// The exact conditions have the index here.

func (*sqliteEngine) usedSince(q *bun.SelectQuery, _ int64) *bun.SelectQuery { return q }
func (*sqliteEngine) usedUntil(q *bun.SelectQuery, _ int64) *bun.SelectQuery { return q }

func (*sqliteEngine) clock() string { return "CAST(unixepoch('subsec') * 1000 AS INTEGER)" }

func (*sqliteEngine) oneInstant() *sql.TxOptions { return &sql.TxOptions{ReadOnly: true} }

// lockConfiguration has nothing to do: writers queue anyway.
func (*sqliteEngine) lockConfiguration(context.Context, bun.Tx) error { return nil }

// announce and watch have nothing to do: there are no other nodes.

func (*sqliteEngine) announce(context.Context, bun.Tx, int64) error { return nil }

func (*sqliteEngine) watch(context.Context, *slog.Logger, func(int64)) {}

// migration runs work as it is: whoever migrates writes, and writers queue.
func (e *sqliteEngine) migration(_ context.Context, work func(*sql.DB) error) error {
	return work(e.write)
}

// prepare has nothing to do.
func (*sqliteEngine) prepare(context.Context, time.Time) error { return nil }

// backup copies the file beside it.
func (e *sqliteEngine) backup(ctx context.Context, version int64) (string, error) {
	to := fmt.Sprintf("%s.bak-%d", e.path, version)
	part := to + ".part"
	if err := os.Remove(part); err != nil && !os.IsNotExist(err) {
		return "", err
	}
	if _, err := e.write.ExecContext(ctx, "VACUUM INTO ?", part); err != nil {
		return "", err
	}
	return to, os.Rename(part, to)
}

// shrink cuts unused pages off the file.
func (e *sqliteEngine) shrink(ctx context.Context, _ time.Time, pages int) (left int, err error) {
	if err := e.vacuum(ctx, pages); err != nil {
		return 0, err
	}
	return left, e.write.QueryRowContext(ctx, "PRAGMA freelist_count").Scan(&left)
}

// vacuum runs the engine's statement to its end: it frees a page per step.
func (e *sqliteEngine) vacuum(ctx context.Context, pages int) error {
	rows, err := e.write.QueryContext(ctx, fmt.Sprintf("PRAGMA incremental_vacuum(%d)", pages))
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
	}
	return rows.Err()
}

func sqliteUnique(err error) (column string, ok bool) {
	e, isEngine := errors.AsType[*sqlite.Error](err)
	if !isEngine || e.Code() != sqlite3.SQLITE_CONSTRAINT_UNIQUE && e.Code() != sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY {
		return "", false
	}
	// "constraint failed: UNIQUE constraint failed: users.name, users.deleted_at (2067)"
	_, columns, _ := strings.Cut(e.Error(), "UNIQUE constraint failed: ")
	column, _, _ = strings.Cut(columns, ",")
	column, _, _ = strings.Cut(column, " ")
	if _, bare, found := strings.Cut(column, "."); found {
		column = bare
	}
	return column, true
}

func sqliteForeignKey(err error) bool {
	e, ok := errors.AsType[*sqlite.Error](err)
	return ok && e.Code() == sqlite3.SQLITE_CONSTRAINT_FOREIGNKEY
}

func sqliteOutOfOrder(err error) string {
	e, ok := errors.AsType[*sqlite.Error](err)
	if !ok {
		return ""
	}
	switch e.Code() & 0xff { // the primary code
	case sqlite3.SQLITE_FULL:
		return "the disk is full"
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED:
		return "another process holds its lock"
	case sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM:
		return "its files cannot be written"
	case sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN:
		return "its files cannot be read or written"
	}
	return ""
}

func sqliteRejected(err error) bool {
	e, ok := errors.AsType[*sqlite.Error](err)
	if !ok {
		return false
	}
	switch e.Code() & 0xff { // the primary code
	case sqlite3.SQLITE_CONSTRAINT, sqlite3.SQLITE_MISMATCH, sqlite3.SQLITE_TOOBIG, sqlite3.SQLITE_RANGE:
		return true
	}
	return false
}

// touch makes a database file before SQLite does, for its owner only; SQLite
// gives its side files the same mode.
func touch(path string) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600) //nolint:gosec // the operator names the file
	if err != nil {
		return fmt.Errorf("create the database: %w", err)
	}
	return f.Close()
}
