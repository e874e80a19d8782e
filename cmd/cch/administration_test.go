package main

import (
	"bytes"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/tidwall/gjson"

	"github.com/claude-code-hub/cch/internal/testkit"
)

// finishedJob waits for a job that was asked for.
func finishedJob(t *testing.T, p *testkit.Program, status int, asked gjson.Result) gjson.Result {
	t.Helper()
	require.Equal(t, http.StatusAccepted, status, asked.Raw)
	var job gjson.Result
	require.Eventually(t, func() bool {
		_, job = p.Admin(t, http.MethodGet, "/jobs/"+asked.Get("jobId").String(), nil)
		return job.Get("state").String() != "running"
	}, 30*time.Second, 20*time.Millisecond)
	return job
}

// send uploads bytes as the administrator.
func send(t *testing.T, p *testkit.Program, path, kind string, body []byte) (int, gjson.Result) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, p.URL+"/api/v1"+path, bytes.NewReader(body))
	require.NoError(t, err)
	req.Header.Set("Authorization", "Bearer "+testkit.AdminToken)
	req.Header.Set("Content-Type", kind)
	resp, err := http.DefaultTransport.RoundTrip(req)
	require.NoError(t, err)
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	return resp.StatusCode, gjson.ParseBytes(text)
}

// fetch downloads as the administrator.
func fetch(t *testing.T, p *testkit.Program, path string) []byte {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, p.URL+"/api/v1"+path, nil)
	require.NoError(t, err)
	req.Header.Set("Authorization", "Bearer "+testkit.AdminToken)
	resp, err := http.DefaultTransport.RoundTrip(req)
	require.NoError(t, err)
	defer func() { _ = resp.Body.Close() }()
	require.Equal(t, http.StatusOK, resp.StatusCode)
	text, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	return text
}

func TestARunningHubIsBackedUpAndRestoredOverItsAPI(t *testing.T) {
	t.Parallel()
	onEachEngine(t, testRestoreOverTheAPI)
}

func testRestoreOverTheAPI(t *testing.T, p *testkit.Program) {
	t.Helper()
	p.AddProvider(t, testkit.NewUpstream(t, "up"), nil)
	key := p.NewKey(t, "ann")
	status, _, body := p.Messages(t, key, testkit.Prompt(false, "hi"))
	require.Equal(t, http.StatusOK, status, body)
	p.AwaitLogs(t, "", 1)
	awaitIdle(t, p)
	status, asked := p.Admin(t, http.MethodPost, "/backup", testkit.M{"mode": "full"})
	job := finishedJob(t, p, status, asked)
	require.Equal(t, "done", job.Get("state").String(), job.Raw)
	archive := fetch(t, p, "/backup/"+job.Get("result.id").String()+"/download")
	require.NotContains(t, string(archive), "upstream-key-of-up")

	status, res := p.Admin(t, http.MethodDelete, "/users/1", nil)
	require.Equal(t, http.StatusNoContent, status, res.Raw)
	status, _, _ = p.Messages(t, key, testkit.Prompt(false, "hi"))
	require.Equal(t, http.StatusUnauthorized, status)

	pid := p.PID()
	status, asked = send(t, p, "/backup/restore", "application/octet-stream", archive)
	require.Equal(t, http.StatusAccepted, status, asked.Raw)
	var restored gjson.Result
	require.Eventually(t, func() bool {
		resp, err := http.Get(p.URL + "/api/health/ready")
		if err != nil {
			return false
		}
		_ = resp.Body.Close()
		if resp.StatusCode != http.StatusOK {
			return false
		}
		_, res := p.Admin(t, http.MethodGet, "/backup/status", nil)
		restored = res.Get("lastRestore")
		return restored.Get("state").String() != "running" && restored.Get("endedAt").String() != ""
	}, 60*time.Second, 50*time.Millisecond, "%s", p.Log())
	require.Equal(t, "done", restored.Get("state").String(), restored.Raw)
	require.True(t, p.Running())
	require.Equal(t, pid, p.PID(), "the process is the same")
	require.Contains(t, p.Log(), "restore begins")
	require.True(t, strings.HasPrefix(restored.Get("safety").String(), "before-restore-"))

	status, _, body = p.Messages(t, key, testkit.Prompt(false, "again"))
	require.Equal(t, http.StatusOK, status, "the user is back: "+body)
	awaitIdle(t, p)
	out, code := p.Run("ledger", "verify")
	require.Zero(t, code, out)
}

func TestARestoreThatFailsLeavesTheHubAsItWas(t *testing.T) {
	t.Parallel()
	p := testkit.StartProgram(t)
	p.AddProvider(t, testkit.NewUpstream(t, "up"), nil)
	key := p.NewKey(t, "ann")
	status, asked := p.Admin(t, http.MethodPost, "/backup", testkit.M{"mode": "config"})
	id := finishedJob(t, p, status, asked).Get("result.id").String()
	archive := fetch(t, p, "/backup/"+id+"/download")
	for _, body := range [][]byte{[]byte("no archive"), archive[:len(archive)-100]} {
		status, res := send(t, p, "/backup/restore", "application/octet-stream", body)
		require.Equal(t, http.StatusBadRequest, status, res.Raw)
	}
	status, asked = send(t, p, "/backup/restore?dryRun=true", "application/octet-stream", archive)
	job := finishedJob(t, p, status, asked)
	require.Equal(t, "done", job.Get("state").String(), job.Raw)
	_, res := p.Admin(t, http.MethodGet, "/backup/status", nil)
	require.Equal(t, gjson.Null, res.Get("lastRestore").Type, "a dry run restores nothing")
	status, _, body := p.Messages(t, key, testkit.Prompt(false, "hi"))
	require.Equal(t, http.StatusOK, status, body)
}

// Another node writes on while this one ends: nothing may be put back then.
func TestAnArchiveIsNotPutBackBesideAnotherNode(t *testing.T) {
	t.Parallel()
	dsn := testkit.Postgres(t)
	p := testkit.StartProgram(t, masterKey, "DSN="+dsn)
	testkit.StartProgram(t, masterKey, "DSN="+dsn)
	status, asked := p.Admin(t, http.MethodPost, "/backup", testkit.M{"mode": "config"})
	id := finishedJob(t, p, status, asked).Get("result.id").String()
	status, asked = p.Admin(t, http.MethodPost, "/backup/restore?archive="+id, nil)
	require.Equal(t, http.StatusAccepted, status, asked.Raw)
	require.Eventually(t, func() bool { return strings.Contains(p.Log(), "restore failed") }, 60*time.Second, 50*time.Millisecond)
	p.AwaitReady()
	_, res := p.Admin(t, http.MethodGet, "/backup/status", nil)
	require.Equal(t, "failed", res.Get("lastRestore.state").String(), res.Raw)
	require.Contains(t, res.Get("lastRestore.error").String(), "stop every hub first")
	out, code := p.Run("db", "copy", "-to", "sqlite://"+t.TempDir()+"/cch.db")
	require.NotZero(t, code, out)
	require.Contains(t, out, "stop every hub first")
}

func TestAConfigurationMovesOverTheAPI(t *testing.T) {
	t.Parallel()
	p, q := testkit.StartProgram(t), testkit.StartProgram(t)
	p.AddProvider(t, testkit.NewUpstream(t, "up"), testkit.M{"groups": []string{"team"}, "weight": 7})
	p.AddUser(t, "ann", testkit.M{"groups": []string{"team"}, "rpmLimit": 60})
	text := fetch(t, p, "/config/export")
	require.NotContains(t, string(text), "upstream-key-of-up")
	withKey := strings.Replace(string(text), "  name: up\n", "  key: upstream-key-of-up\n  name: up\n", 1)

	status, res := send(t, q, "/config/import?dryRun=true", "application/yaml", []byte(withKey))
	require.Equal(t, http.StatusOK, status, res.Raw)
	require.Contains(t, res.Get("changes").Raw, "create provider up")
	_, res = q.Admin(t, http.MethodGet, "/providers", nil)
	require.Empty(t, res.Get("items").Array(), "a dry run changes nothing")
	status, res = send(t, q, "/config/import", "application/yaml", []byte(withKey))
	require.Equal(t, http.StatusOK, status, res.Raw)
	require.Equal(t, res.Get("made").Int(), res.Get("changes.#").Int())
	_, res = q.Admin(t, http.MethodGet, "/providers", nil)
	require.EqualValues(t, 7, res.Get("items.0.weight").Int())
	_, res = send(t, q, "/config/import", "application/yaml", []byte(withKey))
	require.Zero(t, res.Get("made").Int(), "again it changes nothing")

	for body, want := range map[string]string{
		"users: [{name: a, rpmLimit: -4}]":                      "rpmLimit",
		"plants: []":                                            "plants",
		"providers: [{name: a, key: '${ADMIN_TOKEN}'}]":         "ADMIN_TOKEN is not set",
		"providers: [{name: a, type: x, url: 'y', key: 'zzz'}]": "0 of 1 changes were made",
	} {
		status, res := send(t, q, "/config/import", "application/yaml", []byte(body))
		require.Equal(t, http.StatusBadRequest, status, res.Raw)
		require.Contains(t, res.Get("detail").String(), want, "the environment is not to be had over the API")
	}
}

func TestAGeneratedTokenIsReplacedForGood(t *testing.T) {
	t.Parallel()
	p := testkit.NewProgram(t, "ADMIN_TOKEN=")
	p.Start()
	_, line, _ := strings.Cut(p.Log(), "Admin token")
	shown := strings.Fields(line)[0]
	status, res := testkit.CallJSON(t, http.MethodPost, p.URL+"/api/v1/system/admin-token/rotate", shown, nil)
	require.Equal(t, http.StatusOK, status, res.Raw)
	token := res.Get("token").String()
	status, _ = testkit.CallJSON(t, http.MethodGet, p.URL+"/api/v1/users", shown, nil)
	require.Equal(t, http.StatusUnauthorized, status)
	require.NoError(t, p.Stop())
	require.NotContains(t, p.Log(), token)
	p.Start()
	status, _ = testkit.CallJSON(t, http.MethodGet, p.URL+"/api/v1/users", token, nil)
	require.Equal(t, http.StatusOK, status, "it outlives a restart")
}

func TestMetricsTellOfRequestsAndStorage(t *testing.T) {
	t.Parallel()
	onEachEngine(t, func(t *testing.T, p *testkit.Program) {
		t.Helper()
		p.AddProvider(t, testkit.NewUpstream(t, "up"), nil)
		key := p.NewKey(t, "ann")
		for range 3 {
			status, _, body := p.Messages(t, key, testkit.Prompt(false, "hi"))
			require.Equal(t, http.StatusOK, status, body)
		}
		status, _, _ := p.Messages(t, "sk-nobody", testkit.Prompt(false, "hi"))
		require.Equal(t, http.StatusUnauthorized, status)
		p.AwaitLogs(t, "", 3)
		require.InDelta(t, 3, p.Metric(t, "cch_requests_total", `outcome="success"`), 0)
		require.Positive(t, p.Metric(t, "cch_tokens_total", `kind="output"`))
		require.InDelta(t, 3, p.Metric(t, "cch_request_duration_seconds_count", ""), 0)

		status, res := p.Admin(t, http.MethodGet, "/system/storage", nil)
		require.Equal(t, http.StatusOK, status, res.Raw)
		require.Positive(t, p.Metric(t, "cch_database_bytes", ""))
		require.GreaterOrEqual(t, p.Metric(t, "cch_table_bytes", `table="request_logs"`), 1.0)
		status, res = p.Admin(t, http.MethodPost, "/system/jobs/request_logs/run", nil)
		require.Equal(t, http.StatusAccepted, status, res.Raw)
		require.Eventually(t, func() bool { return p.Metric(t, "cch_chore_runs_total", `chore="request_logs"`) == 1 }, 20*time.Second, 20*time.Millisecond)
		require.Zero(t, p.Metric(t, "cch_chore_rows_left", `chore="request_logs"`))
		status, res = p.Admin(t, http.MethodPut, "/system/log-level", testkit.M{"level": "debug"})
		require.Equal(t, http.StatusOK, status, res.Raw)
		_, _ = p.Admin(t, http.MethodGet, "/users", nil)
		require.Eventually(t, func() bool { return strings.Contains(p.Log(), `level=DEBUG msg="request served"`) },
			10*time.Second, 10*time.Millisecond, "the line follows the answer")
	})
}
