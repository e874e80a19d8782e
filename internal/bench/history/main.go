// Command history fills an empty database with the past of a busy
// installation and measures what the dashboard and the list of requests ask of
// it: 200 users, 20 providers, 30 models, 90 days.
//
// The rows are made by the database itself, which is many times quicker than to
// send them; roll-ups are built by the product's own code. A user keeps to three
// models and three providers, and a few users do most of the work, as in life.
//
//	go run ./internal/bench/history -dsn sqlite:///tmp/h/cch.db -ledger 10000000 -logs 2000000
//	go run ./internal/bench/history -dsn postgres://… -measure    # only measures what is there
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"time"

	"github.com/claude-code-hub/cch/persistence/store"
)

const (
	users     = 200
	providers = 20
	models    = 30
	days      = 90
)

func main() {
	dsn := flag.String("dsn", "", "sqlite://FILE or postgres://…, an empty database")
	ledger := flag.Int("ledger", 10_000_000, "ledger rows")
	logs := flag.Int("logs", 2_000_000, "log rows, the newest of them")
	only := flag.Bool("measure", false, "measure what is there")
	rounds := flag.Int("rounds", 9, "how often each question is asked")
	flag.Parse()
	if err := run(context.Background(), *dsn, *ledger, *logs, *only, *rounds); err != nil {
		fmt.Fprintln(os.Stderr, "history:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, dsn string, ledger, logs int, only bool, rounds int) error {
	s, err := store.Open(ctx, store.Options{DSN: dsn, AutoMigrate: true, Pool: store.PoolLimits{Statement: time.Hour}})
	if err != nil {
		return err
	}
	defer func() { _ = s.Close() }()
	if !only {
		if err := fill(ctx, s, dsn, ledger, logs); err != nil {
			return err
		}
	}
	if _, err := s.Rollups().CloseDays(ctx, time.UTC, time.Now()); err != nil { // a migration may have opened them
		return err
	}
	return measure(ctx, s, rounds)
}
