package gateway_test

import (
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/internal/domain"
)

func TestClientThatTakesNothingIsGone(t *testing.T) {
	t.Parallel()
	done := make(chan struct{})
	endless := func(rw http.ResponseWriter, r *http.Request) {
		defer close(done)
		_, _ = io.Copy(io.Discard, r.Body)
		rw.Header().Set("Content-Type", "text/event-stream")
		_, _ = io.WriteString(rw, messageStart("m"))
		for r.Context().Err() == nil {
			if _, err := io.WriteString(rw, textDelta(strings.Repeat("x", 1000))); err != nil {
				return
			}
		}
	}
	w := newWorld(t, func(w *world) {
		w.config.Settings.OnClientAbort = domain.AbortCancel
		// A clock that lags makes the minute of patience end in half a second.
		w.opts.Clock = func() time.Time { return time.Now().Add(-59500 * time.Millisecond) }
	}, endless)
	conn, err := net.Dial("tcp", strings.TrimPrefix(w.server.URL, "http://"))
	require.NoError(t, err)
	defer conn.Close()
	require.NoError(t, w.request(t.Context(), streamBody).Write(conn))

	<-done // the upstream call was cancelled, though the client never left
	res := w.actor.only(t)
	require.Equal(t, domain.ClassClientAbort, res.Class)
	require.True(t, res.Committed)
}

func TestAnswerIsNotReadFasterThanTheClientTakesIt(t *testing.T) {
	t.Parallel()
	const total = 64 << 20
	sent := make(chan int, 1)
	stop := make(chan struct{})
	w := newWorld(t, nil, func(rw http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		rw.Header().Set("Content-Type", "text/event-stream")
		_, _ = io.WriteString(rw, messageStart("m"))
		piece, n := textDelta(strings.Repeat("x", 30_000)), 0
		_ = http.NewResponseController(rw).SetWriteDeadline(time.Now().Add(300 * time.Millisecond))
		for n < total {
			if _, err := io.WriteString(rw, piece); err != nil {
				break
			}
			n += len(piece)
		}
		sent <- n
		<-stop
	})
	conn, err := net.Dial("tcp", strings.TrimPrefix(w.server.URL, "http://"))
	require.NoError(t, err)
	require.NoError(t, w.request(t.Context(), streamBody).Write(conn))
	require.Less(t, <-sent, total/2, "the pump read on while nobody took the bytes")
	close(stop)
	_ = conn.Close()
	w.actor.only(t)
}
