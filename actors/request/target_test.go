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
