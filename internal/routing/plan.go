package routing

import (
	"cmp"
	"slices"
	"sync/atomic"
	"time"

	"github.com/claude-code-hub/cch/internal/domain"
)

// Plan is a catalog made ready for selection: patterns compiled, groups and
// multipliers resolved, providers in the order of the draw. Immutable and safe
// for concurrent use.
type Plan struct {
	catalog *domain.Catalog
	zone    *time.Location
	entries []entry // by cost multiplier, then id
	byID    map[domain.ProviderID]*entry
}

// entry is one provider of a plan.
type entry struct {
	*domain.Provider
	protocol    domain.Protocol
	groups      []string            // never empty
	multipliers []domain.Multiplier // of the groups, in their order
	models      []matcher
	redirects   []redirect
	clients     *clientLists // nil = any
	schedule    schedule
	pool        *pool // nil = its URL alone
}

var defaultGroups = []string{domain.DefaultGroup} //nolint:gochecknoglobals // read-only

// Compile prepares a catalog. The cost is a few microseconds per provider; see Plans.
func Compile(c *domain.Catalog) *Plan {
	providers := slices.Clone(c.Providers())
	slices.SortFunc(providers, func(a, b *domain.Provider) int {
		return cmp.Or(cmp.Compare(a.Routing.CostMultiplier, b.Routing.CostMultiplier), cmp.Compare(a.ID, b.ID))
	})
	p := &Plan{
		catalog: c,
		zone:    c.Zone(),
		entries: make([]entry, len(providers)),
		byID:    make(map[domain.ProviderID]*entry, len(providers)),
	}
	for i, provider := range providers {
		p.entries[i] = newEntry(c, provider)
		p.byID[provider.ID] = &p.entries[i]
	}
	return p
}

func newEntry(c *domain.Catalog, p *domain.Provider) entry {
	e := entry{
		Provider: p, protocol: p.Type.Protocol(), groups: p.Groups,
		clients:  compileClients(p.Routing.AllowedClients, p.Routing.BlockedClients),
		schedule: newSchedule(p.Routing.Active),
		pool:     newPool(c, p),
	}
	if len(e.groups) == 0 {
		e.groups = defaultGroups
	}
	for _, name := range e.groups {
		multiplier := domain.MultiplierOne
		if g := c.Group(name); g != nil {
			multiplier = g.CostMultiplier
		}
		e.multipliers = append(e.multipliers, multiplier)
	}
	for _, r := range p.Routing.AllowedModels {
		e.models = append(e.models, compileMatcher(r.MatchType, r.Pattern))
	}
	for _, r := range p.Routing.ModelRedirects {
		e.redirects = append(e.redirects, redirect{matcher: compileMatcher(r.MatchType, r.Source), target: r.Target})
	}
	return e
}

// Catalog is what the plan was made from.
func (p *Plan) Catalog() *domain.Catalog { return p.catalog }

// Redirect is the model name to send to the provider, and how it came about
// (nil when it is the client's own).
func (p *Plan) Redirect(id domain.ProviderID, model string) (string, *domain.ModelRedirectUsed) {
	if e := p.byID[id]; e != nil {
		return e.redirect(model)
	}
	return model, nil
}

// priority is the smallest priority the provider has inside one of the groups,
// else its own.
func (e *entry) priority(groups []string) int {
	best, found := 0, false
	if len(e.GroupPriorities) > 0 {
		for _, g := range groups {
			if v, ok := e.GroupPriorities[g]; ok && (!found || v < best) {
				best, found = v, true
			}
		}
	}
	if found {
		return best
	}
	return e.Routing.Priority
}

// visibleTo tells whether one of the groups may use the provider. Whoever may
// use all groups still gets no invented answers: the demo upstream serves its
// own groups alone.
func (e *entry) visibleTo(groups []string) bool {
	for _, g := range groups {
		if g == domain.GroupAll && !e.IsDemo() || slices.Contains(e.groups, g) {
			return true
		}
	}
	return false
}

// groupMultiplier is that of the group by which the provider is billed.
func (e *entry) groupMultiplier(groups []string) domain.Multiplier {
	if i := e.billedBy(groups); i >= 0 {
		return e.multipliers[i]
	}
	return domain.MultiplierOne
}

// billedBy is the index of the first of the groups that holds the provider;
// whoever may use all groups gets the provider's first. -1 = none does.
func (e *entry) billedBy(groups []string) int {
	for _, g := range groups {
		if g == domain.GroupAll {
			return 0
		}
		if i := slices.Index(e.groups, g); i >= 0 {
			return i
		}
	}
	return -1
}

// BilledGroup is the group by whose multiplier a caller of these groups is
// billed for the provider; 0 = none.
func (p *Plan) BilledGroup(id domain.ProviderID, groups []string) domain.GroupID {
	e := p.byID[id]
	if e == nil {
		return 0
	}
	i := e.billedBy(groups)
	if i < 0 {
		return 0
	}
	if g := p.catalog.Group(e.groups[i]); g != nil {
		return g.ID
	}
	return 0
}

// Plans keeps the plan of the newest catalog seen, so that a catalog is
// compiled once and not per request. The zero value is ready; safe for
// concurrent use.
type Plans struct{ last atomic.Pointer[Plan] }

// For is the plan of a catalog. Requests that still run with an older catalog
// have theirs and do not come here again, so one plan is enough.
func (s *Plans) For(c *domain.Catalog) *Plan {
	if p := s.last.Load(); p != nil && p.catalog == c {
		return p
	}
	p := Compile(c)
	s.last.Store(p)
	return p
}
