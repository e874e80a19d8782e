package main

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/internal/testkit"
)

// subscription is an upstream with the account of a Claude subscription: it
// tells of its window with every answer, and when it is asked.
type subscription struct {
	*testkit.Upstream

	front *httptest.Server
	used  atomic.Int64 // percent of the window; 100 = calls are rejected
	reset time.Time
	asked atomic.Int64
}

func newSubscription(t *testing.T, name string, resetIn time.Duration) *subscription {
	t.Helper()
	s := &subscription{Upstream: testkit.NewUpstream(t, name), reset: time.Now().Add(resetIn)}
	s.front = httptest.NewServer(http.HandlerFunc(s.serve))
	t.Cleanup(s.front.Close)
	return s
}

func (s *subscription) serve(w http.ResponseWriter, r *http.Request) {
	used := s.used.Load()
	if r.URL.Path == "/api/oauth/usage" {
		s.asked.Add(1)
		_, _ = fmt.Fprintf(w, `{"five_hour":{"utilization":%d,"resets_at":%q}}`, used, s.reset.UTC().Format(time.RFC3339))
		return
	}
	status := "allowed"
	if used >= 100 {
		status = "rejected"
	}
	reset := strconv.FormatInt(s.reset.Unix(), 10)
	for name, value := range map[string]string{
		"Status": status, "Reset": reset, "5h-Status": status, "5h-Reset": reset, "5h-Utilization": fmt.Sprint(float64(used) / 100),
	} {
		w.Header().Set("Anthropic-Ratelimit-Unified-"+name, value)
	}
	if used >= 100 {
		w.WriteHeader(http.StatusTooManyRequests)
		_, _ = io.WriteString(w, `{"type":"error","error":{"type":"rate_limit_error","message":"usage limit"}}`)
		return
	}
	s.Config.Handler.ServeHTTP(w, r)
}

func (s *subscription) add(t *testing.T, p *testkit.Program) int64 {
	t.Helper()
	return p.AddProvider(t, s.Upstream, testkit.M{"url": s.front.URL, "circuitBreaker": testkit.M{"failureThreshold": 1}})
}

// A subscription that is used up is left alone until its reset and is no broken
// provider; when all are, clients hear when the first is back; one that turns
// out to be usable again is used.
func TestAccountsThatAreUsedUpAreLeftAlone(t *testing.T) {
	t.Parallel()
	p := testkit.StartProgram(t)
	one, two := newSubscription(t, "one", time.Hour), newSubscription(t, "two", 3*time.Hour)
	ids := map[*subscription]int64{one: one.add(t, p), two: two.add(t, p)}
	key := p.NewKey(t, "ann")
	prompt := func(n int) (int, http.Header, string) {
		return p.Messages(t, key, testkit.Prompt(true, fmt.Sprint("question ", n)))
	}
	account := func(s *subscription) string { return "/providers/" + itoa(ids[s]) + "/account" }

	one.used.Store(100)
	for n := range 6 {
		status, _, body := prompt(n)
		require.Equal(t, http.StatusOK, status, body)
	}
	require.Zero(t, one.Count())
	require.Equal(t, "closed", breaker(t, p, ids[one]))
	row := p.AwaitLogs(t, "", 6)[0]
	chain := p.Detail(t, row.Get("id").String()).Get("decisionChain.0.decisionContext")
	if filtered := chain.Get("filteredProviders.0"); filtered.Exists() { // a session may have been bound already
		require.Equal(t, "quota_exhausted", filtered.Get("reason").String(), chain.Raw)
	}
	_, shown := p.Admin(t, http.MethodGet, account(two), nil)
	require.Equal(t, "5h", shown.Get("quotas.0.label").String(), shown.Raw)
	require.Equal(t, "header", shown.Get("quotas.0.source").String())

	two.used.Store(100)
	status, _, _ := prompt(10)
	require.Equal(t, http.StatusTooManyRequests, status, "the one that finds out passes on what the upstream said")
	status, header, body := prompt(11)
	require.Equal(t, http.StatusServiceUnavailable, status, body)
	wait, err := strconv.Atoi(header.Get("Retry-After"))
	require.NoError(t, err)
	require.InDelta(t, 3600, wait, 120, "until the first of them is back")
	require.Contains(t, body, "accounts")

	// The account is asked where the provider is, and believed.
	one.used.Store(40)
	status, res := p.Admin(t, http.MethodPost, account(one)+"/refresh", nil)
	require.Equal(t, http.StatusBadRequest, status, "nobody knows what this host is: %s", res.Raw)
	status, res = p.Admin(t, http.MethodPut, account(one), testkit.M{"adapter": "anthropic-oauth"})
	require.Equal(t, http.StatusOK, status, res.Raw)
	status, res = p.Admin(t, http.MethodPost, account(one)+"/refresh", nil)
	require.Equal(t, http.StatusOK, status, res.Raw)
	require.InDelta(t, 0.6, res.Get("headroom").Float(), 1e-9, res.Raw)
	require.Equal(t, "ok", res.Get("status").String())
	require.EqualValues(t, 1, one.asked.Load())
	status, _, body = prompt(12)
	require.Equal(t, http.StatusOK, status, body)
	require.Equal(t, 1, one.Count())

	// What was learnt outlives the process.
	require.NoError(t, p.Stop())
	p.Start()
	require.Eventually(t, func() bool { // a slow disk is asked again
		_, shown = p.Admin(t, http.MethodGet, account(two), nil)
		return shown.Get("exhaustedUntil").String() != ""
	}, 20*time.Second, 20*time.Millisecond)
	status, _, body = prompt(13)
	require.Equal(t, http.StatusOK, status, body)
	require.Equal(t, 2, one.Count())
}
