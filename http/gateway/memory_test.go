package gateway_test

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/http/gateway/intake"
	"github.com/claude-code-hub/cch/internal/domain"
)

// bulk is how large the bodies of these tests are, and what the buffer they are
// read into takes.
const (
	bulk   = 900_000
	buffer = 1 << 20
)

func bulky(stream bool) string {
	head := `{"model":"claude-5","max_tokens":64,`
	if stream {
		head += `"stream":true,`
	}
	head += `"messages":[{"role":"user","content":"`
	return head + strings.Repeat("x", bulk-len(head)-len(`"}]}`)) + `"}]}`
}

// weighing answers as h does once it has told what bodies take in memory. While
// the call is made the client's is held, and what is made of it.
func weighing(w **world, h http.HandlerFunc) (http.HandlerFunc, <-chan int64) {
	weights := make(chan int64, 8)
	return func(rw http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		weights <- (*w).gateway.Stats().BodyBytes
		h(rw, r)
	}, weights
}

// growing is a filter that makes bodies a little larger.
func growing(t testing.TB, phase domain.FilterPhase) *domain.RequestFilter {
	t.Helper()
	return doing(t, "grow "+string(phase), phase, `[{"op":"set","path":"top_k","value":1}]`)
}

func boundToGroup(f *domain.RequestFilter) *domain.RequestFilter {
	f.Binding, f.Groups = domain.FilterGroups, []domain.GroupID{1}
	return f
}

func requireNothingHeld(t testing.TB, w *world) {
	t.Helper()
	require.Eventually(t, func() bool { return w.gateway.Stats().BodyBytes == 0 }, 5*time.Second, time.Millisecond)
}

// Whatever writes a body anew, what it wrote counts as memory of bodies until the
// call is over: beside the client's, or in its place if it is for all calls.
func TestBodiesWrittenForACallCountAsMemory(t *testing.T) {
	t.Parallel()
	guard, final := growing(t, domain.FilterGuard), growing(t, domain.FilterFinal)
	seed := doing(t, "last", domain.FilterFinal, `[{"op":"set","path":"seed","value":1}]`)
	copied := func(f *domain.RequestFilter) *domain.RequestFilter { other := *f; return &other }
	for name, c := range map[string]struct {
		filters  []*domain.RequestFilter
		override *domain.Overrides
		want     int64
	}{
		"nothing written":          {nil, nil, buffer},
		"guard":                    {[]*domain.RequestFilter{guard}, nil, bulk},
		"guard of a provider":      {[]*domain.RequestFilter{boundTo(copied(guard), 1)}, nil, buffer + bulk},
		"guard of a group":         {[]*domain.RequestFilter{boundToGroup(copied(guard))}, nil, buffer + bulk},
		"final":                    {[]*domain.RequestFilter{final}, nil, buffer + bulk},
		"final of a provider":      {[]*domain.RequestFilter{boundTo(copied(final), 1)}, nil, buffer + bulk},
		"final of a group":         {[]*domain.RequestFilter{boundToGroup(copied(final))}, nil, buffer + bulk},
		"all of them":              {[]*domain.RequestFilter{mask("claude-5", "claude-6"), boundTo(copied(guard), 1), seed}, nil, 3 * bulk},
		"an override":              {nil, &domain.Overrides{MaxTokens: 99}, buffer + bulk},
		"an override and a filter": {[]*domain.RequestFilter{copied(final)}, &domain.Overrides{MaxTokens: 99}, buffer + bulk},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var w *world
			h, weights := weighing(&w, says(200, "application/json", message))
			w = newWorld(t, func(w *world) {
				filtering(c.filters...)(w)
				w.config.Groups = []*domain.Group{{ID: 1, Name: "default"}}
				w.config.Providers[0].Overrides = c.override
			}, h)
			require.Equal(t, 200, w.post(bulky(false)).status)
			require.InDelta(t, c.want, <-weights, 4096)
			requireNothingHeld(t, w)
		})
	}
}

func TestConvertedBodiesCountAsMemory(t *testing.T) {
	t.Parallel()
	var w *world
	h, weights := weighing(&w, streams(chatStream(t)))
	convert := converting(t, domain.TypeOpenAICompatible)
	w = newWorld(t, func(w *world) { convert(w) }, h)
	require.Equal(t, 200, w.post(bulky(true)).status)
	weight := <-weights
	require.Greater(t, weight, int64(buffer+bulk)-4096)
	require.Less(t, weight, int64(buffer+bulk*3/2), "room for what conversions append")
	requireNothingHeld(t, w)
}

// Where there is no memory for what a filter writes, nobody is asked and the
// client may come again: it is not sent unfiltered.
func TestFiltersNeedMemory(t *testing.T) {
	t.Parallel()
	for name, filters := range map[string][]*domain.RequestFilter{
		"guard":               {growing(t, domain.FilterGuard)},
		"guard of a provider": {boundTo(growing(t, domain.FilterGuard), 1)},
		"final":               {growing(t, domain.FilterFinal)},
		"final of a provider": {boundTo(growing(t, domain.FilterFinal), 1)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h, bodies := recording(says(200, "application/json", message))
			w := newWorld(t, func(w *world) {
				filtering(filters...)(w)
				w.opts.Body = intake.Limits{Raw: 2 << 20, Plain: 2 << 20, Memory: buffer + bulk/2}
			}, h)
			require.Equal(t, 503, w.post(bulky(false)).status)
			require.Empty(t, bodies)
			requireNothingHeld(t, w)
			require.Equal(t, 200, w.post(plainBody).status)
		})
	}
}

// What was written for a call goes when its answer begins, as the client's body
// does: a stream may last for minutes.
func TestAnAnswerThatBeginsFreesTheBodies(t *testing.T) {
	t.Parallel()
	next := make(chan string, 4)
	next <- messageStart("m") + textDelta("one")
	w := newWorld(t, filtering(boundTo(growing(t, domain.FilterGuard), 1), growing(t, domain.FilterFinal)), paced(next))
	res, err := w.server.Client().Do(w.request(t.Context(), bulky(true)))
	require.NoError(t, err)
	defer res.Body.Close()
	_, err = io.ReadFull(res.Body, make([]byte, 10))
	require.NoError(t, err)
	requireNothingHeld(t, w)
	next <- messageEnd()
	close(next)
	_, err = io.ReadAll(res.Body)
	require.NoError(t, err)
}

// Every attempt has its own and gives it back before the next one.
func TestAttemptsGiveTheirBodiesBack(t *testing.T) {
	t.Parallel()
	var w *world
	first, one := weighing(&w, says(503, "application/json", `{"error":"busy"}`))
	second, two := weighing(&w, says(200, "application/json", message))
	w = newWorld(t, filtering(boundTo(growing(t, domain.FilterGuard), 1, 2), doing(t, "last", domain.FilterFinal, `[{"op":"set","path":"seed","value":1}]`)), first, second)
	require.Equal(t, 200, w.post(bulky(false)).status)
	require.InDelta(t, buffer+2*bulk, <-one, 4096)
	require.InDelta(t, buffer+2*bulk, <-two, 4096)
	requireNothingHeld(t, w)
}

// A call that is mended is made once more in the same attempt.
func TestAMendedCallGivesItsFirstBodyBack(t *testing.T) {
	t.Parallel()
	var w *world
	refusals := 0
	h, weights := weighing(&w, func(rw http.ResponseWriter, r *http.Request) {
		if refusals++; refusals == 1 {
			says(400, "application/json", `{"type":"error","error":{"type":"invalid_request_error","message":"thinking.enabled.budget_tokens: Input should be greater than or equal to 1024"}}`)(rw, r)
			return
		}
		says(200, "application/json", message)(rw, r)
	})
	w = newWorld(t, filtering(growing(t, domain.FilterFinal)), h)
	body := strings.Replace(bulky(false), `"max_tokens":64`, `"max_tokens":64000,"thinking":{"type":"enabled","budget_tokens":100}`, 1)
	require.Equal(t, 200, w.post(body).status)
	require.InDelta(t, buffer+bulk, <-weights, 4096)
	require.InDelta(t, buffer+bulk, <-weights, 4096)
	requireNothingHeld(t, w)
}

func TestAClientThatLeavesFreesTheBodies(t *testing.T) {
	t.Parallel()
	var w *world
	ctx, leave := context.WithCancel(t.Context())
	h, weights := weighing(&w, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	w = newWorld(t, filtering(boundTo(growing(t, domain.FilterGuard), 1), growing(t, domain.FilterFinal)), h)
	go func() {
		<-weights
		leave()
	}()
	_, err := w.server.Client().Do(w.request(ctx, bulky(false)))
	require.ErrorIs(t, err, context.Canceled)
	require.Equal(t, domain.ClassClientAbort, w.actor.only(t).Class)
	requireNothingHeld(t, w)
}

// Both calls of a race have bodies of their own; the loser's goes while the
// winner still answers.
func TestALoserFreesItsBodies(t *testing.T) {
	t.Parallel()
	var w *world
	silent, first := slow()
	next, answers := slow()
	second, weights := weighing(&w, answers)
	w = newWorld(t, func(w *world) {
		filtering(growing(t, domain.FilterFinal))(w)
		racing(w)
		w.config.Settings.BillHedgeLosers = false
	}, first, second)
	silent <- messageStart("slow")
	next <- messageStart("fast") + textDelta("one")
	res, err := w.server.Client().Do(w.request(t.Context(), bulky(true)))
	require.NoError(t, err)
	defer res.Body.Close()
	require.InDelta(t, buffer+2*bulk, <-weights, 4096)
	requireNothingHeld(t, w)
	next <- messageEnd()
	close(next)
	_, err = io.ReadAll(res.Body)
	require.NoError(t, err)
	byAttempt(t, w)
}
