package main

import (
	"bufio"
	"context"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/tidwall/gjson"

	"github.com/claude-code-hub/cch/internal/testkit"
)

// health is the status of a health route; 0 = nobody answers.
func health(t testing.TB, url string) (status int, body string) {
	t.Helper()
	resp, err := http.Get(url)
	if err != nil {
		return 0, ""
	}
	defer func() { _ = resp.Body.Close() }()
	b, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	return resp.StatusCode, string(b)
}

// healthcheckOf runs cch healthcheck as a container does.
func healthcheckOf(t testing.TB, p *testkit.Program) (string, error) {
	t.Helper()
	exe, err := os.Executable()
	require.NoError(t, err)
	cmd := exec.Command(exe, "healthcheck")
	cmd.Env = append(os.Environ(), testkit.ProcessEnv+"=1", "APP_PORT="+p.URL[strings.LastIndex(p.URL, ":")+1:])
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func TestHealthcheckSaysWhetherTheHubIsReady(t *testing.T) {
	t.Parallel()
	p := testkit.StartProgram(t, "SHUTDOWN_DRAIN_MS=8000")
	out, err := healthcheckOf(t, p)
	require.NoError(t, err, out)
	require.Equal(t, "ready\n", out)

	stopped := make(chan error, 1)
	go func() { stopped <- p.Stop() }()
	require.Eventually(t, func() bool {
		status, _ := health(t, p.URL+"/api/health/ready")
		return status == http.StatusServiceUnavailable
	}, 4*time.Second, 10*time.Millisecond, "a draining hub still calls itself ready")
	status, body := health(t, p.URL+"/api/health/live")
	require.Equal(t, http.StatusOK, status, "who drains is alive")
	require.Equal(t, "alive", gjson.Get(body, "status").String())
	out, err = healthcheckOf(t, p)
	require.Error(t, err)
	require.Contains(t, out, "503")
	require.NoError(t, <-stopped)

	out, err = healthcheckOf(t, p)
	require.Error(t, err, "nobody is there")
	require.NotContains(t, out, "ready\n")
}

func TestStreamsThatOutlastTheDrainEndWithAnErrorEvent(t *testing.T) {
	t.Parallel()
	p := testkit.StartProgram(t, "SHUTDOWN_DRAIN_MS=500")
	u := testkit.NewUpstream(t, "up")
	u.Set(testkit.StallMid)
	p.AddProvider(t, u, nil)
	resp := p.Open(context.Background(), t, p.NewKey(t, "ann"), testkit.Prompt(true, "hi"))
	r := bufio.NewReader(resp.Body)
	_, err := r.ReadString('\n')
	require.NoError(t, err)
	require.NoError(t, p.Stop())
	rest, err := io.ReadAll(r)
	require.NoError(t, err, "the stream was torn off")
	require.Contains(t, string(rest), "event: error\n")
	p.Start()
	row := p.AwaitLogs(t, "", 1)[0]
	require.Equal(t, "server_shutdown", row.Get("errorCode").String(), row.Raw)
}

func TestAHubWithoutItsMigrationsIsAliveAndNotReady(t *testing.T) {
	t.Parallel()
	t.Run("sqlite", func(t *testing.T) { testWithoutMigrations(t, testkit.NewProgram(t, "AUTO_MIGRATE=false")) })
	t.Run("postgres", func(t *testing.T) {
		testWithoutMigrations(t, testkit.NewProgram(t, "AUTO_MIGRATE=false", "DSN="+testkit.Postgres(t)))
	})
}

func testWithoutMigrations(t *testing.T, p *testkit.Program) {
	t.Helper()
	p.Launch()
	require.Eventually(t, func() bool {
		status, _ := health(t, p.URL+"/api/health/live")
		return status == http.StatusOK
	}, 20*time.Second, 20*time.Millisecond)
	for _, path := range []string{"/api/health/ready", "/api/health", "/api/actions/health"} {
		status, body := health(t, p.URL+path)
		require.Equal(t, http.StatusServiceUnavailable, status, path)
		require.Equal(t, "down", gjson.Get(body, "components.database.status").String(), body)
	}
	status, _, _ := p.Messages(t, "sk-x", testkit.Prompt(false, "hi"))
	require.Equal(t, http.StatusServiceUnavailable, status)
	require.Contains(t, p.Log(), "run cch migrate")

	out, code := p.Run("migrate")
	require.Zero(t, code, out)
	p.AwaitReady()
	status, _ = p.Admin(t, http.MethodGet, "/users", nil)
	require.Equal(t, http.StatusOK, status)
}
