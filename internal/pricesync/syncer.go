package pricesync

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/claude-code-hub/cch/internal/domain"
	"github.com/claude-code-hub/cch/internal/pricelist"
	"github.com/claude-code-hub/cch/internal/pricing"
)

const (
	// retryAfter is how soon a list is asked for again: after a failure, or
	// because a model without a price came by.
	retryAfter = 5 * time.Minute
	// usedWithin makes a model one in use.
	usedWithin = 7 * 24 * time.Hour
)

// Source is where the cloud list comes from.
type Source interface {
	URL() string
	Fetch(ctx context.Context, etag string) (pricelist.Fetched, error)
}

// Store keeps prices.
type Store interface {
	List(ctx context.Context) ([]domain.ModelPrice, error)
	Catalog(ctx context.Context) (domain.PriceCatalog, error)
	Holds(ctx context.Context) ([]domain.PriceHold, error)
	// Apply returns the new configuration version, 0 if no price changed.
	Apply(ctx context.Context, b domain.PriceBatch) (int64, error)
}

// Catalog is the configuration in force.
type Catalog interface {
	Current() *domain.Catalog
	Await(ctx context.Context, version int64) error
}

// Options are what a Syncer works with. Only Source may be nil: then there is no
// cloud list.
type Options struct {
	Source  Source
	Store   Store
	Uses    func(ctx context.Context, since time.Time) ([]domain.ModelUse, error)
	Catalog Catalog
	Prices  *pricing.Prices
	Now     func() time.Time
	Logger  *slog.Logger
}

// Syncer takes price lists over. Safe for concurrent use.
type Syncer struct {
	Options

	busy sync.Mutex // held while a list is taken over

	mu      sync.Mutex
	running bool
	triedAt time.Time
	err     error
	last    domain.PriceReport
}

// New makes a Syncer.
func New(o Options) *Syncer { return &Syncer{Options: o} }

// errBusy refuses a second list while one is taken over.
func errBusy() error {
	return domain.NewFault(domain.KindConflict, "", "a price list is being taken over; try again when that is done")
}

// Round takes the cloud list over if it is time: after the interval of the
// settings, and sooner after a failure or when a model without a price came by.
func (s *Syncer) Round(ctx context.Context) (int, error) {
	if !s.due(s.Now()) {
		return 0, nil
	}
	r, err := s.Sync(ctx, domain.PriceSync{})
	if domain.IsKind(err, domain.KindConflict) {
		return 0, nil
	}
	return r.Ended, err
}

func (s *Syncer) due(now time.Time) bool {
	if s.Source == nil {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	switch since := now.Sub(s.triedAt); {
	case s.triedAt.IsZero(), since >= s.interval():
		return true
	case since < retryAfter:
		return false
	default:
		return s.err != nil || s.Prices.Missing()
	}
}

func (s *Syncer) interval() time.Duration { return s.Catalog.Current().Settings().PriceSyncInterval }

// Sync fetches the cloud list and takes it over.
func (s *Syncer) Sync(ctx context.Context, o domain.PriceSync) (domain.PriceReport, error) {
	if s.Source == nil {
		return domain.PriceReport{}, domain.NewFault(domain.KindInvalid, "", "no cloud price list is configured")
	}
	if !s.busy.TryLock() {
		return domain.PriceReport{}, errBusy()
	}
	defer s.busy.Unlock()
	s.begin()
	report, err := s.sync(ctx, o)
	s.end(report, err, o.DryRun)
	if err != nil {
		return report, listFault(err)
	}
	return report, nil
}

// listFault makes what is wrong with a list, or its server, the caller's to see.
func listFault(err error) error {
	if _, ok := errors.AsType[*domain.Fault](err); ok {
		return err
	}
	return domain.NewFault(domain.KindUpstreamRefused, "", err.Error()).Because(err)
}

func (s *Syncer) begin() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.running, s.triedAt = true, s.Now()
	s.Prices.TakeMissing()
}

func (s *Syncer) end(r domain.PriceReport, err error, dry bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.running, s.err = false, err
	if err == nil && !dry {
		s.last = r
	}
}

func (s *Syncer) sync(ctx context.Context, o domain.PriceSync) (domain.PriceReport, error) {
	stored, err := s.Store.Catalog(ctx)
	if err != nil {
		return domain.PriceReport{}, err
	}
	whole := o.DryRun || len(o.Overwrite) > 0 || stored.URL != s.Source.URL()
	etag := stored.ETag
	if whole {
		etag = ""
	}
	fetched, err := s.Source.Fetch(ctx, etag)
	if err != nil {
		return domain.PriceReport{}, err
	}
	if fetched.Unmodified {
		return domain.PriceReport{Version: stored.Version, Unmodified: true}, nil
	}
	list, format, err := pricelist.Read(fetched.Data)
	if err != nil {
		return domain.PriceReport{}, err
	}
	report := domain.PriceReport{
		Format: string(format), Version: list.File.Version, Models: len(list.File.Models), Failed: list.Skipped,
	}
	if !whole && list.File.Version != "" && list.File.Version == stored.Version {
		report.Unmodified, report.Unchanged = true, report.Models
		return report, nil
	}
	return s.take(ctx, o, list.File, report, domain.PriceCatalog{
		URL: s.Source.URL(), Version: list.File.Version, ETag: fetched.ETag, Models: len(list.File.Models),
		Refreshed: list.File.AsOf, SyncedAt: s.Now().UTC().Truncate(time.Millisecond),
	})
}

// take puts the cloud list into force, but for what has to wait.
func (s *Syncer) take(
	ctx context.Context, o domain.PriceSync, list *pricing.File, report domain.PriceReport, catalog domain.PriceCatalog,
) (domain.PriceReport, error) {
	now, err := s.inForce(ctx)
	if err != nil {
		return report, err
	}
	used, err := s.used(ctx, now.table)
	if err != nil {
		return report, err
	}
	diff, err := pricing.Compare(now.cloud, now.table, list, pricing.DefaultGuard(used))
	if err != nil {
		return report, err
	}
	holds, err := s.Store.Holds(ctx)
	if err != nil {
		return report, err
	}
	batch := domain.PriceBatch{Source: string(pricing.SourceCloud), Catalog: &catalog, Holds: []domain.PriceHold{}}
	report.Unchanged = diff.Unchanged
	s.sort(&batch, &report, diff.Proposals, holds)
	report.Conflicts = conflicts(&batch, now.manual, list, o.Overwrite)
	if o.DryRun {
		return report, nil
	}
	if err := s.apply(ctx, batch); err != nil {
		return report, err
	}
	s.Logger.InfoContext(ctx, "price list taken over", "version", report.Version, "models", report.Models,
		"added", report.Added, "updated", report.Updated, "ended", report.Ended, "held", report.Held)
	return report, nil
}

// sort puts each proposal where it belongs: into force, or to those that wait.
func (s *Syncer) sort(batch *domain.PriceBatch, report *domain.PriceReport, proposals []pricing.Proposal, holds []domain.PriceHold) {
	before := make(map[string]domain.PriceHold, len(holds))
	for _, h := range holds {
		before[h.Model] = h
	}
	for _, p := range proposals {
		switch {
		case p.Hold != "":
			h, known := before[p.Model]
			if !known || string(h.Data) != string(p.Data) {
				h = domain.PriceHold{Model: p.Model, Data: p.Data, Reason: p.Hold, CreatedAt: s.Now().UTC().Truncate(time.Millisecond)}
			}
			batch.Holds = append(batch.Holds, h)
			if !h.Rejected {
				report.Held++
			}
		case p.Entry == nil:
			batch.End = append(batch.End, p.Model)
			report.Ended++
		default:
			batch.Put = append(batch.Put, priceOf(p.Entry, p.Data))
			if p.New {
				report.Added++
			} else {
				report.Updated++
			}
		}
	}
}

func priceOf(m *pricing.Model, data []byte) domain.ModelPrice {
	return domain.ModelPrice{Model: m.ID, Vendor: m.Vendor, Mode: m.Mode, Data: data}
}

// apply writes a batch and waits until this node bills by it.
func (s *Syncer) apply(ctx context.Context, batch domain.PriceBatch) error {
	version, err := s.Store.Apply(ctx, batch)
	if err != nil || version == 0 {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	if err := s.Catalog.Await(ctx, version); err != nil {
		s.Logger.WarnContext(ctx, "catalog is behind a price list", "version", version, "error", err)
	}
	return nil
}
