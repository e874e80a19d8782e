package routing

import (
	"cmp"
	"slices"
	"time"

	"github.com/claude-code-hub/cch/internal/domain"
)

// FilteredPool says that none of a provider's endpoints can be called.
const FilteredPool = "endpoint_pool_exhausted"

// blockNoCandidates is why: there is none, or none that may be called now.
const blockNoCandidates = "no_endpoint_candidates"

// Pools tells what is known about pools of endpoints. Reads must be cheap and
// safe for concurrent use.
type Pools interface {
	Pool(key domain.PoolKey) (*domain.PoolHealth, bool)
}

// pool is what a provider of a vendor may be called at.
type pool struct {
	key       domain.PoolKey
	total     int                // endpoints, disabled ones too
	endpoints []*domain.Endpoint // enabled ones, the best first
}

// newPool ranks the endpoints of a provider's vendor: probes that succeeded
// before those nobody made before those that failed, then by the operator's
// order, latency and id. Nil for a provider without a vendor.
func newPool(c *domain.Catalog, p *domain.Provider) *pool {
	if p.VendorID == 0 {
		return nil
	}
	key := domain.PoolKey{Vendor: p.VendorID, Type: p.Type}
	all := c.Endpoints(key)
	ranked := slices.DeleteFunc(slices.Clone(all), func(e *domain.Endpoint) bool { return !e.Enabled })
	slices.SortFunc(ranked, func(a, b *domain.Endpoint) int {
		return cmp.Or(
			cmp.Compare(probeRank(a), probeRank(b)), cmp.Compare(a.SortOrder, b.SortOrder),
			cmp.Compare(a.Probe.Latency, b.Probe.Latency), cmp.Compare(a.ID, b.ID),
		)
	})
	return &pool{key: key, total: len(all), endpoints: ranked}
}

func probeRank(e *domain.Endpoint) int {
	switch {
	case e.Probe.At.IsZero():
		return 1
	case e.Probe.OK:
		return 0
	}
	return 2
}

// usable are the endpoints that may be called now, the best first.
func (p *pool) usable(health *domain.PoolHealth, now time.Time) []*domain.Endpoint {
	if health == nil || len(health.Endpoints) == 0 {
		return p.endpoints
	}
	return slices.DeleteFunc(slices.Clone(p.endpoints), func(e *domain.Endpoint) bool {
		return !health.Endpoints[e.ID].Usable(now)
	})
}

// stats counts the endpoints for the decision chain.
func (p *pool) stats(health *domain.PoolHealth, now time.Time) *domain.EndpointStats {
	available := len(p.usable(health, now))
	return &domain.EndpointStats{
		Total: p.total, Enabled: len(p.endpoints), CircuitOpen: len(p.endpoints) - available, Available: available,
	}
}

func (in *Input) poolHealth(p *pool) *domain.PoolHealth {
	if in.Pools == nil {
		return nil
	}
	h, _ := in.Pools.Pool(p.key)
	return h
}

// unreachable tells whether none of the provider's endpoints may be called, and
// until when: its vendor fails altogether, or each of them does.
func (e *entry) unreachable(in *Input) (reason string, until time.Time) {
	if e.pool == nil {
		return "", time.Time{}
	}
	health := in.poolHealth(e.pool)
	switch {
	case health != nil && health.Open(in.Now):
		return FilteredCircuit, health.OpenUntil
	case len(e.pool.usable(health, in.Now)) == 0:
		return FilteredPool, e.pool.soonest(health, in.Now)
	}
	return "", time.Time{}
}

// soonest is when the first of the endpoints may be called again; zero = unknown.
func (p *pool) soonest(health *domain.PoolHealth, now time.Time) (first time.Time) {
	for _, e := range p.endpoints {
		h := health.Endpoints[e.ID]
		at := h.CoolingUntil
		if h.OpenUntil.After(at) {
			at = h.OpenUntil
		}
		if at.After(now) && (first.IsZero() || at.Before(first)) {
			first = at
		}
	}
	return first
}

// Endpoints are where a provider is to be called, the best first; none for a
// provider without a vendor, which has its URL alone.
func (in *Input) Endpoints(id domain.ProviderID) []*domain.Endpoint {
	e := in.Plan.byID[id]
	if e == nil || e.pool == nil {
		return nil
	}
	return e.pool.usable(in.poolHealth(e.pool), in.Now)
}

// NextEndpoint tells whether a failure at one endpoint is a reason to try the
// next one: it did not answer in time, or could not be reached.
func NextEndpoint(f domain.FailureKind) bool {
	return f == domain.FailTimeout || f == domain.FailDial || f == domain.FailReset
}
