package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"time"

	"github.com/claude-code-hub/cch/actors/quota"
	"github.com/claude-code-hub/cch/internal/config"
	"github.com/claude-code-hub/cch/internal/domain"
	"github.com/claude-code-hub/cch/persistence/store"
)

// errLedgerDiffers ends the process with 1, after the differences were printed.
var errLedgerDiffers = errors.New("the ledger and what is counted differ")

// ledger compares what limits and statistics count with the ledger.
func ledger(ctx context.Context, args []string, out io.Writer) (err error) {
	if len(args) != 1 || args[0] != "verify" {
		return errors.New("usage: ledger verify")
	}
	s, zone, err := openForCommand(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	from, to, err := s.Rollups().Span(ctx)
	if err != nil {
		return err
	}
	check := ledgerCheck{store: s, zone: zone, now: time.Now}
	differences, err := check.run(ctx, from, to)
	if err != nil {
		return err
	}
	unsettled, err := check.requests(ctx, time.Time{}, settledWithin)
	if err != nil {
		return err
	}
	differences = append(differences, unsettled...)
	for _, d := range differences {
		fmt.Fprintf(out, "user %d  %s  %s: ledger %d, found %d\n", d.UserID, d.Where, d.Figure, d.Ledger, d.Found)
	}
	if _, err := fmt.Fprintf(out, "%d differences in %d users and %d hours\n", len(differences), check.users, check.hours); err != nil {
		return err
	}
	if len(differences) > 0 {
		return errLedgerDiffers
	}
	return nil
}

// openForCommand opens the database of the configuration, and tells the zone of
// the process.
func openForCommand(ctx context.Context) (*store.Store, *time.Location, error) {
	cfg, _, err := config.Load(config.Environ())
	if err != nil {
		return nil, nil, fmt.Errorf("the configuration has faults:\n%w", err)
	}
	zone, err := time.LoadLocation(cfg.Log.Timezone)
	if err != nil { // it was validated
		return nil, nil, err
	}
	s, err := openStoreOnly(ctx, cfg)
	if err != nil {
		return nil, nil, err
	}
	if pending, err := s.Pending(ctx); err != nil || pending > 0 {
		if err == nil {
			err = fmt.Errorf("%d migrations are pending: run cch migrate", pending)
		}
		return nil, nil, errors.Join(err, s.Close())
	}
	return s, zone, nil
}

// ledgerCheck compares with the ledger what is counted from it: the quota
// actors' snapshots and the roll-ups.
type ledgerCheck struct {
	store *store.Store
	zone  *time.Location // where the settings name none
	now   func() time.Time

	users, hours int // that were compared
}

// snapshotPage is how many snapshots are read at once.
const snapshotPage = 200

// run compares all snapshots, and the roll-ups of [from, to).
func (l *ledgerCheck) run(ctx context.Context, from, to time.Time) ([]domain.LedgerDifference, error) {
	differences, err := l.store.Rollups().Differences(ctx, from, to)
	if err != nil {
		return nil, err
	}
	if to.After(from) {
		l.hours = int(to.UnixMilli()-1)/3_600_000 - int(from.UnixMilli())/3_600_000 + 1
	}
	configuration, err := l.store.Configuration(ctx)
	if err != nil {
		return nil, fmt.Errorf("read the configuration: %w", err)
	}
	configuration.Zone = l.zone
	o := quota.Options{
		Catalog: still{domain.NewCatalog(configuration)}, Ledger: readOnly{l.store.Ledger()},
	}
	for behind := ""; ; {
		page, err := l.store.Snapshots().List(ctx, quota.KindName, behind, snapshotPage)
		if err != nil {
			return nil, err
		}
		for _, snapshot := range page {
			found, err := quota.Audit(ctx, o, snapshot, l.now())
			if err != nil {
				return nil, err
			}
			differences = append(differences, found...)
			behind = snapshot.ID
			l.users++
		}
		if len(page) < snapshotPage {
			return differences, nil
		}
	}
}

// settledWithin is how long the settlement of a request may take before its
// absence is a difference. A hub that runs under load needs some time; the
// nightly check takes more, as nobody waits for it.
const settledWithin = 10 * time.Second

// requests finds requests from a time on that were admitted and have not exactly
// one final row in the ledger.
func (l *ledgerCheck) requests(ctx context.Context, from time.Time, within time.Duration) ([]domain.LedgerDifference, error) {
	return l.store.Ledger().Unsettled(ctx, from, l.now().Add(-within))
}

// still is a catalog that does not change.
type still struct{ c *domain.Catalog }

func (s still) Current() *domain.Catalog { return s.c }

// readOnly is the ledger for who appends nothing.
type readOnly struct{ quota.LedgerReader }

func (readOnly) Append(_ *domain.LedgerRow, done func(error)) { go done(domain.ErrLedgerRefused) }

// rollup works statistics out of the ledger again.
func rollup(ctx context.Context, args []string, out io.Writer) (err error) {
	if len(args) == 0 || args[0] != "rebuild" {
		return errors.New("usage: rollup rebuild [-from 2006-01-02] [-to 2006-01-02]")
	}
	flags := flag.NewFlagSet("rollup rebuild", flag.ContinueOnError)
	flags.SetOutput(out)
	first := flags.String("from", "", "first day, UTC; empty = the ledger's first")
	last := flags.String("to", "", "last day, UTC; empty = today")
	if err := flags.Parse(args[1:]); err != nil {
		return err
	}
	s, _, err := openForCommand(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	from, to, err := s.Rollups().Span(ctx)
	if err != nil {
		return err
	}
	if *first != "" {
		if from, err = time.Parse(time.DateOnly, *first); err != nil {
			return fmt.Errorf("-from: %w", err)
		}
	}
	if *last != "" {
		if to, err = time.Parse(time.DateOnly, *last); err != nil {
			return fmt.Errorf("-to: %w", err)
		}
		to = to.AddDate(0, 0, 1)
	}
	if err := s.Rollups().Rebuild(ctx, from, to); err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, "roll-ups from %s to %s are built anew\n", from.UTC().Format(time.RFC3339), to.UTC().Format(time.RFC3339))
	return err
}
