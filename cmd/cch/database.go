package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"

	"github.com/claude-code-hub/cch/internal/config"
	"github.com/claude-code-hub/cch/internal/domain"
	"github.com/claude-code-hub/cch/persistence/backup"
	"github.com/claude-code-hub/cch/persistence/store"
)

// database copies everything from one database to another, of whatever engine.
func database(ctx context.Context, args []string, out io.Writer) (err error) {
	const usage = "usage: db copy [-from DSN] [-to DSN]; one may be left out for that of the configuration"
	if len(args) == 0 || args[0] != "copy" {
		return errors.New(usage)
	}
	flags := flag.NewFlagSet("db copy", flag.ContinueOnError)
	flags.SetOutput(out)
	from := flags.String("from", "", "sqlite://FILE or postgres://…")
	to := flags.String("to", "", "an empty database of either kind")
	if err := flags.Parse(args[1:]); err != nil {
		return err
	}
	if *from == *to {
		return errors.New(usage)
	}
	source, err := openDSN(ctx, *from)
	if err != nil {
		return fmt.Errorf("-from: %w", err)
	}
	defer func() { err = errors.Join(err, source.Close()) }()
	if pending, err := source.Pending(ctx); err != nil {
		return fmt.Errorf("-from: %w", err)
	} else if pending > 0 {
		return fmt.Errorf("-from: %d migrations are pending: run cch migrate", pending)
	}
	target, err := openDSN(ctx, *to)
	if err != nil {
		return fmt.Errorf("-to: %w", err)
	}
	defer func() { err = errors.Join(err, target.Close()) }()
	if err := target.Migrate(ctx); err != nil {
		return fmt.Errorf("-to: migrate: %w", err)
	}
	list, err := backup.Copy(ctx, source, target)
	for _, c := range list {
		fmt.Fprintf(out, "%-26s %10d rows  %s  %s\n", c.Table, c.Rows, c.From, same(c))
	}
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(out, "the tables are identical; take DATA_DIR/master.key along, or ENCRYPTION_KEY")
	return err
}

func same(c backup.Copied) string {
	if c.From == c.To {
		return "same"
	}
	return "differs: " + c.To
}

// openDSN opens a database as the configuration does, at another place. What is
// sealed is copied as it is, so that no key is needed.
func openDSN(ctx context.Context, dsn string) (*store.Store, error) {
	cfg, _, err := config.Load(config.Environ())
	if err != nil {
		return nil, fmt.Errorf("the configuration has faults:\n%w", err)
	}
	if dsn != "" {
		cfg.Storage.DSN = domain.Secret(dsn)
	}
	if cfg.Storage.Embedded() {
		if err := requireStopped(cfg); err != nil {
			return nil, err
		}
	}
	if err := requireAlone(ctx, cfg); err != nil {
		return nil, err
	}
	return store.Open(ctx, store.Options{
		DSN: cfg.Storage.DSN.Reveal(), DataDir: cfg.Storage.DataDir, Pool: poolLimits(cfg.Storage),
	})
}
