package main

import (
	"maps"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/internal/testkit"
)

// The service that the operator asks for in the client's place is the one that is
// paid for, where the provider does not say which one it gave: at its own tier's
// rates, not at those of what the client asked for.
func TestAServiceThatTheOperatorAsksForIsBilled(t *testing.T) {
	t.Parallel()
	p := testkit.StartProgram(t)
	status, res := p.Admin(t, http.MethodPut, "/model-prices/tier-test", testkit.M{
		"vendor": "acme", "mode": "chat", "rates": testkit.M{"input": "2", "output": "10", "cache_read": "1"},
		"service_tiers": testkit.M{"priority": testkit.M{"rates": testkit.M{"input": "4", "output": "20", "cache_read": "2"}}},
	})
	require.Equal(t, http.StatusOK, status, res.Raw)
	u := testkit.NewUpstream(t, "acme")
	const standard = 25*2000 + 100*1000 + 15*10_000 // nano-USD
	const priority = 2 * standard
	for _, c := range []struct {
		name   string
		extra  testkit.M
		filter string // what it writes as the tier, in the final phase
		tier   string // that the client asks for
		want   float64
	}{
		{"nobody", nil, "", "", standard},
		{"client", nil, "", `,"service_tier":"priority"`, priority},
		{"override", testkit.M{"overrides": testkit.M{"serviceTier": "priority"}}, "", "", priority},
		{"override to standard", testkit.M{"overrides": testkit.M{"serviceTier": "default"}}, "", `,"service_tier":"priority"`, standard},
		{"filter", nil, "priority", "", priority},
		{"filter beats override", testkit.M{"overrides": testkit.M{"serviceTier": "priority"}}, "default", "", standard},
	} {
		extra := testkit.M{"type": "codex", "groups": []string{c.name}}
		maps.Copy(extra, c.extra)
		provider := p.AddProvider(t, u, extra)
		if c.filter != "" {
			status, res := p.Admin(t, http.MethodPost, "/request-filters", testkit.M{
				"name": c.name, "isEnabled": true, "binding": "providers", "providerIds": []int64{provider}, "phase": "final",
				"mode": "simple", "scope": "body", "action": "json_path", "target": "service_tier", "replacement": c.filter,
			})
			require.Equal(t, http.StatusCreated, status, res.Raw)
		}
		key := p.AddKey(t, p.AddUser(t, c.name, testkit.M{"groups": []string{c.name}}), "key")
		body := `{"model":"tier-test","stream":true,"store":false,"prompt_cache_key":"none"` + c.tier +
			`,"input":[{"type":"message","role":"user","content":[{"type":"input_text","text":"hello"}]}]}`
		status, header, text := p.Call(t, http.MethodPost, "/v1/responses", key, body)
		require.Equal(t, http.StatusOK, status, text)
		id := header.Get("X-Request-Id")
		p.AwaitLogs(t, "requestId="+id, 1)
		row := p.Detail(t, id)
		require.InDelta(t, c.want, nano(row.Get("costUsd")), 1e-6, "%s: %s", c.name, row.Raw)
	}
}
