package gateway_test

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/internal/domain"
)

// recording wraps a handler and hands out the bodies it was sent.
func recording(h http.HandlerFunc) (http.HandlerFunc, <-chan string) {
	bodies := make(chan string, 8)
	return func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		bodies <- r.URL.RequestURI() + " " + string(b)
		h(w, r)
	}, bodies
}

func TestStreamPassesByteForByte(t *testing.T) {
	t.Parallel()
	h, bodies := recording(streams(wholeStream("claude-5")))
	w := newWorld(t, nil, h)
	odd := `{ "stream":true,"unknown":[1,{"x":null}] , "model":"claude-5","metadata":{"user_id":"me"},"messages":[{"role":"user","content":"h\u00e9"}]}  `
	a := w.post(odd)

	require.Equal(t, 200, a.status)
	require.Equal(t, wholeStream("claude-5"), a.body)
	require.Equal(t, "/v1/messages?beta=true "+odd, <-bodies)
	require.Equal(t, "text/event-stream", a.header.Get("Content-Type"))
	require.Regexp(t, "^req_[0-9a-z]{13}$", a.header.Get("X-Request-Id"))
	require.Equal(t, "5f0c7e5e-1111-4222-8333-444455556666", a.header.Get("X-Cch-Session-Id"))
	require.Empty(t, a.header.Get("X-Cch-Provider"))

	res := w.actor.only(t)
	require.Equal(t, domain.ClassOK, res.Class)
	require.Equal(t, 200, res.Status)
	require.True(t, res.Committed && res.Complete)
	require.Equal(t, domain.Usage{Input: 25, CacheRead: 100, Output: 15}, res.Usage)
	require.Equal(t, domain.UsageUpstream, res.UsageSource)
	require.Equal(t, "claude-5", res.ModelReturned)
	require.Equal(t, "content", res.Gate.Verdict)
	require.Positive(t, res.TTFB)
	require.GreaterOrEqual(t, res.TTFT, res.TTFB)
	require.GreaterOrEqual(t, res.Took, res.TTFT)
	require.Equal(t, []int{1}, w.actor.begun)
}

func TestDocumentPassesByteForByte(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil, says(200, "application/json", message))
	a := w.post(plainBody)
	require.Equal(t, 200, a.status)
	requireSame(t, message, a.body)
	res := w.actor.only(t)
	require.True(t, res.Complete)
	require.Equal(t, domain.Usage{Input: 25, Output: 15}, res.Usage)
	require.Nil(t, res.Gate)
}

func TestRequestAsTheActorSeesIt(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil, streams(wholeStream("claude-5")))
	a := w.post(streamBody)
	got := w.actor.lastAdmit(t)
	require.Equal(t, a.header.Get("X-Request-Id"), got.ID.String())
	require.Equal(t, domain.SessionKey{KeyID: 11, ID: "5f0c7e5e-1111-4222-8333-444455556666"}, got.Session)
	require.Equal(t, domain.SessionFromClient, got.SessionSource)
	require.Equal(t, []string{"default"}, got.Groups)
	require.Equal(t, uint64(got.ID), got.Seed)
	require.Equal(t, "claude-5", got.Model)
	require.True(t, got.Stream)
	require.Equal(t, 1, got.Messages)
	require.Equal(t, domain.CallRecord{
		Endpoint: "/v1/messages", Protocol: domain.ProtocolClaude, Class: domain.CallGenerate, Model: "claude-5", Stream: true, Messages: 1,
	}, got.Log.Call)
	require.Equal(t, "claude-code", got.Log.Client.Kind)
	require.Equal(t, "2.1.197", got.Log.Client.Version)
	require.Equal(t, "127.0.0.1", got.Log.Client.IP)
	require.Equal(t, int64(7), got.Log.ConfigVersion)

	started, finished := w.records.rows()
	require.Len(t, started, 1)
	require.Empty(t, finished, "the actor writes the end record")
	require.Equal(t, got.ID, started[0].ID)
	require.Equal(t, int64(3), started[0].SessionSeq)
}

func TestNoByteBeforeTheRowIsSafe(t *testing.T) {
	t.Parallel()
	hold := make(chan struct{})
	w := newWorld(t, func(w *world) { w.records.hold = hold }, streams(wholeStream("m")))
	got := make(chan answer, 1)
	go func() { got <- w.post(streamBody) }()
	select {
	case a := <-got:
		t.Fatalf("answered %d before the journal did", a.status)
	case <-time.After(150 * time.Millisecond):
	}
	close(hold)
	require.Equal(t, 200, (<-got).status)
}

func TestFailoverBeforeContent(t *testing.T) {
	t.Parallel()
	good := streams(wholeStream("m"))
	for name, bad := range map[string]struct {
		handler http.HandlerFunc
		failure domain.FailureKind
		status  int
		class   domain.AttemptClass
	}{
		"500":                {says(500, "application/json", `{"error":{"message":"boom"}}`), domain.FailStatus, 500, domain.ClassProviderError},
		"529":                {says(529, "application/json", `{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}`), domain.FailStatus, 529, domain.ClassProviderError},
		"401":                {says(401, "application/json", `{"error":{"message":"nope"}}`), domain.FailStatus, 401, domain.ClassProviderError},
		"404":                {says(404, "text/plain", "no"), domain.FailStatus, 404, domain.ClassResourceNotFound},
		"reset":              {breaks(""), domain.FailReset, 0, domain.ClassSystemError},
		"reset in prefix":    {breaks(messageStart("m")), domain.FailReset, 0, domain.ClassSystemError},
		"error event":        {streams(messageStart("m") + event("error", `{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}`)), domain.FailGate, 503, domain.ClassProviderError},
		"cut without error":  {streams(messageStart("m")), domain.FailEmpty, 520, domain.ClassProviderError},
		"empty stream":       {streams(""), domain.FailEmpty, 520, domain.ClassProviderError},
		"end without text":   {streams(messageStart("m") + messageEnd()), domain.FailEmpty, 520, domain.ClassProviderError},
		"page":               {says(200, "text/html", "<html>504 Gateway Time-out</html>"), domain.FailFake200, 504, domain.ClassProviderError},
		"fake 200":           {says(200, "application/json", `{"error":{"message":"rate limit reached"}}`), domain.FailFake200, 429, domain.ClassProviderError},
		"empty document":     {says(200, "application/json", ""), domain.FailEmpty, 520, domain.ClassProviderError},
		"unterminated frame": {streams("data: " + strings.Repeat("x", 2<<20)), domain.FailGate, 502, domain.ClassProviderError},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, nil, bad.handler, good)
			a := w.post(streamBody)
			require.Equal(t, 200, a.status)
			require.Equal(t, wholeStream("m"), a.body)
			results := w.actor.wait(t, 2)
			require.Len(t, results, 2)
			require.Equal(t, bad.failure, results[0].Failure)
			require.Equal(t, bad.status, results[0].Status)
			require.Equal(t, bad.class, results[0].Class)
			require.False(t, results[0].Committed)
			require.Equal(t, 2, results[1].N)
			require.Equal(t, domain.ClassOK, results[1].Class)
			started, _ := w.records.rows()
			require.Len(t, started, 1, "one row, however many attempts")
		})
	}
}

func TestUpstreamRefusalReachesTheClientAsItCame(t *testing.T) {
	t.Parallel()
	const body = `{ "type":"error", "error":{"type":"invalid_request_error","message":"max_tokens: must be positive, sk-secret0123456789"} }`
	w := newWorld(t, nil, says(400, "application/json; charset=utf-8", body))
	a := w.post(plainBody)
	require.Equal(t, 400, a.status)
	requireSame(t, body, a.body)
	res := w.actor.only(t)
	require.NotContains(t, res.Excerpt, "sk-secret0123456789", "the record is redacted")
	require.Contains(t, res.Excerpt, "must be positive")
}

func TestRetryAfterIsReported(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil, func(rw http.ResponseWriter, r *http.Request) {
		rw.Header().Set("Retry-After", "7")
		says(429, "application/json", `{}`)(rw, r)
	})
	a := w.post(streamBody)
	require.Equal(t, 503, a.status)
	require.NotEmpty(t, a.header.Get("Retry-After"))
	require.Equal(t, 7*time.Second, w.actor.only(t).RetryAfter)
}

func TestTimeoutsBecome524(t *testing.T) {
	t.Parallel()
	next := make(chan string)
	w := newWorld(t, func(w *world) {
		w.config.Providers[0].Transport.FirstByteTimeout = 30 * time.Millisecond
	}, paced(next), streams(wholeStream("m")))
	a := w.post(streamBody)
	require.Equal(t, 200, a.status)
	results := w.actor.wait(t, 2)
	require.Equal(t, domain.FailTimeout, results[0].Failure)
	require.Equal(t, domain.StatusTimeout, results[0].Status)
}

func TestBreakAfterContentEndsWithAnErrorEvent(t *testing.T) {
	t.Parallel()
	prefix := messageStart("m") + textDelta("Hel")
	w := newWorld(t, nil, breaks(prefix), streams(wholeStream("m")))
	a := w.post(streamBody)
	require.NoError(t, a.err)
	rest, found := strings.CutPrefix(a.body, prefix)
	require.True(t, found)
	require.Contains(t, rest, "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"api_error\"")
	require.Contains(t, rest, a.header.Get("X-Request-Id"))

	res := w.actor.only(t)
	require.Equal(t, domain.FailStreamBroken, res.Failure)
	require.Equal(t, domain.ClassProviderError, res.Class)
	require.Equal(t, 502, res.Status)
	require.True(t, res.Committed)
	require.False(t, res.Complete)
	require.Equal(t, domain.UsagePartial, res.UsageSource)
	require.Equal(t, int64(25), res.Usage.Input)
}

func TestStallAfterContentEndsWithATimeoutEvent(t *testing.T) {
	t.Parallel()
	next := make(chan string, 1)
	next <- messageStart("m") + textDelta("Hel")
	w := newWorld(t, func(w *world) {
		w.config.Providers[0].Transport.StreamIdleTimeout = 50 * time.Millisecond
	}, paced(next))
	a := w.post(streamBody)
	require.Contains(t, a.body, `"type":"timeout_error"`)
	res := w.actor.only(t)
	require.Equal(t, domain.FailTimeout, res.Failure)
	require.Equal(t, domain.StatusTimeout, res.Status)
	require.True(t, res.Committed)
}

func TestErrorEventInMidStreamPassesAndCounts(t *testing.T) {
	t.Parallel()
	text := messageStart("m") + textDelta("Hel") + event("error", `{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}`)
	w := newWorld(t, nil, streams(text))
	a := w.post(streamBody)
	require.Equal(t, text, a.body, "the upstream's own error event is enough")
	res := w.actor.only(t)
	require.Equal(t, domain.ClassProviderError, res.Class)
	require.Equal(t, domain.FailStreamBroken, res.Failure)
	require.Equal(t, 503, res.Status)
	require.True(t, res.StatusInferred)
}

func TestEndWithoutMarkerIsNotComplete(t *testing.T) {
	t.Parallel()
	text := messageStart("m") + textDelta("Hel")
	w := newWorld(t, nil, streams(text))
	require.Equal(t, text, w.post(streamBody).body)
	res := w.actor.only(t)
	require.Equal(t, domain.ClassOK, res.Class)
	require.False(t, res.Complete)
}

func TestBreakAfterTheMarkerIsSuccess(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil, breaks(wholeStream("m")))
	require.Equal(t, wholeStream("m"), w.post(streamBody).body)
	res := w.actor.only(t)
	require.Equal(t, domain.ClassOK, res.Class)
	require.True(t, res.Complete)
}

func TestGateOffAndShadowPassAnything(t *testing.T) {
	t.Parallel()
	text := messageStart("m") + event("error", `{"type":"error","error":{"type":"api_error","message":"broken"}}`)
	for _, mode := range []domain.GateMode{domain.GateOff, domain.GateShadow} {
		w := newWorld(t, func(w *world) { w.config.Settings.StreamGate = mode }, streams(text), streams(wholeStream("m")))
		a := w.post(streamBody)
		require.Equal(t, text, a.body, mode)
		res := w.actor.only(t)
		require.True(t, res.Committed)
		require.Equal(t, mode == domain.GateShadow, res.Gate != nil)
	}
}

func TestStreamFlowsWhileItIsMade(t *testing.T) {
	t.Parallel()
	next := make(chan string)
	w := newWorld(t, nil, paced(next))
	res := make(chan *http.Response, 1)
	go func() {
		r, err := w.server.Client().Do(w.request(t.Context(), streamBody))
		if err == nil {
			res <- r
		}
	}()
	next <- messageStart("m")
	select {
	case <-res:
		t.Fatal("committed before content")
	case <-time.After(50 * time.Millisecond):
	}
	next <- textDelta("one")
	r := <-res
	defer r.Body.Close()
	buf := make([]byte, len(messageStart("m")+textDelta("one")))
	_, err := io.ReadFull(r.Body, buf)
	require.NoError(t, err)
	next <- textDelta("two")
	_, err = io.ReadFull(r.Body, buf[:len(textDelta("two"))])
	require.NoError(t, err)
	next <- messageEnd()
	close(next)
	rest, err := io.ReadAll(r.Body)
	require.NoError(t, err)
	require.Equal(t, messageEnd(), string(rest))
}

// TestWholeFramesDoNotWaitForTheRestOfARead has a read end in the middle of a
// frame: those before it go out at once, it goes out when it is complete.
func TestWholeFramesDoNotWaitForTheRestOfARead(t *testing.T) {
	t.Parallel()
	next := make(chan string, 1)
	w := newWorld(t, nil, paced(next))
	first := messageStart("m") + textDelta("one")
	second, third := textDelta("two"), textDelta("three")
	next <- first + second + third[:20]
	res, err := w.server.Client().Do(w.request(t.Context(), streamBody))
	require.NoError(t, err)
	defer res.Body.Close()
	buf := make([]byte, len(first+second)+1)
	_, err = io.ReadFull(res.Body, buf[:len(buf)-1])
	require.NoError(t, err)
	require.Equal(t, first+second, string(buf[:len(buf)-1]))
	next <- third[20:]
	close(next)
	rest, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	require.Equal(t, third, string(rest))
}

func TestKeepAliveWhileNothingComes(t *testing.T) {
	t.Parallel()
	next := make(chan string)
	w := newWorld(t, func(w *world) { w.config.Settings.GateKeepaliveAfter = 40 * time.Millisecond }, paced(next), streams(wholeStream("m")))
	res, err := w.server.Client().Do(w.request(t.Context(), streamBody))
	require.NoError(t, err)
	defer res.Body.Close()
	require.Equal(t, 200, res.StatusCode)
	ping := "event: ping\ndata: {\"type\": \"ping\"}\n\n"
	buf := make([]byte, len(ping))
	_, err = io.ReadFull(res.Body, buf)
	require.NoError(t, err)
	require.Equal(t, ping, string(buf))

	next <- event("error", `{"type":"error","error":{"type":"api_error","message":"no"}}`) // failover still works
	rest, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	noPings := func(s string) string { return strings.ReplaceAll(s, ping, "") }
	require.Equal(t, noPings(wholeStream("m")), noPings(string(rest)))
	require.Len(t, w.actor.wait(t, 2), 2)
}

func TestRefusalAfterKeepAliveIsAnEvent(t *testing.T) {
	t.Parallel()
	next := make(chan string)
	w := newWorld(t, func(w *world) { w.config.Settings.GateKeepaliveAfter = 20 * time.Millisecond }, paced(next))
	res, err := w.server.Client().Do(w.request(t.Context(), streamBody))
	require.NoError(t, err)
	defer res.Body.Close()
	close(next) // an empty stream
	body, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	require.Equal(t, 200, res.StatusCode)
	require.Contains(t, string(body), "event: error\n")
	require.Contains(t, string(body), "no provider could answer")
}

func TestDocumentCannotFollowKeepAlives(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	w := newWorld(t, func(w *world) { w.config.Settings.GateKeepaliveAfter = 20 * time.Millisecond }, func(rw http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		<-release
		says(200, "application/json", message)(rw, r)
	})
	res, err := w.server.Client().Do(w.request(t.Context(), streamBody))
	require.NoError(t, err)
	defer res.Body.Close()
	close(release)
	body, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	require.NotContains(t, string(body), "Hello")
	require.Contains(t, string(body), "event: error\n")
	require.Equal(t, domain.FailGate, w.actor.only(t).Failure)
}

// dribbles writes an event stream byte by byte.
func dribbles(text string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Type", "text/event-stream")
		flush := http.NewResponseController(w)
		for i := range len(text) {
			_, _ = io.WriteString(w, text[i:i+1])
			_ = flush.Flush()
		}
	}
}

func TestWhereTheNetworkCutsDoesNotMatter(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(w *world) { w.actor.model = "glm-5" }, dribbles(messageStart("m")+event("error", `{"type":"error"}`)), dribbles(wholeStream("glm-5")))
	a := w.post(streamBody)
	require.Equal(t, wholeStream("claude-5"), a.body)
	results := w.actor.wait(t, 2)
	require.Equal(t, domain.FailGate, results[0].Failure)
	require.True(t, results[1].Complete)
	require.Equal(t, domain.Usage{Input: 25, CacheRead: 100, Output: 15}, results[1].Usage)
}

func TestUndividedCacheWritesCountForTheLifetimeAskedFor(t *testing.T) {
	t.Parallel()
	answer := strings.Replace(message, `"input_tokens":25`, `"input_tokens":25,"cache_creation_input_tokens":9`, 1)
	for body, want := range map[string]domain.Usage{
		strings.Replace(plainBody, `"hi"`, `[{"type":"text","text":"hi","cache_control":{"type":"ephemeral","ttl":"1h"}}]`, 1): {Input: 25, Output: 15, CacheWrite1h: 9},
		strings.Replace(plainBody, `"hi"`, `"say \"ttl\":\"1h\""`, 1):                                                          {Input: 25, Output: 15, CacheWrite5m: 9},
	} {
		w := newWorld(t, nil, says(200, "application/json", answer))
		require.Equal(t, 200, w.post(body).status)
		require.Equal(t, want, w.actor.only(t).Usage)
	}
}

func TestCountTokensPassesThrough(t *testing.T) {
	t.Parallel()
	h, bodies := recording(says(200, "application/json", `{"input_tokens":42}`))
	w := newWorld(t, nil, h)
	body := `{"model":"claude-5","messages":[{"role":"user","content":"hi"}]}`
	r := w.request(t.Context(), body)
	r.URL.Path = "/V1/messages/count_tokens/"
	a := w.do(r)
	require.Equal(t, 200, a.status)
	requireSame(t, `{"input_tokens":42}`, a.body)
	require.Equal(t, "/v1/messages/count_tokens?beta=true "+body, <-bodies, "no edit on a passthrough")
	require.Equal(t, domain.CallCount, w.actor.lastAdmit(t).Class)
	res := w.actor.only(t)
	require.True(t, res.Complete)
	require.True(t, res.Usage.IsZero())
}

func TestProviderIsNamedToAdmins(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil, streams(wholeStream("m")))
	r := w.request(t.Context(), streamBody)
	r.Header.Set("Authorization", "Bearer "+adminKey)
	require.Equal(t, "1", w.do(r).header.Get("X-Cch-Provider"))
}

func TestCompressedAnswerArrivesPlain(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil, func(rw http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		rw.Header().Set("Content-Type", "text/event-stream")
		rw.Header().Set("Content-Encoding", "gzip")
		_, _ = rw.Write(gzipped(t, wholeStream("m")))
	})
	a := w.post(streamBody)
	require.Equal(t, wholeStream("m"), a.body)
	require.Empty(t, a.header.Get("Content-Encoding"))
}

func TestActorDiesInMidRequest(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(w *world) { w.actor.dieAt = 1 }, says(500, "text/plain", "no"))
	a := w.post(streamBody)
	require.Equal(t, 500, a.status)
	require.Contains(t, a.body, `"type":"api_error"`)
	row := w.records.onlyRefusal(t)
	require.Equal(t, domain.OutcomeFailure, row.Result.Outcome)
	require.Equal(t, 500, row.Result.StatusCode)

	w = newWorld(t, func(w *world) { w.actor.dieAt = 1 }, streams(wholeStream("m")))
	a = w.post(streamBody)
	require.Equal(t, wholeStream("m"), a.body, "what was answered stays answered")
	require.Eventually(t, func() bool { _, f := w.records.rows(); return len(f) == 1 }, 5*time.Second, time.Millisecond)
	row = w.records.onlyRefusal(t)
	require.Equal(t, domain.OutcomeSuccess, row.Result.Outcome)
	require.Equal(t, int64(15), row.Usage.Output)
}

func TestShutdownBreaksStreamsOffPolitely(t *testing.T) {
	t.Parallel()
	next := make(chan string, 1)
	next <- messageStart("m") + textDelta("Hel")
	w := newWorld(t, nil, paced(next))
	res, err := w.server.Client().Do(w.request(t.Context(), streamBody))
	require.NoError(t, err)
	defer res.Body.Close()

	empty := w.gateway.Refuse()
	late := w.post(plainBody)
	require.Equal(t, 503, late.status)
	require.NotEmpty(t, late.header.Get("Retry-After"))
	require.True(t, late.closes, "a balancer shall not send more this way")
	select {
	case <-empty:
		t.Fatal("drained with a stream running")
	default:
	}
	drained := make(chan struct{})
	ctx, cancel := context.WithCancel(t.Context())
	go func() { w.gateway.Drain(ctx); close(drained) }()
	cancel()
	body, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	require.Contains(t, string(body), "event: error\n")
	require.Contains(t, string(body), "shutting down")
	<-drained
	<-empty
	require.Equal(t, domain.ClassLocalOverload, w.actor.wait(t, 1)[0].Class, "no provider is to blame")
	require.Zero(t, w.gateway.Stats().BodyBytes)
}

func TestEmptyShutdownReturnsAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.gateway.Drain(t.Context())
}

func TestProviderThatWentAwayIsAFailure(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(w *world) { w.actor.providers = []domain.ProviderID{99} })
	require.Equal(t, 503, w.post(streamBody).status)
	require.Equal(t, domain.FailRequest, w.actor.only(t).Failure)
}

func TestOversizedDocumentPassesUnexamined(t *testing.T) {
	t.Parallel()
	big := `{"type":"message","content":[{"type":"text","text":"` + strings.Repeat("x", 33<<20) + `"}]}`
	w := newWorld(t, nil, says(200, "application/json", big))
	a := w.post(plainBody)
	require.True(t, strings.HasPrefix(a.body, big) && strings.HasSuffix(big, a.body), "%d bytes of %d", len(a.body), len(big))
	require.False(t, w.actor.only(t).Complete)
}
