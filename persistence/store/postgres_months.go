package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/claude-code-hub/cch/internal/domain"
)

// Request logs and their details are partitioned by month, which the ids tell.
// A month gives its disk space back as a whole once its rows are deleted. No
// query knows of it: rows of a month without a partition are in the other one.

// monthsAhead is how many months beside the current one have partitions.
const monthsAhead = 2

// month is a partition of each partitioned table.
type month struct{ begin time.Time }

func monthOf(t time.Time) month {
	t = t.UTC()
	return month{time.Date(t.Year(), t.Month(), 1, 0, 0, 0, 0, time.UTC)}
}

func (m month) next() month { return month{m.begin.AddDate(0, 1, 0)} }

// monthLayout is how a month is written in the name of its partition.
const monthLayout = "2006_01"

func (m month) partition(table string) string { return table + "_" + m.begin.Format(monthLayout) }

func (m month) createSQL(table string) string {
	return fmt.Sprintf("CREATE TABLE IF NOT EXISTS %s PARTITION OF %s FOR VALUES FROM (%d) TO (%d)", m.partition(table), table,
		int64(domain.FirstRequestIDAt(m.begin)), int64(domain.FirstRequestIDAt(m.next().begin)))
}

func partitionedTables() []string { return []string{"request_logs", "request_details"} }

// prepare makes the partitions of the current month and of the next ones.
func (e *postgresEngine) prepare(ctx context.Context, now time.Time) error {
	return e.migration(ctx, func(db *sql.DB) error {
		for m, n := monthOf(now), 0; n <= monthsAhead; m, n = m.next(), n+1 {
			for _, table := range partitionedTables() {
				_, err := db.ExecContext(ctx, m.createSQL(table))
				if taken, ok := errors.AsType[*pgconn.PgError](err); ok && taken.Code == "23514" {
					continue // rows of the month are in the other partition, and stay there
				}
				if err != nil {
					return fmt.Errorf("make the partition %s: %w", m.partition(table), err)
				}
			}
		}
		return nil
	})
}

// dropMonths drops the partitions of past months that have no rows left.
func (e *postgresEngine) dropMonths(ctx context.Context, now time.Time) error {
	for _, table := range partitionedTables() {
		rows, err := e.write.Query(ctx, `SELECT c.relname FROM pg_inherits AS i JOIN pg_class AS c ON c.oid = i.inhrelid
			WHERE i.inhparent = $1::text::regclass ORDER BY c.relname`, table)
		if err != nil {
			return err
		}
		names, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err != nil {
			return err
		}
		for _, name := range names {
			begin, err := time.Parse(table+"_"+monthLayout, name)
			if err != nil || !begin.Before(monthOf(now).begin) {
				continue // not of a month, or not over
			}
			if err := e.dropIfEmpty(ctx, name); err != nil {
				return fmt.Errorf("drop the partition %s: %w", name, err)
			}
		}
	}
	return nil
}

func (e *postgresEngine) dropIfEmpty(ctx context.Context, partition string) error {
	name := pgx.Identifier{partition}.Sanitize()
	return inTransaction(ctx, e.write, func(tx pgx.Tx) error {
		var used bool
		if err := tx.QueryRow(ctx, "SELECT EXISTS (SELECT 1 FROM "+name+")").Scan(&used); err != nil || used {
			return err
		}
		if _, err := tx.Exec(ctx, "LOCK TABLE "+name+" IN ACCESS EXCLUSIVE MODE"); err != nil {
			return err
		}
		// A row may have come while the lock was waited for.
		if err := tx.QueryRow(ctx, "SELECT EXISTS (SELECT 1 FROM "+name+")").Scan(&used); err != nil || used {
			return err
		}
		_, err := tx.Exec(ctx, "DROP TABLE "+name)
		return err
	})
}
