package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	"github.com/claude-code-hub/cch/http/server"
	"github.com/claude-code-hub/cch/internal/config"
	"github.com/claude-code-hub/cch/internal/domain"
	"github.com/claude-code-hub/cch/internal/secrets"
	"github.com/claude-code-hub/cch/persistence/backup"
)

// archives are those in the data directory of this node.
type archives struct {
	backup.Shelf

	app *App
}

func newArchives(a *App) *archives {
	return &archives{app: a, Shelf: backup.Shelf{
		Dir: archiveDir(a.cfg.Storage.Directory()), Store: a.store, Version: version, Now: a.now,
	}}
}

// Write writes an archive.
func (s *archives) Write(ctx context.Context, mode string, progress domain.JobProgress) (domain.Archive, error) {
	return s.Shelf.Write(ctx, backup.Mode(mode), progress)
}

// Check tells whether an archive can be restored.
func (s *archives) Check(ctx context.Context, id, how string, progress domain.JobProgress) (err error) {
	a, err := s.Open(id)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, a.Close()) }()
	return a.Check(ctx, s.app.store, backup.How(how), progress)
}

// Restore has the hub end and an archive be put back.
func (s *archives) Restore(id, how string) error {
	r := &pendingRestore{dir: s.Dir, Restore: domain.Restore{
		Archive: id, How: how, State: domain.RestoreRunning, StartedAt: s.Now().UTC(),
	}}
	select {
	case s.app.restores <- r:
		return r.note()
	default:
		return domain.NewFault(domain.KindConflict, "", "a restore is about to begin")
	}
}

// LastRestore reads what became of the last restore.
func (s *archives) LastRestore() (*domain.Restore, error) {
	text, err := os.ReadFile(lastRestore(s.Dir))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil //nolint:nilnil // there was none
	}
	if err != nil {
		return nil, fmt.Errorf("read the last restore: %w", err)
	}
	r := &domain.Restore{}
	if err := json.Unmarshal(text, r); err != nil {
		return nil, fmt.Errorf("read the last restore: %w", err)
	}
	if r.State == domain.RestoreRunning && len(s.app.restores) == 0 {
		r.State = domain.RestoreInterrupted // who did it is gone, as this hub serves
	}
	return r, nil
}

func lastRestore(dir string) string { return filepath.Join(dir, "last-restore.json") }

// pendingRestore is what a hub ends for: an archive is to be put back, and the
// hub to begin anew with it.
type pendingRestore struct {
	domain.Restore

	dir string // of the archives
}

// restoreError is what a hub ends with for a restore.
type restoreError struct{ restore *pendingRestore }

func (e *restoreError) Error() string { return "the hub ends to restore " + e.restore.Archive }

// note keeps how far the restore is.
func (r *pendingRestore) note() error {
	text, err := json.MarshalIndent(r.Restore, "", "  ")
	if err != nil {
		return err
	}
	path := lastRestore(r.dir)
	if err := os.WriteFile(path+".part", append(text, '\n'), 0o600); err != nil {
		return fmt.Errorf("note the restore: %w", err)
	}
	return os.Rename(path+".part", path)
}

// run puts the archive back while another server says what goes on. That it
// could not be done is noted, and no reason not to begin again with what was
// there: nothing has changed then.
func (r *pendingRestore) run(ctx context.Context, cfg config.Config, logger *slog.Logger) error {
	var done, total atomic.Int64
	why := func() string {
		return fmt.Sprintf("An archive is being restored: %d of %d rows.", done.Load(), total.Load())
	}
	busy := server.Component{Name: "restore", Timeout: time.Second, Critical: true, Check: func(context.Context) error { return &restoreError{r} }}
	logger.WarnContext(ctx, "restore begins", slog.String("archive", r.Archive), slog.String("how", r.How))
	return whileStandingIn(ctx, standIn(cfg, logger, why, busy), func() error {
		err := r.putBack(ctx, cfg, func(d, t int) { done.Store(int64(d)); total.Store(int64(t)) })
		r.EndedAt, r.State = time.Now().UTC(), domain.RestoreDone
		if err != nil {
			r.State, r.Error = domain.RestoreFailed, secrets.Redact(err.Error())
			logger.ErrorContext(ctx, "restore failed, nothing has changed", slog.String("archive", r.Archive), slog.Any("error", err))
		} else {
			logger.WarnContext(ctx, "restored", slog.String("archive", r.Archive), slog.Int("tables", len(r.Tables)))
		}
		return errors.Join(r.note(), ctx.Err())
	})
}

func (r *pendingRestore) putBack(ctx context.Context, cfg config.Config, progress domain.JobProgress) (err error) {
	shelf := backup.Shelf{Dir: r.dir}
	a, err := shelf.Open(r.Archive)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, a.Close()) }()
	work := restoration{
		cfg: cfg, archive: a, how: backup.How(r.How), progress: progress,
		kept: func(path string) { r.Safety = filepath.Base(path[:len(path)-len(backup.Suffix)]) },
	}
	done, err := work.run(ctx)
	for _, t := range done {
		r.Tables = append(r.Tables, domain.RestoredTable{Name: t.Table, Rows: t.Rows, Added: t.Added})
	}
	return err
}
