package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/internal/testkit"
)

// badCall is one faulty request and what its client must read.
type badCall struct {
	name   string
	method string
	path   string
	key    string // empty = none, "valid" = a good one
	header []string
	body   string
	status int
	want   []string
	row    string // blocked_by of the row it leaves, empty = none
}

func TestBadInputIsRefusedInTheClientsOwnShape(t *testing.T) {
	t.Parallel()
	p := testkit.StartProgram(t, "MAX_COMPRESSED_REQUEST_BYTES=65536", "MAX_DECOMPRESSED_REQUEST_BYTES=131072")
	u := testkit.NewUpstream(t, "up")
	p.AddProvider(t, u, nil)
	user := p.AddUser(t, "ann", nil)
	keys := map[string]string{"valid": p.AddKey(t, user, "good"), "disabled": "", "expired": ""}
	keys["disabled"] = p.AddKey(t, user, "disabled")
	keys["expired"] = p.AddKey(t, user, "expired")
	patchKey(t, p, user, "disabled", testkit.M{"isEnabled": false})
	patchKey(t, p, user, "expired", testkit.M{"expiresAt": "2025-01-01T00:00:00Z"})
	ok := testkit.Prompt(false, "hi")
	rows := 0

	for _, c := range []badCall{
		{name: "no key", body: ok, status: 401, want: []string{`"type":"error"`, "authentication_error"}},
		{name: "unknown key", key: "sk-unknown", body: ok, status: 401, want: []string{"authentication_error"}},
		{name: "two keys", key: "valid", header: []string{"Authorization", "Bearer other"}, body: ok, status: 401, want: []string{"authentication_error"}},
		{name: "disabled key", key: "disabled", body: ok, status: 401, want: []string{"authentication_error"}, row: "auth"},
		{name: "expired key", key: "expired", body: ok, status: 401, want: []string{"authentication_error"}, row: "auth"},
		{name: "malformed JSON", key: "valid", body: `{"model":"m",`, status: 400, want: []string{"invalid_request_error"}, row: "request"},
		{name: "not an object", key: "valid", body: `[1]`, status: 400, want: []string{"invalid_request_error"}, row: "request"},
		{name: "no model", key: "valid", body: `{"messages":[]}`, status: 400, want: []string{"model"}, row: "request"},
		{name: "model is no text", key: "valid", body: `{"model":7}`, status: 400, want: []string{"model"}, row: "request"},
		{name: "unknown encoding", key: "valid", header: []string{"Content-Encoding", "rot13"}, body: ok, status: 415, want: []string{"invalid_request_error"}, row: "request"},
		{name: "two encodings", key: "valid", header: []string{"Content-Encoding", "gzip, gzip"}, body: ok, status: 400, want: []string{"invalid_request_error"}, row: "request"},
		{name: "not really gzip", key: "valid", header: []string{"Content-Encoding", "gzip"}, body: ok, status: 400, want: []string{"invalid_request_error"}, row: "request"},
		{name: "too large", key: "valid", body: strings.Repeat("x", 70_000), status: 413, want: []string{"request_too_large"}, row: "request"},
		{name: "too large inflated", key: "valid", header: []string{"Content-Encoding", "gzip"}, body: zip(strings.Repeat(" ", 300_000)), status: 413, want: []string{"request_too_large"}, row: "request"},
		{name: "unknown path", key: "valid", path: "/v1/nothing/here", body: ok, status: 404, want: []string{"error"}, row: "request"},
	} {
		method, path := c.method, c.path
		if method == "" {
			method = http.MethodPost
		}
		if path == "" {
			path = "/v1/messages"
		}
		req, err := http.NewRequestWithContext(context.Background(), method, p.URL+path, strings.NewReader(c.body))
		require.NoError(t, err)
		if key, known := keys[c.key]; known {
			req.Header.Set("X-Api-Key", key)
		} else if c.key != "" {
			req.Header.Set("X-Api-Key", c.key)
		}
		for i := 0; i+1 < len(c.header); i += 2 {
			req.Header.Set(c.header[i], c.header[i+1])
		}
		resp, err := http.DefaultTransport.RoundTrip(req)
		require.NoError(t, err, c.name)
		b, _ := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		require.Equal(t, c.status, resp.StatusCode, "%s: %s", c.name, b)
		for _, want := range c.want {
			require.Contains(t, string(b), want, c.name)
		}
		if c.row != "" {
			rows++
			row := p.AwaitLogs(t, "", rows)[0]
			require.Equal(t, c.row, row.Get("blockedBy").String(), "%s: %s", c.name, row.Raw)
			require.EqualValues(t, c.status, row.Get("statusCode").Int(), c.name)
		}
	}
	require.Len(t, p.AwaitLogs(t, "", rows), rows, "one row for each refusal of a known user, no more")
	require.Zero(t, u.Count(), "nothing of it reached the upstream")
	status, _, body := p.Messages(t, keys["valid"], ok)
	require.Equal(t, http.StatusOK, status, body)
	awaitIdle(t, p)
}

func TestEveryPlaceForTheKeyWorks(t *testing.T) {
	t.Parallel()
	p := testkit.StartProgram(t)
	u := testkit.NewUpstream(t, "up")
	p.AddProvider(t, u, nil)
	key := p.NewKey(t, "ann")
	for i, place := range []func(*http.Request){
		func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+key) },
		func(r *http.Request) { r.Header.Set("X-Api-Key", key) },
		func(r *http.Request) { r.Header.Set("X-Goog-Api-Key", key) },
		func(r *http.Request) { r.URL.RawQuery = "key=" + key + "&beta=true" },
	} {
		req, err := http.NewRequestWithContext(context.Background(), http.MethodPost, p.URL+"/v1/messages", strings.NewReader(testkit.Prompt(false, "hi")))
		require.NoError(t, err)
		place(req)
		resp, err := http.DefaultTransport.RoundTrip(req)
		require.NoError(t, err)
		_ = resp.Body.Close()
		require.Equal(t, http.StatusOK, resp.StatusCode, i)
		call := u.Calls()[i]
		require.NotContains(t, call.Path, key, "our key never leaves us")
		for _, values := range call.Header {
			require.NotContains(t, strings.Join(values, " "), key)
		}
		require.Equal(t, "upstream-key-of-up", call.Header.Get("X-Api-Key"))
	}
	require.Contains(t, u.Calls()[3].Path, "beta=true")
}

func TestUnauthenticatedEndpoints(t *testing.T) {
	t.Parallel()
	p := testkit.StartProgram(t)
	for _, c := range []struct{ method, path, body string }{
		{http.MethodHead, "/", ""},
		{http.MethodGet, "/v1/_ping", `{"status":"pong"}`},
	} {
		req, err := http.NewRequestWithContext(context.Background(), c.method, p.URL+c.path, nil)
		require.NoError(t, err)
		resp, err := http.DefaultTransport.RoundTrip(req)
		require.NoError(t, err)
		b, _ := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		require.Equal(t, http.StatusOK, resp.StatusCode)
		require.Equal(t, c.body, strings.TrimSpace(string(b)))
	}
}

func TestTokenCountsPassThroughAndAreFree(t *testing.T) {
	t.Parallel()
	p := testkit.StartProgram(t)
	u := testkit.NewUpstream(t, "up")
	p.AddProvider(t, u, nil)
	key := p.NewKey(t, "ann")
	req, err := http.NewRequestWithContext(context.Background(), http.MethodPost, p.URL+"/v1/messages/count_tokens", strings.NewReader(testkit.Prompt(false, "hi")))
	require.NoError(t, err)
	req.Header.Set("X-Api-Key", key)
	resp, err := http.DefaultTransport.RoundTrip(req)
	require.NoError(t, err)
	b, _ := io.ReadAll(resp.Body)
	_ = resp.Body.Close()
	require.Equal(t, http.StatusOK, resp.StatusCode)
	require.JSONEq(t, `{"input_tokens":42}`, string(b))
	require.Equal(t, "/v1/messages/count_tokens", p.AwaitLogs(t, "", 1)[0].Get("endpoint").String())
}

func TestLimitsRefuseWithAnExactReset(t *testing.T) {
	t.Parallel()
	p := testkit.StartProgram(t)
	p.AddProvider(t, testkit.NewUpstream(t, "up"), nil)
	key := p.AddKey(t, p.AddUser(t, "ann", testkit.M{"rpmLimit": 3}), "key")
	for range 3 {
		status, _, body := p.Messages(t, key, testkit.Prompt(false, "hi"))
		require.Equal(t, http.StatusOK, status, body)
	}
	status, header, body := p.Messages(t, key, testkit.Prompt(false, "hi"))
	require.Equal(t, http.StatusTooManyRequests, status, body)
	require.NotEmpty(t, header.Get("Retry-After"))
	require.Equal(t, "3", header.Get("X-RateLimit-Limit"))
	require.Contains(t, body, "rate_limit_error")
	row := p.AwaitLogs(t, "", 4)[0]
	require.Equal(t, "limit", row.Get("blockedBy").String())
	require.Equal(t, "blocked", row.Get("outcome").String())
}

func patchKey(t *testing.T, p *testkit.Program, user int64, name string, fields testkit.M) {
	t.Helper()
	_, list := p.Admin(t, http.MethodGet, "/users/"+itoa(user)+"/keys", nil)
	id := list.Get(`items.#(name=="` + name + `").id`).Int()
	require.NotZero(t, id, list.Raw)
	status, res := p.Admin(t, http.MethodPatch, "/keys/"+itoa(id), fields)
	require.Equal(t, http.StatusOK, status, res.Raw)
}

func zip(s string) string {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = io.WriteString(w, s)
	_ = w.Close()
	return b.String()
}
