package main

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/internal/testkit"
)

// What a user's requests left is deleted and counting starts anew, while another
// user keeps all, the hub goes on and everything still agrees with the ledger.
func TestStatisticsOfAUserAreDeleted(t *testing.T) {
	onEachEngine(t, func(t *testing.T, p *testkit.Program) {
		t.Helper()
		price(t, p, testkit.NewUpstream(t, "acme"))
		ann, bob := p.AddUser(t, "ann", testkit.M{"limitTotalUsd": 1}), p.AddUser(t, "bob", testkit.M{"limitTotalUsd": 1})
		keys := map[int64]string{ann: p.AddKey(t, ann, "a"), bob: p.AddKey(t, bob, "b")}
		ask := func(user int64) {
			status, header, body := p.Messages(t, keys[user], testkit.Prompt(true, "hello"))
			require.Equal(t, http.StatusOK, status, body)
			p.AwaitLogs(t, "requestId="+header.Get("X-Request-Id"), 1)
		}
		spent := func(user int64) float64 {
			_, usage := p.Admin(t, http.MethodGet, "/users/"+itoa(user)+"/limit-usage", nil)
			return nano(usage.Get(`windows.#(limitType=="usd_total").usedUsd`))
		}
		for range 3 {
			ask(ann)
			ask(bob)
		}
		awaitSettled(t, p)
		require.InDelta(t, 3*pricedNano, spent(ann), 1e-3)
		status, started := p.Admin(t, http.MethodPost, "/users/"+itoa(ann)+"/statistics/reset", testkit.M{})
		require.Equal(t, http.StatusAccepted, status, started.Raw)
		job := awaitJob(t, p, started)
		require.Equal(t, "done", job.Get("state").String(), job.Raw)
		require.EqualValues(t, 3, job.Get("result.ledgerRows").Int(), job.Raw)
		require.Zero(t, spent(ann))
		require.InDelta(t, 3*pricedNano, spent(bob), 1e-3)
		ask(ann)
		awaitSettled(t, p)
		require.InDelta(t, pricedNano, spent(ann), 1e-3)
		_, logs := p.Admin(t, http.MethodGet, "/usage-logs?limit=50", nil)
		require.Len(t, logs.Get("items").Array(), 4, "one of ann's, three of bob's")
		out, code := p.Run("ledger", "verify")
		require.Zero(t, code, out)
		p.Kill()
		p.Start()
		require.InDelta(t, pricedNano, spent(ann), 1e-3)
		require.NoError(t, p.Stop())
		out, code = p.Run("ledger", "verify")
		require.Zero(t, code, out)
	})
}
