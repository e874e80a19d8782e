package main

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/internal/testkit"
)

// protocolHub is a hub with a failing provider before a healthy one for every
// protocol.
type protocolHub struct {
	*testkit.Program
	bad, good *testkit.Upstream
	ids       map[string]int64 // of the healthy provider, by protocol
	key       string
}

func startProtocolHub(t *testing.T) *protocolHub {
	t.Helper()
	h := &protocolHub{
		Program: testkit.StartProgram(t), bad: testkit.NewUpstream(t, "bad"), good: testkit.NewUpstream(t, "good"), ids: map[string]int64{},
	}
	for _, wire := range testkit.Wires() {
		h.AddProvider(t, h.bad, testkit.M{
			"name": "bad-" + wire.Name, "type": wire.Provider, "priority": 0, "firstByteTimeoutStreamingMs": 1000,
			"circuitBreaker": testkit.M{"failureThreshold": 0},
		})
		h.ids[wire.Name] = h.AddProvider(t, h.good, testkit.M{"name": "good-" + wire.Name, "type": wire.Provider, "priority": 1})
	}
	h.key = h.NewKey(t, "ann")
	return h
}

func TestEveryProtocolFailsOverUnseen(t *testing.T) {
	t.Parallel()
	h := startProtocolHub(t)
	modes := []testkit.Mode{
		testkit.Status500, testkit.Reset, testkit.Hang, testkit.CutEarly, testkit.Fake200, testkit.Empty200,
		testkit.Status429, // the last, as it keeps requests away for a while
	}
	for _, wire := range testkit.Wires() {
		for _, mode := range modes {
			reason := "retry_failed"
			if mode == testkit.Reset {
				reason = "system_error"
			}
			name := wire.Name + " " + string(mode)
			h.bad.Set(mode)
			before := h.bad.Count()
			path, body := wire.Call("model-1", true, name)
			status, header, answer := h.Call(t, http.MethodPost, path, h.key, body)
			require.Equal(t, http.StatusOK, status, "%s: %s", name, answer)
			require.Equal(t, strings.Join(wire.Frames(h.good, "model-1"), ""), answer, name)
			require.Greater(t, h.bad.Count(), before, "%s: the failing provider was asked first", name)
			sent := h.good.Calls()[h.good.Count()-1]
			require.Equal(t, body, string(sent.Body), "%s: untouched", name)
			require.Equal(t, path, sent.Path, name)

			row := h.AwaitLogs(t, "requestId="+header.Get("X-Request-Id"), 1)[0]
			require.Equal(t, h.ids[wire.Name], row.Get("providerId").Int(), name)
			require.Equal(t, "model-1", row.Get("model").String(), name)
			require.EqualValues(t, 25, row.Get("inputTokens").Int(), name)
			require.EqualValues(t, 100, row.Get("cacheReadInputTokens").Int(), name)
			require.EqualValues(t, 15, row.Get("outputTokens").Int(), name)
			require.Equal(t, header.Get("X-Cch-Session-Id"), row.Get("sessionId").String(), name)
			chain := h.Detail(t, row.Get("id").String()).Get("decisionChain.#.reason").Raw
			require.Contains(t, chain, `"`+reason+`"`, name)
			require.Contains(t, chain, `"retry_success"`, name)
		}
	}
}

func TestEveryProtocolIsRedirectedAndCounted(t *testing.T) {
	t.Parallel()
	p := testkit.StartProgram(t)
	up := testkit.NewUpstream(t, "up")
	for _, wire := range testkit.Wires() {
		p.AddProvider(t, up, testkit.M{
			"name": wire.Name, "type": wire.Provider, "modelRedirects": []testkit.M{{"matchType": "exact", "source": "alias", "target": "real"}},
		})
	}
	key := p.NewKey(t, "ann")
	for _, wire := range testkit.Wires() {
		for _, stream := range []bool{true, false} {
			path, body := wire.Call("alias", stream, "hi "+wire.Name)
			status, header, answer := p.Call(t, http.MethodPost, path, key, body)
			require.Equal(t, http.StatusOK, status, answer)
			want := wire.Document(up, "alias")
			if stream {
				want = strings.Join(wire.Frames(up, "alias"), "")
			}
			require.Equal(t, want, answer, "%s: the answer names the model that was asked for", wire.Name)
			sent := up.Calls()[up.Count()-1]
			model, streamed := wire.Asked(strings.Split(sent.Path, "?")[0], sent.Body)
			require.Equal(t, "real", model)
			require.Equal(t, stream, streamed)
			row := p.AwaitLogs(t, "requestId="+header.Get("X-Request-Id"), 1)[0]
			require.Equal(t, "alias", row.Get("model").String())
			require.EqualValues(t, 15, row.Get("outputTokens").Int())
		}
	}
}

func TestErrorsInTheShapeOfEveryProtocol(t *testing.T) {
	t.Parallel()
	h := startProtocolHub(t)
	h.bad.Set(testkit.Status500)
	h.good.Set(testkit.Status500)
	marks := map[string]string{
		"claude": `"type":"error"`, "chat": `"code":"all_providers_failed"`, "responses": `"code":"all_providers_failed"`,
		"gemini": `"status":"UNAVAILABLE"`, "gemini-cli": `"status":"UNAVAILABLE"`,
	}
	for _, wire := range testkit.Wires() {
		path, body := wire.Call("model-1", true, "fail")
		status, header, answer := h.Call(t, http.MethodPost, path, h.key, body)
		require.Equal(t, http.StatusServiceUnavailable, status, wire.Name)
		require.Contains(t, answer, marks[wire.Name], wire.Name)
		require.NotEmpty(t, header.Get("Retry-After"))
	}
}

func TestModelsThroughTheProgram(t *testing.T) {
	t.Parallel()
	p := testkit.StartProgram(t)
	up := testkit.NewUpstream(t, "up")
	p.AddProvider(t, up, testkit.M{"type": "openai-compatible", "allowedModels": []string{"gpt-a", "gpt-b"}})
	p.AddProvider(t, up, testkit.M{"name": "c", "type": "claude", "allowedModels": []string{"claude-a"}})
	key := p.NewKey(t, "ann")
	_, _, list := p.Call(t, http.MethodGet, "/v1/models", key, "")
	require.Contains(t, list, `"gpt-a"`)
	require.Contains(t, list, `"gpt-b"`)
	require.NotContains(t, list, `"claude-a"`)
	_, _, list = p.Call(t, http.MethodGet, "/v1/models", key, "", "Anthropic-Version", "2023-06-01")
	require.Contains(t, list, `"claude-a"`)
	_, _, list = p.Call(t, http.MethodGet, "/api/v1/me/models", key, "")
	require.JSONEq(t, `{"items":[{"id":"claude-a","protocols":["claude"]},{"id":"gpt-a","protocols":["chat"]},{"id":"gpt-b","protocols":["chat"]}]}`, list)
	require.Zero(t, up.Count(), "the rules name all models")
}
