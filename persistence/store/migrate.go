package store

import (
	"context"
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

// schema is the state of one database file's migrations.
type schema struct {
	db       *database
	provider *goose.Provider
	logger   *slog.Logger
	keepCopy bool // copy an existing file before it is migrated
}

func newSchema(db *database, files fs.FS, logger *slog.Logger, keepCopy bool) (*schema, error) {
	p, err := goose.NewProvider(engineGoose, db.write.DB, files,
		goose.WithTableName(migrationTable),
		goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return nil, fmt.Errorf("read the migrations of %s: %w", db.path, err)
	}
	return &schema{db: db, provider: p, logger: logger, keepCopy: keepCopy}, nil
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
		return 0, 0, fmt.Errorf("read the schema version of %s: %w", s.db.path, err)
	}
	if current > target {
		return 0, 0, fmt.Errorf("%w: %s is at version %d, this binary knows %d", ErrNewerDatabase, s.db.path, current, target)
	}
	return current, target, nil
}

// up applies what is missing, each migration in a transaction of its own.
func (s *schema) up(ctx context.Context) error {
	current, target, err := s.versions(ctx)
	if err != nil || current == target {
		return err
	}
	if s.keepCopy && current > 0 {
		copyPath := fmt.Sprintf("%s.bak-%d", s.db.path, current)
		if err := s.db.backup(ctx, copyPath); err != nil {
			return fmt.Errorf("copy %s before its migration: %w", s.db.path, err)
		}
		s.logger.InfoContext(ctx, "database copied before migration", "copy", copyPath)
	}
	if _, err := s.provider.Up(ctx); err != nil {
		return fmt.Errorf("migrate %s from version %d to %d: %w", s.db.path, current, target, err)
	}
	s.logger.InfoContext(ctx, "database migrated", "path", s.db.path, "from", current, "to", target)
	return nil
}
