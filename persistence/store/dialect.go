package store

import (
	"context"
	"database/sql"
	"log/slog"
	"time"

	"github.com/pressly/goose/v3"
	"github.com/uptrace/bun"

	"github.com/claude-code-hub/cch/internal/domain"
)

// Only sqlite.go and postgres.go know the engines; this is what they have in
// common.

// database is an open database: where to write and where to read.
type database struct {
	engine

	name  string // for people
	write *bun.DB
	read  *bun.DB
}

// engine is what differs from one engine to another.
type engine interface {
	// bind puts the engine's placeholders for the question marks of a query that
	// goes to the driver as it is. Texts with question marks must be arguments.
	bind(query string) string
	// unindexed names a column in a way that keeps its index from being used.
	unindexed(column string) string
	// openApart tells whether open rows of the request log are in none of its
	// indexes but one of their own.
	openApart() bool
	// recentFirst orders sessions by their last use, in a way that an index serves.
	recentFirst() []string
	// usedSince and usedUntil narrow sessions down by that index: no more than what
	// the exact conditions beside them allow.
	usedSince(q *bun.SelectQuery, ms int64) *bun.SelectQuery
	usedUntil(q *bun.SelectQuery, ms int64) *bun.SelectQuery
	// clock is the database's time as an expression, Unix ms.
	clock() string
	// oneInstant is a transaction that only reads, all as of one instant.
	oneInstant() *sql.TxOptions
	// lockConfiguration makes changes of the configuration follow each other,
	// so that their versions come into view in order. It is held to the end of
	// the transaction, and is its first statement.
	lockConfiguration(ctx context.Context, tx bun.Tx) error
	// announce tells other nodes of a version when the transaction commits.
	announce(ctx context.Context, tx bun.Tx, version int64) error
	// watch hears what is announced, until ctx ends.
	watch(ctx context.Context, logger *slog.Logger, changed func(version int64))
	// shrink gives disk space of deleted rows back, at most so many pages, and
	// counts those that are left to give.
	shrink(ctx context.Context, now time.Time, pages int) (left int, err error)
	// prepare makes room for the rows of the next weeks, where that is needed.
	// What it could not do costs speed and nothing else.
	prepare(ctx context.Context, now time.Time) error

	// columns describes a table, and names its primary key; none = there is none.
	columns(ctx context.Context, table string) (list []Column, key []string, err error)
	// lift takes off what keeps a transaction from filling whole tables.
	lift(ctx context.Context, tx bun.Tx) error
	// renumber has a column that the engine numbers go on behind its rows.
	renumber(ctx context.Context, tx bun.Tx, table, column string) error

	// usage measures the database and its tables.
	usage(ctx context.Context) (size int64, tables []domain.TableUsage, err error)

	// migration runs work while no other process migrates the database, on
	// connections without time limits.
	migration(ctx context.Context, work func(db *sql.DB) error) error
	dialect() goose.Dialect
	// backup keeps a copy of the database as it was in a version and says where;
	// empty = this engine's copies are the operator's business.
	backup(ctx context.Context, version int64) (path string, err error)
	close() error
}

// uniqueViolation names the column whose uniqueness err reports.
func uniqueViolation(err error) (column string, ok bool) {
	if column, ok = sqliteUnique(err); ok {
		return column, true
	}
	return postgresUnique(err)
}

// foreignKeyViolation tells whether err says that a row is still referred to,
// or refers to none.
func foreignKeyViolation(err error) bool { return sqliteForeignKey(err) || postgresForeignKey(err) }

// Trouble says what keeps the database from working at the moment, in words that
// are safe to show; empty if err is of another kind.
func Trouble(err error) string { return outOfOrder(err) }

// outOfOrder says what keeps the engine from working, as far as that may pass
// without a change of the data; empty for every other error.
func outOfOrder(err error) string {
	if why := sqliteOutOfOrder(err); why != "" {
		return why
	}
	return postgresOutOfOrder(err)
}

// rejected tells whether err lies in the data, so that trying again is useless.
func rejected(err error) bool { return sqliteRejected(err) || postgresRejected(err) }
