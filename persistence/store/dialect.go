package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"runtime"
	"strings"

	"github.com/pressly/goose/v3"
	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect/sqlitedialect"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// This file is the only one that knows which engine it talks to.

const (
	engineDriver = "sqlite"
	engineGoose  = goose.DialectSQLite3
)

// database is one SQLite file: a single writing connection, behind which
// writers queue, and a pool of reading ones that never wait for it.
type database struct {
	path  string
	write *bun.DB
	read  *bun.DB
}

// openDatabase opens or creates a file. The writer comes first because a
// reader cannot create the files of the write-ahead log.
func openDatabase(ctx context.Context, path string) (*database, error) {
	if err := touch(path); err != nil {
		return nil, err
	}
	write, err := openPool(ctx, dataSource(path, url.Values{
		"_txlock": {"immediate"},
		"_pragma": {
			"busy_timeout(5000)",
			"auto_vacuum(incremental)", // only before the first table, so before the journal mode
			"journal_mode(wal)",
			"synchronous(normal)",
			"foreign_keys(1)",
			"cache_size(-32768)", // KiB: the indexes of a long log are written all over
			"wal_autocheckpoint(4000)",
		},
	}), 1)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	read, err := openPool(ctx, dataSource(path, url.Values{
		"mode":    {"ro"},
		"_pragma": {"busy_timeout(5000)", "query_only(1)"},
	}), max(4, runtime.GOMAXPROCS(0)))
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open %s for reading: %w", path, err), write.Close())
	}
	return &database{path: path, write: write, read: read}, nil
}

func openPool(ctx context.Context, dsn string, connections int) (*bun.DB, error) {
	pool, err := sql.Open(engineDriver, dsn)
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

func (d *database) close() error { return errors.Join(d.read.Close(), d.write.Close()) }

// backup writes a consistent copy of the database beside it.
func (d *database) backup(ctx context.Context, to string) error {
	part := to + ".part"
	if err := os.Remove(part); err != nil && !os.IsNotExist(err) {
		return err
	}
	if _, err := d.write.DB.ExecContext(ctx, "VACUUM INTO ?", part); err != nil {
		return err
	}
	return os.Rename(part, to)
}

// shrink cuts at most so many unused pages off the file and counts the rest.
func (d *database) shrink(ctx context.Context, pages int) (left int, err error) {
	if err := d.vacuum(ctx, pages); err != nil {
		return 0, err
	}
	return left, d.write.NewRaw("PRAGMA freelist_count").Scan(ctx, &left)
}

// vacuum runs the engine's statement to its end: it frees a page per step.
func (d *database) vacuum(ctx context.Context, pages int) error {
	rows, err := d.write.DB.QueryContext(ctx, fmt.Sprintf("PRAGMA incremental_vacuum(%d)", pages))
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
	}
	return rows.Err()
}

// uniqueViolation names the column whose uniqueness err reports.
func uniqueViolation(err error) (column string, ok bool) {
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

// foreignKeyViolation tells whether err says that a row is still referred to,
// or refers to none.
func foreignKeyViolation(err error) bool {
	e, ok := errors.AsType[*sqlite.Error](err)
	return ok && e.Code() == sqlite3.SQLITE_CONSTRAINT_FOREIGNKEY
}

// outOfOrder says what keeps the engine from working, as far as that may pass
// without a change of the data; empty for every other error.
func outOfOrder(err error) string {
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

// rejected tells whether err lies in the data, so that trying again is useless.
func rejected(err error) bool {
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
