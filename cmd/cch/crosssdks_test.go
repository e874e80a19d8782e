//go:build clients

package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/tidwall/gjson"

	"github.com/claude-code-hub/cch/internal/testkit"
)

// vendor is an upstream that calls tools in the first turn, as one of the
// converters' vectors says, and thinks and talks in the next.
type vendor struct {
	kind     string // of the provider
	vector   string // of the first turn
	thinks   string // stream of the second
	signs    string // token that has to come back with the second request
	thinking string // of the second turn
	mu       sync.Mutex
	last     string
}

const thinkingOfClaude = `data: {"type":"message_start","message":{"id":"msg_9","type":"message","role":"assistant","model":"m","content":[],"stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":25,"output_tokens":1}}}

data: {"type":"content_block_start","index":0,"content_block":{"type":"thinking","thinking":"","signature":""}}

data: {"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"Let me "}}

data: {"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"think."}}

data: {"type":"content_block_delta","index":0,"delta":{"type":"signature_delta","signature":"U0lH"}}

data: {"type":"content_block_stop","index":0}

data: {"type":"content_block_start","index":1,"content_block":{"type":"text","text":""}}

data: {"type":"content_block_delta","index":1,"delta":{"type":"text_delta","text":"Hello"}}

data: {"type":"content_block_stop","index":1}

data: {"type":"message_delta","delta":{"stop_reason":"end_turn","stop_sequence":null},"usage":{"output_tokens":15}}

data: {"type":"message_stop"}

`

const thinkingOfChat = `data: {"id":"c9","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{"role":"assistant","reasoning_content":"Let me "},"finish_reason":null}]}

data: {"id":"c9","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{"reasoning_content":"think."},"finish_reason":null}]}

data: {"id":"c9","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{"content":"Hello"},"finish_reason":null}]}

data: {"id":"c9","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}

data: [DONE]

`

func vendors(t *testing.T) map[string]*vendor {
	t.Helper()
	return map[string]*vendor{
		"claude":    {kind: "claude", vector: "stream-02-claude-thinking-two-tools", thinks: thinkingOfClaude, signs: "EqQBCgIYAhIk", thinking: "Let me think."},
		"chat":      {kind: "openai-compatible", vector: "stream-10-chat-reasoning-parallel-tools", thinks: thinkingOfChat, thinking: "Let me think."},
		"responses": {kind: "codex", vector: "stream-17-responses-tools", thinks: vector(t, "stream-16-responses-reasoning-text", "upstream.responses.sse"), signs: "gAAAAABk", thinking: "First.\n\nSecond."},
		"gemini":    {kind: "gemini", vector: "stream-21-gemini-function-calls", thinks: vector(t, "stream-20-gemini-thoughts-text", "upstream.gemini.sse"), signs: "CpcBAdHt", thinking: "**Plan**"},
	}
}

func vector(t *testing.T, name, file string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("..", "..", "converters", "convert", "testdata", "vectors", name, file))
	require.NoError(t, err)
	return string(b)
}

// serve starts the vendor that speaks a format.
func (v *vendor) serve(t *testing.T, format string) *httptest.Server {
	t.Helper()
	calls := vector(t, v.vector, "upstream."+format+".sse")
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		v.mu.Lock()
		v.last = string(body)
		v.mu.Unlock()
		w.Header().Set("Content-Type", "text/event-stream")
		if strings.Contains(string(body), "sunny-7") {
			_, _ = io.WriteString(w, v.thinks)
			return
		}
		_, _ = io.WriteString(w, calls)
	}))
	t.Cleanup(srv.Close)
	return srv
}

func (v *vendor) saw() string {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.last
}

// The official library of each format holds a conversation with a model of each
// other vendor: it streams a tool call, sends the result back, and streams
// thinking and text. What the vendor signed comes back to it.
func TestEverySDKByEveryOtherVendor(t *testing.T) {
	p := testkit.StartProgram(t)
	all := vendors(t)
	for format, v := range all {
		status, res := p.Admin(t, http.MethodPost, "/providers", testkit.M{
			"name": format, "type": v.kind, "url": v.serve(t, format).URL, "key": "k", "acceptFormats": "all", "allowedModels": []string{"by-" + format},
		})
		require.Equal(t, http.StatusCreated, status, res.Raw)
	}
	h := &agentHub{Program: p, key: p.NewKey(t, "ann"), url: p.URL}
	scripts := map[string]string{"claude": "cross-anthropic.cjs", "chat": "cross-chat.cjs", "responses": "cross-responses.cjs", "gemini": "cross-gemini.cjs"}
	for client, script := range scripts {
		for format, v := range all {
			if client == format {
				continue
			}
			t.Run(client+" by "+format, func(t *testing.T) {
				turns := h.sdk(t, script, "MODEL=by-"+format)
				want := saidIn(t, client, gjson.Parse(vector(t, v.vector, "expected."+client+".json")))
				require.Equal(t, want.text, turns.Get("0.text").String(), turns.Raw)
				require.Equal(t, want.thinking, turns.Get("0.thinking").String(), turns.Raw)
				require.Equal(t, want.calls, callsIn(turns.Get("0.calls"), "id", "name", "args"), turns.Raw)

				require.Equal(t, v.thinking, turns.Get("1.thinking").String(), turns.Raw)
				require.True(t, strings.HasPrefix(turns.Get("1.text").String(), "Hello"), turns.Raw)
				require.Contains(t, v.saw(), "sunny-7")
				require.Contains(t, v.saw(), v.signs, "what the vendor signed comes back to it")
				require.NotContains(t, v.saw(), "gwr1.")
				p.AwaitLogs(t, "model=by-"+format, 2)
			})
		}
	}
}

// said is what a client makes of an answer.
type said struct {
	text, thinking string
	calls          []string
}

// saidIn reads a whole answer in a client's format.
func saidIn(t *testing.T, client string, a gjson.Result) (s said) {
	t.Helper()
	join := func(path string) string {
		var b strings.Builder
		for _, piece := range a.Get(path).Array() {
			b.WriteString(piece.String())
		}
		return b.String()
	}
	switch client {
	case "claude":
		s = said{join(`content.#(type=="text")#.text`), join(`content.#(type=="thinking")#.thinking`), callsIn(a.Get(`content.#(type=="tool_use")#`), "id", "name", "input")}
	case "chat":
		s = said{
			a.Get("choices.0.message.content").String(), a.Get("choices.0.message.reasoning_content").String(),
			callsIn(a.Get("choices.0.message.tool_calls"), "id", "function.name", "function.arguments"),
		}
	case "responses":
		s = said{join(`output.#(type=="message")#.content.0.text`), join(`output.#(type=="reasoning")#.summary.0.text`), callsIn(a.Get(`output.#(type=="function_call")#`), "call_id", "name", "arguments")}
	case "gemini":
		calls := a.Get("candidates.0.content.parts.#.functionCall")
		for _, part := range a.Get("candidates.0.content.parts").Array() {
			switch {
			case part.Get("thought").Bool():
				s.thinking += part.Get("text").String()
			default:
				s.text += part.Get("text").String()
			}
		}
		s.calls = callsIn(calls, "id", "name", "args")
	}
	return s
}

// callsIn reads calls as "id name arguments".
func callsIn(list gjson.Result, id, name, args string) (out []string) {
	for _, call := range list.Array() {
		arguments := call.Get(args)
		text := arguments.Raw
		if arguments.Type == gjson.String {
			text = arguments.String()
		}
		out = append(out, call.Get(id).String()+" "+call.Get(name).String()+" "+gjson.Get(text, "@ugly").Raw)
	}
	return out
}
