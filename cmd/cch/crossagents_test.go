//go:build clients

package main

import (
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
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
	offers  string // where a request offers the shell tool
	told    func(body []byte) string
	call    func(arguments string) string // stream that calls the tool
	text    string                        // stream that ends the turn
	results atomic.Value
}

func (f *foreign) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	answer := f.text
	if result := f.told(body); result != "" {
		f.results.Store(result)
	} else if gjson.GetBytes(body, f.offers).Exists() {
		arguments, _ := json.Marshal(map[string]string{"command": "cat word.txt", "description": "print the word"})
		answer = f.call(string(arguments))
	}
	w.Header().Set("Content-Type", "text/event-stream")
	_, _ = io.WriteString(w, answer)
}

func geminiForeign() *foreign {
	chunk := func(parts, end string) string {
		return `data: {"candidates":[{"content":{"role":"model","parts":[` + parts + `]},"index":0` + end + `}],` +
			`"usageMetadata":{"promptTokenCount":25,"candidatesTokenCount":15,"totalTokenCount":40},"modelVersion":"gemini-3-pro","responseId":"r"}` + "\n\n"
	}
	return &foreign{
		offers: `tools.#.functionDeclarations.#(name=="Bash")|0`,
		told: func(body []byte) string {
			turns := gjson.GetBytes(body, "contents").Array()
			return turns[len(turns)-1].Get("parts.#.functionResponse.response").Get("0").Raw
		},
		call: func(arguments string) string {
			return chunk(`{"functionCall":{"id":"f1","name":"Bash","args":`+arguments+`},"thoughtSignature":"c2lnbmVk"}`, "") + chunk("", `,"finishReason":"STOP"`)
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
		offers: `tools.#(function.name=="Bash")`,
		told: func(body []byte) string {
			turns := gjson.GetBytes(body, "messages").Array()
			if last := turns[len(turns)-1]; last.Get("role").String() == "tool" {
				return last.Get("content").String()
			}
			return ""
		},
		call: func(arguments string) string {
			quoted, _ := json.Marshal(arguments)
			half := strings.Index(string(quoted), "cat")
			return chunk(`{"role":"assistant","tool_calls":[{"index":0,"id":"c1","type":"function","function":{"name":"Bash","arguments":`+
				string(quoted[:half])+`"}}]}`, "null") +
				chunk(`{"tool_calls":[{"index":0,"function":{"arguments":"`+string(quoted[half:])+`}}]}`, "null") +
				chunk("{}", `"tool_calls"`) + end
		},
		text: chunk(`{"role":"assistant","content":"hello from upstream"}`, "null") + chunk("{}", `"stop"`) + end,
	}
}

// Claude Code works with the providers of other vendors: the command that one of
// them asks for runs, and its output is in the next request.
func TestClaudeCodeByOtherVendors(t *testing.T) {
	for kind, f := range map[string]*foreign{"gemini": geminiForeign(), "openai-compatible": chatForeign()} {
		t.Run(kind, func(t *testing.T) {
			p := testkit.StartProgram(t)
			server := httptest.NewServer(f)
			t.Cleanup(server.Close)
			status, res := p.Admin(t, http.MethodPost, "/providers", testkit.M{
				"name": kind, "type": kind, "url": server.URL, "key": "upstream-key", "acceptFormats": []string{"claude"},
			})
			require.Equal(t, http.StatusCreated, status, res.Raw)
			dir, word := t.TempDir(), fmt.Sprintf("word-%d", rand.Uint64())
			require.NoError(t, os.WriteFile(filepath.Join(dir, "word.txt"), []byte(word), 0o600))

			said := claude(t, p, p.NewKey(t, "ann"), dir, "-p", "print the word", "--allowedTools", "Bash(cat:*)")
			require.Equal(t, "hello from upstream", said.Get("result").String(), said.Raw)
			result, _ := f.results.Load().(string)
			require.Contains(t, result, word, "the tool ran and its output came back through the hub")
			row := rowOfSession(t, p, said.Get("session_id").String(), 2)
			require.EqualValues(t, 25, row.Get("inputTokens").Int())
			require.EqualValues(t, 15, row.Get("outputTokens").Int())
			chain := p.Detail(t, row.Get("id").String()).Get("decisionChain")
			require.Equal(t, "claude", chain.Get(`#(reason=="request_success").conversion.from`).String(), chain.Raw)
		})
	}
}
