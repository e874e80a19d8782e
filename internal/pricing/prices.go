package pricing

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/claude-code-hub/cch/internal/domain"
)

// List is the price table of one catalog, with the sellers behind the catalog's
// providers. Immutable and safe for concurrent use.
type List struct {
	*Table  // in force when the catalog was read
	later   []period
	catalog *domain.Catalog
	nodes   map[domain.ProviderID][]string
	missing *atomic.Bool
}

// period is a time to come, with the prices of then.
type period struct {
	from  time.Time
	table *Table
}

// At is the list as it is at a time, which is not before the catalog was read.
// Unless prices are to come it is the list itself.
func (l *List) At(t time.Time) *List {
	n := 0
	for n < len(l.later) && !t.Before(l.later[n].from) {
		n++
	}
	if n == 0 {
		return l
	}
	then := *l
	then.Table, then.later = l.later[n-1].table, l.later[n:]
	return &then
}

// Nodes are the provider's keys in price lists, see NodesOf.
func (l *List) Nodes(id domain.ProviderID) []string { return l.nodes[id] }

// Missed notes that a request came for a model without a price, so that newer
// lists are looked for.
func (l *List) Missed() { l.missing.Store(true) }

// Prices keeps the list of the newest catalog seen: the prices inside the
// binary, and over them those that the catalog brings. Safe for concurrent use.
type Prices struct {
	seed  *File
	hosts *Hosts

	missing atomic.Bool // see List.Missed

	mu   sync.Mutex // one list is compiled at a time
	last atomic.Pointer[List]
	read map[int64]*Row // stored rows of the last table, so that a change reads only what changed
}

// NewPrices reads the lists inside the binary.
func NewPrices() (*Prices, error) {
	seed, err := Seed()
	if err != nil {
		return nil, err
	}
	hosts, err := KnownHosts()
	if err != nil {
		return nil, err
	}
	return &Prices{seed: seed, hosts: hosts}, nil
}

// Seed is the list inside the binary. It must not be changed.
func (p *Prices) Seed() *File { return p.seed }

// SeedDate is the date of the figures inside the binary, as 2006-01-02.
func (p *Prices) SeedDate() string { return p.seed.AsOf }

// Missing tells whether a request came for a model without a price since
// TakeMissing was called last.
func (p *Prices) Missing() bool { return p.missing.Load() }

// TakeMissing is Missing, which it resets.
func (p *Prices) TakeMissing() bool { return p.missing.Swap(false) }

// For is the list of a catalog. It costs one atomic load unless the catalog is
// new, or older than the newest one seen.
func (p *Prices) For(c *domain.Catalog) *List {
	if l := p.last.Load(); l != nil && l.catalog == c {
		return l
	}
	l, _ := p.Take(c) // whoever put the catalog into force knows of the error
	return l
}

// Take compiles the list of a catalog ahead of For. A stored price that cannot
// be read is left out of the list and part of the error.
func (p *Prices) Take(c *domain.Catalog) (*List, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	last := p.last.Load()
	if last != nil && last.catalog == c {
		return last, nil
	}
	l := &List{catalog: c, missing: &p.missing, nodes: make(map[domain.ProviderID][]string, len(c.Providers()))}
	for _, provider := range c.Providers() {
		l.nodes[provider.ID] = p.hosts.NodesOf(provider.Billing.PricingKey, provider.URL)
	}
	var err error
	if last != nil && samePrices(last.catalog, c) {
		l.Table, l.later = last.Table, last.later
	} else {
		err = p.compile(l)
	}
	if last == nil || last.catalog.Version() <= c.Version() {
		p.last.Store(l)
	}
	return l, err
}

// samePrices compares rows, of which nothing but their end changes.
func samePrices(a, b *domain.Catalog) bool {
	was, is := a.Prices(), b.Prices()
	same := len(was) == len(is) && (len(is) == 0 || &was[0] == &is[0] ||
		slices.EqualFunc(was, is, func(a, b *domain.ModelPrice) bool { return a.ID == b.ID && a.ValidTo.Equal(b.ValidTo) }))
	return same && maps.Equal(a.Aliases(), b.Aliases())
}

// compile merges stored prices with those inside the binary: for the time at
// which the catalog was read, and for each time to come at which prices change.
// A catalog that does not say when it was read has none but prices in force.
func (p *Prices) compile(l *List) error {
	rows, err := p.rows(l.catalog.Prices())
	at := l.catalog.ReadAt()
	if at.IsZero() {
		for _, r := range rows {
			at = latest(at, r.ValidFrom)
		}
		l.Table = p.table(rows, at, l.catalog)
		return err
	}
	l.Table = p.table(slices.Clone(rows), at, l.catalog)
	for _, from := range changes(rows, at) {
		l.later = append(l.later, period{from, p.table(slices.Clone(rows), from, l.catalog)})
	}
	return err
}

func (p *Prices) table(rows []*Row, at time.Time, c *domain.Catalog) *Table {
	t := NewTable(rows, p.seed.VendorFees, at)
	t.alias(c.Aliases())
	return t
}

// rows are those inside the binary and the stored ones. One that cannot be read
// is left out and part of the error.
func (p *Prices) rows(stored []*domain.ModelPrice) ([]*Row, error) {
	rows := p.seed.Rows(SourceSeed)
	read := make(map[int64]*Row, len(stored))
	var errs []error
	for _, s := range stored {
		r := p.read[s.ID]
		switch {
		case r == nil:
			m, err := ParseModel(s.Model, s.Data)
			if err != nil {
				errs = append(errs, fmt.Errorf("price %d: %w", s.ID, err))
				continue
			}
			r = &Row{ID: s.ID, Source: Source(s.Source), ValidFrom: s.ValidFrom, ValidTo: s.ValidTo, Model: m}
		case !r.ValidTo.Equal(s.ValidTo):
			ended := *r
			ended.ValidTo = s.ValidTo
			r = &ended
		}
		read[s.ID] = r
		rows = append(rows, r)
	}
	p.read = read
	return rows, errors.Join(errs...)
}

// changes are the times after at when a row begins or ends, in order.
func changes(rows []*Row, at time.Time) (out []time.Time) {
	for _, r := range rows {
		for _, t := range [...]time.Time{r.ValidFrom, r.ValidTo} {
			if t.After(at) {
				out = append(out, t)
			}
		}
	}
	slices.SortFunc(out, time.Time.Compare)
	return slices.CompactFunc(out, time.Time.Equal)
}

func latest(a, b time.Time) time.Time {
	if a.Before(b) {
		return b
	}
	return a
}
