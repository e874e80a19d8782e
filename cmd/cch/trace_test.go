package main

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/internal/testkit"
)

// The first request to a provider opens a connection, and its record says when;
// the next one finds it there, and its record says nothing of it.
func TestTheTraceOfANewConnection(t *testing.T) {
	t.Parallel()
	p := testkit.StartProgram(t)
	u := testkit.NewUpstream(t, "acme")
	p.AddProvider(t, u, nil)
	key := p.NewKey(t, "ann")
	for _, first := range []bool{true, false} {
		status, header, body := p.Messages(t, key, testkit.Prompt(false, "hello"))
		require.Equal(t, http.StatusOK, status, body)
		id := header.Get("X-Request-Id")
		p.AwaitLogs(t, "requestId="+id, 1)
		row := p.Detail(t, id)
		status, route := p.Admin(t, http.MethodGet, "/usage-logs/"+id+"/route", nil)
		require.Equal(t, http.StatusOK, status, route.Raw)
		times := route.Get("attempts.0.t")
		require.Equal(t, first, times.Get("connect").Exists() && times.Get("connect").Raw != "null", times.Raw)
		require.Equal(t, first, row.Get("routeTrace.dials.#").Int() == 1, row.Get("routeTrace").Raw)
		require.NotContains(t, row.Get("specialSettings.#.type").Raw, "route_trace", "it is no setting")
		if first {
			require.EqualValues(t, 1, row.Get("routeTrace.dials.0.attempt").Int())
			require.LessOrEqual(t, times.Get("start").Int(), times.Get("connect").Int())
		}
	}
}
