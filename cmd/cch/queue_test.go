package main

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/internal/testkit"
)

// TestWaitingForAPlace has a user with one request at a time make two: with the
// setting the second one waits for the first, without it is refused.
func TestWaitingForAPlace(t *testing.T) {
	t.Parallel()
	p := testkit.StartProgram(t)
	slow := testkit.NewUpstream(t, "slow")
	p.AddProvider(t, slow, nil)
	key := p.AddKey(t, p.AddUser(t, "u", testkit.M{"limitConcurrentRequests": 1}), "k")
	slow.Set(testkit.SlowContent)

	answers := make(chan int, 2)
	call := func(text string) {
		status, _, _ := p.Messages(t, key, testkit.Prompt(true, text))
		answers <- status
	}
	go call("first")
	require.Eventually(t, func() bool { return slow.Count() == 1 }, 10*time.Second, time.Millisecond)
	status, header, body := p.Messages(t, key, testkit.Prompt(true, "at once"))
	require.Equal(t, http.StatusTooManyRequests, status, body)
	require.NotEmpty(t, header.Get("Retry-After"))

	status, res := p.Admin(t, http.MethodPatch, "/settings", testkit.M{"concurrencyWaitMs": 30_000})
	require.Equal(t, http.StatusOK, status, res.Raw)
	go call("second")
	require.Eventually(t, func() bool { return p.Metric(t, "cch_in_flight_requests", "") == 2 }, 10*time.Second, 10*time.Millisecond)
	require.Equal(t, 1, slow.Count(), "it waits")
	slow.Set(testkit.Healthy)
	slow.Release()
	require.Equal(t, http.StatusOK, <-answers)
	require.Equal(t, http.StatusOK, <-answers)
}
