package main

import (
	"net/http"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/internal/testkit"
)

// TestTheHubOutlivesItsDatabase kills the database under the running hub.
// Requests go on; what they wrote is there when the database is.
func TestTheHubOutlivesItsDatabase(t *testing.T) {
	t.Parallel()
	server := testkit.NewPostgresServer(t)
	p := testkit.StartProgram(t, "DSN="+server.DSN)
	u := testkit.NewUpstream(t, "up")
	price(t, p, u)
	key := p.NewKey(t, "ann")
	ask := func(n int) {
		for i := range n {
			status, _, body := p.Messages(t, key, testkit.Prompt(true, "request "+strconv.Itoa(i)))
			require.Equal(t, http.StatusOK, status, body)
		}
	}
	ask(5)
	p.AwaitLogs(t, "", 5)

	for range 2 {
		server.Kill()
		ask(20)
		require.Equal(t, http.StatusServiceUnavailable, ready(t, p))
		for _, path := range []string{"/usage-logs", "/users", "/sessions?state=recent"} {
			status, res := p.Admin(t, http.MethodGet, path, nil)
			require.Equal(t, http.StatusServiceUnavailable, status, "%s: %s", path, res.Raw)
			require.Contains(t, res.Get("detail").String(), "the database is not available")
		}
		status, res := p.Admin(t, http.MethodPost, "/users", testkit.M{"name": "bob"})
		require.Equal(t, http.StatusServiceUnavailable, status, res.Raw)
		server.Up()
		require.Eventually(t, func() bool { return ready(t, p) == http.StatusOK }, 20*time.Second, 50*time.Millisecond)
	}
	ask(5)
	rows := p.AwaitLogs(t, "", 50)
	require.Len(t, rows, 50)
	awaitSettled(t, p)
	out, code := p.Run("ledger", "verify")
	require.Zero(t, code, out)
	require.Contains(t, out, "0 differences")
	require.NoError(t, p.Stop())
	finals, charged := finalRows(t, openBooks(t, p))
	require.Len(t, finals, 50)
	require.EqualValues(t, 50*pricedNano, charged)
}

// TestTheHubOutlivesAFrozenDatabase stops the database without closing its
// connections, as a dead network does. Nothing waits for it for ever.
func TestTheHubOutlivesAFrozenDatabase(t *testing.T) {
	t.Parallel()
	server := testkit.NewPostgresServer(t)
	p := testkit.StartProgram(t, "DSN="+server.DSN, "DB_STATEMENT_TIMEOUT_MS=1000")
	price(t, p, testkit.NewUpstream(t, "up"))
	key := p.NewKey(t, "ann")
	ask := func(text string) {
		status, _, body := p.Messages(t, key, testkit.Prompt(true, text))
		require.Equal(t, http.StatusOK, status, body)
	}
	ask("before")
	p.AwaitLogs(t, "", 1)
	server.Freeze()
	ask("meanwhile")
	require.Equal(t, http.StatusServiceUnavailable, ready(t, p))
	for _, path := range []string{"/usage-logs", "/users"} {
		status, res := p.Admin(t, http.MethodGet, path, nil)
		require.Equal(t, http.StatusServiceUnavailable, status, "%s: %s", path, res.Raw)
	}
	server.Thaw()
	require.Eventually(t, func() bool { return ready(t, p) == http.StatusOK }, 30*time.Second, 100*time.Millisecond)
	ask("after")
	p.AwaitLogs(t, "", 3)
	awaitSettled(t, p)
	out, code := p.Run("ledger", "verify")
	require.Zero(t, code, out)
}

func ready(t *testing.T, p *testkit.Program) int {
	t.Helper()
	resp, err := http.Get(p.URL + "/api/health/ready")
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	return resp.StatusCode
}

// A server is reachable by others, so nobody but its owner may make the token.
func TestPostgresNeedsAnAdminToken(t *testing.T) {
	t.Parallel()
	p := testkit.NewProgram(t, "DSN="+testkit.Postgres(t), "ADMIN_TOKEN=")
	out, code := p.Run("serve")
	require.Equal(t, 1, code, out)
	require.Contains(t, out, "ADMIN_TOKEN is unset")
}
