package main

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/internal/testkit"
)

// TestHedging has a provider that says nothing and one that answers, in every
// protocol: the client gets one clean answer, the log tells of both calls.
func TestHedging(t *testing.T) {
	t.Parallel()
	p := testkit.StartProgram(t)
	status, res := p.Admin(t, http.MethodPatch, "/settings", testkit.M{"hedgeEnabled": true, "hedgeAfterMs": 20, "hedgeBudgetPercent": 100})
	require.Equal(t, http.StatusOK, status, res.Raw)
	silent, quick := testkit.NewUpstream(t, "silent"), testkit.NewUpstream(t, "quick")
	silent.Set(testkit.SlowContent)
	for _, wire := range testkit.Wires() {
		for i, u := range []*testkit.Upstream{silent, quick} {
			p.AddProvider(t, u, testkit.M{"name": u.Name + wire.Name, "type": wire.Provider, "priority": i})
		}
	}
	key := p.AddKey(t, p.AddUser(t, "u", nil), "k")
	for i, wire := range testkit.Wires() {
		path, body := wire.Call("model-1", true, fmt.Sprint("question ", i))
		status, _, answer := p.Call(t, http.MethodPost, path, key, body)
		require.Equal(t, http.StatusOK, status, answer)
		want := ""
		for _, frame := range wire.Frames(quick, "model-1") {
			want += frame
		}
		require.Equal(t, want, answer, wire.Name)
	}
	for _, row := range p.AwaitLogs(t, "", len(testkit.Wires())) {
		require.Equal(t, int64(2), row.Get("attempts").Int(), row.Raw)
		_, detail := p.Admin(t, http.MethodGet, "/usage-logs/"+row.Get("id").String(), nil)
		var reasons []string
		for _, e := range detail.Get("decisionChain").Array() {
			reasons = append(reasons, e.Get("reason").String())
		}
		require.Contains(t, reasons, "hedge_triggered")
		require.Contains(t, reasons, "hedge_launched")
		require.Contains(t, reasons, "hedge_winner")
		require.Condition(t, func() bool {
			for _, r := range reasons {
				if r == "hedge_loser_cancelled" || r == "hedge_loser_billed" {
					return true
				}
			}
			return false
		}, "%v", reasons)
	}
}
