package request

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/internal/domain"
)

func counting(w *world) {
	w.providers = w.providers[:1]
	w.request.Class, w.request.Estimable = domain.CallCount, true
}

// A count that no provider knows how to make is answered by the gateway, and
// costs nothing.
func TestTokenCountNobodyCanMake(t *testing.T) {
	t.Parallel()
	asked := newWorld(counting).run().to(t, attempting)
	asked.attempted(asked.failure(404), noon)

	unasked := newWorld(counting, func(w *world) { w.providers[0].Type = domain.TypeOpenAICompatible }).run().to(t, admitting)
	unasked.quotaAnswered(granted, noon)
	unasked.sessionAnswered(view, noon)

	for name, r := range map[string]run{"has no such endpoint": asked, "speaks another protocol": unasked} {
		r.journaled(nil)
		require.NotNil(t, r.fx.last.Done, name)
		require.True(t, r.fx.last.Done.Estimate, name)
		require.Equal(t, domain.ResultRecord{StatusCode: 200, Outcome: domain.OutcomeSuccess}, r.fx.record.Log.Result, name)
		require.Zero(t, r.fx.record.Log.Cost, name)
		require.Contains(t, reasonsOf(t, r), domain.ReasonEstimated, name)
	}
}

func TestTokenCountThatFailed(t *testing.T) {
	t.Parallel()
	r := newWorld(counting).run().to(t, attempting)
	r.attempted(r.failure(500), noon)
	r.journaled(nil)
	require.NotNil(t, r.fx.last.Reject, "a provider that can count is only out of order")
	require.NotContains(t, reasonsOf(t, r), domain.ReasonEstimated)
}
