package routing

import (
	"slices"

	"github.com/claude-code-hub/cch/internal/domain"
)

// Reachable lists the enabled providers that callers of these groups reach by
// one of the protocols, be it by conversion.
func (p *Plan) Reachable(groups []string, protocols ...domain.Protocol) []*domain.Provider {
	var out []*domain.Provider
	for i := range p.entries {
		e := &p.entries[i]
		if e.Enabled && e.visibleTo(groups) && slices.ContainsFunc(protocols, e.Accepts) {
			out = append(out, e.Provider)
		}
	}
	return out
}

// Models are the models that a provider's rules name one by one: those it is
// restricted to, and those it knows by another name. others tells whether it may
// serve models that are not named.
func (p *Plan) Models(id domain.ProviderID) (named []string, others bool) {
	e := p.byID[id]
	if e == nil {
		return nil, false
	}
	others = len(e.models) == 0
	for i := range e.models {
		if m := &e.models[i]; m.kind == domain.MatchExact {
			named = append(named, m.pattern)
		} else {
			others = true
		}
	}
	for i := range e.redirects {
		if r := &e.redirects[i]; r.kind == domain.MatchExact && e.serves(r.pattern) {
			named = append(named, r.pattern)
		}
	}
	return named, others
}

// Serves tells whether a provider's rules admit the model.
func (p *Plan) Serves(id domain.ProviderID, model string) bool {
	e := p.byID[id]
	return e != nil && e.serves(model)
}
