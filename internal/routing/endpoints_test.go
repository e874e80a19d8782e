package routing_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/internal/domain"
	"github.com/claude-code-hub/cch/internal/routing"
)

var acme = domain.PoolKey{Vendor: 9, Type: domain.TypeClaude}

// pools is a fixed view of what is known of endpoints.
type pools map[domain.PoolKey]*domain.PoolHealth

func (p pools) Pool(k domain.PoolKey) (*domain.PoolHealth, bool) {
	h, ok := p[k]
	return h, ok
}

func ofVendor(p *domain.Provider) { p.VendorID = acme.Vendor }

func endpoint(id int, edit ...func(*domain.Endpoint)) *domain.Endpoint {
	e := &domain.Endpoint{ID: domain.EndpointID(id), VendorID: acme.Vendor, Type: acme.Type, URL: fmt.Sprintf("https://e%d.example", id), Enabled: true}
	for _, f := range edit {
		f(e)
	}
	return e
}

func probed(ok bool, ms int) func(*domain.Endpoint) {
	return func(e *domain.Endpoint) {
		e.Probe = domain.EndpointProbe{At: noon, OK: ok, Latency: time.Duration(ms) * time.Millisecond}
	}
}

func planWith(endpoints []*domain.Endpoint, providers ...*domain.Provider) *routing.Plan {
	return routing.Compile(domain.NewCatalog(domain.Configuration{Providers: providers, Endpoints: endpoints}))
}

func idsOf(list []*domain.Endpoint) (ids []int) {
	for _, e := range list {
		ids = append(ids, int(e.ID))
	}
	return ids
}

func TestEndpointsAreRanked(t *testing.T) {
	t.Parallel()
	order := func(n int) func(*domain.Endpoint) { return func(e *domain.Endpoint) { e.SortOrder = n } }
	off := func(e *domain.Endpoint) { e.Enabled = false }
	elsewhere := func(e *domain.Endpoint) { e.Type = domain.TypeCodex }
	p := planWith([]*domain.Endpoint{
		endpoint(1, probed(false, 1)), endpoint(2), endpoint(3, probed(true, 30)), endpoint(4, probed(true, 20)),
		endpoint(5, probed(true, 20), order(-1)), endpoint(6, off), endpoint(7, elsewhere), endpoint(8, probed(true, 20)),
	}, provider(1, ofVendor), provider(2))
	in := input(p)
	require.Equal(t, []int{5, 4, 8, 3, 2, 1}, idsOf(in.Endpoints(1)), "well, unknown, failed; then order, latency, id")
	require.Empty(t, in.Endpoints(2), "without a vendor there is its URL")

	in.Pools = pools{acme: {Key: acme, Endpoints: map[domain.EndpointID]domain.EndpointHealth{
		5: {Breaker: domain.BreakerOpen, OpenUntil: noon.Add(time.Second)},
		4: {CoolingUntil: noon.Add(time.Second)},
		8: {Breaker: domain.BreakerOpen, OpenUntil: noon},
		3: {Breaker: domain.BreakerHalfOpen},
		2: {Breaker: domain.BreakerOpen},
	}}}
	require.Equal(t, []int{8, 3, 1}, idsOf(in.Endpoints(1)), "open and cooling ones are left out")
}

func TestChooseHeedsEndpoints(t *testing.T) {
	t.Parallel()
	open := domain.EndpointHealth{Breaker: domain.BreakerOpen, OpenUntil: noon.Add(time.Minute)}
	tests := map[string]struct {
		endpoints []*domain.Endpoint
		health    *domain.PoolHealth
		reason    string
		stats     *domain.EndpointStats
	}{
		"well":    {endpoints: []*domain.Endpoint{endpoint(1)}},
		"no such": {reason: "endpoint_pool_exhausted", stats: &domain.EndpointStats{}},
		"all off": {
			endpoints: []*domain.Endpoint{endpoint(1, func(e *domain.Endpoint) { e.Enabled = false })},
			reason:    "endpoint_pool_exhausted", stats: &domain.EndpointStats{Total: 1},
		},
		"all open": {
			endpoints: []*domain.Endpoint{endpoint(1), endpoint(2)},
			health:    &domain.PoolHealth{Endpoints: map[domain.EndpointID]domain.EndpointHealth{1: open, 2: open}},
			reason:    "endpoint_pool_exhausted", stats: &domain.EndpointStats{Total: 2, Enabled: 2, CircuitOpen: 2},
		},
		"one left": {
			endpoints: []*domain.Endpoint{endpoint(1), endpoint(2)},
			health:    &domain.PoolHealth{Endpoints: map[domain.EndpointID]domain.EndpointHealth{1: open}},
		},
		"vendor open": {
			endpoints: []*domain.Endpoint{endpoint(1)}, health: &domain.PoolHealth{Breaker: domain.BreakerOpen}, reason: "circuit_open",
		},
		"vendor's time is over": {
			endpoints: []*domain.Endpoint{endpoint(1)}, health: &domain.PoolHealth{Breaker: domain.BreakerOpen, OpenUntil: noon},
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			in := input(planWith(tc.endpoints, provider(1, ofVendor)))
			if tc.health != nil {
				in.Pools = pools{acme: tc.health}
			}
			got := routing.Choose(in, seeded(1))
			require.Equal(t, tc.reason == "", got.Provider != nil)
			if tc.reason == "" {
				return
			}
			require.Equal(t, tc.reason, got.Context.Filtered[0].Reason)
			require.Equal(t, tc.stats, got.Context.Filtered[0].Endpoints)
			require.Equal(t, tc.stats != nil, got.Context.Filtered[0].BlockCause == "no_endpoint_candidates")
			require.Equal(t, domain.CodeAllCircuitsOpen, got.Fault.Code)
			reuse := routing.Reusable(in, routing.Bound{Provider: 1, Messages: 3})
			require.Equal(t, tc.reason, reuse.Reason)
		})
	}
}

func TestNextMovesToAnotherEndpoint(t *testing.T) {
	t.Parallel()
	budget := routing.Budget{Switches: 3, PerProvider: 2, Total: 8}
	for _, f := range []domain.FailureKind{domain.FailDial, domain.FailTimeout} {
		history := []routing.Try{{Provider: 1, Class: domain.ClassSystemError, Failure: f}}
		require.Equal(t, routing.Switch, routing.Next(budget, history), "%s: there is no other", f)
		with := budget
		with.NextOne = true
		require.Equal(t, routing.Retry, routing.Next(with, history), "%s", f)
		history = append(history, history[0])
		require.Equal(t, routing.Switch, routing.Next(with, history), "%s: as many as attempts", f)
	}
}
