package main

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/tidwall/gjson"

	"github.com/claude-code-hub/cch/internal/testkit"
)

// makeDemo asks for the demo and returns its key and provider.
func makeDemo(t *testing.T, p *testkit.Program) (key string, provider int64) {
	t.Helper()
	status, made := p.Admin(t, http.MethodPost, "/setup/demo", nil)
	require.Equal(t, http.StatusCreated, status, made.Raw)
	return made.Get("key.secret").String(), made.Get("providerId").Int()
}

func setupState(t *testing.T, p *testkit.Program) gjson.Result {
	t.Helper()
	status, state := p.Admin(t, http.MethodGet, "/setup/state", nil)
	require.Equal(t, http.StatusOK, status, state.Raw)
	return state
}

func behave(t *testing.T, p *testkit.Program, mode string) {
	t.Helper()
	status, state := p.Admin(t, http.MethodPut, "/setup/demo/behaviour", testkit.M{"mode": mode})
	require.Equal(t, http.StatusOK, status, state.Raw)
}

// TestFirstMinute goes from nothing to a first request, breaks the demo
// upstream, repairs it and takes everything away again.
func TestFirstMinute(t *testing.T) {
	t.Parallel()
	onEachEngine(t, testFirstMinute)
}

func testFirstMinute(t *testing.T, p *testkit.Program) {
	t.Helper()
	require.Equal(t, "off", setupState(t, p).Get("demo").String())

	key, provider := makeDemo(t, p)
	status, report := p.Admin(t, http.MethodPost, "/providers/"+itoa(provider)+"/test", testkit.M{})
	require.Equal(t, http.StatusOK, status, report.Raw)
	require.Equal(t, "green", report.Get("status").String(), report.Raw)

	for _, stream := range []bool{true, false} {
		status, header, body := p.Messages(t, key, testkit.Prompt(stream, "hello"))
		require.Equal(t, http.StatusOK, status, body)
		require.Contains(t, body, "demo")
		require.NotEmpty(t, header.Get("X-Request-Id"))
	}
	for _, row := range p.AwaitLogs(t, "", 2) {
		require.True(t, row.Get("isDemo").Bool(), row.Raw)
		require.EqualValues(t, http.StatusOK, row.Get("statusCode").Int())
		require.Equal(t, "Demo", row.Get("providerName").String())
		require.Zero(t, row.Get("costUsd").Float())
		require.Positive(t, row.Get("outputTokens").Int())
	}
	require.Equal(t, "done", setupState(t, p).Get("steps.request").String())

	behave(t, p, "500")
	status, _, body := p.Messages(t, key, testkit.Prompt(true, "again"))
	require.GreaterOrEqual(t, status, http.StatusInternalServerError, body)
	failed := p.AwaitLogs(t, "errorsOnly=true", 1)[0]
	require.True(t, failed.Get("isDemo").Bool(), "also what failed is marked")

	behave(t, p, "healthy")
	status, _, body = p.Messages(t, key, testkit.Prompt(false, "better"))
	require.Equal(t, http.StatusOK, status, body)

	status, _ = p.Admin(t, http.MethodDelete, "/setup/demo", nil)
	require.Equal(t, http.StatusNoContent, status)
	requireNothingLeft(t, p, key)
}

func TestTheDemoAnswersEveryClient(t *testing.T) {
	t.Parallel()
	p := testkit.StartProgram(t)
	key, _ := makeDemo(t, p)
	for _, wire := range testkit.Wires() {
		for _, stream := range []bool{true, false} {
			path, body := wire.Call("any-model", stream, "hello")
			status, _, answer := p.Call(t, http.MethodPost, path, key, body)
			require.Equal(t, http.StatusOK, status, "%s: %s", wire.Name, answer)
			require.Contains(t, answer, "upstream", wire.Name)
		}
	}
}

func requireNothingLeft(t *testing.T, p *testkit.Program, key string) {
	t.Helper()
	for _, path := range []string{"/usage-logs", "/providers", "/users", "/sessions?state=recent", "/sessions?state=active"} {
		status, res := p.Admin(t, http.MethodGet, path, nil)
		require.Equal(t, http.StatusOK, status, res.Raw)
		require.Empty(t, res.Get("items").Array(), path)
	}
	_, groups := p.Admin(t, http.MethodGet, "/provider-groups", nil)
	require.Len(t, groups.Get("items").Array(), 2, "the built-in ones")
	status, _, _ := p.Messages(t, key, testkit.Prompt(false, "still there?"))
	require.Equal(t, http.StatusUnauthorized, status)
}

func TestDemoTrafficFlowsAndLeavesNothing(t *testing.T) {
	t.Parallel()
	p := testkit.StartProgram(t)
	key, _ := makeDemo(t, p)
	status, state := p.Admin(t, http.MethodPost, "/setup/demo/traffic", testkit.M{"running": true})
	require.Equal(t, http.StatusOK, status, state.Raw)
	require.Equal(t, "running", state.Get("demo").String())
	rows := p.AwaitLogs(t, "", 6)
	sessions := map[string]bool{}
	for _, row := range rows {
		require.EqualValues(t, http.StatusOK, row.Get("statusCode").Int(), row.Raw)
		require.True(t, row.Get("isDemo").Bool())
		sessions[row.Get("sessionId").String()] = true
	}
	require.Len(t, sessions, 3)

	status, res := p.Admin(t, http.MethodDelete, "/setup/demo", nil) // while requests run
	require.Equal(t, http.StatusNoContent, status, res.Raw)
	requireNothingLeft(t, p, key)
}

func TestDemoRemovalEndsCallsThatHang(t *testing.T) {
	t.Parallel()
	p := testkit.StartProgram(t)
	key, _ := makeDemo(t, p)
	behave(t, p, "hang")
	answered := make(chan int, 1)
	go func() {
		status, _, _ := p.Messages(t, key, testkit.Prompt(true, "are you there?"))
		answered <- status
	}()
	require.Eventually(t, func() bool { return p.Metric(t, "cch_in_flight_requests", "") == 1 }, 10*time.Second, 20*time.Millisecond)
	status, res := p.Admin(t, http.MethodDelete, "/setup/demo", nil)
	require.Equal(t, http.StatusNoContent, status, res.Raw)
	<-answered
	requireNothingLeft(t, p, key)
}

func TestDemoSwitchedOff(t *testing.T) {
	t.Parallel()
	p := testkit.StartProgram(t, "DEMO_UPSTREAM=off")
	status, _ := p.Admin(t, http.MethodPost, "/setup/demo", nil)
	require.Equal(t, http.StatusNotFound, status)
	require.False(t, setupState(t, p).Get("demoAvailable").Bool())
}

// TestSetupOutlivesARestart holds that another process goes on where the last
// one stopped.
func TestSetupOutlivesARestart(t *testing.T) {
	t.Parallel()
	onEachEngine(t, testSetupOutlivesARestart)
}

func testSetupOutlivesARestart(t *testing.T, p *testkit.Program) {
	t.Helper()
	key, _ := makeDemo(t, p)
	status, _ := p.Admin(t, http.MethodPatch, "/setup/state", testkit.M{"steps": testkit.M{"route": "done"}})
	require.Equal(t, http.StatusOK, status)
	require.NoError(t, p.Stop())
	p.Start()
	state := setupState(t, p)
	require.Equal(t, "ready", state.Get("demo").String())
	require.Equal(t, "done", state.Get("steps.route").String())
	status, _, body := p.Messages(t, key, testkit.Prompt(false, "hello again"))
	require.Equal(t, http.StatusOK, status, body)
}
