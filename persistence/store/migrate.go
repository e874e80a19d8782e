package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"

	"github.com/pressly/goose/v3"
)

const migrationTable = "schema_migrations"

// ErrNewerDatabase says that a newer binary has migrated the database; this one
// must not touch it.
var ErrNewerDatabase = errors.New("the database was migrated by a newer version of cch")

// schema is the state of one database's migrations.
type schema struct {
	db       *database
	files    fs.FS
	provider *goose.Provider
	logger   *slog.Logger
	keepCopy bool // have what exists copied before it is migrated
}

func (s *schema) newProvider(db *sql.DB) (*goose.Provider, error) {
	p, err := goose.NewProvider(s.db.dialect(), db, s.files,
		goose.WithTableName(migrationTable),
		goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return nil, fmt.Errorf("read the migrations of %s: %w", s.db.name, err)
	}
	return p, nil
}

// pending counts the migrations that are missing.
func (s *schema) pending(ctx context.Context) (int, error) {
	current, target, err := s.versions(ctx)
	if err != nil {
		return 0, err
	}
	n := 0
	for _, src := range s.provider.ListSources() {
		if src.Version > current && src.Version <= target {
			n++
		}
	}
	return n, nil
}

func (s *schema) versions(ctx context.Context) (current, target int64, err error) {
	current, target, err = s.provider.GetVersions(ctx)
	if err != nil {
		return 0, 0, fmt.Errorf("read the schema version of %s: %w", s.db.name, err)
	}
	if current > target {
		return 0, 0, fmt.Errorf("%w: %s is at version %d, this binary knows %d", ErrNewerDatabase, s.db.name, current, target)
	}
	return current, target, nil
}

// up applies what is missing, each migration in a transaction of its own, while
// no other process does.
func (s *schema) up(ctx context.Context) error {
	return s.db.migration(ctx, func(db *sql.DB) error {
		current, target, err := s.versions(ctx)
		if err != nil || current == target {
			return err
		}
		if err := s.copyBefore(ctx, current); err != nil {
			return err
		}
		provider, err := s.newProvider(db)
		if err != nil {
			return err
		}
		if _, err := provider.Up(ctx); err != nil {
			return fmt.Errorf("migrate %s from version %d to %d: %w", s.db.name, current, target, err)
		}
		s.logger.InfoContext(ctx, "database migrated", "database", s.db.name, "from", current, "to", target)
		return nil
	})
}

// copyBefore keeps a copy of a database that is about to change.
func (s *schema) copyBefore(ctx context.Context, version int64) error {
	if !s.keepCopy || version == 0 {
		return nil
	}
	path, err := s.db.backup(ctx, version)
	if err != nil {
		return fmt.Errorf("copy %s before its migration: %w", s.db.name, err)
	}
	if path != "" {
		s.logger.InfoContext(ctx, "database copied before migration", "copy", path)
	}
	return nil
}
