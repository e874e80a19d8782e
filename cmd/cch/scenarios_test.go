package main

import (
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/tidwall/gjson"

	"github.com/claude-code-hub/cch/internal/testkit"
)

// row is one row of the classification table: what the first provider does, and
// what has to come of it.
type row struct {
	name   string
	answer func(w http.ResponseWriter, r *http.Request, wire testkit.Wire)
	config testkit.M // of the first provider

	reasons  string // of the attempts, in order
	status   int    // the client's; 0 = the second provider's answer
	failures int64  // that the first provider's breaker counts
	streamed bool   // happens to streams alone
}

const switched = " retry_success"

func rows() []row {
	return []row{
		{name: "500", answer: refuses(500, "it broke"), reasons: "retry_failed retry_failed" + switched, failures: 1},
		{name: "529", answer: refuses(529, "overloaded"), reasons: "retry_failed" + switched, failures: 1},
		{name: "503-retry-after", answer: withHeader("Retry-After", "9", refuses(503, "later")), reasons: "retry_failed" + switched, failures: 0},
		{name: "dial", config: testkit.M{"url": "closed"}, reasons: "system_error" + switched},
		{name: "reset", answer: resets, reasons: "system_error system_error" + switched},
		{name: "404-pool", answer: refuses(404, "Not supported by any configured account in this group"), reasons: "resource_not_found" + switched},
		{
			name: "400-disk", answer: refuses(400, "disk storage creation failed: disk free-space floor reached"),
			reasons: "retry_failed retry_failed" + switched, failures: 1,
		},
		{name: "too-long", answer: refuses(400, "prompt is too long: 210000 tokens > 200000 maximum"), reasons: "client_error_non_retryable", status: 400},
		{name: "rule", answer: refuses(400, "tool_use ids must be unique"), reasons: "client_error_non_retryable", status: 400},
		{name: "404", answer: refuses(404, "no such model"), reasons: "resource_not_found resource_not_found" + switched},
		{name: "400", answer: refuses(400, "you shall not pass"), reasons: "upstream_rejected" + switched},
		{name: "422", answer: refuses(422, "you shall not pass"), reasons: "upstream_rejected" + switched},
		{name: "401", answer: refuses(401, "bad key"), reasons: "retry_failed" + switched, failures: 1},
		{name: "403", answer: refuses(403, "not yours"), reasons: "retry_failed" + switched, failures: 1},
		{name: "418", answer: refuses(418, "a teapot"), reasons: "retry_failed retry_failed" + switched, failures: 0},
		{name: "429-retry-after", answer: withHeader("Retry-After", "7", refuses(429, "slow down")), reasons: "retry_failed" + switched, failures: 0},
		{name: "429", answer: refuses(429, "slow down"), reasons: "retry_failed" + switched, failures: 1},
		{name: "empty", answer: func(http.ResponseWriter, *http.Request, testkit.Wire) {}, reasons: "retry_failed retry_failed" + switched, failures: 1},
		{name: "html", answer: html, reasons: "retry_failed retry_failed" + switched, failures: 1},
		{name: "fake-200", answer: refuses(200, "overloaded"), reasons: "retry_failed retry_failed" + switched, failures: 1},
		{name: "gate", answer: saysInStream, reasons: "retry_failed retry_failed" + switched, failures: 1, streamed: true},
		{name: "ends-early", answer: endsEarly(false), reasons: "retry_failed retry_failed" + switched, failures: 1, streamed: true},
		{name: "cut-early", answer: endsEarly(true), reasons: "system_error system_error" + switched, streamed: true},
		{
			name: "hangs", answer: hangs, config: testkit.M{"firstByteTimeoutStreamingMs": 1000},
			reasons: "retry_failed" + switched, failures: 1, streamed: true,
		},
	}
}

// TestEveryRowOfTheClassificationTable plays each of them in each protocol, to
// streams and to calls for one document.
func TestEveryRowOfTheClassificationTable(t *testing.T) {
	t.Parallel()
	p := testkit.StartProgram(t)
	good := testkit.NewUpstream(t, "good")
	faulty := httptest.NewServer(http.HandlerFunc(playRow))
	t.Cleanup(func() { faulty.CloseClientConnections(); faulty.Close() })
	closed := httptest.NewServer(http.NotFoundHandler())
	closed.Close()
	for _, wire := range testkit.Wires() {
		t.Run(wire.Name, func(t *testing.T) {
			t.Parallel()
			counted := map[string]int64{}
			breakers := map[int64]string{}
			for _, r := range rows() {
				for _, stream := range []bool{true, false} {
					if stream || !r.streamed {
						s := &scene{p: p, wire: wire, row: r, stream: stream, good: good, faulty: faulty.URL + "/fault/" + r.name}
						if r.config["url"] == "closed" {
							s.faulty = closed.URL
						}
						breakers[s.play(t)] = s.name()
						counted[s.name()] = r.failures
					}
				}
			}
			require.EventuallyWithT(t, func(c *assert.CollectT) {
				now, all := map[string]int64{}, failures(t, p)
				for id, name := range breakers {
					now[name] = all[id]
				}
				assert.Equal(c, counted, now, "what the breakers count")
			}, 10*time.Second, 50*time.Millisecond)
		})
	}
}

// scene is a row in one protocol.
type scene struct {
	p      *testkit.Program
	wire   testkit.Wire
	row    row
	stream bool
	good   *testkit.Upstream
	faulty string
}

func (s *scene) name() string { return fmt.Sprintf("%s/%s/%t", s.wire.Name, s.row.name, s.stream) }

// play returns the id of the first provider.
func (s *scene) play(t *testing.T) int64 {
	t.Helper()
	name := s.name()
	group := []string{name}
	config := testkit.M{"name": "first", "type": s.wire.Provider, "groups": group, "priority": 0}
	maps.Copy(config, s.row.config)
	config["url"] = s.faulty
	first := s.p.AddProvider(t, s.good, config)
	s.p.AddProvider(t, s.good, testkit.M{"name": "second", "type": s.wire.Provider, "groups": group, "priority": 1})
	user := s.p.AddUser(t, name, testkit.M{"groups": group})
	key := s.p.AddKey(t, user, "key")

	path, body := s.wire.Call("model-1", s.stream, name)
	status, header, answer := s.p.Call(t, http.MethodPost, path, key, body)
	if s.row.status == 0 {
		require.Equal(t, http.StatusOK, status, "%s: %s", name, answer)
		require.Equal(t, s.healthy(), answer, "%s: the second provider's bytes and nothing else", name)
	} else {
		require.Equal(t, s.row.status, status, "%s: %s", name, answer)
		require.True(t, gjson.Valid(answer), "%s: as the upstream put it: %s", name, answer)
	}
	require.NotEmpty(t, header.Get("X-Request-Id"))

	log := s.p.AwaitLogs(t, fmt.Sprint("userId=", user), 1)[0]
	var reasons []string
	for _, e := range s.p.Detail(t, log.Get("id").String()).Get("decisionChain").Array() {
		if e.Get("attemptNumber").Int() == 0 {
			continue
		}
		reasons = append(reasons, e.Get("reason").String())
		if id := e.Get("id").Int(); id == first {
			requireEvidence(t, e, name)
		}
	}
	assert.Equal(t, s.row.reasons, strings.Join(reasons, " "), name)
	return first
}

// healthy is what the second provider answers.
func (s *scene) healthy() string {
	if s.stream {
		return strings.Join(s.wire.Frames(s.good, "model-1"), "")
	}
	return s.wire.Document(s.good, "model-1")
}

// requireEvidence checks that a failed attempt can be understood and repeated.
func requireEvidence(t *testing.T, e gjson.Result, name string) {
	t.Helper()
	details := e.Get("errorDetails")
	require.Equal(t, "POST", details.Get("request.method").String(), name)
	require.Contains(t, details.Get("request.url").String(), "http://127.0.0.1:", name)
	require.NotEmpty(t, details.Get("request.body").String(), name)
	require.Equal(t, "first", details.Get("provider.name").String(), name)
	require.NotContains(t, details.Raw, "upstream-key-of", name)
	if e.Get("reason").String() == "system_error" {
		require.NotEmpty(t, details.Get("system.errorMessage").String(), name)
	}
}

// failures is what each provider's breaker has counted.
func failures(t *testing.T, p *testkit.Program) map[int64]int64 {
	t.Helper()
	_, res := p.Admin(t, http.MethodGet, "/providers/health", nil)
	counted := map[int64]int64{}
	for _, it := range res.Get("items").Array() {
		counted[it.Get("providerId").Int()] = it.Get("failures").Int()
	}
	return counted
}

// playRow has an upstream behave as the path's prefix says.
func playRow(w http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body)
	name, rest, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/fault/"), "/")
	for _, row := range rows() {
		if row.name == name {
			row.answer(w, r, wireAt("/"+rest))
		}
	}
}

func wireAt(path string) testkit.Wire {
	for _, wire := range testkit.Wires() {
		for _, stream := range []bool{true, false} {
			called, _ := wire.Call("model-1", stream, "")
			if called, _, _ = strings.Cut(called, "?"); called == path {
				return wire
			}
		}
	}
	return testkit.Wire{}
}

// refuses answers with an error in the protocol's shape.
func refuses(status int, message string) func(http.ResponseWriter, *http.Request, testkit.Wire) {
	return func(w http.ResponseWriter, _ *http.Request, wire testkit.Wire) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, errorOf(wire, status, message))
	}
}

func errorOf(wire testkit.Wire, status int, message string) string {
	switch wire.Provider {
	case "claude":
		return fmt.Sprintf(`{"type":"error","error":{"type":"some_error","message":%q}}`, message)
	case "gemini", "gemini-cli":
		return fmt.Sprintf(`{"error":{"code":%d,"message":%q,"status":"SOME"}}`, status, message)
	}
	return fmt.Sprintf(`{"error":{"message":%q,"type":"some_error","param":null,"code":null}}`, message)
}

func withHeader(name, value string, answer func(http.ResponseWriter, *http.Request, testkit.Wire)) func(http.ResponseWriter, *http.Request, testkit.Wire) {
	return func(w http.ResponseWriter, r *http.Request, wire testkit.Wire) {
		w.Header().Set(name, value)
		answer(w, r, wire)
	}
}

func html(w http.ResponseWriter, _ *http.Request, _ testkit.Wire) {
	w.Header().Set("Content-Type", "text/html")
	_, _ = io.WriteString(w, "<!doctype html><title>Welcome to our relay</title>")
}

func resets(w http.ResponseWriter, _ *http.Request, _ testkit.Wire) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	_ = conn.Close()
}

func hangs(_ http.ResponseWriter, r *http.Request, _ testkit.Wire) {
	select {
	case <-r.Context().Done():
	case <-time.After(time.Minute): // the hub gives up before
	}
}

// saysInStream sends an error as the first event of a stream.
func saysInStream(w http.ResponseWriter, _ *http.Request, wire testkit.Wire) {
	w.Header().Set("Content-Type", "text/event-stream")
	name := ""
	if wire.Provider == "claude" || wire.Provider == "codex" {
		name = "event: error\n"
	}
	_, _ = io.WriteString(w, name+"data: "+errorOf(wire, 503, "overloaded")+"\n\n")
}

// endsEarly begins a stream and ends it before any content, in order or not.
func endsEarly(cut bool) func(http.ResponseWriter, *http.Request, testkit.Wire) {
	return func(w http.ResponseWriter, _ *http.Request, wire testkit.Wire) {
		var silent testkit.Upstream
		w.Header().Set("Content-Type", "text/event-stream")
		_, _ = io.WriteString(w, wire.Frames(&silent, "model-1")[0])
		_ = http.NewResponseController(w).Flush()
		if cut {
			panic(http.ErrAbortHandler)
		}
	}
}
