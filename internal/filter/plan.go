// Package filter changes requests by the rules that an operator wrote down: it
// sets, removes and inserts values of a JSON body and of a header, and replaces
// text in a body.
//
// It works on the bytes of a body: what a rule does not name stays as it is,
// white space, key order and unknown members included, and a body that no rule
// touches is the very same. Whatever goes wrong in a rule leaves the body as it
// was before that rule: filters fail open.
//
// The package decides nothing about requests and knows no I/O. Start with
// [Plans]; [Check] judges a filter before it is stored.
package filter

import (
	"cmp"
	"iter"
	"slices"
	"sync/atomic"

	"github.com/claude-code-hub/cch/internal/domain"
)

// Plans keeps the filters of the newest catalog compiled. The zero value is
// ready; it is safe for concurrent use.
type Plans struct{ last atomic.Pointer[Plan] }

// For is the plan of a catalog, compiled when it is first asked for. Nil means
// that there are no filters, and costs nothing.
func (p *Plans) For(c *domain.Catalog) *Plan {
	if len(c.Filters()) == 0 {
		return nil
	}
	known := p.last.Load()
	if known == nil || known.catalog != c {
		known = Compile(c)
		p.last.Store(known)
	}
	return known
}

// Plan is the filters of a catalog made ready. Immutable and safe for concurrent
// use. The methods of nil give empty chains.
type Plan struct {
	catalog *domain.Catalog
	global  Chain
	bound   map[domain.ProviderID]chains
}

type chains struct{ guard, final Chain }

// Compile prepares a catalog's filters. One that cannot be used is left out.
func Compile(c *domain.Catalog) *Plan {
	p := &Plan{catalog: c, bound: make(map[domain.ProviderID]chains)}
	for f, r := range ready(c) {
		if f.Binding == domain.FilterGlobal && f.Phase == domain.FilterGuard {
			p.global.add(r)
			continue
		}
		for _, provider := range c.Providers() {
			if !Meant(c, f, provider) {
				continue
			}
			own := p.bound[provider.ID]
			if f.Phase == domain.FilterGuard {
				own.guard.add(r)
			} else {
				own.final.add(r)
			}
			p.bound[provider.ID] = own
		}
	}
	return p
}

// ready makes those of a catalog's filters ready that are in force, in their order.
func ready(c *domain.Catalog) iter.Seq2[*domain.RequestFilter, *rule] {
	filters := slices.DeleteFunc(slices.Clone(c.Filters()), func(f *domain.RequestFilter) bool { return !f.Enabled })
	slices.SortStableFunc(filters, func(a, b *domain.RequestFilter) int {
		return cmp.Or(cmp.Compare(a.Priority, b.Priority), cmp.Compare(a.ID, b.ID))
	})
	return func(yield func(*domain.RequestFilter, *rule) bool) {
		for _, f := range filters {
			r, wrong := compile(f)
			if len(wrong) == 0 && !yield(f, r) { // else a check kept it out when it was stored
				return
			}
		}
	}
}

// InForce lists the filters that requests go through, in their order.
func InForce(c *domain.Catalog) (list []*domain.RequestFilter) {
	for f := range ready(c) {
		list = append(list, f)
	}
	return list
}

// Meant tells whether a filter changes requests to a provider.
func Meant(c *domain.Catalog, f *domain.RequestFilter, p *domain.Provider) bool {
	switch f.Binding {
	case domain.FilterGlobal:
		return true
	case domain.FilterProviders:
		return slices.Contains(f.Providers, p.ID)
	case domain.FilterGroups:
		isMeant := func(name string) bool {
			g := c.Group(name)
			return g != nil && slices.Contains(f.Groups, g.ID)
		}
		return isMeant(domain.GroupAll) || slices.ContainsFunc(p.Groups, isMeant) || len(p.Groups) == 0 && isMeant(domain.DefaultGroup)
	}
	return false
}

// Global are the filters that every request goes through as the client sent it.
func (p *Plan) Global() *Chain {
	if p == nil {
		return &Chain{}
	}
	return &p.global
}

// Guard are those that it goes through besides, for a provider.
func (p *Plan) Guard(id domain.ProviderID) Chain {
	if p == nil {
		return Chain{}
	}
	return p.bound[id].guard
}

// Final are those that what is made of it for a provider goes through.
func (p *Plan) Final(id domain.ProviderID) Chain {
	if p == nil {
		return Chain{}
	}
	return p.bound[id].final
}

// Chain is filters in their order. The zero value changes nothing.
type Chain struct {
	body, header []*rule
}

func (c *Chain) add(r *rule) {
	if len(r.body) > 0 {
		c.body = append(c.body, r)
	}
	if len(r.header) > 0 {
		c.header = append(c.header, r)
	}
}

// Bodies and Headers tell whether there is anything to change in one.
func (c *Chain) Bodies() bool { return len(c.body) > 0 }

// Headers tells whether there is anything to change in a header.
func (c *Chain) Headers() bool { return len(c.header) > 0 }

// Report tells which filters changed something, and which of them failed, by
// their names.
type Report struct{ Applied, Failed []string }

// Note adds what another run did.
func (r *Report) Note(other Report) {
	for _, name := range other.Applied {
		if !slices.Contains(r.Applied, name) {
			r.Applied = append(r.Applied, name)
		}
	}
	for _, name := range other.Failed {
		if !slices.Contains(r.Failed, name) {
			r.Failed = append(r.Failed, name)
		}
	}
}

// Empty tells whether there is nothing to tell.
func (r *Report) Empty() bool { return len(r.Applied) == 0 && len(r.Failed) == 0 }

// Body changes a valid JSON document. Without a change it is the same string.
func (c *Chain) Body(doc string) (string, Report) {
	var report Report
	for _, r := range c.body {
		next, err := r.change(doc)
		switch {
		case err != nil:
			report.Failed = append(report.Failed, r.name)
		case next != doc:
			doc = next
			report.Applied = append(report.Applied, r.name)
		}
	}
	return doc, report
}

// Header changes a header, whose names are in canonical form. It returns a copy
// if there is a change, whose values may be shared, else the header itself.
func (c *Chain) Header(h map[string][]string) (map[string][]string, Report) {
	var report Report
	copied := false
	for _, r := range c.header {
		changed := false
		for i := range r.header {
			op := &r.header[i]
			if !op.changes(h) {
				continue
			}
			if !copied {
				h, copied = clone(h), true
			}
			op.apply(h)
			changed = true
		}
		if changed {
			report.Applied = append(report.Applied, r.name)
		}
	}
	return h, report
}
