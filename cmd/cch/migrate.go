package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"

	"github.com/claude-code-hub/cch/internal/config"
	"github.com/claude-code-hub/cch/internal/secrets"
	"github.com/claude-code-hub/cch/persistence/store"
)

// migrate applies pending migrations (up) or counts them (status).
func migrate(ctx context.Context, args []string, out io.Writer) (err error) {
	action := "up"
	if len(args) > 0 {
		action = args[0]
	}
	if action != "up" && action != "status" {
		return errors.New("usage: migrate [up|status]")
	}
	cfg, _, err := config.Load(config.Environ())
	if err != nil {
		return fmt.Errorf("the configuration has faults:\n%w", err)
	}
	s, err := openStoreOnly(ctx, cfg)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	pending, err := s.Pending(ctx)
	if err != nil {
		return fmt.Errorf("count pending migrations: %w", err)
	}
	if action == "status" || pending == 0 {
		_, err = fmt.Fprintf(out, "%d migrations pending\n", pending)
		return err
	}
	if err := s.Migrate(ctx); err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	_, err = fmt.Fprintf(out, "%d migrations applied\n", pending)
	return err
}

// openStoreOnly opens the database for a command, without migrating it.
func openStoreOnly(ctx context.Context, cfg config.Config) (*store.Store, error) {
	keys, err := secrets.LoadOrCreateMasterKeys(cfg.Storage.Directory(), cfg.Auth.EncryptionKey)
	if err != nil {
		return nil, fmt.Errorf("master key: %w", err)
	}
	return openSealed(ctx, cfg, keys)
}

// openSealed opens the database with keys of its own.
func openSealed(ctx context.Context, cfg config.Config, keys []secrets.MasterKey) (*store.Store, error) {
	ring, err := secrets.NewRing(keys[0], keys[1:]...)
	if err != nil {
		return nil, err
	}
	s, err := store.Open(ctx, store.Options{
		DSN: cfg.Storage.DSN.Reveal(), DataDir: cfg.Storage.DataDir, Pool: poolLimits(cfg.Storage), Sealer: ring,
		Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		return nil, fmt.Errorf("open the database: %w", err)
	}
	return s, nil
}
