package store

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// Others counts the connections that this program has to the database of a
// server, from whichever process; none for the embedded engine, whose files are
// locked. Call it before opening a store.
func Others(ctx context.Context, dsn string) (n int, err error) {
	if !isPostgres(dsn) {
		return 0, nil
	}
	c, err := pgx.ParseConfig(dsn)
	if err != nil {
		return 0, fmt.Errorf("read the DSN: %w", err)
	}
	name := c.RuntimeParams["application_name"]
	if name == "" {
		name = applicationName
	}
	c.RuntimeParams["application_name"] = name + " looking for others"
	conn, err := pgx.ConnectConfig(ctx, c)
	if err != nil {
		return 0, fmt.Errorf("connect to %s: %w", c.Host, err)
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	err = conn.QueryRow(ctx, "SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name = $1", name).Scan(&n)
	if err != nil {
		return 0, fmt.Errorf("look for others: %w", err)
	}
	return n, nil
}
