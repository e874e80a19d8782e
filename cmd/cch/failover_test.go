package main

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/internal/testkit"
)

func TestAFailingProviderIsInvisibleToTheClient(t *testing.T) {
	t.Parallel()
	onEachEngine(t, testAFailingProviderIsInvisibleToTheClient)
}

func testAFailingProviderIsInvisibleToTheClient(t *testing.T, p *testkit.Program) {
	t.Helper()
	bad, good := testkit.NewUpstream(t, "bad"), testkit.NewUpstream(t, "good")
	bad.Set(testkit.Status500)
	badID := p.AddProvider(t, bad, testkit.M{"priority": 0, "circuitBreaker": testkit.M{"failureThreshold": 3}})
	goodID := p.AddProvider(t, good, testkit.M{"priority": 1})
	key := p.NewKey(t, "ann")

	status, header, body := p.Messages(t, key, testkit.Prompt(true, "hello"))
	require.Equal(t, http.StatusOK, status, body)
	require.Equal(t, good.Stream("claude-test"), body, "the healthy upstream's bytes arrive untouched")

	row := p.AwaitLogs(t, "", 1)[0]
	require.Equal(t, header.Get("X-Request-Id"), row.Get("requestId").String())
	require.Equal(t, goodID, row.Get("providerId").Int())
	require.EqualValues(t, 3, row.Get("attempts").Int())
	require.EqualValues(t, 25, row.Get("inputTokens").Int())
	require.EqualValues(t, 15, row.Get("outputTokens").Int())
	require.EqualValues(t, 100, row.Get("cacheReadInputTokens").Int())

	var outcomes []string
	for _, e := range p.Detail(t, row.Get("id").String()).Get("decisionChain").Array() {
		if e.Get("statusCode").Exists() {
			outcomes = append(outcomes, e.Get("reason").String()+" "+e.Get("id").String()+" "+e.Get("statusCode").String())
		}
	}
	require.Equal(t, []string{
		"retry_failed " + itoa(badID) + " 500", "retry_failed " + itoa(badID) + " 500",
		"retry_success " + itoa(goodID) + " 200",
	}, outcomes)

	for range 2 {
		p.Messages(t, key, testkit.Prompt(true, "again "+t.Name()))
	}
	awaitIdle(t, p)
	require.Equal(t, "open", breaker(t, p, badID))
	before := bad.Count()
	status, _, _ = p.Messages(t, key, testkit.Prompt(true, "after"))
	require.Equal(t, http.StatusOK, status)
	require.Equal(t, before, bad.Count(), "an open breaker keeps requests away")
}

func TestEveryEarlyFaultFailsOver(t *testing.T) {
	t.Parallel()
	p := testkit.StartProgram(t)
	good := testkit.NewUpstream(t, "good")
	p.AddProvider(t, good, testkit.M{"priority": 9})
	bad := testkit.NewUpstream(t, "bad")
	p.AddProvider(t, bad, testkit.M{
		"priority": 0, "firstByteTimeoutStreamingMs": 1000,
		"circuitBreaker": testkit.M{"failureThreshold": 0},
	})
	key := p.NewKey(t, "ann")

	for _, mode := range []testkit.Mode{
		testkit.Status500, testkit.Status401, testkit.Reset, testkit.CutEarly,
		testkit.Fake200, testkit.Empty200, testkit.Hang, testkit.Status400, testkit.Status429,
	} {
		bad.Set(mode)
		before := bad.Count()
		status, _, body := p.Messages(t, key, testkit.Prompt(true, "fault "+string(mode)))
		require.Equal(t, http.StatusOK, status, "%s: %s", mode, body)
		require.Equal(t, good.Stream("claude-test"), body, mode)
		require.Greater(t, bad.Count(), before, "%s: the failing provider was asked first", mode)
	}
}

func TestWhenEveryProviderFailsTheClientGetsItsOwnErrorShape(t *testing.T) {
	t.Parallel()
	p := testkit.StartProgram(t)
	bad := testkit.NewUpstream(t, "bad")
	p.AddProvider(t, bad, testkit.M{"circuitBreaker": testkit.M{"failureThreshold": 0}})
	key := p.NewKey(t, "ann")

	bad.Set(testkit.Status500)
	status, header, body := p.Messages(t, key, testkit.Prompt(false, "hi"))
	require.Equal(t, http.StatusServiceUnavailable, status, body)
	require.NotEmpty(t, header.Get("Retry-After"))
	require.Contains(t, body, `"type":"error"`)
	require.NotContains(t, body, strings.TrimPrefix(bad.URL, "http://"))

	bad.Set(testkit.Status429)
	status, header, body = p.Messages(t, key, testkit.Prompt(false, "hi again"))
	require.Equal(t, http.StatusTooManyRequests, status, body)
	require.Equal(t, "7", header.Get("Retry-After"))
	require.Contains(t, body, "rate_limit_error")
}
