package request

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/actors/protocol"
	"github.com/claude-code-hub/cch/internal/domain"
)

// A provider's actor hears of every attempt what it cost there, and what its
// answer told of the account.
func TestProvidersHearOfCostsAndAccounts(t *testing.T) {
	t.Parallel()
	r := newWorld().run().to(t, attempting)
	told := r.worn()
	told.Quotas = []domain.ProviderQuota{{Label: "5h", Used: 0.5}}
	r.attempted(told, noon)
	r.backoffOver(noon)
	r.slotAnswered(free, 0, noon)
	r.attempted(r.failure(500), noon)
	r.slotAnswered(free, 0, noon)
	r.attempted(r.success(), noon)

	var costs []domain.Money
	reports := sent[*protocol.SlotReport](r)
	for _, report := range reports {
		costs = append(costs, report.ProviderCost)
	}
	require.Equal(t, []domain.Money{330_000, 0, 330_000}, costs)
	require.Equal(t, told.Quotas, reports[0].Quotas)
	require.Nil(t, reports[1].Quotas)
}

// What a provider refuses is its actor's to remember: attempts are told of it
// and tell of it.
func TestQuirksGoByTheProvidersActor(t *testing.T) {
	t.Parallel()
	r := newWorld().run().to(t, acquiring)
	r.slotAnswered(&protocol.SlotGrant{OK: true, Quirks: domain.QuirkCallIDs}, 0, noon)
	require.Equal(t, domain.QuirkCallIDs, r.fx.last.Attempt.Quirks)
	found := r.success()
	found.Quirks = domain.QuirkStreamOptions
	r.attempted(found, noon)
	require.Equal(t, domain.QuirkStreamOptions, sent[*protocol.SlotReport](r)[0].Quirks)
}
