package testkit

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/tidwall/gjson"
)

// M is a JSON object in a test.
type M map[string]any

// Admin calls the management API as the administrator.
func (p *Program) Admin(t testing.TB, method, path string, body any) (int, gjson.Result) {
	t.Helper()
	return CallJSON(t, method, p.URL+"/api/v1"+path, AdminToken, body)
}

// CallJSON makes a JSON call with a bearer token and reads the JSON answer.
func CallJSON(t testing.TB, method, url, token string, body any) (int, gjson.Result) {
	t.Helper()
	var r io.Reader
	if body != nil {
		b, err := json.Marshal(body)
		require.NoError(t, err)
		r = bytes.NewReader(b)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, url, r)
	require.NoError(t, err)
	req.Header.Set("Content-Type", "application/json")
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	resp, err := http.DefaultTransport.RoundTrip(req)
	require.NoError(t, err)
	defer func() { _ = resp.Body.Close() }()
	b, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	return resp.StatusCode, gjson.ParseBytes(b)
}

// AddProvider creates a provider and returns its id. extra overrides fields.
func (p *Program) AddProvider(t testing.TB, u *Upstream, extra M) int64 {
	t.Helper()
	body := M{"name": u.Name, "type": "claude", "url": u.URL, "key": "upstream-key-of-" + u.Name}
	maps.Copy(body, extra)
	status, res := p.Admin(t, http.MethodPost, "/providers", body)
	require.Equal(t, http.StatusCreated, status, res.Raw)
	return res.Get("id").Int()
}

// AddUser creates a user and returns its id.
func (p *Program) AddUser(t testing.TB, name string, extra M) int64 {
	t.Helper()
	body := M{"name": name}
	maps.Copy(body, extra)
	status, res := p.Admin(t, http.MethodPost, "/users", body)
	require.Equal(t, http.StatusCreated, status, res.Raw)
	return res.Get("user.id").Int()
}

// AddKey creates a key of a user and returns its secret.
func (p *Program) AddKey(t testing.TB, user int64, name string) string {
	t.Helper()
	status, res := p.Admin(t, http.MethodPost, fmt.Sprintf("/users/%d/keys", user), M{"name": name})
	require.Equal(t, http.StatusCreated, status, res.Raw)
	return res.Get("secret").String()
}

// NewKey creates a user with one key and returns the secret.
func (p *Program) NewKey(t testing.TB, name string) string {
	t.Helper()
	return p.AddKey(t, p.AddUser(t, name, nil), "key")
}

// AwaitLogs reads the newest log rows once enough of them are finished.
func (p *Program) AwaitLogs(t testing.TB, query string, n int) []gjson.Result {
	t.Helper()
	var items []gjson.Result
	require.Eventually(t, func() bool {
		_, res := p.Admin(t, http.MethodGet, "/usage-logs?limit=100&"+query, nil)
		items = items[:0]
		for _, it := range res.Get("items").Array() {
			if it.Get("statusCode").Int() != 0 {
				items = append(items, it)
			}
		}
		return len(items) >= n
	}, 10*time.Second, 20*time.Millisecond, "wanted %d finished rows for %q", n, query)
	return items
}

// Detail reads one log row with its decision chain.
func (p *Program) Detail(t testing.TB, id string) gjson.Result {
	t.Helper()
	status, res := p.Admin(t, http.MethodGet, "/usage-logs/"+id, nil)
	require.Equal(t, http.StatusOK, status, res.Raw)
	return res
}

// Messages makes a Claude request and reads the whole answer.
func (p *Program) Messages(t testing.TB, key, body string, header ...string) (int, http.Header, string) {
	t.Helper()
	resp := p.Open(context.Background(), t, key, body, header...)
	defer func() { _ = resp.Body.Close() }()
	b, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	return resp.StatusCode, resp.Header, string(b)
}

// Open makes a Claude request and leaves the body to the caller.
func (p *Program) Open(ctx context.Context, t testing.TB, key, body string, header ...string) *http.Response {
	t.Helper()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, p.URL+"/v1/messages", strings.NewReader(body))
	require.NoError(t, err)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("X-Api-Key", key)
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := http.DefaultTransport.RoundTrip(req)
	require.NoError(t, err)
	return resp
}

// Prompt is the body of a one-message request.
func Prompt(stream bool, text string) string {
	return fmt.Sprintf(`{"model":"claude-test","max_tokens":64,"stream":%t,"messages":[{"role":"user","content":%q}]}`, stream, text)
}

// Metric reads one figure of /metrics, summed over its label sets that contain match.
func (p *Program) Metric(t testing.TB, name, match string) float64 {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, p.URL+"/metrics", nil)
	require.NoError(t, err)
	resp, err := http.DefaultTransport.RoundTrip(req)
	require.NoError(t, err)
	defer func() { _ = resp.Body.Close() }()
	b, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, resp.StatusCode)
	sum := 0.0
	for line := range strings.Lines(string(b)) {
		series, value, ok := strings.Cut(strings.TrimSpace(line), " ")
		base, _, _ := strings.Cut(series, "{")
		if ok && base == name && strings.Contains(series, match) {
			var v float64
			_, err := fmt.Sscan(value, &v)
			require.NoError(t, err)
			sum += v
		}
	}
	return sum
}
