package gateway_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/http/gateway"
	"github.com/claude-code-hub/cch/internal/domain"
)

// The provider that answered a conversation is nominated for its next turn,
// unless the client names the conversation itself.
func TestTheNextTurnNominatesWhoAnswered(t *testing.T) {
	t.Parallel()
	affine := func(ignoring bool) func(*world) {
		return func(w *world) {
			w.opts.Affinity = gateway.Affinity{Kept: time.Hour, Window: 8}
			w.config.Settings.AffinityIgnoreClientSessionID = ignoring
		}
	}
	const (
		first = `{"model":"claude-5","metadata":{"user_id":"u"},"messages":[{"role":"user","content":"hi"}]}`
		next  = `{"model":"claude-5","metadata":{"user_id":"u"},"messages":[{"role":"user","content":"hi"},{"role":"assistant","content":"yes"},{"role":"user","content":"more"}]}`
	)
	w := newWorld(t, affine(false), says(500, "text/plain", "no"), says(200, "application/json", message))
	require.Equal(t, 200, w.callTo("POST", "/v1/messages", first).status)
	w.actor.wait(t, 2)
	require.Zero(t, w.actor.lastAdmit(t).Nominee)
	require.Equal(t, 200, w.callTo("POST", "/v1/messages", next).status)
	got := w.actor.lastAdmit(t).Nominee
	require.Equal(t, domain.ProviderID(2), got.Provider)
	require.Equal(t, 1, got.Match.Depth)
	require.False(t, got.First)

	session := []string{"X-Claude-Code-Session-Id", "5f0c7e5e-1111-4222-8333-444455556666"}
	require.Equal(t, 200, w.callTo("POST", "/v1/messages", next, session...).status)
	require.Zero(t, w.actor.lastAdmit(t).Nominee, "its own session knows better")
	require.Equal(t, 200, w.callTo("POST", "/v1/messages/count_tokens", next).status)
	require.Zero(t, w.actor.lastAdmit(t).Nominee)

	w = newWorld(t, affine(true), says(200, "application/json", message))
	for range 2 {
		require.Equal(t, 200, w.callTo("POST", "/v1/messages", first, session...).status)
		w.actor.await(func() bool { return w.actor.closed > 0 })
	}
	require.True(t, w.actor.lastAdmit(t).Nominee.First)
	require.Equal(t, domain.ProviderID(1), w.actor.lastAdmit(t).Nominee.Provider)
}
