package main

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/tidwall/gjson"

	"github.com/claude-code-hub/cch/internal/testkit"
)

// nano is an amount in USD of the API as whole nano-USD.
func nano(usd gjson.Result) float64 { return usd.Float() * 1e9 }

// The upstream's answers use 25 tokens of input, 100 cached ones and 15 of output.
func TestARequestCostsWhatItsPriceSays(t *testing.T) {
	t.Parallel()
	p := testkit.StartProgram(t)
	u := testkit.NewUpstream(t, "acme")
	provider := p.AddProvider(t, u, testkit.M{"costMultiplier": 1.5})
	key := p.NewKey(t, "ann")
	ask := func(stream bool) gjson.Result {
		status, header, body := p.Messages(t, key, testkit.Prompt(stream, "hello"))
		require.Equal(t, http.StatusOK, status, body)
		p.AwaitLogs(t, "requestId="+header.Get("X-Request-Id"), 1)
		return p.Detail(t, header.Get("X-Request-Id"))
	}
	put := func(entry testkit.M) {
		status, res := p.Admin(t, http.MethodPut, "/model-prices/claude-test", entry)
		require.Equal(t, http.StatusOK, status, res.Raw)
	}

	unpriced := ask(false)
	require.Zero(t, unpriced.Get("costUsd").Float())
	require.Equal(t, "unpriced", unpriced.Get("costBreakdown.state").String())

	put(testkit.M{"vendor": "acme", "mode": "chat", "rates": testkit.M{"input": "3", "output": "15", "cache_read": "0.3"}})
	for _, stream := range []bool{false, true} {
		row := ask(stream)
		// (25 × 3000 + 100 × 300 + 15 × 15000) × 1.5 nano-USD
		require.InDelta(t, 495_000, nano(row.Get("costUsd")), 1e-6)
		require.Equal(t, row.Get("costUsd").Raw, row.Get("costBreakdown.chargeUsd").Raw)
		require.InDelta(t, 330_000, nano(row.Get("costBreakdown.baseUsd")), 1e-6)
		require.Equal(t, "billed", row.Get("costBreakdown.state").String())
		require.Equal(t, `["input","cache_read","output"]`, row.Get("costBreakdown.lines.#.name").Raw)
	}

	before := ask(false)
	put(testkit.M{"rates": testkit.M{"input": "1", "output": "2", "cache_read": "0"}})
	after := ask(false)
	require.InDelta(t, (25*1000+15*2000)*1.5, nano(after.Get("costUsd")), 1e-6, "the next request has the new price")
	require.Greater(t, after.Get("costBreakdown.priceId").Int(), before.Get("costBreakdown.priceId").Int())
	require.Equal(t, before.Get("costUsd").Raw, p.Detail(t, before.Get("requestId").String()).Get("costUsd").Raw)

	// A group's factor comes on top, and a failure costs nothing.
	status, groups := p.Admin(t, http.MethodGet, "/provider-groups?q=default", nil)
	require.Equal(t, http.StatusOK, status)
	status, res := p.Admin(t, http.MethodPatch, "/provider-groups/"+groups.Get("items.0.id").String(), testkit.M{"costMultiplier": 0.5})
	require.Equal(t, http.StatusOK, status, res.Raw)
	half := ask(true)
	require.InDelta(t, (25*1000+15*2000)*0.75, nano(half.Get("costUsd")), 1e-6)
	require.InDelta(t, 0.5, half.Get("groupMultiplier").Float(), 1e-9)
	u.Set(testkit.Status400)
	status, header, _ := p.Messages(t, key, testkit.Prompt(false, "refused"))
	require.Equal(t, http.StatusBadRequest, status)
	p.AwaitLogs(t, "requestId="+header.Get("X-Request-Id"), 1)
	refused := p.Detail(t, header.Get("X-Request-Id"))
	require.Equal(t, provider, refused.Get("providerId").Int())
	require.Zero(t, refused.Get("costUsd").Float())
	require.Equal(t, "not_billed", refused.Get("costBreakdown.state").String())
}
