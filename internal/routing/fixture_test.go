package routing_test

import (
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/claude-code-hub/cch/internal/domain"
	"github.com/claude-code-hub/cch/internal/routing"
)

var noon = time.Date(2026, 11, 2, 12, 0, 0, 0, time.UTC)

// health is a fixed view of what providers reported.
type health map[domain.ProviderID]domain.ProviderHealth

func (h health) Health(id domain.ProviderID) (domain.ProviderHealth, bool) {
	v, ok := h[id]
	return v, ok
}

// provider makes a Claude provider of weight one that edit may change.
func provider(id int, edit ...func(*domain.Provider)) *domain.Provider {
	p := &domain.Provider{
		ID: domain.ProviderID(id), Name: fmt.Sprintf("p%d", id), Type: domain.TypeClaude, Enabled: true,
		Routing: domain.Routing{Weight: 1, CostMultiplier: domain.MultiplierOne},
		Breaker: domain.DefaultBreakerSettings(),
	}
	for _, e := range edit {
		e(p)
	}
	return p
}

func weight(w int) func(*domain.Provider) { return func(p *domain.Provider) { p.Routing.Weight = w } }

func priority(n int) func(*domain.Provider) {
	return func(p *domain.Provider) { p.Routing.Priority = n }
}

func groups(g ...string) func(*domain.Provider) {
	return func(p *domain.Provider) { p.Groups = g }
}

func cost(f float64) func(*domain.Provider) {
	return func(p *domain.Provider) { p.Routing.CostMultiplier = domain.MultiplierFromFloat(f) }
}

func models(kind domain.MatchType, patterns ...string) func(*domain.Provider) {
	return func(p *domain.Provider) {
		for _, pattern := range patterns {
			p.Routing.AllowedModels = append(p.Routing.AllowedModels, domain.ModelRule{MatchType: kind, Pattern: pattern})
		}
	}
}

func disabled(p *domain.Provider) { p.Enabled = false }

func draining(p *domain.Provider) { p.Routing.Draining = true }

func clients(allowed, blocked []string) func(*domain.Provider) {
	return func(p *domain.Provider) { p.Routing.AllowedClients, p.Routing.BlockedClients = allowed, blocked }
}

func active(start, end string) func(*domain.Provider) {
	return func(p *domain.Provider) { p.Routing.Active = domain.DailyWindow{Start: start, End: end} }
}

// from makes the call that of another program.
func from(userAgent string) func(*routing.Input) {
	return func(in *routing.Input) { in.Client.UserAgent = userAgent }
}

func plan(providers ...*domain.Provider) *routing.Plan {
	return routing.Compile(domain.NewCatalog(domain.Configuration{
		Providers: providers, Settings: domain.Settings{Timezone: "UTC"},
	}))
}

// input is a Claude call of the default group.
func input(p *routing.Plan, edit ...func(*routing.Input)) *routing.Input {
	in := &routing.Input{
		Plan: p, Health: health{}, Groups: []string{"default"}, Protocol: domain.ProtocolClaude,
		Model: "claude-sonnet-4-5", Strategy: domain.TierWeighted, Now: noon,
	}
	for _, e := range edit {
		e(in)
	}
	return in
}

func seeded(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 7)) }

// open and friends are health reports.
func open(until time.Duration) domain.ProviderHealth {
	return domain.ProviderHealth{Breaker: domain.BreakerOpen, OpenUntil: noon.Add(until), At: noon}
}

func cooling(until time.Duration) domain.ProviderHealth {
	return domain.ProviderHealth{Breaker: domain.BreakerClosed, CoolingUntil: noon.Add(until), At: noon}
}

func coolingModel(model string) domain.ProviderHealth {
	return domain.ProviderHealth{
		Breaker: domain.BreakerClosed, At: noon,
		CoolingModels: []domain.ModelCooling{{Model: model, Until: noon.Add(time.Minute)}},
	}
}

func renames(from, to string) func(*domain.Provider) {
	return func(p *domain.Provider) {
		p.Routing.ModelRedirects = append(p.Routing.ModelRedirects, domain.ModelRedirect{MatchType: domain.MatchExact, Source: from, Target: to})
	}
}

func full(age time.Duration) domain.ProviderHealth {
	return domain.ProviderHealth{Breaker: domain.BreakerClosed, InFlight: 4, RequestLimit: 4, At: noon.Add(-age)}
}
