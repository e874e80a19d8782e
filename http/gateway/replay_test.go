package gateway_test

import (
	"context"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/http/gateway"
	"github.com/claude-code-hub/cch/internal/domain"
)

// replayShelf is a store of answers in memory.
type replayShelf struct {
	mu   sync.Mutex
	byID map[string]*domain.Replay
}

func newReplayShelf() *replayShelf { return &replayShelf{byID: map[string]*domain.Replay{}} }

func (s *replayShelf) Keep(a *domain.Replay) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.byID[a.ID] = a
}

func (s *replayShelf) Drop(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.byID, id)
}

func (s *replayShelf) Find(_ context.Context, id string) (*domain.Replay, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if a, ok := s.byID[id]; ok {
		return a, nil
	}
	return nil, domain.NotFound("replay", id)
}

// await waits until so many answers are kept.
func (s *replayShelf) await(t *testing.T, n int) {
	t.Helper()
	require.Eventually(t, func() bool { return s.count() == n }, 5*time.Second, time.Millisecond)
}

func (s *replayShelf) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.byID)
}

// replaying is a world that gives answers again.
func replaying(store *replayShelf, change ...func(*gateway.Replay)) func(*world) {
	return func(w *world) {
		w.opts.Replay = gateway.Replay{
			Enabled: true, Hot: time.Minute, Kept: time.Hour, Detached: time.Minute, Spools: 4, MaxBytes: 1 << 20, Store: store,
		}
		for _, f := range change {
			f(&w.opts.Replay)
		}
	}
}

// keyed is a call with a key of idempotency.
func (w *world) keyed(ctx context.Context, key, body string) *http.Request {
	r := w.request(ctx, body)
	if key != "" {
		r.Header.Set("Idempotency-Key", key)
	}
	return r
}

// ended waits until so many calls have given their leases back.
func (s *scripted) ended(n int) { s.await(func() bool { return s.closed >= n }) }

func TestTheSameKeyGetsTheSameAnswer(t *testing.T) {
	t.Parallel()
	h, bodies := recording(streams(wholeStream("claude-5")))
	w := newWorld(t, replaying(newReplayShelf()), h)
	first := w.do(w.keyed(t.Context(), "k-1", streamBody))
	w.actor.ended(1)
	for _, body := range []string{streamBody, strings.ReplaceAll(streamBody, `,"`, ` , "`), strings.Replace(streamBody, `"hi"`, `"h\u0069"`, 1)} {
		again := w.do(w.keyed(t.Context(), "k-1", body))
		require.Equal(t, 200, again.status)
		requireSame(t, wholeStream("claude-5"), again.body)
		require.Equal(t, first.header.Get("Content-Type"), again.header.Get("Content-Type"))
		require.Equal(t, first.header.Get("X-Request-Id"), again.header.Get("X-Cch-Replay"))
		require.NotEqual(t, first.header.Get("X-Request-Id"), again.header.Get("X-Request-Id"))
	}
	require.Len(t, bodies, 1, "the provider was called once")
	require.Len(t, w.actor.admits, 1, "no limit counts what is given again")

	_, finished := w.records.rows()
	require.Len(t, finished, 3)
	row := finished[0].Log
	require.True(t, row.IsReplay)
	require.Equal(t, domain.OutcomeSuccess, row.Result.Outcome)
	require.Zero(t, row.Cost)
	require.Zero(t, row.Usage)
	require.Contains(t, finished[0].Detail.Chain, `"reason":"replayed"`)
	require.Contains(t, finished[0].Detail.Chain, first.header.Get("X-Request-Id"))
}

func TestWhatIsNotTheSameIsAskedAnew(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(r *http.Request) *http.Request{
		"another key of idempotency": func(r *http.Request) *http.Request { r.Header.Set("Idempotency-Key", "k-2"); return r },
		"no key":                     func(r *http.Request) *http.Request { r.Header.Del("Idempotency-Key"); return r },
		"another caller":             func(r *http.Request) *http.Request { r.Header.Set("Authorization", "Bearer "+adminKey); return r },
		"asked not to":               func(r *http.Request) *http.Request { r.Header.Set("X-Cch-No-Replay", "1"); return r },
		"another endpoint":           func(r *http.Request) *http.Request { r.URL.RawQuery = "x=1"; return r },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h, bodies := recording(streams(wholeStream("claude-5")))
			w := newWorld(t, replaying(newReplayShelf()), h)
			w.do(w.keyed(t.Context(), "k-1", streamBody))
			w.actor.ended(1)
			require.Equal(t, 200, w.do(change(w.keyed(t.Context(), "k-1", streamBody))).status)
			require.Len(t, bodies, 2)
		})
	}
	for name, body := range map[string]string{
		"another body": strings.Replace(streamBody, "hi", "ho", 1), "no stream": plainBody,
	} {
		h, bodies := recording(streams(wholeStream("claude-5")))
		w := newWorld(t, replaying(newReplayShelf()), h)
		for _, b := range []string{streamBody, body, body} {
			w.do(w.keyed(t.Context(), "k-1", b))
		}
		if name == "no stream" {
			require.Len(t, bodies, 3)
		} else {
			require.Len(t, bodies, 2, name)
		}
	}
	h, bodies := recording(streams(wholeStream("claude-5")))
	off := false
	w := newWorld(t, func(w *world) {
		replaying(newReplayShelf())(w)
		w.config.Settings.ReplayEnabled = &off
	}, h)
	for range 2 {
		w.do(w.keyed(t.Context(), "k-1", streamBody))
	}
	require.Len(t, bodies, 2, "the setting takes precedence")
}

func TestARunningAnswerIsJoined(t *testing.T) {
	t.Parallel()
	next := make(chan string)
	w := newWorld(t, replaying(newReplayShelf()), paced(next))
	first := w.begin(t, w.keyed(t.Context(), "k", streamBody))
	next <- messageStart("m") + textDelta("Hel")
	first.expect(messageStart("m") + textDelta("Hel"))
	second := w.begin(t, w.keyed(t.Context(), "k", streamBody))
	second.expect(messageStart("m") + textDelta("Hel"))
	next <- textDelta("lo") + messageEnd()
	close(next)
	first.expect(textDelta("lo") + messageEnd())
	second.expect(textDelta("lo") + messageEnd())
	require.Len(t, w.actor.admits, 1)
}

// begun is an answer that is being read.
type begun struct {
	t      *testing.T
	answer chan *http.Response
	body   io.ReadCloser
}

// begin makes a call and does not wait for its answer.
func (w *world) begin(t *testing.T, r *http.Request) *begun {
	t.Helper()
	b := &begun{t: t, answer: make(chan *http.Response, 1)}
	go func() {
		if res, err := w.server.Client().Do(r); err == nil {
			b.answer <- res
		}
	}()
	return b
}

// expect reads as much of the answer as text is long.
func (b *begun) expect(text string) {
	b.t.Helper()
	if b.body == nil {
		b.body = (<-b.answer).Body
		b.t.Cleanup(func() { _ = b.body.Close() })
	}
	got := make([]byte, len(text))
	_, err := io.ReadFull(b.body, got)
	require.NoError(b.t, err)
	requireSame(b.t, text, string(got))
}

// A client that left before it had its answer finds it when it asks again, once;
// one that has its answer and asks the same wants another.
func TestWhoLeftFindsItsAnswer(t *testing.T) {
	t.Parallel()
	for _, stored := range []bool{false, true} {
		next, store := make(chan string, 3), newReplayShelf()
		w := newWorld(t, replaying(store), paced(next))
		ctx, leave := context.WithCancel(t.Context())
		first := w.begin(t, w.keyed(ctx, "", streamBody))
		next <- messageStart("m") + textDelta("Hel")
		first.expect(messageStart("m") + textDelta("Hel"))
		leave()
		require.Eventually(t, func() bool { return w.gateway.Stats().Detached == 1 }, 5*time.Second, time.Millisecond)
		next <- textDelta("lo") + messageEnd()
		close(next)
		w.actor.ended(1)
		require.Equal(t, domain.ClassOK, w.actor.firstResult(t).Class, "it was made to its end")
		store.await(t, 1)
		if stored { // as after a restart
			w = newWorld(t, replaying(store), streams(wholeStream("other")))
		}
		requireSame(t, messageStart("m")+textDelta("Hel")+textDelta("lo")+messageEnd(), w.post(streamBody).body)
		store.await(t, 0) // it has its answer
		require.NotContains(t, w.post(streamBody).body, "Hello", "and asks for another")
	}
	h, bodies := recording(streams(wholeStream("claude-5")))
	w := newWorld(t, replaying(newReplayShelf()), h)
	for range 2 {
		w.post(streamBody)
	}
	require.Len(t, bodies, 2)
}

func TestAnAnswerThatComesToNothingIsNotGivenAgain(t *testing.T) {
	t.Parallel()
	for name, bad := range map[string]http.HandlerFunc{
		"refused": says(500, "text/plain", "no"), "breaks": breaks(messageStart("m") + textDelta("Hel")), "has no end": streams(messageStart("m") + textDelta("Hel")),
	} {
		store := newReplayShelf()
		h, bodies := recording(bad)
		w := newWorld(t, replaying(store), h)
		for range 2 {
			w.do(w.keyed(t.Context(), "k", streamBody))
		}
		require.Len(t, bodies, 2, name)
		require.Zero(t, store.count(), name)
	}
}

func TestWhatIsKeptIsBounded(t *testing.T) {
	t.Parallel()
	store := newReplayShelf()
	h, bodies := recording(streams(wholeStream("claude-5")))
	w := newWorld(t, replaying(store, func(r *gateway.Replay) { r.MaxBytes = len(wholeStream("claude-5")) - 1 }), h)
	for range 2 {
		requireSame(t, wholeStream("claude-5"), w.do(w.keyed(t.Context(), "k", streamBody)).body)
	}
	require.Len(t, bodies, 2, "too large")
	require.Zero(t, store.count())

	h, bodies = recording(streams(wholeStream("claude-5")))
	w = newWorld(t, replaying(store, func(r *gateway.Replay) { r.Spools, r.Store = 1, nil }), h)
	for i, key := range []string{"a", "b", "a", "a"} {
		w.do(w.keyed(t.Context(), key, streamBody))
		w.actor.ended(min(i+1, 3))
	}
	require.Len(t, bodies, 3, "a made room for b, b for a")
}
