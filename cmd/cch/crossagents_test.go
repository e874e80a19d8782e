//go:build clients

package main

import (
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/tidwall/gjson"

	"github.com/claude-code-hub/cch/internal/testkit"
)

// foreign is an upstream of another vendor that has the agent run a command and
// is told what came of it.
type foreign struct {
	tools   func(body []byte) []string // names that a request offers
	told    func(body []byte) string   // result of a tool in the newest turn
	call    func(tool, arguments string) string
	text    string // stream that ends the turn
	results atomic.Value
	offered atomic.Value // names, for the message of a failed test
}

// foreigners are vendors of every kind, by the types of their providers.
func foreigners() map[string]*foreign {
	return map[string]*foreign{
		"claude": claudeForeign(), "openai-compatible": chatForeign(), "codex": responsesForeign(), "gemini": geminiForeign(),
	}
}

// shells are the tools by which agents run commands, and how they are called.
func shells() map[string]string {
	const command, why = "cat word.txt", "print the word"
	quoted := func(v any) string { b, _ := json.Marshal(v); return string(b) }
	return map[string]string{
		"bash":              quoted(map[string]any{"command": command, "description": why}),
		"Bash":              quoted(map[string]any{"command": command, "description": why}),
		"run_shell_command": quoted(map[string]any{"command": command, "description": why}),
		"exec_command":      quoted(map[string]any{"cmd": command}),
		"shell_command":     quoted(map[string]any{"command": command}),
		"shell":             quoted(map[string]any{"command": []string{"cat", "word.txt"}}),
	}
}

func (f *foreign) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	answer := f.text
	if result := f.told(body); result != "" {
		f.results.Store(result)
	} else {
		for _, name := range f.tools(body) {
			if arguments, ok := shells()[name]; ok {
				answer = f.call(name, arguments)
				f.offered.Store(f.tools(body))
				break
			}
		}
	}
	w.Header().Set("Content-Type", "text/event-stream")
	_, _ = io.WriteString(w, answer)
}

// named are the names at a path of a body.
func named(path string) func([]byte) []string {
	return func(body []byte) (names []string) {
		for _, name := range gjson.GetBytes(body, path).Array() {
			names = append(names, name.String())
		}
		return names
	}
}

func geminiForeign() *foreign {
	chunk := func(parts, end string) string {
		return `data: {"candidates":[{"content":{"role":"model","parts":[` + parts + `]},"index":0` + end + `}],` +
			`"usageMetadata":{"promptTokenCount":25,"candidatesTokenCount":15,"totalTokenCount":40},"modelVersion":"gemini-3-pro","responseId":"r"}` + "\n\n"
	}
	return &foreign{
		tools: named("tools.0.functionDeclarations.#.name"),
		told: func(body []byte) string {
			turns := gjson.GetBytes(body, "contents").Array()
			return turns[len(turns)-1].Get("parts.#.functionResponse.response").Get("0").Raw
		},
		call: func(tool, arguments string) string {
			return chunk(`{"functionCall":{"id":"f1","name":"`+tool+`","args":`+arguments+`},"thoughtSignature":"c2lnbmVk"}`, "") + chunk("", `,"finishReason":"STOP"`)
		},
		text: chunk(`{"text":"hello from upstream"}`, "") + chunk("", `,"finishReason":"STOP"`),
	}
}

func chatForeign() *foreign {
	chunk := func(delta, finish string) string {
		return `data: {"id":"c1","object":"chat.completion.chunk","created":1,"model":"gpt-5","choices":[{"index":0,"delta":` + delta +
			`,"finish_reason":` + finish + "}]}\n\n"
	}
	end := `data: {"id":"c1","object":"chat.completion.chunk","created":1,"model":"gpt-5","choices":[],"usage":{"prompt_tokens":25,"completion_tokens":15}}` +
		"\n\ndata: [DONE]\n\n"
	return &foreign{
		tools: named("tools.#.function.name"),
		told: func(body []byte) string {
			turns := gjson.GetBytes(body, "messages").Array()
			if last := turns[len(turns)-1]; last.Get("role").String() == "tool" {
				return last.Get("content").String()
			}
			return ""
		},
		call: func(tool, arguments string) string {
			quoted, _ := json.Marshal(arguments)
			half := strings.Index(string(quoted), "cat")
			return chunk(`{"role":"assistant","tool_calls":[{"index":0,"id":"c1","type":"function","function":{"name":"`+tool+`","arguments":`+
				string(quoted[:half])+`"}}]}`, "null") +
				chunk(`{"tool_calls":[{"index":0,"function":{"arguments":"`+string(quoted[half:])+`}}]}`, "null") +
				chunk("{}", `"tool_calls"`) + end
		},
		text: chunk(`{"role":"assistant","content":"hello from upstream"}`, "null") + chunk("{}", `"stop"`) + end,
	}
}

func responsesForeign() *foreign {
	answer := func(item, done string) string {
		response := func(status, output, usage string) string {
			return `{"id":"resp_1","object":"response","created_at":1,"status":"` + status + `","model":"gpt-5","output":[` + output + `]` + usage + `}`
		}
		n := 0
		event := func(name, rest string) string {
			n++
			return fmt.Sprintf("event: %s\ndata: {\"type\":%q,\"sequence_number\":%d,%s}\n\n", name, name, n-1, rest)
		}
		return event("response.created", `"response":`+response("in_progress", "", "")) +
			event("response.output_item.added", `"output_index":0,"item":`+item) +
			event("response.output_item.done", `"output_index":0,"item":`+done) +
			event("response.completed", `"response":`+response("completed", done, `,"usage":{"input_tokens":25,"output_tokens":15,"total_tokens":40}`))
	}
	return &foreign{
		tools: named("tools.#.name"),
		told: func(body []byte) string {
			items := gjson.GetBytes(body, "input").Array()
			if last := items[len(items)-1]; last.Get("type").String() == "function_call_output" {
				return last.Get("output").String()
			}
			return ""
		},
		call: func(tool, arguments string) string {
			quoted, _ := json.Marshal(arguments)
			item := func(status, arguments string) string {
				return `{"type":"function_call","id":"fc_1","call_id":"call_1","name":"` + tool + `","status":"` + status + `","arguments":` + arguments + `}`
			}
			return answer(item("in_progress", `""`), item("completed", string(quoted)))
		},
		text: answer(`{"type":"message","id":"msg_1","status":"in_progress","role":"assistant","content":[]}`,
			`{"type":"message","id":"msg_1","status":"completed","role":"assistant","content":[{"type":"output_text","text":"hello from upstream","annotations":[]}]}`),
	}
}

func claudeForeign() *foreign {
	answer := func(block, delta, stop string) string {
		event := func(name, data string) string { return "event: " + name + "\ndata: " + data + "\n\n" }
		return event("message_start", `{"type":"message_start","message":{"id":"msg_1","type":"message","role":"assistant","model":"claude-opus-4-8",`+
			`"content":[],"stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":25,"output_tokens":1}}}`) +
			event("content_block_start", `{"type":"content_block_start","index":0,"content_block":{"type":"thinking","thinking":"","signature":""}}`) +
			event("content_block_delta", `{"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"hm"}}`) +
			event("content_block_delta", `{"type":"content_block_delta","index":0,"delta":{"type":"signature_delta","signature":"U0lHTkVE"}}`) +
			event("content_block_stop", `{"type":"content_block_stop","index":0}`) +
			event("content_block_start", `{"type":"content_block_start","index":1,"content_block":`+block+`}`) +
			event("content_block_delta", `{"type":"content_block_delta","index":1,"delta":`+delta+`}`) +
			event("content_block_stop", `{"type":"content_block_stop","index":1}`) +
			event("message_delta", `{"type":"message_delta","delta":{"stop_reason":"`+stop+`","stop_sequence":null},"usage":{"output_tokens":15}}`) +
			event("message_stop", `{"type":"message_stop"}`)
	}
	return &foreign{
		tools: named("tools.#.name"),
		told:  toolResult,
		call: func(tool, arguments string) string {
			partial, _ := json.Marshal(arguments)
			return answer(`{"type":"tool_use","id":"toolu_1","name":"`+tool+`","input":{}}`, `{"type":"input_json_delta","partial_json":`+string(partial)+`}`, "tool_use")
		},
		text: answer(`{"type":"text","text":""}`, `{"type":"text_delta","text":"hello from upstream"}`, "end_turn"),
	}
}

// working is a hub before one foreign provider, with a directory in which an
// agent finds a random word.
func (f *foreign) working(t *testing.T, kind, client string) (h *agentHub, dir, word string) {
	t.Helper()
	h = &agentHub{Program: testkit.StartProgram(t)}
	server := httptest.NewServer(f)
	t.Cleanup(server.Close)
	status, res := h.Admin(t, http.MethodPost, "/providers", testkit.M{
		"name": kind, "type": kind, "url": server.URL, "key": "upstream-key", "acceptFormats": []string{client},
	})
	require.Equal(t, http.StatusCreated, status, res.Raw)
	h.key, h.url = h.NewKey(t, "ann"), h.URL
	dir, word = t.TempDir(), fmt.Sprintf("word-%d", rand.Uint64())
	require.NoError(t, os.WriteFile(filepath.Join(dir, "word.txt"), []byte(word), 0o600))
	return h, dir, word
}

// brought checks that the tool ran and its output came back through the hub, and
// that every request was converted and succeeded.
func (f *foreign) brought(t *testing.T, h *agentHub, word, endpoint, client string) {
	t.Helper()
	result, _ := f.results.Load().(string)
	require.Contains(t, result, word, "of the tools %v", f.offered.Load())
	rows := h.AwaitLogs(t, "endpoint="+url.QueryEscape(endpoint), 2)
	for _, row := range rows {
		require.EqualValues(t, 200, row.Get("statusCode").Int(), row.Raw)
		require.EqualValues(t, 25, row.Get("inputTokens").Int(), row.Raw)
		require.EqualValues(t, 15, row.Get("outputTokens").Int(), row.Raw)
		chain := h.Detail(t, row.Get("id").String()).Get("decisionChain")
		require.Equal(t, client, chain.Get(`#(reason=="request_success").conversion.from`).String(), chain.Raw)
	}
}

// Agents work with the providers of other vendors: the command that one of them
// asks for runs, and its output is in the next request.

func TestClaudeCodeByOtherVendors(t *testing.T) {
	for kind, f := range foreigners() {
		if kind == "claude" {
			continue
		}
		t.Run(kind, func(t *testing.T) {
			h, dir, word := f.working(t, kind, "claude")
			said := claude(t, h.Program, h.key, dir, "-p", "print the word", "--allowedTools", "Bash(cat:*)")
			require.Equal(t, "hello from upstream", said.Get("result").String(), said.Raw)
			f.brought(t, h, word, "/v1/messages", "claude")
			rowOfSession(t, h.Program, said.Get("session_id").String(), 2)
		})
	}
}

func TestCodexByOtherVendors(t *testing.T) {
	for kind, f := range foreigners() {
		if kind == "codex" {
			continue
		}
		t.Run(kind, func(t *testing.T) {
			h, dir, word := f.working(t, kind, "responses")
			write(t, dir, ".codex/config.toml", fmt.Sprintf(codexConfig, h.url))
			out := h.run(t, dir, "CODEX_BIN", []string{"CCH_KEY=" + h.key},
				"exec", "--json", "--skip-git-repo-check", "--dangerously-bypass-approvals-and-sandbox", "print the word")
			require.Contains(t, out, "hello from upstream")
			f.brought(t, h, word, "/v1/responses", "responses")
		})
	}
}

func TestGeminiCLIByOtherVendors(t *testing.T) {
	for kind, f := range foreigners() {
		if kind == "gemini" {
			continue
		}
		t.Run(kind, func(t *testing.T) {
			h, dir, word := f.working(t, kind, "gemini")
			write(t, dir, ".gemini/settings.json", geminiSettings)
			out := h.run(t, dir, "GEMINI_BIN", []string{
				"GOOGLE_GEMINI_BASE_URL=" + h.url, "GEMINI_API_KEY=" + h.key, "GEMINI_CLI_TRUST_WORKSPACE=true",
			}, "-p", "print the word", "-m", "gemini-2.5-pro", "--approval-mode", "yolo")
			require.Contains(t, out, "hello from upstream")
			f.brought(t, h, word, "/v1beta/models/gemini-2.5-pro:streamGenerateContent", "gemini")
		})
	}
}

func TestOpenCodeByOtherVendors(t *testing.T) {
	for kind, f := range foreigners() {
		if kind == "openai-compatible" {
			continue
		}
		t.Run(kind, func(t *testing.T) {
			h, dir, word := f.working(t, kind, "chat")
			write(t, dir, ".config/opencode/opencode.json", openCodeConfig("@ai-sdk/openai-compatible", h.url, h.key))
			out := h.run(t, dir, "OPENCODE_BIN", []string{"OPENCODE_DISABLE_AUTOUPDATE=1"}, "run", "-m", "cch/gpt-5", "print the word")
			require.Contains(t, out, "hello from upstream")
			f.brought(t, h, word, "/v1/chat/completions", "chat")
		})
	}
}
