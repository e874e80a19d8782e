package store

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/claude-code-hub/cch/internal/domain"
	"github.com/claude-code-hub/cch/persistence/migrations"
)

// Sealer encrypts credentials at rest. aad binds a sealed value to its place,
// "table:column:id", so that it cannot be moved to another row.
type Sealer interface {
	Seal(plain domain.Secret, aad string) ([]byte, error)
	Open(sealed []byte, aad string) (domain.Secret, error)
}

// Options say where and how to open a store.
type Options struct {
	// DSN is empty, sqlite://<path of cch.db>, logs.db lying beside it, or
	// postgres://…
	DSN string
	// DataDir holds cch.db when DSN is empty. It is created if missing.
	DataDir     string
	Pool        PoolLimits // of a database server
	Sealer      Sealer
	Logger      *slog.Logger     // nil = discard
	AutoMigrate bool             // apply missing migrations now
	Now         func() time.Time // nil = time.Now
}

// Store gives access to all repositories. It is safe for concurrent use; its
// owner closes it.
type Store struct {
	main   *database // configuration, access, sessions, actor state
	logs   *database // request logs; a file apart where writers block each other, else the same
	schema []*schema
	sealer Sealer
	logger *slog.Logger
	now    func() time.Time
	batch  logWriter
	ledger ledgerAppender
	prices priceCache
	zones  zones
}

// logWriter writes request logs, in the engine's quickest way. A batch is
// written whole or not at all, and writing it again changes nothing.
type logWriter interface {
	write(ctx context.Context, batch domain.LogBatch) error
	// forgetModels is for who wrote past it: see knownModels.
	forgetModels()
	close() error
}

// ledgerAppender appends ledger rows and what is summed up of them, in the
// engine's quickest way. See [Ledger.Append].
type ledgerAppender interface {
	append(ctx context.Context, rows []domain.LedgerRow) ([]error, error)
	close() error
}

// Open opens or creates the store. With AutoMigrate off and migrations missing
// it opens too, for Migrate and Pending only.
func Open(ctx context.Context, o Options) (*Store, error) {
	s := &Store{sealer: o.Sealer, logger: o.Logger, now: o.Now}
	if s.logger == nil {
		s.logger = slog.New(slog.DiscardHandler)
	}
	if s.now == nil {
		s.now = time.Now
	}
	if err := s.open(ctx, o); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

func (s *Store) open(ctx context.Context, o Options) error {
	open := s.openFiles
	if isPostgres(o.DSN) {
		open = s.openServer
	}
	if err := open(ctx, o); err != nil {
		return err
	}
	if o.AutoMigrate {
		return s.Migrate(ctx)
	}
	pending, err := s.Pending(ctx)
	if err == nil && pending == 0 {
		s.prepare(ctx)
	}
	return err
}

// prepare makes room for new rows. The store works without, so a failure is only
// told.
func (s *Store) prepare(ctx context.Context) {
	if err := s.RequestLogs().Prepare(ctx); err != nil {
		s.logger.WarnContext(ctx, "partitions are missing, request logs take longer to clean up", "error", err)
	}
}

// openFiles opens the embedded engine.
func (s *Store) openFiles(ctx context.Context, o Options) error {
	path, err := databasePath(o)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fmt.Errorf("create the data directory: %w", err)
	}
	if s.main, err = openSQLite(ctx, path); err != nil {
		return err
	}
	if s.logs, err = openSQLite(ctx, filepath.Join(filepath.Dir(path), "logs.db")); err != nil {
		return err
	}
	s.batch = newBatchWriter(s.main, s.logs)
	s.ledger = &ledgerWriter{main: s.main, days: &s.zones}
	return s.addSchemas(
		&schema{db: s.main, files: migrations.SQLiteConfiguration(), keepCopy: true},
		&schema{db: s.logs, files: migrations.SQLiteLogs()},
	)
}

// openServer opens a database of a server, which holds everything.
func (s *Store) openServer(ctx context.Context, o Options) (err error) {
	if s.main, err = openPostgres(ctx, o.DSN, o.Pool); err != nil {
		return err
	}
	s.logs = s.main
	pool := s.main.engine.(*postgresEngine).write //nolint:forcetypeassert // openPostgres made it
	s.batch, s.ledger = &postgresLogs{pool: pool}, &postgresLedger{pool: pool, days: &s.zones}
	return s.addSchemas(&schema{db: s.main, files: migrations.Postgres()})
}

func (s *Store) addSchemas(list ...*schema) (err error) {
	for _, sc := range list {
		sc.logger = s.logger
		if sc.provider, err = sc.newProvider(sc.db.write.DB); err != nil {
			return err
		}
	}
	s.schema = list
	return nil
}

// databases are those that are open, each once.
func (s *Store) databases() []*database {
	var list []*database
	for _, d := range []*database{s.main, s.logs} {
		if d != nil && !slices.Contains(list, d) {
			list = append(list, d)
		}
	}
	return list
}

// databasePath is where cch.db lies.
func databasePath(o Options) (string, error) {
	switch scheme, rest, found := strings.Cut(o.DSN, "://"); {
	case o.DSN == "" && o.DataDir == "":
		return "", errors.New("neither a DSN nor a data directory is set")
	case o.DSN == "":
		return filepath.Abs(filepath.Join(o.DataDir, "cch.db"))
	case found && scheme == "sqlite" && rest != "":
		return filepath.Abs(rest)
	default:
		return "", fmt.Errorf("a store of scheme %q is not supported: use sqlite://<file> or postgres://…", scheme)
	}
}

// Migrate applies every missing migration.
func (s *Store) Migrate(ctx context.Context) error {
	for _, sc := range s.schema {
		if err := sc.up(ctx); err != nil {
			return err
		}
	}
	s.prepare(ctx)
	return nil
}

// Pending counts the migrations that are missing; above 0 the store cannot serve.
func (s *Store) Pending(ctx context.Context) (int, error) {
	total := 0
	for _, sc := range s.schema {
		n, err := sc.pending(ctx)
		if err != nil {
			return 0, err
		}
		total += n
	}
	return total, nil
}

// Ping tells whether the database answers.
func (s *Store) Ping(ctx context.Context) error {
	for _, d := range s.databases() {
		var one int
		if err := d.read.NewRaw("SELECT 1").Scan(ctx, &one); err != nil {
			return fmt.Errorf("ping %s: %w", filepath.Base(d.name), err)
		}
	}
	return nil
}

// Close releases the database. No call may be running.
func (s *Store) Close() error {
	var errs []error
	if s.batch != nil {
		errs = append(errs, s.batch.close())
	}
	if s.ledger != nil {
		errs = append(errs, s.ledger.close())
	}
	for _, d := range s.databases() {
		errs = append(errs, d.close())
	}
	return errors.Join(errs...)
}

// Users is the repository of users.
func (s *Store) Users() Users { return Users{s} }

// Keys is the repository of API keys.
func (s *Store) Keys() Keys { return Keys{s} }

// Providers is the repository of providers.
func (s *Store) Providers() Providers { return Providers{s} }

// Groups is the repository of provider groups.
func (s *Store) Groups() Groups { return Groups{s} }

// Settings is the repository of run-time settings.
func (s *Store) Settings() Settings { return Settings{s} }
