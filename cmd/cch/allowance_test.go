package main

import (
	"math"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/internal/testkit"
)

// While nobody can say what a user has spent, because the store does not let the
// user's quota actor become the ledger's writer, the user gets on with a small
// part of its limits and not with more. What that cost is counted afterwards.
func TestTheEmergencyAllowanceIsBoundedAndSettled(t *testing.T) {
	t.Parallel()
	p := testkit.StartProgram(t)
	p.AddProvider(t, testkit.NewUpstream(t, "acme"), nil)
	// 25 tokens in, 100 cached ones and 15 out are $0.10.
	status, res := p.Admin(t, http.MethodPut, "/model-prices/claude-test", testkit.M{
		"vendor": "acme", "mode": "chat", "rates": testkit.M{"input": "2000", "output": "2000", "cache_read": "200"},
	})
	require.Equal(t, http.StatusOK, status, res.Raw)
	const perCall, allowance = 0.10, 0.25 // a twentieth of the limit
	user := p.AddUser(t, "ann", testkit.M{"dailyLimitUsd": 5})
	key := p.AddKey(t, user, "key")
	rename := func(from, to string) {
		_, err := openSQLite(t, p.Dir).ExecContext(t.Context(), "ALTER TABLE "+from+" RENAME TO "+to)
		require.NoError(t, err)
	}

	rename("quota_owner", "away")
	admitted := 0
	for range 5 {
		status, header, body := p.Messages(t, key, testkit.Prompt(false, "hello"))
		require.Equal(t, "degraded", header.Get("X-Cch-Quota-State"), body)
		if status == http.StatusServiceUnavailable {
			require.NotEmpty(t, header.Get("Retry-After"))
			require.Contains(t, body, "cannot be checked right now")
			break
		}
		require.Equal(t, http.StatusOK, status, body)
		admitted++
	}
	require.Positive(t, admitted, "an outage of the store is no outage of the hub")
	require.LessOrEqual(t, float64(admitted)*perCall, allowance+perCall, "it is bounded")
	require.Less(t, admitted, 5)
	require.InDelta(t, admitted, p.Metric(t, "cch_quota_fail_open_total", ""), 0)

	rename("away", "quota_owner")
	var header http.Header
	require.Eventually(t, func() bool {
		status, h, _ := p.Messages(t, key, testkit.Prompt(false, "hello"))
		header = h
		return status == http.StatusOK && h.Get("X-Cch-Quota-State") == ""
	}, time.Minute, 50*time.Millisecond)
	p.AwaitLogs(t, "requestId="+header.Get("X-Request-Id"), 1)
	all := (p.Metric(t, "cch_quota_fail_open_total", "") + 1) * perCall
	require.Eventually(t, func() bool {
		_, usage := p.Admin(t, http.MethodGet, "/users/"+itoa(user)+"/limit-usage", nil)
		day := usage.Get(`windows.#(limitType=="daily_quota")`)
		return math.Abs(day.Get("usedUsd").Float()-all) < 1e-9 && day.Get("reserved").Float() == 0
	}, time.Minute, 50*time.Millisecond, "what the emergency let through is counted")
	require.NoError(t, p.Stop())
	out, code := p.Run("ledger", "verify")
	require.Zero(t, code, out)
}
