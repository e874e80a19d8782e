package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
)

// hotStatement is a prepared statement of a batch that goes straight to the
// driver. database/sql copies the arguments of every call and asks each time
// whether the connection is still good, which is a third of the memory a batch
// takes. Not safe for concurrent use.
type hotStatement struct {
	query string
	conn  driver.Conn // the statement belongs to it
	stmt  driver.Stmt
	args  []driver.NamedValue
}

// runHot hands out the driver's connection.
type runHot func(func(driver.Conn) error) error

// inTx runs work on one connection in a transaction of its own. hot is for the
// statements that go straight to the driver; inside of it tx is out of bounds,
// as both take the connection's lock.
func inTx(ctx context.Context, db *sql.DB, work func(tx *sql.Tx, hot runHot) error) (err error) {
	conn, err := db.Conn(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	tx, err := conn.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	hot := func(statements func(driver.Conn) error) error {
		return conn.Raw(func(raw any) error { return statements(raw.(driver.Conn)) }) //nolint:forcetypeassert // it is that
	}
	if err := work(tx, hot); err != nil {
		return errors.Join(err, tx.Rollback())
	}
	return tx.Commit()
}

// exec runs the statement and tells whether it changed a row. The values are
// not kept.
func (s *hotStatement) exec(ctx context.Context, conn driver.Conn, values []any) (changed bool, err error) {
	res, err := s.run(ctx, conn, values)
	if err != nil {
		return false, err
	}
	n, err := res.RowsAffected()
	return n > 0, err
}

// run runs the statement. The values are not kept.
func (s *hotStatement) run(ctx context.Context, conn driver.Conn, values []any) (driver.Result, error) {
	if s.conn != conn {
		if err := s.prepare(ctx, conn); err != nil {
			return nil, err
		}
	}
	s.args = s.args[:0]
	for i, v := range values {
		value, err := driver.DefaultParameterConverter.ConvertValue(v)
		if err != nil {
			return nil, fmt.Errorf("value %d: %w", i+1, err)
		}
		s.args = append(s.args, driver.NamedValue{Ordinal: i + 1, Value: value})
	}
	res, err := s.stmt.(driver.StmtExecContext).ExecContext(ctx, s.args) //nolint:forcetypeassert // prepare made sure
	clear(s.args)
	return res, err
}

func (s *hotStatement) prepare(ctx context.Context, conn driver.Conn) error {
	preparer, ok := conn.(driver.ConnPrepareContext)
	if !ok {
		return fmt.Errorf("the driver's %T cannot prepare statements", conn)
	}
	stmt, err := preparer.PrepareContext(ctx, s.query)
	if err != nil {
		return err
	}
	if _, ok := stmt.(driver.StmtExecContext); !ok {
		return errors.Join(fmt.Errorf("the driver's %T cannot run statements", stmt), stmt.Close())
	}
	s.conn, s.stmt = conn, stmt // of a statement before, its connection is closed
	return nil
}

// close gives the statement back; it must not be running.
func (s *hotStatement) close() error {
	if s.stmt == nil {
		return nil
	}
	stmt := s.stmt
	s.conn, s.stmt = nil, nil
	return stmt.Close()
}
