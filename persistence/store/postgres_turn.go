package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"time"
)

// errNoTurn says that all connections stayed in use.
var errNoTurn = errors.New("no connection of the pool became free")

// turn bounds how long a caller waits for a connection of a pool. Statements have
// an end of their own; without one for the waiting, a caller without a deadline
// would wait as long as others keep all connections.
type turn struct {
	driver.Connector

	within time.Duration
}

// poolDB is a database over the connector of a pool, which keeps the idle
// connections itself.
func poolDB(pool driver.Connector, within time.Duration) *sql.DB {
	db := sql.OpenDB(turn{Connector: pool, within: within})
	db.SetMaxIdleConns(0)
	return db
}

// Connect takes a connection out of the pool.
func (t turn) Connect(ctx context.Context) (driver.Conn, error) {
	waiting, cancel := context.WithTimeoutCause(ctx, t.within, errNoTurn)
	defer cancel()
	conn, err := t.Connector.Connect(waiting)
	if err != nil && errors.Is(context.Cause(waiting), errNoTurn) {
		return nil, fmt.Errorf("%w within %s: %w", errNoTurn, t.within, err)
	}
	return conn, err
}
