package request

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/internal/domain"
)

func TestProvidersThatKeepTheClientOutStandInTheChain(t *testing.T) {
	t.Parallel()
	r := newWorld(func(w *world) {
		w.request.Client.UserAgent = "curl/8"
		w.providers[0].Routing.BlockedClients = []string{"curl"}
		w.providers[1].Routing.AllowedClients = []string{"claude-code"}
	}).run().to(t, dead)
	chain := chainOf(t, r)
	require.Equal(t, domain.ReasonClientRestricted, chain[0].Reason)
	require.Equal(t, domain.ProviderID(1), chain[0].ProviderID)
	require.Equal(t, &domain.ClientRestriction{
		MatchType: "blocklist", Pattern: "curl", Client: "curl/8", Blocked: []string{"curl"},
	}, chain[0].Restriction)
	require.Equal(t, "allowlist", chain[1].Restriction.MatchType)
	require.Equal(t, domain.ProviderID(3), chain[2].ProviderID)
}
