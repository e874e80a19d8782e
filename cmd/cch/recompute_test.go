package main

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/tidwall/gjson"

	"github.com/claude-code-hub/cch/internal/testkit"
)

// awaitJob waits for the end of a job.
func awaitJob(t *testing.T, p *testkit.Program, started gjson.Result) (job gjson.Result) {
	t.Helper()
	id := started.Get("jobId").String()
	require.NotEmpty(t, id, started.Raw)
	require.Eventually(t, func() bool {
		_, job = p.Admin(t, http.MethodGet, "/jobs/"+id, nil)
		return job.Get("state").String() != "running"
	}, time.Minute, 10*time.Millisecond)
	return job
}

// A price that was wrong is set right for what was billed by it: once, for the
// models named, in the ledger, the limits and the log.
func TestBillsAreWorkedOutAgain(t *testing.T) {
	t.Parallel()
	u := testkit.NewUpstream(t, "acme")
	p := pricedProgram(t, u)
	user := p.AddUser(t, "ann", testkit.M{"limitTotalUsd": 1})
	key := p.AddKey(t, user, "key")
	began := time.Now().Add(-time.Minute).UTC().Format(time.RFC3339)
	var ids []string
	for range 3 {
		status, header, body := p.Messages(t, key, testkit.Prompt(true, "hello"))
		require.Equal(t, http.StatusOK, status, body)
		ids = append(ids, header.Get("X-Request-Id"))
		p.AwaitLogs(t, "requestId="+ids[len(ids)-1], 1)
	}
	status, res := p.Admin(t, http.MethodPut, "/model-prices/claude-test", testkit.M{
		"vendor": "acme", "mode": "chat", "rates": testkit.M{"input": "6", "output": "30", "cache_read": "0.6"},
	})
	require.Equal(t, http.StatusOK, status, res.Raw)
	recompute := func(body testkit.M) gjson.Result {
		body["from"] = began
		status, started := p.Admin(t, http.MethodPost, "/model-prices/recompute", body)
		require.Equal(t, http.StatusAccepted, status, started.Raw)
		job := awaitJob(t, p, started)
		require.Equal(t, "done", job.Get("state").String(), job.Raw)
		return job.Get("result")
	}
	cost := func() float64 {
		_, usage := p.Admin(t, http.MethodGet, "/users/"+itoa(user)+"/limit-usage", nil)
		return nano(usage.Get(`windows.#(limitType=="usd_total").usedUsd`))
	}
	require.EqualValues(t, 0, recompute(testkit.M{"models": []string{"another"}}).Get("rows").Int())
	dry := recompute(testkit.M{"dryRun": true})
	require.JSONEq(t, `[3,3,0,0]`, gjson.Parse(dry.Raw).Get("[rows,adjusted,unchanged,skipped]").Raw)
	require.InDelta(t, 3*pricedNano, nano(dry.Get("chargeUsd")), 1e-3)
	require.InDelta(t, 3*pricedNano, cost(), 1e-3, "nothing was changed")

	require.EqualValues(t, 3, recompute(testkit.M{"models": []string{"claude-test"}}).Get("adjusted").Int())
	require.InDelta(t, 6*pricedNano, cost(), 1e-3)
	require.EqualValues(t, 3, recompute(testkit.M{}).Get("unchanged").Int(), "once is enough")
	for _, id := range ids {
		require.Eventually(t, func() bool { return nano(p.Detail(t, id).Get("costUsd")) > 1.5*pricedNano }, 10*time.Second, 10*time.Millisecond)
		require.Equal(t, "6", p.Detail(t, id).Get("costBreakdown.lines.0.rate").String())
	}
	require.NoError(t, p.Stop())
	out, code := p.Run("ledger", "verify")
	require.Zero(t, code, out)
}
