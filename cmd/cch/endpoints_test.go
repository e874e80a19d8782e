package main

import (
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/internal/testkit"
)

// A vendor's dead endpoint costs one request a moment and nobody an error.
func TestADeadEndpointIsLeftForTheNext(t *testing.T) {
	t.Parallel()
	p := testkit.StartProgram(t, "ENDPOINT_PROBE_SCHEDULER_ENABLED=false")
	up := testkit.NewUpstream(t, "up")
	dead, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	deadURL := "http://" + dead.Addr().String()
	require.NoError(t, dead.Close())

	status, vendor := p.Admin(t, http.MethodPost, "/provider-vendors", testkit.M{"websiteDomain": "127.0.0.1"})
	require.Equal(t, http.StatusCreated, status, vendor.Raw)
	path := "/provider-vendors/" + vendor.Get("id").String() + "/endpoints"
	_, first := p.Admin(t, http.MethodPost, path, testkit.M{"type": "claude", "url": deadURL, "sortOrder": 1})
	_, second := p.Admin(t, http.MethodPost, path, testkit.M{"type": "claude", "url": up.URL, "sortOrder": 2})
	provider := p.AddProvider(t, up, testkit.M{"vendorId": vendor.Get("id").Int()})
	key := p.NewKey(t, "ann")

	outcomes := func(n int) (list []string) {
		row := p.AwaitLogs(t, "", n)[0]
		for _, e := range p.Detail(t, row.Get("id").String()).Get("decisionChain").Array() {
			if e.Get("attemptNumber").Exists() {
				list = append(list, e.Get("endpointId").String()+" "+e.Get("reason").String())
			}
		}
		return list
	}
	status, _, body := p.Messages(t, key, testkit.Prompt(true, "one"))
	require.Equal(t, http.StatusOK, status, body)
	require.Equal(t, []string{
		first.Get("id").String() + " system_error", second.Get("id").String() + " retry_success",
	}, outcomes(1))
	status, _, _ = p.Messages(t, key, testkit.Prompt(true, "two"))
	require.Equal(t, http.StatusOK, status)
	two := outcomes(2)
	require.Contains(t, two[len(two)-1], second.Get("id").String()+" re", "the dead one cools for ten seconds")

	_, probe := p.Admin(t, http.MethodPost, "/provider-endpoints/"+first.Get("id").String()+"/probe", nil)
	require.False(t, probe.Get("ok").Bool(), probe.Raw)
	_, probe = p.Admin(t, http.MethodPost, "/provider-endpoints/"+second.Get("id").String()+"/probe", nil)
	require.True(t, probe.Get("ok").Bool(), probe.Raw)

	status, _ = p.Admin(t, http.MethodPost, "/provider-vendors/"+vendor.Get("id").String()+"/breaker", testkit.M{"type": "claude", "action": "open"})
	require.Equal(t, http.StatusOK, status)
	_, said := p.Admin(t, http.MethodPost, "/dispatch/simulate", testkit.M{"format": "claude"})
	require.Equal(t, "circuit_open", said.Get("providers.#(id=="+itoa(provider)+").reason").String(), said.Raw)
	status, _, body = p.Messages(t, key, testkit.Prompt(true, "three"))
	require.Equal(t, http.StatusServiceUnavailable, status, body)
	require.Eventually(t, func() bool { // events are written behind
		_, events := p.Admin(t, http.MethodGet, "/breaker-events?scope=vendor_type", nil)
		return events.Get("items.0.reasonCode").String() == "manual_open"
	}, 20*time.Second, 50*time.Millisecond)
}

// Without anybody asking, a dead endpoint is found out and ranked last, so that
// no request meets it, and the operator sees what was found.
func TestADeadEndpointIsFoundOutByTheClock(t *testing.T) {
	t.Parallel()
	p := testkit.StartProgram(t, "ENDPOINT_PROBE_INTERVAL_MS=1000", "ENDPOINT_PROBE_CYCLE_JITTER_MS=0", "ENDPOINT_PROBE_METHOD=HEAD")
	up := testkit.NewUpstream(t, "up")
	dead, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	deadURL := "http://" + dead.Addr().String()
	require.NoError(t, dead.Close())
	_, vendor := p.Admin(t, http.MethodPost, "/provider-vendors", testkit.M{"websiteDomain": "127.0.0.1"})
	path := "/provider-vendors/" + vendor.Get("id").String() + "/endpoints"
	_, first := p.Admin(t, http.MethodPost, path, testkit.M{"type": "claude", "url": deadURL, "sortOrder": 1})
	_, second := p.Admin(t, http.MethodPost, path, testkit.M{"type": "claude", "url": up.URL, "sortOrder": 2})
	p.AddProvider(t, up, testkit.M{"vendorId": vendor.Get("id").Int()})
	key := p.NewKey(t, "ann")

	require.Eventually(t, func() bool {
		_, list := p.Admin(t, http.MethodGet, path, nil)
		return list.Get("items.0.lastProbe.ok").Exists() && list.Get("items.1.lastProbe.ok").Exists()
	}, 20*time.Second, 50*time.Millisecond)
	_, logs := p.Admin(t, http.MethodGet, "/provider-endpoints/"+first.Get("id").String()+"/probe-logs", nil)
	require.Equal(t, "scheduled", logs.Get("items.0.source").String(), logs.Raw)
	require.False(t, logs.Get("items.0.ok").Bool(), logs.Raw)
	require.Equal(t, "network", logs.Get("items.0.errorType").String(), logs.Raw)
	_, logs = p.Admin(t, http.MethodGet, "/provider-endpoints/"+second.Get("id").String()+"/probe-logs", nil)
	require.True(t, logs.Get("items.0.ok").Bool(), logs.Raw)
	require.Positive(t, logs.Get("items.0.status").Int(), logs.Raw)

	require.Eventually(t, func() bool { // the catalog follows within a second
		status, _, _ := p.Messages(t, key, testkit.Prompt(true, "hi"))
		require.Equal(t, http.StatusOK, status)
		rows := p.AwaitLogs(t, "", 1)
		chain := p.Detail(t, rows[0].Get("id").String()).Get("decisionChain").Array()
		return len(chain) > 1 && chain[1].Get("endpointId").Int() == second.Get("id").Int()
	}, 20*time.Second, 50*time.Millisecond)
}
