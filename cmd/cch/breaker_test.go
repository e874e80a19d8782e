package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/internal/testkit"
)

func TestABreakerOpensProbesAndCloses(t *testing.T) {
	t.Parallel()
	onEachEngine(t, testABreakerOpensProbesAndCloses)
}

func testABreakerOpensProbesAndCloses(t *testing.T, p *testkit.Program) {
	t.Helper()
	u, spare := testkit.NewUpstream(t, "flaky"), testkit.NewUpstream(t, "spare")
	id := p.AddProvider(t, u, testkit.M{"priority": 0, "circuitBreaker": testkit.M{
		"failureThreshold": 2, "openDurationMs": 1000, "halfOpenSuccessThreshold": 2,
	}})
	p.AddProvider(t, spare, testkit.M{"priority": 1})
	key := p.NewKey(t, "ann")
	ask := func(text string) {
		status, _, body := p.Messages(t, key, testkit.Prompt(true, text))
		require.Equal(t, http.StatusOK, status, body)
	}

	u.Set(testkit.Status500)
	ask("one")
	ask("two")
	awaitIdle(t, p)
	require.Equal(t, "open", breaker(t, p, id))
	seen := u.Count()
	ask("three")
	require.Equal(t, seen, u.Count())

	// Half-open: of many requests at once a single one is let through.
	u.Set(testkit.SlowContent)
	require.Eventually(t, func() bool {
		_, res := p.Admin(t, http.MethodGet, "/providers/health", nil)
		return time.Now().UnixMilli() > res.Get(fmt.Sprintf("items.#(providerId==%d).retryAt", id)).Time().UnixMilli()
	}, 5*time.Second, 20*time.Millisecond)
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			resp := p.Open(context.Background(), t, key, testkit.Prompt(true, fmt.Sprint("probe ", i)))
			_, _ = io.Copy(io.Discard, resp.Body)
			_ = resp.Body.Close()
		})
	}
	require.Eventually(t, func() bool { return spare.Answers() >= 3+7 }, 10*time.Second, 10*time.Millisecond)
	require.Equal(t, seen+1, u.Count(), "one probe at a time")
	require.Equal(t, "half_open", breaker(t, p, id))
	u.Set(testkit.Healthy)
	u.Release()
	wg.Wait()
	awaitIdle(t, p) // the outcome is reported after the client has its last byte

	ask("second probe")
	awaitIdle(t, p)
	require.Equal(t, "closed", breaker(t, p, id))

	_, events := p.Admin(t, http.MethodGet, fmt.Sprintf("/breaker-events?scope=provider&scopeId=%d", id), nil)
	require.GreaterOrEqual(t, len(events.Get("items").Array()), 3, events.Raw)
}

func TestAnOperatorOpensAndResetsABreakerAndItSurvivesARestart(t *testing.T) {
	t.Parallel()
	onEachEngine(t, testAnOperatorOpensAndResetsABreakerAndItSurvivesARestart)
}

func testAnOperatorOpensAndResetsABreakerAndItSurvivesARestart(t *testing.T, p *testkit.Program) {
	t.Helper()
	u := testkit.NewUpstream(t, "only")
	id := p.AddProvider(t, u, nil)
	key := p.NewKey(t, "ann")

	status, res := p.Admin(t, http.MethodPost, "/providers/"+itoa(id)+"/breaker/open", testkit.M{})
	require.Less(t, status, 300, res.Raw)
	require.Equal(t, "open", breaker(t, p, id))
	status, header, body := p.Messages(t, key, testkit.Prompt(true, "hi"))
	require.Equal(t, http.StatusServiceUnavailable, status)
	require.Contains(t, body, "overloaded_error")
	require.NotEmpty(t, header.Get("Retry-After"))

	require.NoError(t, p.Stop())
	p.Start()
	status, _, _ = p.Messages(t, key, testkit.Prompt(true, "hi"))
	require.Equal(t, http.StatusServiceUnavailable, status, "the open breaker survives a restart")

	status, res = p.Admin(t, http.MethodPost, "/providers/"+itoa(id)+"/breaker/reset", testkit.M{})
	require.Less(t, status, 300, res.Raw)
	require.Equal(t, "closed", breaker(t, p, id))
	status, _, body = p.Messages(t, key, testkit.Prompt(true, "hi"))
	require.Equal(t, http.StatusOK, status, body)
}
