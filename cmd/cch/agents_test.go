//go:build clients

package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/tidwall/gjson"

	"github.com/claude-code-hub/cch/internal/testkit"
	"github.com/claude-code-hub/cch/internal/upstream"
)

// agentHub is a hub with one upstream for every protocol. Agents call it by way
// of a tap that remembers what they sent.
type agentHub struct {
	*testkit.Program
	up  *testkit.Upstream
	key string
	url string // of the tap

	mu   sync.Mutex
	sent []*sentCall
}

// sentCall is what an agent sent, and what it was answered as far as it heard.
type sentCall struct {
	path  string
	body  []byte // decoded
	mu    sync.Mutex
	heard bytes.Buffer
}

func (c *sentCall) answer() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.heard.String()
}

// listener writes down what passes through it.
type listener struct {
	http.ResponseWriter
	call *sentCall
}

func (l *listener) Write(p []byte) (int, error) {
	l.call.mu.Lock()
	l.call.heard.Write(p)
	l.call.mu.Unlock()
	return l.ResponseWriter.Write(p)
}

// Unwrap lets the proxy flush.
func (l *listener) Unwrap() http.ResponseWriter { return l.ResponseWriter }

func startAgentHub(t *testing.T) *agentHub {
	t.Helper()
	h := &agentHub{Program: testkit.StartProgram(t), up: testkit.NewUpstream(t, "up")}
	for _, wire := range testkit.Wires() {
		h.AddProvider(t, h.up, testkit.M{"name": wire.Name, "type": wire.Provider})
	}
	h.key = h.NewKey(t, "ann")
	target, err := url.Parse(h.URL)
	require.NoError(t, err)
	proxy := httputil.NewSingleHostReverseProxy(target)
	proxy.FlushInterval = -1
	tap := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		raw, _ := io.ReadAll(r.Body)
		r.Body = io.NopCloser(bytes.NewReader(raw))
		sent := &sentCall{path: r.URL.RequestURI(), body: plain(r, raw)}
		h.mu.Lock()
		h.sent = append(h.sent, sent)
		h.mu.Unlock()
		proxy.ServeHTTP(&listener{w, sent}, r)
	}))
	t.Cleanup(tap.Close)
	h.url = tap.URL
	return h
}

// plain is a body without its encoding.
func plain(r *http.Request, raw []byte) []byte {
	encoding := r.Header.Get("Content-Encoding")
	if encoding == "" {
		return raw
	}
	decoder, err := upstream.OpenDecoder(encoding, bytes.NewReader(raw))
	if err != nil {
		return raw
	}
	body, _ := io.ReadAll(decoder)
	return body
}

// run starts an agent with a home of its own and returns what it printed.
func (h *agentHub) run(t *testing.T, home, bin string, env []string, args ...string) string {
	t.Helper()
	path := os.Getenv(bin)
	require.NotEmpty(t, path, "%s must name the executable", bin)
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, path, args...)
	cmd.Dir = home
	cmd.Env = append([]string{"HOME=" + home, "PATH=" + os.Getenv("PATH"), "NO_COLOR=1"}, env...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	require.NoError(t, err, "%s\n%s", out, stderr.String())
	return string(out)
}

// answered checks the rows of what an agent did: all are its own, all succeeded,
// and its conversation has the session and the usage. Every body that an
// upstream saw is one that the agent sent.
func (h *agentHub) answered(t *testing.T, endpoint, session string) gjson.Result {
	t.Helper()
	rows := h.AwaitLogs(t, "endpoint="+url.QueryEscape(endpoint), 1)
	for _, row := range rows {
		require.EqualValues(t, 200, row.Get("statusCode").Int(), row.Raw)
	}
	row := rows[len(rows)-1]
	require.Regexp(t, session, row.Get("sessionId").String())
	require.EqualValues(t, 25, row.Get("inputTokens").Int())
	require.EqualValues(t, 100, row.Get("cacheReadInputTokens").Int())
	require.EqualValues(t, 15, row.Get("outputTokens").Int())
	h.identical(t, endpoint)
	return row
}

// identical compares what upstreams saw with what was sent, and what they said
// with what was heard. An agent that names no user on Claude's protocol has got
// one; nothing else may differ.
func (h *agentHub) identical(t *testing.T, endpoint string) {
	t.Helper()
	h.mu.Lock()
	defer h.mu.Unlock()
	seen := 0
	for _, call := range h.up.Calls() {
		if !strings.HasPrefix(call.Path, endpoint) {
			continue
		}
		seen++
		user := `,"metadata":` + gjson.GetBytes(call.Body, "metadata").Raw
		i := slices.IndexFunc(h.sent, func(s *sentCall) bool {
			return s.path == call.Path && (bytes.Equal(s.body, call.Body) ||
				!gjson.GetBytes(s.body, "metadata").Exists() && string(s.body) == strings.Replace(string(call.Body), user, "", 1))
		})
		require.GreaterOrEqual(t, i, 0, "%s reached the upstream as no agent sent it:\n%.2000s", call.Path, call.Body)
		wire := testkit.WireOf(strings.Split(call.Path, "?")[0])
		model, stream := wire.Asked(strings.Split(call.Path, "?")[0], call.Body)
		said := wire.Document(h.up, model)
		if stream {
			said = strings.Join(wire.Frames(h.up, model), "")
		}
		heard := h.sent[i].answer() // an agent may leave once it has heard the end
		require.NotEmpty(t, heard)
		require.Equal(t, said[:min(len(said), len(heard))], heard, "%s was answered as no upstream did", call.Path)
	}
	require.NotZero(t, seen)
}

func write(t *testing.T, home, name, text string) {
	t.Helper()
	file := filepath.Join(home, name)
	require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o700))
	require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
}

func TestClaudeCode(t *testing.T) {
	h, home := startAgentHub(t), t.TempDir()
	out := h.run(t, home, "CLAUDE_BIN", []string{
		"ANTHROPIC_BASE_URL=" + h.url, "ANTHROPIC_AUTH_TOKEN=" + h.key, "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC=1", "DISABLE_AUTOUPDATER=1",
	}, "-p", "hi", "--output-format", "json")
	require.Contains(t, gjson.Get(out, "result").String(), "up-0 up-1 up-2 up-3 up-4", out)
	h.answered(t, "/v1/messages", "^"+gjson.Get(out, "session_id").String()+"$")
}

// codexConfig makes Codex call a hub, whose address it takes.
const codexConfig = `
model = "gpt-5"
model_provider = "cch"
[model_providers.cch]
name = "CCH"
base_url = "%s/v1"
env_key = "CCH_KEY"
wire_api = "responses"
`

const geminiSettings = `{"security":{"auth":{"selectedType":"gemini-api-key"}},"telemetry":{"enabled":false}}`

func TestCodex(t *testing.T) {
	h, home := startAgentHub(t), t.TempDir()
	write(t, home, ".codex/config.toml", fmt.Sprintf(codexConfig, h.url))
	out := h.run(t, home, "CODEX_BIN", []string{"CCH_KEY=" + h.key}, "exec", "--json", "--skip-git-repo-check", "hi")
	require.Contains(t, out, "up-0 up-1 up-2 up-3 up-4")
	thread := gjson.Get(out, "..#(type==\"thread.started\").thread_id").String()
	require.NotEmpty(t, thread, out)
	row := h.answered(t, "/v1/responses", "^"+thread+"$")
	require.Equal(t, "gpt-5", row.Get("model").String())
}

func TestGeminiCLI(t *testing.T) {
	h, home := startAgentHub(t), t.TempDir()
	write(t, home, ".gemini/settings.json", geminiSettings)
	out := h.run(t, home, "GEMINI_BIN", []string{
		"GOOGLE_GEMINI_BASE_URL=" + h.url, "GEMINI_API_KEY=" + h.key, "GEMINI_CLI_TRUST_WORKSPACE=true",
	}, "-p", "hi", "-m", "gemini-2.5-pro")
	require.Contains(t, out, "up-0 up-1 up-2 up-3 up-4")
	h.answered(t, "/v1beta/models/gemini-2.5-pro:streamGenerateContent", "^[0-9a-f]{32}$")
}

func openCodeConfig(npm, hub, key string) string {
	return fmt.Sprintf(
		`{"autoupdate":false,"share":"disabled","provider":{"cch":{"npm":%q,"name":"CCH","options":{"baseURL":"%s/v1","apiKey":%q},"models":{"gpt-5":{"name":"GPT"}}}}}`,
		npm, hub, key)
}

func TestOpenCode(t *testing.T) {
	for npm, endpoint := range map[string]string{
		"@ai-sdk/openai-compatible": "/v1/chat/completions",
		"@ai-sdk/anthropic":         "/v1/messages",
	} {
		t.Run(npm, func(t *testing.T) {
			h, home := startAgentHub(t), t.TempDir()
			write(t, home, ".config/opencode/opencode.json", openCodeConfig(npm, h.url, h.key))
			out := h.run(t, home, "OPENCODE_BIN", []string{"OPENCODE_DISABLE_AUTOUPDATE=1"}, "run", "-m", "cch/gpt-5", "hi")
			require.Contains(t, out, "up-0 up-1 up-2 up-3 up-4")
			h.answered(t, endpoint, "^ses_")
		})
	}
}
