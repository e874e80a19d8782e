package conntest_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/claude-code-hub/cch/internal/domain"
	"github.com/claude-code-hub/cch/internal/outbound"
	"github.com/claude-code-hub/cch/internal/outbound/conntest"
	"github.com/claude-code-hub/cch/internal/secrets"
	"github.com/claude-code-hub/cch/internal/upstream"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const providerKey = "sk-upstream-0123456789"

func newTester() *conntest.Tester {
	return conntest.New(conntest.Options{
		Policy: outbound.Policy{AllowPrivate: true}, Timeout: 5 * time.Second, Now: time.Now,
		Target: upstream.Target, Authorize: upstream.Authorize, Redact: secrets.Redact,
	})
}

// stream is a Claude answer with the text.
func stream(text string) string {
	quoted, err := json.Marshal(text)
	if err != nil {
		panic(err)
	}
	return `event: message_start
data: {"type":"message_start","message":{"id":"m","model":"claude-haiku-real","usage":{"input_tokens":31,"output_tokens":1}}}

event: content_block_delta
data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":` + string(quoted) + `}}

event: message_delta
data: {"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":5}}

event: message_stop
data: {"type":"message_stop"}

`
}

// upstreamOf serves and counts the calls, as "path?query".
func upstreamOf(t *testing.T, serve http.HandlerFunc) (provider domain.Provider, calls func() []string) {
	t.Helper()
	var mu sync.Mutex
	var seen []string
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		seen = append(seen, r.URL.RequestURI())
		mu.Unlock()
		serve(w, r)
	}))
	t.Cleanup(srv.Close)
	provider = domain.Provider{Type: domain.TypeClaude, URL: srv.URL, Key: providerKey}
	return provider, func() []string {
		mu.Lock()
		defer mu.Unlock()
		return seen
	}
}

func answerWith(status int, contentType, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", contentType)
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

func TestGreen(t *testing.T) {
	t.Parallel()
	var got map[string]any
	var header http.Header
	p, calls := upstreamOf(t, func(w http.ResponseWriter, r *http.Request) {
		header = r.Header.Clone()
		if json.NewDecoder(r.Body).Decode(&got) != nil {
			t.Error("the body is not JSON")
		}
		answerWith(200, "text/event-stream", stream("Pong!"))(w, r)
	})
	r, err := newTester().Test(t.Context(), domain.ConnectionTest{Provider: p})
	require.NoError(t, err)
	require.Equal(t, domain.ConnectionGreen, r.Status, "%+v", r)
	require.Equal(t, "success", r.SubStatus)
	require.Equal(t, 200, r.HTTPStatus)
	require.Equal(t, "claude-haiku-real", r.Model)
	require.Equal(t, "Pong!", r.Content)
	require.Equal(t, domain.Usage{Input: 31, Output: 5}, r.Usage)
	require.Equal(t, []string{"/v1/messages"}, calls())
	require.Len(t, r.Attempts, 1)
	require.Positive(t, r.Latency)

	require.Equal(t, "claude-haiku-4-5-20251001", got["model"])
	require.InDelta(t, 20, got["max_tokens"], 0)
	require.Equal(t, true, got["stream"])
	require.Equal(t, providerKey, header.Get("X-Api-Key"))
	require.Equal(t, "Bearer "+providerKey, header.Get("Authorization"))
	require.Equal(t, "2023-06-01", header.Get("Anthropic-Version"))
	require.Contains(t, header.Get("User-Agent"), "claude-cli/")
}

func TestVerdicts(t *testing.T) {
	t.Parallel()
	fake := `{"type":"error","error":{"type":"overloaded_error","message":"busy"}}`
	tests := map[string]struct {
		serve  http.HandlerFunc
		status domain.ConnectionStatus
		sub    string
		calls  int
	}{
		"bad key":               {answerWith(401, "application/json", `{}`), domain.ConnectionRed, "auth_error", 1},
		"forbidden":             {answerWith(403, "text/html", `<html>`), domain.ConnectionRed, "auth_error", 1},
		"limited":               {answerWith(429, "application/json", `{}`), domain.ConnectionYellow, "rate_limit", 1},
		"refuses every form":    {answerWith(400, "application/json", `{}`), domain.ConnectionRed, "invalid_request", 3},
		"knows no such path":    {answerWith(404, "text/plain", "no"), domain.ConnectionRed, "client_error", 3},
		"payment":               {answerWith(402, "application/json", `{}`), domain.ConnectionRed, "client_error", 1},
		"broken":                {answerWith(502, "text/html", `<html>`), domain.ConnectionRed, "server_error", 1},
		"error inside a 200":    {answerWith(200, "application/json", fake), domain.ConnectionRed, "server_error", 1},
		"error inside a stream": {answerWith(200, "text/event-stream", "event: error\ndata: "+fake+"\n\n"), domain.ConnectionRed, "server_error", 1},
		"a web page":            {answerWith(200, "text/html", `<html>pong</html>`), domain.ConnectionRed, "content_mismatch", 3},
		"nothing":               {answerWith(200, "text/event-stream", ""), domain.ConnectionRed, "content_mismatch", 3},
		"says something else":   {answerWith(200, "text/event-stream", stream("Hello")), domain.ConnectionYellow, "content_mismatch", 1},
		"not streamed":          {answerWith(200, "application/json", `{"model":"m","content":[{"type":"text","text":"pong"}],"usage":{"input_tokens":3,"output_tokens":1}}`), domain.ConnectionGreen, "success", 1},
		"stream labelled JSON":  {answerWith(200, "application/json", stream("pong")), domain.ConnectionGreen, "success", 1},
		"redirect to elsewhere": {func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "http://127.0.0.1:1/", http.StatusFound)
		}, domain.ConnectionRed, "client_error", 1},
		"cut off in the middle": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "100")
			_, _ = io.WriteString(w, "x")
		}, domain.ConnectionRed, "network_error", 1},
		"closes without a word": {func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, domain.ConnectionRed, "network_error", 1},
		"last form is understood": {func(w http.ResponseWriter, r *http.Request) {
			body, err := io.ReadAll(r.Body)
			if err != nil || !strings.Contains(string(body), "budget_tokens") {
				answerWith(400, "application/json", `{}`)(w, r)
				return
			}
			answerWith(200, "text/event-stream", stream("pong"))(w, r)
		}, domain.ConnectionGreen, "success", 3},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p, calls := upstreamOf(t, test.serve)
			r, err := newTester().Test(t.Context(), domain.ConnectionTest{Provider: p})
			require.NoError(t, err)
			require.Equal(t, test.status, r.Status, "%+v", r)
			require.Equal(t, test.sub, r.SubStatus, "%+v", r)
			require.Len(t, calls(), test.calls)
			require.Len(t, r.Attempts, test.calls)
		})
	}
}

func TestSlowIsYellow(t *testing.T) {
	t.Parallel()
	p, _ := upstreamOf(t, answerWith(200, "text/event-stream", stream("pong")))
	r, err := newTester().Test(t.Context(), domain.ConnectionTest{Provider: p, Slow: time.Nanosecond})
	require.NoError(t, err)
	require.Equal(t, domain.ConnectionYellow, r.Status)
	require.Equal(t, "slow_latency", r.SubStatus)
}

func TestTimeout(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	p, _ := upstreamOf(t, func(http.ResponseWriter, *http.Request) { <-release })
	t.Cleanup(func() { close(release) })
	r, err := newTester().Test(t.Context(), domain.ConnectionTest{Provider: p, Timeout: 50 * time.Millisecond})
	require.NoError(t, err)
	require.Equal(t, "network_error", r.SubStatus)
	require.Equal(t, "no complete answer in time", r.Error)
}

func TestBaseURLThatStandsForTheVersion(t *testing.T) {
	t.Parallel()
	p, calls := upstreamOf(t, func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/v1/") {
			answerWith(400, "application/json", fmt.Sprintf(`{"error":"Invalid URL (POST %s)"}`, r.URL.Path))(w, r)
			return
		}
		answerWith(200, "text/event-stream", stream("pong"))(w, r)
	})
	r, err := newTester().Test(t.Context(), domain.ConnectionTest{Provider: p})
	require.NoError(t, err)
	require.Equal(t, domain.ConnectionGreen, r.Status)
	require.Equal(t, []string{"/v1/messages", "/messages"}, calls())
}

func TestCredentialsNeverShow(t *testing.T) {
	t.Parallel()
	odd := "odd-key-without-form"
	p, _ := upstreamOf(t, func(w http.ResponseWriter, r *http.Request) {
		answerWith(401, "text/plain", "bad key "+r.Header.Get("X-Api-Key")+" or sk-ant-somebody-else-1234"+strings.Repeat("x", 9000))(w, r)
	})
	p.Key = domain.Secret(odd)
	r, err := newTester().Test(t.Context(), domain.ConnectionTest{Provider: p})
	require.NoError(t, err)
	require.NotContains(t, fmt.Sprintf("%+v", r), odd)
	require.NotContains(t, r.RawSample, "somebody-else")
	require.LessOrEqual(t, len(r.RawSample), 4096)
}

func TestProxyAndFallback(t *testing.T) {
	t.Parallel()
	p, calls := upstreamOf(t, answerWith(200, "text/event-stream", stream("pong")))
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		answerWith(200, "text/event-stream", stream("pong via "+r.URL.Host))(w, r)
	}))
	t.Cleanup(proxy.Close)
	p.Transport.ProxyURL = domain.Secret(proxy.URL)
	r, err := newTester().Test(t.Context(), domain.ConnectionTest{Provider: p})
	require.NoError(t, err)
	require.True(t, r.UsedProxy)
	require.Equal(t, "pong via "+strings.TrimPrefix(p.URL, "http://"), r.Content)
	require.Empty(t, calls())

	p.Transport.ProxyURL = "http://127.0.0.1:1"
	r, err = newTester().Test(t.Context(), domain.ConnectionTest{Provider: p})
	require.NoError(t, err)
	require.Equal(t, "network_error", r.SubStatus)

	p.Transport.ProxyFallbackToDirect = true
	r, err = newTester().Test(t.Context(), domain.ConnectionTest{Provider: p})
	require.NoError(t, err)
	require.Equal(t, domain.ConnectionGreen, r.Status)
	require.False(t, r.UsedProxy)
}

func TestWhatCannotBeAsked(t *testing.T) {
	t.Parallel()
	for name, p := range map[string]domain.Provider{
		"another kind": {Type: "unheard-of", URL: "http://127.0.0.1:1", Key: "k"},
		"no URL":       {Type: domain.TypeClaude, URL: "nonsense", Key: "k"},
		"bad proxy":    {Type: domain.TypeClaude, URL: "http://127.0.0.1:1", Key: "k", Transport: domain.Transport{ProxyURL: "ftp://x:1"}},
	} {
		_, err := newTester().Test(t.Context(), domain.ConnectionTest{Provider: p})
		require.True(t, domain.IsKind(err, domain.KindInvalid), "%s: %v", name, err)
	}
	denied := domain.Provider{Type: domain.TypeClaude, URL: "http://169.254.169.254", Key: "k"}
	r, err := newTester().Test(t.Context(), domain.ConnectionTest{Provider: denied})
	require.NoError(t, err)
	require.Equal(t, "network_error", r.SubStatus)
	require.Contains(t, r.Error, "may not be called")
}
