package store

import (
	"context"
	"fmt"
	"log/slog"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/uptrace/bun"
)

// configChannel is what nodes tell each other of changed configuration through.
// The payload is the version.
const configChannel = "cch_config"

const (
	firstReconnect   = time.Second
	longestReconnect = 30 * time.Second
)

func (*postgresEngine) announce(ctx context.Context, tx bun.Tx, version int64) error {
	_, err := tx.ExecContext(ctx, fmt.Sprintf("SELECT pg_notify('%s', '%d')", configChannel, version))
	return err
}

// watch keeps a connection of its own, as those of the pools change hands, and
// makes another one when it breaks. What was announced in between is made up for
// by the version it then finds.
func (e *postgresEngine) watch(ctx context.Context, logger *slog.Logger, changed func(int64)) {
	for wait := firstReconnect; ; wait = min(2*wait, longestReconnect) {
		heard := false
		err := e.listen(ctx, func(version int64) {
			heard = true
			changed(version)
		})
		if ctx.Err() != nil {
			return
		}
		if heard {
			wait = firstReconnect
		}
		logger.DebugContext(ctx, "changes of other nodes are not heard, only looked for", "wait_ms", wait.Milliseconds(), "error", err)
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return
		}
	}
}

// listen hears announcements until the connection breaks or ctx ends. It begins
// with the version there is.
func (e *postgresEngine) listen(ctx context.Context, changed func(int64)) error {
	conn, err := pgx.ConnectConfig(ctx, e.config.Copy())
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }() // it is broken, or nobody listens any more
	if _, err := conn.Exec(ctx, "LISTEN "+configChannel); err != nil {
		return err
	}
	var version int64
	if err := conn.QueryRow(ctx, configVersionSQL).Scan(&version); err != nil {
		return err
	}
	for {
		changed(version)
		notification, err := conn.WaitForNotification(ctx)
		if err != nil {
			return err
		}
		if version, err = strconv.ParseInt(notification.Payload, 10, 64); err != nil {
			return fmt.Errorf("an announcement of the configuration is no version: %w", err)
		}
	}
}
