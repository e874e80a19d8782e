package gateway_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/tidwall/gjson"

	"github.com/claude-code-hub/cch/internal/domain"
)

// eachWire runs a check for every protocol.
func eachWire(t *testing.T, check func(t *testing.T, p wire)) {
	t.Helper()
	for name, p := range wires() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			check(t, p)
		})
	}
}

func TestStreamsOfEveryProtocolPassByteForByte(t *testing.T) {
	t.Parallel()
	eachWire(t, func(t *testing.T, p wire) {
		t.Helper()
		h, bodies := recording(streams(p.stream("m-1")))
		w := newWorld(t, nil, h)
		a := w.callTo("POST", as("m-1", p.path), as("m-1", p.body))
		require.Equal(t, 200, a.status, a.body)
		requireSame(t, p.stream("m-1"), a.body)
		requireSame(t, as("m-1", p.path+" "+p.body), <-bodies)

		res := w.actor.only(t)
		require.Equal(t, domain.ClassOK, res.Class)
		require.True(t, res.Complete)
		require.Equal(t, p.usage, res.Usage)
		require.Equal(t, "m-1", res.ModelReturned)
		require.Equal(t, "content", res.Gate.Verdict)
		got := w.actor.lastAdmit(t)
		require.Equal(t, p.protocol, got.Protocol)
		require.Equal(t, "m-1", got.Model)
		require.True(t, got.Stream)
		require.False(t, got.Verbatim)
		require.Equal(t, 1, got.Messages)
	})
}

func TestDocumentsOfEveryProtocolPassByteForByte(t *testing.T) {
	t.Parallel()
	eachWire(t, func(t *testing.T, p wire) {
		t.Helper()
		h, bodies := recording(says(200, "application/json", as("m-1", p.document)))
		w := newWorld(t, nil, h)
		a := w.callTo("POST", as("m-1", p.plain), as("m-1", p.unstreamed()))
		require.Equal(t, 200, a.status, a.body)
		requireSame(t, as("m-1", p.document), a.body)
		requireSame(t, as("m-1", p.plain+" "+p.unstreamed()), <-bodies)
		res := w.actor.only(t)
		require.True(t, res.Complete)
		require.Equal(t, p.usage, res.Usage)
		require.False(t, w.actor.lastAdmit(t).Stream)
	})
}

func TestRedirectInEveryProtocol(t *testing.T) {
	t.Parallel()
	eachWire(t, func(t *testing.T, p wire) {
		t.Helper()
		for _, streamed := range []bool{true, false} {
			path, body, kind, said, want := p.path, p.body, "text/event-stream", p.stream("other-2"), p.stream("m-1")
			if !streamed {
				path, body, kind, said, want = p.plain, p.unstreamed(), "application/json", as("other-2", p.document), as("m-1", p.document)
			}
			h, bodies := recording(says(200, kind, said))
			w := newWorld(t, func(w *world) { w.actor.model = "other-2" }, h)
			a := w.callTo("POST", as("m-1", path), as("m-1", body))
			requireSame(t, want, a.body)
			requireSame(t, as("other-2", path+" "+body), <-bodies)
			require.Equal(t, "other-2", w.actor.only(t).ModelReturned)
		}
	})
}

func TestNoAnswerInEveryProtocolFailsOver(t *testing.T) {
	t.Parallel()
	eachWire(t, func(t *testing.T, p wire) {
		t.Helper()
		for name, c := range map[string]struct {
			said string
			kind domain.FailureKind
		}{
			"error event": {p.broken, domain.FailGate},
			"nothing":     {p.empty, domain.FailEmpty},
			"cut":         {"", domain.FailEmpty},
		} {
			w := newWorld(t, nil, streams(c.said), streams(p.stream("m-1")))
			a := w.callTo("POST", as("m-1", p.path), as("m-1", p.body))
			require.Equal(t, 200, a.status, name)
			requireSame(t, p.stream("m-1"), a.body)
			require.Equal(t, c.kind, w.actor.wait(t, 2)[0].Failure, name)
		}
	})
}

func TestBreakInTheMiddleOfEveryProtocol(t *testing.T) {
	t.Parallel()
	eachWire(t, func(t *testing.T, p wire) {
		t.Helper()
		begun := as("m-1", p.events[0]+p.events[1])
		if len(p.events) == 2 { // the second one is the last
			begun = as("m-1", p.events[0])
		}
		for _, torn := range []string{"", `data: {"ha`} {
			w := newWorld(t, nil, breaks(begun+torn))
			a := w.callTo("POST", as("m-1", p.path), as("m-1", p.body))
			require.NoError(t, a.err)
			rest, found := strings.CutPrefix(a.body, begun)
			require.True(t, found, a.body)
			require.True(t, strings.HasPrefix(rest, p.cut), rest)
			require.NotContains(t, rest, "[DONE]")
			require.Equal(t, domain.FailStreamBroken, w.actor.only(t).Failure)
		}
	})
}

// TestEveryProtocolCutAnywhere breaks the first provider's stream off at every
// byte. Before content the client gets the second one's answer and nothing else,
// afterwards the whole frames that came and an error, or the whole answer where
// nothing was missing but the end.
func TestEveryProtocolCutAnywhere(t *testing.T) {
	t.Parallel()
	t.Run("claude", func(t *testing.T) {
		t.Parallel()
		cutAnywhere(t, wire{
			protocol: domain.ProtocolClaude, path: "/v1/messages", body: strings.Replace(streamBody, "claude-5", "$", 1),
			events: []string{messageStart("$"), event("ping", `{"type": "ping"}`), textDelta("Hel"), textDelta("lo"), messageEnd()},
		})
	})
	eachWire(t, cutAnywhere)
}

func cutAnywhere(t *testing.T, p wire) {
	t.Helper()
	whole, other := p.stream("m-1"), p.stream("m-2")
	cut := make(chan int, 1)
	w := newWorld(t, nil, func(rw http.ResponseWriter, r *http.Request) { breaks(whole[:<-cut])(rw, r) }, streams(other))
	committed := false
	for at := range len(whole) {
		cut <- at
		a := w.callTo("POST", as("m-1", p.path), as("m-1", p.body))
		require.Equal(t, 200, a.status)
		if a.body == other {
			require.False(t, committed, "byte %d: no way back after content", at)
			continue
		}
		committed = true
		frames := whole[:strings.LastIndex(whole[:at], "\n\n")+2]
		if a.body == frames || a.body == whole[:at] {
			require.True(t, w.actor.last().Complete, "byte %d: %s", at, a.body)
			continue
		}
		rest, found := strings.CutPrefix(a.body, frames)
		require.True(t, found, "byte %d: %s", at, a.body)
		require.Contains(t, rest, "broke the answer off", "byte %d", at)
		require.Equal(t, 1, strings.Count(rest, "\n\n"), "byte %d: %s", at, rest)
	}
	require.True(t, committed)
}

func TestRefusalsInEveryProtocol(t *testing.T) {
	t.Parallel()
	shape := map[domain.Protocol]string{
		domain.ProtocolChat: "error.code", domain.ProtocolResponses: "error.code",
		domain.ProtocolGemini: "error.details.0.reason", domain.ProtocolGeminiCLI: "error.details.0.reason",
	}
	eachWire(t, func(t *testing.T, p wire) {
		t.Helper()
		w := newWorld(t, nil)
		a := w.callTo("POST", as("m-1", p.path), `{"model":`)
		require.Equal(t, 400, a.status)
		require.Equal(t, "bad_json", gjson.Get(a.body, shape[p.protocol]).Str, a.body)
		if strings.Contains(p.body, "$") {
			a = w.callTo("POST", p.path, strings.Replace(p.body, `"model":"$",`, "", 1))
			require.Equal(t, "model_required", gjson.Get(a.body, shape[p.protocol]).Str, a.body)
		}
		a = w.callTo("POST", as("m-1", p.path), p.body, "Authorization", "Bearer sk-unknown")
		require.Equal(t, 401, a.status)
		require.Equal(t, "invalid_api_key", gjson.Get(a.body, shape[p.protocol]).Str, a.body)
	})
}

func TestCountEndpoints(t *testing.T) {
	t.Parallel()
	for path, c := range map[string]struct{ body, said string }{
		"/v1/messages/count_tokens":                  {`{"model":"m","messages":[]}`, `{"input_tokens":42}`},
		"/v1/responses/input_tokens":                 {`{"input":"hi"}`, `{"object":"response.input_tokens","input_tokens":42}`},
		"/v1beta/models/m:countTokens":               {`{"contents":[]}`, `{"totalTokens":42}`},
		"/v1internal:countTokens":                    {`{"request":{"model":"models/m","contents":[]}}`, `{"totalTokens":42}`},
		"/v1/publishers/google/models/m:countTokens": {`{"contents":[]}`, `{"totalTokens":42}`},
	} {
		h, bodies := recording(says(200, "application/json", c.said))
		w := newWorld(t, nil, h)
		a := w.callTo("POST", path, c.body)
		require.Equal(t, 200, a.status, a.body)
		require.Equal(t, c.said, a.body)
		require.Equal(t, path+" "+c.body, <-bodies)
		require.Equal(t, domain.CallCount, w.actor.lastAdmit(t).Class)
		require.Zero(t, w.actor.only(t).Usage)
	}
}

func TestKeepAliveOfEveryProtocol(t *testing.T) {
	t.Parallel()
	pings := map[domain.Protocol]bool{domain.ProtocolChat: true, domain.ProtocolResponses: true}
	eachWire(t, func(t *testing.T, p wire) {
		t.Helper()
		next := make(chan string)
		w := newWorld(t, func(w *world) { w.config.Settings.GateKeepaliveAfter = 20 * time.Millisecond }, paced(next))
		go func() {
			time.Sleep(100 * time.Millisecond) // the slowness itself
			next <- p.stream("m-1")
			close(next)
		}()
		a := w.callTo("POST", as("m-1", p.path), as("m-1", p.body))
		require.Equal(t, 200, a.status)
		require.Equal(t, pings[p.protocol], strings.HasPrefix(a.body, ": ping\n\n"), a.body)
		requireSame(t, p.stream("m-1"), strings.ReplaceAll(a.body, ": ping\n\n", ""))
	})
}
