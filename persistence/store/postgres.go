package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect/pgdialect"
)

// Keys of the advisory locks, which are of the database.
const (
	configurationLock = 0x636368_01
	migrationsLock    = 0x636368_02
)

// readTimeout bounds a statement that only reads: somebody waits for it.
const readTimeout = 10 * time.Second

// applicationName is how connections are named to the server, unless the DSN
// says otherwise.
const applicationName = "cch"

// idleTransaction is how long the server lets a transaction wait for its client
// before it takes it for dead.
const idleTransaction = time.Minute

// postgresEngine is one PostgreSQL database with two pools, so that readers do
// not wait behind writers for a connection.
type postgresEngine struct {
	config      *pgx.ConnConfig // of a connection without time limits
	write, read *pgxpool.Pool
}

// isPostgres tells whether a DSN names a PostgreSQL database.
func isPostgres(dsn string) bool {
	return strings.HasPrefix(dsn, "postgres://") || strings.HasPrefix(dsn, "postgresql://")
}

// openPostgres opens the pools of a database and makes one connection.
func openPostgres(ctx context.Context, dsn string, limits PoolLimits) (*database, error) {
	base, err := pgxpool.ParseConfig(dsn)
	if err != nil {
		return nil, fmt.Errorf("read the DSN: %w", err) // the library hides the password
	}
	limits = limits.withDefaults()
	e := &postgresEngine{config: base.ConnConfig.Copy()}
	e.config.ConnectTimeout = limits.Connect
	writers := (limits.Connections + 1) / 2
	e.write, err = openPostgresPool(ctx, base, writers, limits, limits.Statement, false)
	if err != nil {
		return nil, err
	}
	e.read, err = openPostgresPool(ctx, base, max(1, limits.Connections-writers), limits, min(readTimeout, limits.Statement), true)
	if err != nil {
		e.write.Close()
		return nil, err
	}
	d := &database{
		engine: e, name: base.ConnConfig.Host + "/" + base.ConnConfig.Database,
		write: bun.NewDB(poolDB(stdlib.GetPoolConnector(e.write), limits.Connect+silence), pgdialect.New()),
		read:  bun.NewDB(poolDB(stdlib.GetPoolConnector(e.read), limits.Connect+silence), pgdialect.New()),
	}
	if err := e.write.Ping(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("connect to %s: %w", d.name, err), d.close())
	}
	return d, nil
}

func openPostgresPool(ctx context.Context, base *pgxpool.Config, connections int, limits PoolLimits, statement time.Duration, readOnly bool) (*pgxpool.Pool, error) {
	c := base.Copy()
	c.MaxConns, c.MinConns = int32(connections), 0
	c.MaxConnIdleTime = limits.Idle
	c.ConnConfig.ConnectTimeout = limits.Connect
	// Most queries are built with their values in them: to prepare each of them
	// would cost a round trip and is never used again.
	c.ConnConfig.DefaultQueryExecMode = pgx.QueryExecModeExec
	c.ConnConfig.Tracer = deadline{limit: statement + silence}
	parameters := c.ConnConfig.RuntimeParams
	if parameters["application_name"] == "" {
		parameters["application_name"] = applicationName
	}
	parameters["statement_timeout"] = milliseconds(statement)
	parameters["lock_timeout"] = milliseconds(limits.Lock)
	parameters["idle_in_transaction_session_timeout"] = milliseconds(idleTransaction)
	if readOnly {
		parameters["default_transaction_read_only"] = "on"
	}
	pool, err := pgxpool.NewWithConfig(ctx, c)
	if err != nil {
		return nil, fmt.Errorf("open a pool of connections: %w", err)
	}
	return pool, nil
}

func milliseconds(d time.Duration) string { return strconv.FormatInt(d.Milliseconds(), 10) }

// closeWait is how long the end of all connections is waited for. The library
// takes 15 s over one whose server does not answer.
const closeWait = time.Second

var errSilent = errors.New("the server does not answer; its connections are left to it")

func (e *postgresEngine) close() error {
	closed := make(chan struct{})
	go func() {
		var pools sync.WaitGroup
		pools.Go(e.read.Close)
		pools.Go(e.write.Close)
		pools.Wait()
		close(closed)
	}()
	wait := time.NewTimer(closeWait)
	defer wait.Stop()
	select {
	case <-closed:
		return nil
	case <-wait.C:
		return errSilent
	}
}

func (*postgresEngine) dialect() goose.Dialect { return goose.DialectPostgres }

// bind numbers the placeholders.
func (*postgresEngine) bind(query string) string {
	var b strings.Builder
	n := 0
	for {
		before, after, found := strings.Cut(query, "?")
		b.WriteString(before)
		if !found {
			return b.String()
		}
		n++
		b.WriteString("$" + strconv.Itoa(n))
		query = after
	}
}

// unindexed leaves the choice to the planner, which knows the distribution.
func (*postgresEngine) unindexed(column string) string { return column }

// openApart: see migration 21.
func (*postgresEngine) openApart() bool { return true }

// Sessions are indexed by the minute of their last use, which changes less often
// than its instant.

func (*postgresEngine) recentFirst() []string {
	return []string{"last_minute DESC", "last_at DESC", "id DESC"}
}

func (*postgresEngine) usedSince(q *bun.SelectQuery, ms int64) *bun.SelectQuery {
	return q.Where("last_minute >= ?", ms/minuteMs)
}

func (*postgresEngine) usedUntil(q *bun.SelectQuery, ms int64) *bun.SelectQuery {
	return q.Where("last_minute <= ?", ms/minuteMs)
}

const minuteMs = int64(time.Minute / time.Millisecond)

func (*postgresEngine) clock() string {
	return "(EXTRACT(EPOCH FROM clock_timestamp()) * 1000)::bigint"
}

func (*postgresEngine) oneInstant() *sql.TxOptions {
	return &sql.TxOptions{ReadOnly: true, Isolation: sql.LevelRepeatableRead}
}

func (*postgresEngine) lockConfiguration(ctx context.Context, tx bun.Tx) error {
	_, err := tx.ExecContext(ctx, fmt.Sprintf("SELECT pg_advisory_xact_lock(%d)", configurationLock))
	return err
}

// shrink gives back months that have no rows left. The space of other deleted
// rows the server uses again; it sees to that by itself too, but later.
func (e *postgresEngine) shrink(ctx context.Context, now time.Time, _ int) (int, error) {
	if err := e.dropMonths(ctx, now); err != nil {
		return 0, err
	}
	return 0, e.unlimited(func(db *sql.DB) error {
		_, err := db.ExecContext(ctx, "VACUUM (ANALYZE) request_logs, request_details")
		return err
	})
}

// migration holds a lock of the session, so that replicas queue.
func (e *postgresEngine) migration(ctx context.Context, work func(*sql.DB) error) error {
	return e.unlimited(func(db *sql.DB) (err error) {
		holder, err := db.Conn(ctx)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, holder.Close()) }() // the lock ends with it
		if _, err := holder.ExecContext(ctx, fmt.Sprintf("SELECT pg_advisory_lock(%d)", migrationsLock)); err != nil {
			return fmt.Errorf("wait for other processes to migrate: %w", err)
		}
		return work(db)
	})
}

// unlimited runs work on connections that are not of the pools and have no time
// limits.
func (e *postgresEngine) unlimited(work func(*sql.DB) error) (err error) {
	db := stdlib.OpenDB(*e.config.Copy())
	db.SetMaxIdleConns(0)
	defer func() { err = errors.Join(err, db.Close()) }()
	return work(db)
}

// backup is the operator's business: a copy of a server is not a file beside it.
func (*postgresEngine) backup(context.Context, int64) (string, error) { return "", nil }

func postgresUnique(err error) (column string, ok bool) {
	e, isEngine := errors.AsType[*pgconn.PgError](err)
	if !isEngine || e.Code != "23505" {
		return "", false
	}
	// "Key (name, deleted_at)=(ann, 0) already exists."
	_, columns, _ := strings.Cut(e.Detail, "Key (")
	columns, _, _ = strings.Cut(columns, ")")
	column, _, _ = strings.Cut(columns, ",")
	return column, true
}

func postgresForeignKey(err error) bool {
	e, ok := errors.AsType[*pgconn.PgError](err)
	return ok && e.Code == "23503"
}

func postgresOutOfOrder(err error) string {
	if e, ok := errors.AsType[*pgconn.PgError](err); ok {
		return postgresTrouble(e.Code)
	}
	_, refused := errors.AsType[*pgconn.ConnectError](err)
	_, network := errors.AsType[net.Error](err)
	switch {
	case refused:
		return "it cannot be reached"
	case network, pgconn.SafeToRetry(err), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, net.ErrClosed), errors.Is(err, driver.ErrBadConn):
		return "the connection to it broke"
	}
	return ""
}

// postgresTrouble words the error codes that say more of the moment than of the
// statement.
func postgresTrouble(code string) string {
	switch code {
	case "53100":
		return "the disk is full"
	case "53300":
		return "it takes no more connections"
	case "57014":
		return "a statement took too long"
	case "55P03":
		return "another process holds its lock"
	case "40001", "40P01":
		return "another process wrote at the same time"
	case "25006":
		return "it takes no writes"
	case "25P03", "57P05":
		return "the connection to it was idle for too long"
	}
	switch code[:min(2, len(code))] {
	case "08":
		return "the connection to it broke"
	case "53", "58":
		return "it is short of what it needs"
	case "57":
		return "it stops or starts"
	}
	return ""
}

// postgresRejected: classes of data exceptions, of constraints, of limits such as
// that of the size of an index entry, and of what a trigger of the operator's
// raises.
func postgresRejected(err error) bool {
	e, ok := errors.AsType[*pgconn.PgError](err)
	if !ok || len(e.Code) < 2 {
		return false
	}
	switch e.Code[:2] {
	case "22", "23", "54", "P0":
		return true
	}
	return false
}
