package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/claude-code-hub/cch/internal/config"
	"github.com/claude-code-hub/cch/internal/domain"
	"github.com/claude-code-hub/cch/persistence/backup"
	"github.com/claude-code-hub/cch/persistence/journal"
	"github.com/claude-code-hub/cch/persistence/store"
)

// backUp writes an archive; - is standard output.
func backUp(ctx context.Context, args []string, out io.Writer) (err error) {
	flags := flag.NewFlagSet("backup", flag.ContinueOnError)
	flags.SetOutput(out)
	mode := flags.String("mode", string(backup.Full), fmt.Sprintf("what it holds: %v", backup.Modes()))
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() != 1 {
		return errors.New("usage: backup [-mode full|no_logs|ledger|config] FILE")
	}
	s, _, err := openForCommand(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	o := backup.Options{Mode: backup.Mode(*mode), Version: version, Now: time.Now()}
	if flags.Arg(0) == "-" {
		_, err := backup.Write(ctx, s, out, o)
		return err
	}
	m, err := writeArchive(ctx, s, flags.Arg(0), o)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, "%s: %d rows of %d tables\n", flags.Arg(0), m.Rows(), len(m.Tables))
	return err
}

// writeArchive writes an archive for its owner only; half of one is removed.
func writeArchive(ctx context.Context, s *store.Store, path string, o backup.Options) (_ backup.Manifest, err error) {
	part := path + ".part"
	f, err := os.OpenFile(part, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600) //nolint:gosec // the operator names the file
	if err != nil {
		return backup.Manifest{}, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, f.Close(), os.Remove(part))
		}
	}()
	m, err := backup.Write(ctx, s, f, o)
	if err != nil {
		return m, err
	}
	if err := f.Sync(); err != nil {
		return m, err
	}
	if err := f.Close(); err != nil {
		return m, err
	}
	return m, os.Rename(part, path)
}

// restore puts an archive back into the database of the configuration.
func restore(ctx context.Context, args []string, out io.Writer) (err error) {
	flags := flag.NewFlagSet("restore", flag.ContinueOnError)
	flags.SetOutput(out)
	how := flags.String("how", string(backup.Replace), "replace empties the tables of the archive first, merge adds what is missing")
	dry := flags.Bool("dry-run", false, "verify the archive and say what is in it")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() != 1 {
		return errors.New("usage: restore [-how replace|merge] [-dry-run] FILE")
	}
	a, err := backup.Open(flags.Arg(0))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, a.Close()) }()
	if *dry {
		return describeArchive(ctx, a, out)
	}
	return restoreArchive(ctx, a, backup.How(*how), out)
}

func describeArchive(ctx context.Context, a *backup.Archive, out io.Writer) error {
	if err := a.Verify(ctx); err != nil {
		return err
	}
	m := a.Manifest
	fmt.Fprintf(out, "made %s by cch %s from %s, mode %s, schema %d\n",
		m.CreatedAt.Format(time.RFC3339), m.Version, m.Engine, m.Mode, m.Schema)
	for _, e := range m.Tables {
		fmt.Fprintf(out, "%-26s %10d rows\n", e.Name, e.Rows)
	}
	_, err := fmt.Fprintln(out, "the archive is whole")
	return err
}

func restoreArchive(ctx context.Context, a *backup.Archive, how backup.How, out io.Writer) error {
	cfg, _, err := config.Load(config.Environ())
	if err != nil {
		return fmt.Errorf("the configuration has faults:\n%w", err)
	}
	r := restoration{cfg: cfg, archive: a, how: how, kept: func(path string) { fmt.Fprintf(out, "what was there: %s\n", path) }}
	done, err := r.run(ctx)
	if err != nil {
		return err
	}
	for _, r := range done {
		fmt.Fprintf(out, "%-26s %10d of %d rows added\n", r.Table, r.Added, r.Rows)
	}
	_, err = fmt.Fprintln(out, "restored")
	return err
}

// restoration puts an archive back into the database of a configuration, beside
// which no hub runs.
type restoration struct {
	cfg      config.Config
	archive  *backup.Archive
	how      backup.How
	kept     func(path string)  // is told where what was there is kept
	progress domain.JobProgress // nil = nobody asks
}

func (r restoration) run(ctx context.Context) (done []backup.Restored, err error) {
	if err := errors.Join(requireStopped(r.cfg), requireAlone(ctx, r.cfg)); err != nil {
		return nil, err
	}
	s, err := openMigrated(ctx, r.cfg)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	safety, err := safetyBackup(ctx, s, r.cfg.Storage.Directory(), r.archive.Manifest.Mode)
	if err != nil {
		return nil, fmt.Errorf("back up what is there: %w", err)
	}
	r.kept(safety)
	return backup.Restore(ctx, s, r.archive, r.how, r.progress)
}

// othersGone is how long connections that are being closed are waited for.
const othersGone = 3 * time.Second

// requireAlone refuses to go on beside another hub on the same server.
func requireAlone(ctx context.Context, cfg config.Config) error {
	for end := time.Now().Add(othersGone); ; {
		n, err := store.Others(ctx, cfg.Storage.DSN.Reveal())
		if err != nil || n == 0 {
			return err
		}
		if time.Now().After(end) {
			return fmt.Errorf("%d connections of cch to the database are open: stop every hub first", n)
		}
		time.Sleep(othersGone / 20)
	}
}

// requireStopped refuses to go on beside a hub on the same directory.
func requireStopped(cfg config.Config) error {
	if err := journal.Idle(journalDir(cfg)); err != nil {
		return fmt.Errorf("stop the hub first: %w", err)
	}
	return nil
}

// openMigrated opens the database of a configuration and brings it to the
// schema of this version.
func openMigrated(ctx context.Context, cfg config.Config) (*store.Store, error) {
	s, err := openStoreOnly(ctx, cfg)
	if err != nil {
		return nil, err
	}
	if err := s.Migrate(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("migrate: %w", err), s.Close())
	}
	return s, nil
}

// archiveDir is where archives lie that nobody named.
func archiveDir(dir string) string { return filepath.Join(dir, "backups") }

// safetyBackup keeps what a restore is about to change.
func safetyBackup(ctx context.Context, s *store.Store, dir string, mode backup.Mode) (string, error) {
	now := time.Now()
	dir = archiveDir(dir)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", err
	}
	path := filepath.Join(dir, "before-restore-"+now.UTC().Format("20060102-150405")+backup.Suffix)
	_, err := writeArchive(ctx, s, path, backup.Options{Mode: mode, Version: version, Now: now})
	return path, err
}
