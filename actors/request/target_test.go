package request

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/actors/protocol"
	"github.com/claude-code-hub/cch/internal/domain"
)

// ofAcme gives the first provider a vendor with two endpoints.
func ofAcme(w *world) {
	w.providers[0].VendorID = 4
	for id, url := range []string{"https://a.example", "https://b.example"} {
		w.endpoints = append(w.endpoints, &domain.Endpoint{
			ID: domain.EndpointID(id + 1), VendorID: 4, Type: domain.TypeClaude, URL: url, Enabled: true,
		})
	}
}

func (r run) lost(f domain.FailureKind) *protocol.AttemptResult {
	res := r.failure(0)
	res.Class, res.Failure = domain.ClassSystemError, f
	if f == domain.FailTimeout {
		res.Class, res.Status = domain.ClassProviderError, domain.StatusTimeout
	}
	return res
}

func TestAFailedDialTriesTheNextEndpoint(t *testing.T) {
	t.Parallel()
	r := newWorld(ofAcme).run().to(t, acquiring)
	r.slotAnswered(free, 0, noon)
	require.Equal(t, "https://a.example", r.fx.last.Attempt.BaseURL)
	r.attempted(r.lost(domain.FailDial), noon)
	require.Equal(t, backingOff, r.state, "the same provider, elsewhere")
	r.backoffOver(noon)
	r.slotAnswered(free, 0, noon)
	require.Equal(t, "https://b.example", r.fx.last.Attempt.BaseURL)
	r.attempted(r.success(), noon)

	reports := sent[*protocol.EndpointReport](r)
	require.Len(t, reports, 2)
	require.Equal(t, domain.PoolKey{Vendor: 4, Type: domain.TypeClaude}, reports[0].Pool)
	require.Equal(t, domain.FailDial, reports[0].Failure)
	require.Equal(t, domain.EndpointID(2), reports[1].Endpoint)
	require.Equal(t, domain.EndpointID(1), sent[*protocol.SlotReport](r)[0].Endpoint, "the provider itself does not cool")
	chain := chainOf(t, r)
	require.Equal(t, domain.VendorID(4), chain[1].VendorID)
	require.Equal(t, domain.EndpointID(1), chain[1].EndpointID)
	require.Equal(t, domain.EndpointID(2), chain[2].EndpointID)
}

func TestAnAnswerStaysAtItsEndpoint(t *testing.T) {
	t.Parallel()
	r := newWorld(ofAcme).run().to(t, attempting)
	r.attempted(r.failure(500), noon)
	r.backoffOver(noon)
	r.slotAnswered(free, 0, noon)
	require.Equal(t, "https://a.example", r.fx.last.Attempt.BaseURL, "the endpoint is well, its provider is not")
}

func TestAllEndpointsTimedOut(t *testing.T) {
	t.Parallel()
	r := newWorld(ofAcme).run().to(t, attempting)
	r.attempted(r.lost(domain.FailTimeout), noon)
	r.backoffOver(noon)
	r.slotAnswered(free, 0, noon)
	r.attempted(r.lost(domain.FailTimeout), noon)
	reports := sent[*protocol.EndpointReport](r)
	require.False(t, reports[0].AllTimedOut)
	require.True(t, reports[1].AllTimedOut)
	require.Equal(t, domain.ProviderID(2), r.slot.choice.Provider.ID)
	r.slotAnswered(free, 0, noon)
	require.Empty(t, r.fx.last.Attempt.BaseURL, "no vendor: its own URL")
	r.attempted(r.success(), noon)
	require.Equal(t, domain.ReasonVendorAllTimeout, chainOf(t, r)[2].Reason)
	require.Len(t, sent[*protocol.EndpointReport](r), 2)
}

// pools is what is known of pools.
type pools map[domain.PoolKey]*domain.PoolHealth

func (p pools) Pool(key domain.PoolKey) (*domain.PoolHealth, bool) {
	h, ok := p[key]
	return h, ok
}

var acmePool = domain.PoolKey{Vendor: 4, Type: domain.TypeClaude}

// onTrial is a run whose first provider has endpoints in these states.
func onTrial(t *testing.T, states ...domain.BreakerState) run {
	t.Helper()
	h := &domain.PoolHealth{Key: acmePool, Endpoints: map[domain.EndpointID]domain.EndpointHealth{}}
	for i, s := range states {
		h.Endpoints[domain.EndpointID(i+1)] = domain.EndpointHealth{Breaker: s}
	}
	r := newWorld(ofAcme).run()
	r.node.pools = pools{acmePool: h}
	r.to(t, acquiring)
	return r
}

func TestAHalfOpenEndpointIsCalledOnlyWithLeave(t *testing.T) {
	t.Parallel()
	r := onTrial(t, domain.BreakerHalfOpen, domain.BreakerHalfOpen)
	asks := sent[*protocol.EndpointTry](r)
	require.Len(t, asks, 1)
	require.Equal(t, domain.EndpointID(1), asks[0].Endpoint)
	require.Empty(t, sent[*protocol.SlotAcquire](r), "first the leave")
	r.tried(&protocol.EndpointTrial{OK: true}, noon)
	r.slotAnswered(free, 0, noon)
	require.Equal(t, "https://a.example", r.fx.last.Attempt.BaseURL)
	r.attempted(r.lost(domain.FailDial), noon)
	require.Equal(t, asks[0].LeaseID, sent[*protocol.EndpointReport](r)[0].Trial)
	r.backoffOver(noon)
	require.Len(t, sent[*protocol.EndpointTry](r), 2, "the next one needs leave of its own")
	r.tried(&protocol.EndpointTrial{OK: true}, noon)
	r.slotAnswered(free, 0, noon)
	r.attempted(r.success(), noon)
	r.journaled(nil)
	require.Empty(t, r.fx.held)
}

func TestRefusedLeaveMeansTheNextEndpointOrProvider(t *testing.T) {
	t.Parallel()
	r := onTrial(t, domain.BreakerHalfOpen)
	r.tried(&protocol.EndpointTrial{}, noon)
	r.slotAnswered(free, 0, noon)
	require.Equal(t, "https://b.example", r.fx.last.Attempt.BaseURL)

	r = onTrial(t, domain.BreakerHalfOpen, domain.BreakerHalfOpen)
	r.tried(&protocol.EndpointTrial{}, noon)
	r.tried(nil, noon) // no answer
	require.Equal(t, domain.ProviderID(2), r.slot.choice.Provider.ID)
	r.slotAnswered(free, 0, noon)
	r.attempted(r.success(), noon)
	r.journaled(nil)
	chain := chainOf(t, r)
	require.Equal(t, domain.ReasonPoolExhausted, chain[1].Reason)
	require.Empty(t, r.fx.held)
}

func TestLeaveGoesBackWhenItIsNotUsed(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(r run){
		"the provider refuses": func(r run) {
			r.tried(&protocol.EndpointTrial{OK: true}, noon)
			r.slotAnswered(full, 0, noon)
			r.slotAnswered(free, 0, noon)
			r.attempted(r.success(), noon)
		},
		"the client leaves": func(r run) {
			r.tried(&protocol.EndpointTrial{OK: true}, noon)
			r.clientGone(noon)
		},
		"the client leaves early": func(r run) { r.clientGone(noon) },
		"the client leaves in the call": func(r run) {
			r.tried(&protocol.EndpointTrial{OK: true}, noon)
			r.slotAnswered(free, 0, noon)
			r.clientGone(noon)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := onTrial(t, domain.BreakerHalfOpen)
			lease := sent[*protocol.EndpointTry](r)[0].LeaseID
			end(r)
			r.journaled(nil)
			require.Empty(t, r.fx.held)
			given := false
			for _, m := range sent[*protocol.LeaseRelease](r) {
				given = given || m.IDs[0] == lease
			}
			for _, m := range sent[*protocol.EndpointReport](r) {
				given = given || m.Trial == lease
			}
			require.True(t, given)
		})
	}
}

func TestARivalDecidesAboutNoEndpoint(t *testing.T) {
	t.Parallel()
	r := newWorld(ofAcme, func(w *world) {
		w.settings.HedgeEnabled = true
		w.providers[1].VendorID, w.providers[0].VendorID = 4, 0
	}).run()
	h := &domain.PoolHealth{Key: acmePool, Endpoints: map[domain.EndpointID]domain.EndpointHealth{1: {Breaker: domain.BreakerHalfOpen}}}
	r.node.pools = pools{acmePool: h}
	r.to(t, attempting)
	r.hedgeDue(1, noon)
	r.grown(granted, noon)
	require.Equal(t, "https://b.example", r.hedge.rival.target.url())
	require.Empty(t, sent[*protocol.EndpointTry](r))

	h.Breaker = domain.BreakerHalfOpen
	r = newWorld(ofAcme, func(w *world) {
		w.settings.HedgeEnabled = true
		w.providers[1].VendorID, w.providers[0].VendorID = 4, 0
	}).run()
	r.node.pools = pools{acmePool: h}
	r.to(t, attempting)
	r.hedgeDue(1, noon)
	r.grown(granted, noon)
	require.Equal(t, domain.ProviderID(3), r.hedge.rival.choice.Provider.ID)
}
