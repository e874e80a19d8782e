package upstream_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/internal/domain"
	"github.com/claude-code-hub/cch/internal/upstream"
)

// echo is an upstream that remembers the last request it got.
func echo(t *testing.T) (*httptest.Server, <-chan *http.Request) {
	t.Helper()
	seen := make(chan *http.Request, 8)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		seen <- r
		_, _ = io.WriteString(w, "{}")
	}))
	t.Cleanup(srv.Close)
	return srv, seen
}

func newClient(t *testing.T, o upstream.Options) *upstream.Client {
	t.Helper()
	o.Now = time.Now
	c := upstream.New(o)
	t.Cleanup(c.Close)
	return c
}

func provider(kind domain.ProviderType, url string) *domain.Provider {
	return &domain.Provider{ID: 1, Name: "p", Type: kind, URL: url, Key: "sk-upstream"}
}

// sent makes a call with the given client headers and returns what arrived.
func sent(t *testing.T, p *domain.Provider, h http.Header) *http.Request {
	t.Helper()
	srv, seen := echo(t)
	p.URL = srv.URL
	c := newClient(t, upstream.Options{})
	res, err := c.Do(t.Context(), &upstream.Call{
		Provider: p, Method: http.MethodPost, Path: "/v1/messages", Header: h, Body: text("{}"), ClientIP: "203.0.113.9",
	})
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	return <-seen
}

func TestClientHeadersThatMustNotPass(t *testing.T) {
	t.Parallel()
	dropped := []string{
		"Authorization", "X-Api-Key", "Cookie", "X-Cch-No-Replay", "X-Forwarded-For", "X-Forwarded-Proto", "X-Real-Ip",
		"Cf-Connecting-Ip", "True-Client-Ip", "Forwarded", "Cf-Ray", "X-Azure-Ref", "Akamai-Origin-Hop", "X-Request-Id",
		"X-Correlation-Id", "X-B3-Traceid", "Traceparent", "Tracestate", "Baggage", "Proxy-Authorization", "Te", "Expect",
		"Upgrade", "Keep-Alive", "X-Goog-Api-Key", "X-Hop",
	}
	h := http.Header{"Connection": {"keep-alive, x-hop"}}
	for _, name := range dropped {
		h.Set(name, "client's own")
	}
	kept := map[string]string{
		"Anthropic-Beta": "a,b", "Anthropic-Version": "2023-06-01", "User-Agent": "claude-cli/2.1.197", "X-App": "cli",
		"X-Stainless-Lang": "js", "Content-Type": "application/json; charset=utf-8", "X-Claude-Code-Session-Id": "s-1",
	}
	for name, v := range kept {
		h.Set(name, v)
	}
	before := h.Clone()

	got := sent(t, provider(domain.TypeClaudeAuth, ""), h)

	require.Empty(t, cmp.Diff(before, h), "the client's header was changed")
	for _, name := range dropped {
		require.NotContains(t, got.Header.Values(name), "client's own", name)
	}
	for name, v := range kept {
		require.Equal(t, v, got.Header.Get(name))
	}
	require.Equal(t, "identity", got.Header.Get("Accept-Encoding"))
	require.Equal(t, "Bearer sk-upstream", got.Header.Get("Authorization"))
	require.Equal(t, int64(2), got.ContentLength)
}

func TestCredentialPerProviderType(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		kind        domain.ProviderType
		style       domain.AuthStyle
		xkey, bear  string
		googKey, ua string
	}{
		"claude sends both":          {kind: domain.TypeClaude, xkey: "sk-upstream", bear: "Bearer sk-upstream"},
		"claude told bearer":         {kind: domain.TypeClaude, style: domain.AuthBearer, bear: "Bearer sk-upstream"},
		"claude told x-api-key":      {kind: domain.TypeClaude, style: domain.AuthXAPIKey, xkey: "sk-upstream"},
		"claude-auth sends bearer":   {kind: domain.TypeClaudeAuth, bear: "Bearer sk-upstream"},
		"codex names an agent":       {kind: domain.TypeCodex, bear: "Bearer sk-upstream", ua: "codex_cli_rs/0.93.0 (Linux; x86_64) unknown"},
		"compatible sends bearer":    {kind: domain.TypeOpenAICompatible, bear: "Bearer sk-upstream"},
		"gemini uses its own header": {kind: domain.TypeGemini, googKey: "sk-upstream"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := provider(c.kind, "")
			p.Transport.AuthStyle = c.style
			got := sent(t, p, http.Header{})
			require.Equal(t, c.xkey, got.Header.Get("X-Api-Key"))
			require.Equal(t, c.bear, got.Header.Get("Authorization"))
			require.Equal(t, c.googKey, got.Header.Get("X-Goog-Api-Key"))
			require.Equal(t, c.ua, got.Header.Get("User-Agent"))
		})
	}
}

func TestCustomHeadersAndClientIP(t *testing.T) {
	t.Parallel()
	p := provider(domain.TypeClaudeAuth, "")
	p.Transport.PreserveClientIP = true
	p.Transport.CustomHeaders = map[string]domain.Secret{
		"x-team": "blue", "authorization": "Bearer other", "host": "evil.example", "content-length": "7",
	}
	got := sent(t, p, http.Header{"X-Forwarded-For": {"10.0.0.1"}})
	require.Equal(t, "blue", got.Header.Get("X-Team"))
	require.Equal(t, "Bearer sk-upstream", got.Header.Get("Authorization"))
	require.NotEqual(t, "evil.example", got.Host)
	require.Equal(t, []string{"203.0.113.9"}, got.Header.Values("X-Forwarded-For"))
	require.Equal(t, "203.0.113.9", got.Header.Get("X-Real-Ip"))
}

func TestCopyHeadersIsAnAllowList(t *testing.T) {
	t.Parallel()
	src := http.Header{}
	for _, name := range []string{
		"Content-Type", "Cache-Control", "Retry-After", "X-Should-Retry", "Anthropic-Ratelimit-Requests-Limit",
		"X-Ratelimit-Remaining-Tokens", "Openai-Processing-Ms", "Set-Cookie", "Server", "Anthropic-Organization-Id", "Content-Length",
		"Transfer-Encoding", "Cf-Ray", "Via",
	} {
		src.Set(name, "v")
	}
	src.Set("Request-Id", "up-1")
	dst := http.Header{}
	upstream.CopyHeaders(dst, src)
	want := http.Header{
		"Content-Type": {"v"}, "Cache-Control": {"v"}, "Retry-After": {"v"}, "X-Should-Retry": {"v"},
		"Anthropic-Ratelimit-Requests-Limit": {"v"}, "X-Ratelimit-Remaining-Tokens": {"v"}, "Openai-Processing-Ms": {"v"},
		"X-Upstream-Request-Id": {"up-1"},
	}
	require.Empty(t, cmp.Diff(want, dst))
	require.Equal(t, "up-1", upstream.RequestID(src))
}

func TestRetryAfter(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 5, 12, 0, 0, 0, time.UTC)
	cases := []struct {
		name, value string
		want        time.Duration
	}{
		{"Retry-After", "17", 17 * time.Second},
		{"Retry-After", "1.5", 1500 * time.Millisecond},
		{"Retry-After", "Thu, 05 Nov 2026 12:01:00 GMT", time.Minute},
		{"Retry-After", "Thu, 05 Nov 2026 11:00:00 GMT", 0},
		{"Retry-After", "-3", 0},
		{"Retry-After", "1e300", 0},
		{"Retry-After", "soon", 0},
		{"Retry-After-Ms", "250", 250 * time.Millisecond},
		{"Anthropic-Ratelimit-Unified-Reset", "1793880090", 90 * time.Second},
		{"Anthropic-Ratelimit-Unified-Reset", "2026-11-05T12:02:00Z", 2 * time.Minute},
		{"X-Other", "5", 0},
	}
	for _, c := range cases {
		h := http.Header{}
		h.Set(c.name, c.value)
		require.Equal(t, c.want, upstream.RetryAfter(h, now), "%s: %s", c.name, c.value)
	}
}
