package request

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/actors/protocol"
	"github.com/claude-code-hub/cch/internal/domain"
)

// worn is a failure that used as much as a success.
func (r run) worn() *protocol.AttemptResult {
	res := r.failure(500)
	res.Usage, res.UsageSource, res.Metered = r.success().Usage, domain.UsageUpstream, r.success().Metered
	return res
}

// Every attempt that cost something has a row; the request ends with one.
func TestEveryAttemptThatCostsHasARow(t *testing.T) {
	t.Parallel()
	r := newWorld().run().to(t, attempting)
	r.attempted(r.worn(), noon)
	r.backoffOver(noon)
	r.slotAnswered(free, 0, noon)
	r.attempted(r.failure(500), noon)
	r.slotAnswered(free, 0, noon)
	r.attempted(r.success(), noon)

	settles := r.fx.record.Settles
	require.Len(t, settles, 2)
	failed, final := settles[0], settles[1]
	require.Equal(t, 1, failed.Attempt)
	require.Equal(t, domain.ProviderID(1), failed.Row.ProviderID)
	require.Zero(t, failed.Charge, "users are not charged for failures unless the operator wants it")
	require.EqualValues(t, 330_000, failed.ProviderCost)
	require.Equal(t, "not_billed", failed.State)
	require.False(t, failed.IsFinal)
	require.False(t, failed.Row.CountsForRate)
	require.Equal(t, r.success().Usage, failed.Row.Usage)
	require.Equal(t, 3, final.Attempt)
	require.Equal(t, domain.ProviderID(2), final.Row.ProviderID)
	require.EqualValues(t, 330_000, final.Charge)
	require.True(t, final.IsFinal)
	require.EqualValues(t, 330_000, r.fx.record.Log.Cost)

	var cost domain.CostBreakdown
	require.NoError(t, json.Unmarshal([]byte(r.fx.record.Detail.Cost), &cost))
	require.Len(t, cost.Earlier, 1)
	require.Equal(t, 1, cost.Earlier[0].Attempt)
	require.EqualValues(t, 330_000, cost.Earlier[0].ProviderNet)
}

// An attempt is settled once, also if nothing came after it.
func TestTheLastAttemptIsSettledOnce(t *testing.T) {
	t.Parallel()
	r := newWorld().run().to(t, attempting)
	r.attempted(r.worn(), noon)
	require.Equal(t, backingOff, r.state)
	r.clientGone(noon)
	settles := r.fx.record.Settles
	require.Len(t, settles, 1)
	require.Equal(t, 1, settles[0].Attempt)
	require.True(t, settles[0].IsFinal)
	require.EqualValues(t, 330_000, settles[0].ProviderCost)
}

func TestWhatIsDueIfTheProcessDies(t *testing.T) {
	t.Parallel()
	r := newWorld().run()
	r.start(noon)
	r.quotaAnswered(&protocol.QuotaGrant{OK: true, Estimate: 3000}, noon)
	r.sessionAnswered(view, noon)
	r.slotAnswered(free, 0, noon)
	require.Equal(t, domain.BegunLog{
		ID: 4711, Attempt: 1, ProviderID: 1, Model: "claude-sonnet-4-5", Estimate: 3000, ProviderEstimate: 3000,
	}, r.fx.last.Attempt.Begun)
	require.EqualValues(t, 2000, withoutMarkup(3000, 15_000, domain.MultiplierOne))
	require.Zero(t, withoutMarkup(3000, 0), "who pays nothing tells nothing")
}
