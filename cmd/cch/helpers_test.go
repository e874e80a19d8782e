package main

import (
	"net/http"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/internal/testkit"
)

func itoa(n int64) string { return strconv.FormatInt(n, 10) }

// breaker is the state of a provider's breaker as the API shows it.
func breaker(t testing.TB, p *testkit.Program, provider int64) string {
	t.Helper()
	_, res := p.Admin(t, http.MethodGet, "/providers/health", nil)
	for _, it := range res.Get("items").Array() {
		if it.Get("providerId").Int() == provider {
			return it.Get("state").String()
		}
	}
	return ""
}

// awaitIdle waits until no lease is held and nothing is in flight.
func awaitIdle(t testing.TB, p *testkit.Program) {
	t.Helper()
	require.Eventually(t, func() bool {
		return p.Metric(t, "cch_leases", "") == 0 && p.Metric(t, "cch_in_flight_requests", "") == 0
	}, 20*time.Second, 50*time.Millisecond, "leases or requests are left behind")
}
