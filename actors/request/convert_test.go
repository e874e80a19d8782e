package request

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/actors/protocol"
	"github.com/claude-code-hub/cch/internal/domain"
)

// converters makes provider 1 native and provider 2 one that converts.
func converters(lacks string) func(*world) {
	return func(w *world) {
		w.providers = w.providers[:2]
		w.providers[1].Type = domain.TypeGemini
		w.providers[1].Conversion.AcceptAll = true
		w.request.Lacks = func(*domain.Provider, string) string { return lacks }
	}
}

func TestFailoverToAProviderOfAnotherProtocol(t *testing.T) {
	t.Parallel()
	r := newWorld(converters("")).run().to(t, attempting)
	require.Empty(t, r.fx.last.Attempt.Convert)
	for range 2 {
		r.attempted(r.failure(503), noon)
		if r.state == backingOff {
			r.backoffOver(noon)
		}
		r.slotAnswered(free, 0, noon)
	}
	require.Equal(t, domain.ProviderID(2), r.fx.last.Attempt.ProviderID)
	require.Equal(t, domain.ProtocolGemini, r.fx.last.Attempt.Convert)

	won := r.success()
	won.Drops = []string{"metadata", "is_error"}
	r.attempted(won, noon)
	r.journaled(nil)
	for _, e := range chainOf(t, r) {
		if e.Reason != domain.ReasonRetrySuccess {
			require.Nil(t, e.Conversion, string(e.Reason))
			continue
		}
		require.Equal(t, &domain.ConversionUsed{
			From: domain.ProtocolClaude, To: domain.ProtocolGemini, Drops: []string{"metadata", "is_error"},
		}, e.Conversion)
	}
	require.Contains(t, reasonsOf(t, r), domain.ReasonRetrySuccess)
}

// Refused before any attempt, a request that nobody can carry blames no provider.
func TestNobodyCanCarryTheRequest(t *testing.T) {
	t.Parallel()
	r := newWorld(converters("video"), func(w *world) { w.providers[0].Enabled = false }).run().to(t, admitting)
	r.quotaAnswered(granted, noon)
	r.sessionAnswered(view, noon)
	r.journaled(nil)

	require.Equal(t, domain.CodeUnconvertible, r.fx.last.Reject.Fault.Code)
	require.Equal(t, domain.KindInvalid, r.fx.last.Reject.Fault.Kind)
	require.Empty(t, sent[*protocol.SlotReport](r))
	require.Equal(t, 400, r.fx.record.Log.Result.StatusCode)
	entry := chainOf(t, r)[0]
	require.Equal(t, domain.ReasonNoProvider, entry.Reason)
	require.Equal(t, "unconvertible:video", entry.Context.Filtered[1].Reason)
}
