package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/claude-code-hub/cch/internal/config"
	"github.com/claude-code-hub/cch/internal/secrets"
)

// rotateSecrets seals every credential under another master key: a fresh one
// where the key is a file, else the first of ENCRYPTION_KEY. Broken off, it can
// be run again.
func rotateSecrets(ctx context.Context, args []string, out io.Writer) (err error) {
	if len(args) != 1 || args[0] != "rotate" {
		return errors.New("usage: secrets rotate")
	}
	cfg, _, err := config.Load(config.Environ())
	if err != nil {
		return fmt.Errorf("the configuration has faults:\n%w", err)
	}
	if err := requireStopped(cfg); err != nil {
		return err
	}
	dir, own := cfg.Storage.Directory(), cfg.Auth.EncryptionKey == ""
	keys, err := secrets.LoadOrCreateMasterKeys(dir, cfg.Auth.EncryptionKey)
	if err != nil {
		return fmt.Errorf("master key: %w", err)
	}
	if own && len(keys) == 1 { // more are left of a rotation that was broken off
		if keys, err = secrets.PrependMasterKey(dir); err != nil {
			return err
		}
	}
	n, err := reseal(ctx, cfg, keys)
	if err != nil {
		return err
	}
	next := "leave only the first key in ENCRYPTION_KEY"
	if own {
		if err := secrets.DropOlderMasterKeys(dir); err != nil {
			return err
		}
		next = "the new key is in " + dir + "/master.key; archives from before need the one before"
	}
	_, err = fmt.Fprintf(out, "%d credentials are sealed anew; %s\n", n, next)
	return err
}

// reseal seals under the first key what is sealed under the others.
func reseal(ctx context.Context, cfg config.Config, keys []secrets.MasterKey) (n int, err error) {
	ring, err := secrets.NewRing(keys[0], keys[1:]...)
	if err != nil {
		return 0, err
	}
	s, err := openSealed(ctx, cfg, keys)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	if pending, err := s.Pending(ctx); err != nil || pending > 0 {
		if err == nil {
			err = fmt.Errorf("%d migrations are pending: run cch migrate", pending)
		}
		return 0, err
	}
	return s.Reseal(ctx, ring.Current)
}
