//go:build clients

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/tidwall/gjson"

	"github.com/claude-code-hub/cch/internal/testkit"
)

// toolUpstream answers a Claude client: the first turn of a conversation that
// offers the Bash tool gets a call of command, a turn with a tool result gets a
// closing text, everything else a plain text.
type toolUpstream struct {
	command string // empty = never calls a tool
	results atomic.Value
}

func (u *toolUpstream) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	if strings.HasSuffix(r.URL.Path, "/count_tokens") {
		_, _ = io.WriteString(w, `{"input_tokens":42}`)
		return
	}
	block, stop := `{"type":"text","text":""}`, "end_turn"
	delta := `{"type":"text_delta","text":"hello from upstream"}`
	if result := toolResult(body); result != "" {
		u.results.Store(result)
	} else if u.command != "" && gjson.GetBytes(body, `tools.#(name=="Bash")`).Exists() {
		input, _ := json.Marshal(map[string]string{"command": u.command, "description": "print the word"})
		partial, _ := json.Marshal(string(input))
		block, stop = `{"type":"tool_use","id":"toolu_1","name":"Bash","input":{}}`, "tool_use"
		delta = `{"type":"input_json_delta","partial_json":` + string(partial) + `}`
	}
	w.Header().Set("Content-Type", "text/event-stream")
	send := func(name, data string) { _, _ = fmt.Fprintf(w, "event: %s\ndata: %s\n\n", name, data) }
	send("message_start", `{"type":"message_start","message":{"id":"msg_1","type":"message","role":"assistant","model":`+
		gjson.GetBytes(body, "model").Raw+`,"content":[],"stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":25,"output_tokens":1}}}`)
	send("content_block_start", `{"type":"content_block_start","index":0,"content_block":`+block+`}`)
	send("content_block_delta", `{"type":"content_block_delta","index":0,"delta":`+delta+`}`)
	send("content_block_stop", `{"type":"content_block_stop","index":0}`)
	send("message_delta", `{"type":"message_delta","delta":{"stop_reason":"`+stop+`","stop_sequence":null},"usage":{"output_tokens":15}}`)
	send("message_stop", `{"type":"message_stop"}`)
}

// toolResult is the text of the tool result in the newest message, if any.
func toolResult(body []byte) string {
	messages := gjson.GetBytes(body, "messages").Array()
	if len(messages) == 0 {
		return ""
	}
	for _, b := range messages[len(messages)-1].Get("content").Array() {
		if b.Get("type").String() == "tool_result" {
			return b.Get("content").Raw
		}
	}
	return ""
}

func claude(t *testing.T, p *testkit.Program, key, dir string, args ...string) gjson.Result {
	t.Helper()
	bin := os.Getenv("CLAUDE_BIN")
	require.NotEmpty(t, bin, "CLAUDE_BIN must name the Claude Code executable")
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, bin, append(args, "--output-format", "json")...)
	cmd.Dir = dir
	cmd.Env = []string{
		"HOME=" + dir, "PATH=" + os.Getenv("PATH"), "ANTHROPIC_BASE_URL=" + p.URL, "ANTHROPIC_AUTH_TOKEN=" + key,
		"CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC=1", "DISABLE_AUTOUPDATER=1",
	}
	out, err := cmd.Output()
	require.NoError(t, err, "%s", out)
	return gjson.ParseBytes(out)
}

func startClaudeHub(t *testing.T, u *toolUpstream) (*testkit.Program, string) {
	t.Helper()
	p := testkit.StartProgram(t)
	server := httptest.NewServer(u)
	t.Cleanup(server.Close)
	status, res := p.Admin(t, http.MethodPost, "/providers", testkit.M{"name": "up", "type": "claude", "url": server.URL, "key": "upstream-key"})
	require.Equal(t, http.StatusCreated, status, res.Raw)
	return p, p.NewKey(t, "ann")
}

func TestClaudeCodeTextTurn(t *testing.T) {
	p, key := startClaudeHub(t, &toolUpstream{})
	res := claude(t, p, key, t.TempDir(), "-p", "hi")
	require.Equal(t, "hello from upstream", res.Get("result").String(), res.Raw)
	row := rowOfSession(t, p, res.Get("session_id").String(), 1)
	require.EqualValues(t, 200, row.Get("statusCode").Int())
	require.EqualValues(t, 25, row.Get("inputTokens").Int())
	require.EqualValues(t, 15, row.Get("outputTokens").Int())
}

func TestClaudeCodeToolTurn(t *testing.T) {
	dir := t.TempDir()
	word := fmt.Sprintf("word-%d", rand.Uint64())
	require.NoError(t, os.WriteFile(filepath.Join(dir, "word.txt"), []byte(word), 0o600))
	u := &toolUpstream{command: "cat word.txt"}
	p, key := startClaudeHub(t, u)
	res := claude(t, p, key, dir, "-p", "print the word", "--allowedTools", "Bash(cat:*)")
	require.Equal(t, "hello from upstream", res.Get("result").String(), res.Raw)
	result, _ := u.results.Load().(string)
	require.Contains(t, result, word, "the tool ran and its output came back through the hub")
	row := rowOfSession(t, p, res.Get("session_id").String(), 2)
	require.GreaterOrEqual(t, row.Get("sessionSeq").Int(), int64(2))
}

// rowOfSession is the newest log row of the session that the client reports,
// once it has at least n.
func rowOfSession(t *testing.T, p *testkit.Program, session string, n int) gjson.Result {
	t.Helper()
	require.NotEmpty(t, session)
	return p.AwaitLogs(t, "sessionId="+session, n)[0]
}
