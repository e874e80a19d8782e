package gateway_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/tidwall/gjson"

	"github.com/claude-code-hub/cch/http/gateway/snapshots"
	"github.com/claude-code-hub/cch/internal/domain"
)

// session is that of world.request.
var session = domain.SessionKey{KeyID: 11, ID: "5f0c7e5e-1111-4222-8333-444455556666"}

func shooting(texts bool) (*snapshots.Store, func(*world)) {
	s := snapshots.New(texts, time.Now)
	return s, func(w *world) { w.opts.Snapshots = s }
}

// A snapshot has both sides of a request, before and after what the hub changes.
func TestSnapshotsOfADocument(t *testing.T) {
	t.Parallel()
	s, with := shooting(true)
	w := newWorld(t, func(w *world) {
		with(w)
		w.actor.model = "other-2"
	}, says(500, "text/plain", "down"), says(200, "application/json", message))
	a := w.post(plainBody)
	require.Equal(t, http.StatusOK, a.status)
	shot, there := s.Get(session.Hash(), 0)
	require.Equal(t, []int64{3}, there)
	require.Equal(t, plainBody, shot.Client.Request.Body) //nolint:testifylint // byte by byte
	require.Equal(t, "***", shot.Client.Request.Headers["Authorization"])
	require.Equal(t, a.body, shot.Client.Response.Body)
	require.Equal(t, http.StatusOK, shot.Client.Response.Status)
	require.Equal(t, domain.ProviderID(2), shot.Provider, "whose answer the client got")
	require.Equal(t, 2, shot.Attempt)
	require.Equal(t, "other-2", gjson.Get(shot.Upstream.Request.Body, "model").Str, shot.Upstream.Request.Body)
	require.Equal(t, "***", shot.Upstream.Request.Headers["X-Api-Key"])
	require.Equal(t, message, shot.Upstream.Response.Body) //nolint:testifylint // byte by byte
}

func TestSnapshotsOfAStreamAndOfAFailure(t *testing.T) {
	t.Parallel()
	s, with := shooting(true)
	stream := messageStart("m") + textDelta("Hello") + messageEnd()
	w := newWorld(t, with, streams(stream))
	a := w.post(streamBody)
	shot, _ := s.Get(session.Hash(), 0)
	require.NotNil(t, shot)
	require.Equal(t, a.body, shot.Client.Response.Body)
	require.Equal(t, stream, shot.Upstream.Response.Body)

	s, with = shooting(true)
	w = newWorld(t, with, says(400, "application/json", `{"error":{"message":"no"}}`))
	a = w.post(plainBody)
	shot, _ = s.Get(session.Hash(), 0)
	require.Equal(t, a.status, shot.Client.Response.Status)
	require.Equal(t, a.body, shot.Client.Response.Body)
	require.JSONEq(t, `{"error":{"message":"no"}}`, shot.Upstream.Response.Body)
}

func TestSnapshotsNobodyAskedFor(t *testing.T) {
	t.Parallel()
	s, with := shooting(false)
	w := newWorld(t, with, says(200, "application/json", message))
	w.post(plainBody)
	_, there := s.Get(session.Hash(), 0)
	require.Empty(t, there)
	s.Watch(session.Hash())
	w.post(plainBody)
	shot, _ := s.Get(session.Hash(), 0)
	require.NotNil(t, shot)
	require.NotContains(t, shot.Client.Request.Body, "hi")

	s, with = shooting(true)
	w = newWorld(t, func(w *world) {
		with(w)
		w.config.Settings.HighConcurrencyMode = true
	}, says(200, "application/json", message))
	w.post(plainBody)
	_, there = s.Get(session.Hash(), 0)
	require.Empty(t, there)
}
