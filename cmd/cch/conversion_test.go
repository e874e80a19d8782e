package main

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/tidwall/gjson"

	"github.com/claude-code-hub/cch/internal/testkit"
)

// countingServer is an upstream that counts tokens in every protocol that can be asked,
// and has no other endpoint.
func countingServer(t *testing.T) *httptest.Server {
	t.Helper()
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		w.Header().Set("Content-Type", "application/json")
		where := map[string]string{
			"/v1/messages/count_tokens": "messages", "/v1/responses/input_tokens": "input",
			"/v1beta/models/m:countTokens": "generateContentRequest.contents",
		}[r.URL.Path]
		switch {
		case where == "" || strings.Contains(r.Header.Get("Authorization")+r.Header.Get("X-Goog-Api-Key"), "cannot"):
			w.WriteHeader(http.StatusNotFound)
			_, _ = io.WriteString(w, `{"error":{"message":"no such endpoint"}}`)
		case !gjson.GetBytes(body, where).IsArray() || gjson.GetBytes(body, "stream").Exists():
			w.WriteHeader(http.StatusBadRequest)
		case strings.HasSuffix(r.URL.Path, "countTokens"):
			_, _ = io.WriteString(w, `{"totalTokens":321}`)
		default:
			_, _ = io.WriteString(w, `{"input_tokens":321}`)
		}
	}))
	t.Cleanup(srv.Close)
	return srv
}

type countCall struct{ path, body, number string }

func countCalls() map[string]countCall {
	return map[string]countCall{
		"claude":     {"/v1/messages/count_tokens", `{"model":"m","system":"S","messages":[{"role":"user","content":"how many?"}]}`, "input_tokens"},
		"responses":  {"/v1/responses/input_tokens", `{"model":"m","instructions":"S","input":[{"type":"message","role":"user","content":"how many?"}]}`, "input_tokens"},
		"gemini":     {"/v1beta/models/m:countTokens", `{"generateContentRequest":{"model":"models/m","systemInstruction":{"parts":[{"text":"S"}]},"contents":[{"role":"user","parts":[{"text":"how many?"}]}]}}`, "totalTokens"},
		"gemini-cli": {"/v1internal:countTokens", `{"request":{"model":"models/m","contents":[{"role":"user","parts":[{"text":"how many?"}]}]}}`, "totalTokens"},
	}
}

// The size of a prompt can be asked in any protocol: of the provider where it
// can be asked, else the hub guesses and says so. Nobody pays for it.
func TestTokenCountsAcrossProtocols(t *testing.T) {
	t.Parallel()
	p := testkit.StartProgram(t)
	srv := countingServer(t)
	add := func(kind, key, group string, accept any) {
		status, res := p.Admin(t, http.MethodPost, "/providers", testkit.M{
			"name": kind, "type": kind, "url": srv.URL, "key": key, "groups": []string{group}, "acceptFormats": accept,
		})
		require.Equal(t, http.StatusCreated, status, res.Raw)
	}
	key := func(group string) string {
		return p.AddKey(t, p.AddUser(t, "user of "+group, testkit.M{"groups": []string{group}}), "key")
	}
	ask := func(name, group, key string) (gjson.Result, http.Header, gjson.Result) {
		c := countCalls()[name]
		status, header, answer := p.Call(t, http.MethodPost, c.path, key, c.body)
		require.Equal(t, http.StatusOK, status, "%s in %s: %s", name, group, answer)
		row := p.AwaitLogs(t, "requestId="+header.Get("X-Request-Id"), 1)[0]
		require.Equal(t, "count", row.Get("callClass").String())
		require.EqualValues(t, 200, row.Get("statusCode").Int())
		require.Zero(t, row.Get("costUsd").Float()+row.Get("inputTokens").Float(), "unbilled")
		return gjson.Get(answer, c.number), header, row
	}
	for _, kind := range []string{"claude", "codex", "gemini"} {
		add(kind, "can", kind, "all")
		k := key(kind)
		for name := range countCalls() {
			n, header, row := ask(name, kind, k)
			require.EqualValues(t, 321, n.Int(), "%s by %s", name, kind)
			require.Empty(t, header.Get("X-Cch-Estimated"))
			require.NotZero(t, row.Get("providerId").Int())
		}
	}
	for group, accept := range map[string]any{"openai-compatible": "all", "gemini-cli": "all", "native-without": "native", "foreign": "native"} {
		kind := map[string]string{"native-without": "claude", "foreign": "codex"}[group]
		if kind == "" {
			kind = group
		}
		add(kind, "cannot", group, accept)
		n, header, row := ask("claude", group, key(group))
		require.EqualValues(t, 3, n.Int(), group) // 10 bytes
		require.Equal(t, "true", header.Get("X-Cch-Estimated"), group)
		chain := p.Detail(t, row.Get("id").String()).Get("decisionChain")
		require.Equal(t, "estimated", chain.Get("@reverse.0.reason").String(), "%s: %s", group, chain.Raw)
	}
}

// What the hub puts in front of a request for a Codex back end is the operator's
// to choose, and stands in the record.
func TestCodexInstructionsOfTheOperator(t *testing.T) {
	t.Parallel()
	p := testkit.StartProgram(t)
	up := testkit.NewUpstream(t, "up")
	p.AddProvider(t, up, testkit.M{"type": "codex", "acceptFormats": "all"})
	key := p.NewKey(t, "ann")
	special := func(header http.Header) gjson.Result {
		row := p.AwaitLogs(t, "requestId="+header.Get("X-Request-Id"), 1)[0]
		return p.Detail(t, row.Get("id").String()).Get("specialSettings")
	}
	ask := func() (string, gjson.Result) {
		status, header, answer := p.Messages(t, key, testkit.Prompt(false, "hi"))
		require.Equal(t, http.StatusOK, status, answer)
		calls := up.Calls()
		return gjson.GetBytes(calls[len(calls)-1].Body, "instructions").String(), special(header)
	}
	text, found := ask()
	require.True(t, strings.HasPrefix(text, "You are a coding agent running in the Codex CLI"), text)
	require.Equal(t, "absent", found.Get("0.trigger").String(), found.Raw)

	status, res := p.Admin(t, http.MethodPatch, "/settings", testkit.M{"codexInstructions": "Be Codex."})
	require.Equal(t, http.StatusOK, status, res.Raw)
	text, found = ask()
	require.Equal(t, "Be Codex.", text)
	require.Equal(t, "codex_instructions", found.Get("0.type").String(), found.Raw)
	require.Equal(t, "auto", found.Get("0.mode").String())

	path, body := "/v1/responses", `{"model":"m","stream":false,"prompt_cache_key":"none","input":[]}`
	status, header, answer := p.Call(t, http.MethodPost, path, key, body, "Session-Id", "0199a213-81c0-7800-8aa1-bbab2a035a53")
	require.Equal(t, http.StatusOK, status, answer)
	calls := up.Calls()
	require.Equal(t, body, string(calls[len(calls)-1].Body), "native bytes are not touched")
	require.Empty(t, special(header).Array())
}

// What an operator says of a model in its price row decides what can be converted
// for it, whatever the table inside the binary holds.
func TestCapabilitiesOfThePriceRow(t *testing.T) {
	t.Parallel()
	p := testkit.StartProgram(t)
	up := testkit.NewUpstream(t, "up")
	p.AddProvider(t, up, testkit.M{"type": "openai-compatible", "acceptFormats": "all"})
	key := p.NewKey(t, "ann")
	const picture = `{"model":"blind-1","max_tokens":9,"messages":[{"role":"user","content":[{"type":"text","text":"what is it?"},` +
		`{"type":"image","source":{"type":"base64","media_type":"image/png","data":"AAAA"}}]}]}`
	status, _, answer := p.Messages(t, key, picture)
	require.Equal(t, http.StatusOK, status, answer)
	status, res := p.Admin(t, http.MethodPut, "/model-prices/blind-1", testkit.M{
		"mode": "chat", "rates": testkit.M{"input": "1", "output": "2"}, "capabilities": testkit.M{"thinking": "none", "vision": false},
	})
	require.Equal(t, http.StatusOK, status, res.Raw)
	status, _, answer = p.Messages(t, key, picture)
	require.Equal(t, http.StatusBadRequest, status, answer)
	require.Contains(t, gjson.Get(answer, "error.message").String(), "image cannot be converted", answer)
}

// A conversation that is too long is told so in the words that the client's
// agent knows, whoever the provider is, and nobody else is asked.
func TestContextLengthInTheClientsWords(t *testing.T) {
	t.Parallel()
	p := testkit.StartProgram(t)
	refusals := map[string]string{
		"claude":            `{"type":"error","error":{"type":"invalid_request_error","message":"prompt is too long: 210000 tokens > 200000 maximum"}}`,
		"openai-compatible": `{"error":{"message":"This model's maximum context length is 200000 tokens. However, your messages resulted in 210000 tokens.","type":"invalid_request_error","param":"messages","code":"context_length_exceeded"}}`,
		"gemini":            `{"error":{"code":400,"message":"The input token count (210000) exceeds the maximum number of tokens allowed (200000).","status":"INVALID_ARGUMENT"}}`,
	}
	refusals["codex"] = refusals["openai-compatible"]
	words := map[string]string{
		"claude": "prompt is too long: 210000 tokens > 200000 maximum",
		"chat":   "This model's maximum context length is 200000 tokens. However, your messages resulted in 210000 tokens.",
		"gemini": "The input token count (210000) exceeds the maximum number of tokens allowed (200000).",
	}
	words["responses"], words["gemini-cli"] = words["chat"], words["gemini"]
	key := p.NewKey(t, "ann")
	for kind, refusal := range refusals {
		calls := 0
		srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			calls++
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(http.StatusBadRequest)
			_, _ = io.WriteString(w, refusal)
		}))
		t.Cleanup(srv.Close)
		status, res := p.Admin(t, http.MethodPost, "/providers", testkit.M{
			"name": kind, "type": kind, "url": srv.URL, "key": "k", "acceptFormats": "all", "allowedModels": []string{"for-" + kind},
			"circuitBreaker": testkit.M{"failureThreshold": 1},
		})
		require.Equal(t, http.StatusCreated, status, res.Raw)
		for _, client := range testkit.Wires() {
			for _, stream := range []bool{true, false} {
				calls = 0
				path, body := client.Call("for-"+kind, stream, "long")
				status, _, answer := p.Call(t, http.MethodPost, path, key, body)
				name := fmt.Sprintf("%s by %s: %s", client.Name, kind, answer)
				require.Equal(t, http.StatusBadRequest, status, name)
				require.Equal(t, words[client.Name], gjson.Get(answer, "error.message").String(), name)
				if client.Name == "chat" || client.Name == "responses" {
					require.Equal(t, "context_length_exceeded", gjson.Get(answer, "error.code").String(), name)
				}
				require.Equal(t, 1, calls, name)
			}
		}
	}
}
