package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/internal/domain"
	"github.com/claude-code-hub/cch/internal/testkit"
)

// dearNano is what an answer of the test upstream costs at dear prices: 25
// tokens in, 100 cached ones and 15 out.
const dearNano = 25*400_000 + 15*2_000_000

// dearProgram is a program whose one model costs four cents an answer.
func dearProgram(t *testing.T) (*testkit.Program, *testkit.Upstream) {
	t.Helper()
	p, u := testkit.StartProgram(t), testkit.NewUpstream(t, "acme")
	p.AddProvider(t, u, testkit.M{"circuitBreaker": testkit.M{"failureThreshold": 0}})
	status, res := p.Admin(t, http.MethodPut, "/model-prices/claude-test", testkit.M{
		"vendor": "acme", "mode": "chat", "rates": testkit.M{"input": "400", "output": "2000", "cache_read": "0"},
	})
	require.Equal(t, http.StatusOK, status, res.Raw)
	set(t, p, testkit.M{"maxInFlightPerKey": 10_000, "maxInFlightPerUser": 10_000})
	return p, u
}

func set(t *testing.T, p *testkit.Program, settings testkit.M) {
	t.Helper()
	status, res := p.Admin(t, http.MethodPatch, "/settings", settings)
	require.Equal(t, http.StatusOK, status, res.Raw)
}

// askSmall is one request with some 200 tokens of input, as far as its length
// tells, and at most 16 of output. It returns the status and the limit that
// refused it.
func askSmall(p *testkit.Program, key, session string) string {
	body := `{"model":"claude-test","max_tokens":16,"messages":[{"role":"user","content":"` + strings.Repeat("hello ", 66) + `"}]}`
	req, _ := http.NewRequestWithContext(context.Background(), http.MethodPost, p.URL+"/v1/messages", strings.NewReader(body))
	req.Header.Set("X-Api-Key", key)
	if session != "" {
		req.Header.Set("X-Claude-Code-Session-Id", session)
	}
	resp, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		return err.Error()
	}
	defer func() { _ = resp.Body.Close() }()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		return err.Error()
	}
	if resp.StatusCode == http.StatusOK {
		return "200"
	}
	for _, limit := range []domain.LimitType{
		domain.LimitTotal, domain.LimitRPM, domain.LimitConcurrentSessions, domain.LimitConcurrentRequests,
	} {
		if strings.Contains(string(answer), `"limit_type":"`+string(limit)+`"`) {
			return fmt.Sprintf("%d %s", resp.StatusCode, limit)
		}
	}
	return fmt.Sprintf("%d %s", resp.StatusCode, answer)
}

// together runs n requests at once and counts what came of them.
func together(n int, ask func(i int) string) map[string]int {
	var mu sync.Mutex
	var wg sync.WaitGroup
	counts, start := map[string]int{}, make(chan struct{})
	for i := range n {
		wg.Go(func() {
			<-start
			answer := ask(i)
			mu.Lock()
			defer mu.Unlock()
			counts[answer]++
		})
	}
	close(start)
	wg.Wait()
	return counts
}

// usedNano reads how much of a user's total is used, once nothing is reserved.
func usedNano(t *testing.T, p *testkit.Program, user int64) (used domain.Money) {
	t.Helper()
	require.Eventually(t, func() bool {
		status, res := p.Admin(t, http.MethodGet, "/users/"+itoa(user)+"/limit-usage", nil)
		require.Equal(t, http.StatusOK, status, res.Raw)
		total := res.Get(`windows.#(limitType=="usd_total")`)
		used = domain.MoneyFromUSD(total.Get("usedUsd").Float())
		return total.Get("reserved").Float() == 0
	}, 30*time.Second, 20*time.Millisecond)
	return used
}

// 500 requests at once against a dollar: what passes it is at most what costs
// were above their estimates, and nothing at all under the strict policy.
func TestParallelRequestsDoNotBreakABudget(t *testing.T) {
	p, _ := dearProgram(t)
	const limit domain.Money = domain.NanoPerUSD
	for _, policy := range []string{"strict", "balanced", "parity"} {
		set(t, p, testkit.M{"quotaReservationPolicy": policy})
		user := p.AddUser(t, policy, testkit.M{"limitTotalUsd": 1})
		key := p.AddKey(t, user, "key")
		counts := together(500, func(int) string { return askSmall(p, key, "") })
		for answer := "200"; answer == "200"; { // what is left is spent one by one
			answer = askSmall(p, key, "")
			counts[answer]++
		}
		used := usedNano(t, p, user)
		over := max(used-limit, 0)
		t.Logf("%s: %v, over the limit by %d nano-USD", policy, counts, over)
		require.Equal(t, domain.Money(counts["200"])*dearNano, used, "every answer is counted, once")
		for answer := range counts {
			require.Contains(t, []string{"200", "402 usd_total", "429 usd_total"}, answer)
		}
		switch policy {
		case "strict":
			require.Zero(t, over)
			require.Greater(t, used, limit*85/100, "nobody is refused while the budget has room")
		case "balanced":
			const estimate = 38_000_000 // at least, for each request in flight
			require.LessOrEqual(t, over, (limit/estimate+1)*(dearNano-estimate)+dearNano)
			require.GreaterOrEqual(t, used, limit)
		default:
			require.GreaterOrEqual(t, used, limit)
		}
	}
}

// 300 requests of 50 sessions at once, of which 10 may be open.
func TestParallelSessionsStayWithinTheirLimit(t *testing.T) {
	p, u := dearProgram(t)
	user := p.AddUser(t, "ann", testkit.M{"limitConcurrentSessions": 10})
	key := p.AddKey(t, user, "key")
	counts := together(300, func(i int) string { return askSmall(p, key, fmt.Sprintf("session-%02d", i%50)) })
	sessions := map[string]bool{}
	for _, call := range u.Calls() {
		sessions[call.Header.Get("X-Claude-Code-Session-Id")] = true
	}
	require.Len(t, sessions, 10)
	require.Equal(t, map[string]int{"200": 60, "429 concurrent_sessions": 240}, counts, "all of ten sessions, none of the others")
}

// 300 requests at once by a user who may make 100 a minute.
func TestParallelRequestsStayWithinTheRate(t *testing.T) {
	p, u := dearProgram(t)
	key := p.AddKey(t, p.AddUser(t, "ann", testkit.M{"rpmLimit": 100}), "key")
	begun := time.Now()
	counts := together(300, func(int) string { return askSmall(p, key, "") })
	if time.Since(begun) < time.Minute { // else some have left the window
		require.Equal(t, 100, u.Count())
		require.Equal(t, map[string]int{"200": 100, "429 rpm": 200}, counts)
	}
}

// A spent budget refuses in the client's own way, until an administrator lets
// counting start anew; a provider whose budget is spent is left out.
func TestBudgetsRefuseAndAreReset(t *testing.T) {
	t.Parallel()
	p, _ := dearProgram(t)
	user := p.AddUser(t, "ann", testkit.M{"dailyLimitUsd": 0.04, "limit5hUsd": 100})
	key := p.AddKey(t, user, "key")
	ask := func(header ...string) (int, http.Header, string) {
		return p.Messages(t, key, testkit.Prompt(false, "hello"), header...)
	}
	status, _, body := ask()
	require.Equal(t, http.StatusOK, status, body)
	require.EqualValues(t, 0, usedNano(t, p, user)-dearNano)

	status, header, body := ask()
	require.Equal(t, http.StatusPaymentRequired, status, body)
	require.Contains(t, body, `"type":"billing_error"`)
	require.Contains(t, body, "Daily quota exceeded: $0.0400 USD (limit: $0.0400 USD). Resets at ")
	require.Equal(t, "false", header.Get("X-Should-Retry"))
	require.Equal(t, "0", header.Get("X-RateLimit-Remaining"))
	require.NotEmpty(t, header.Get("Retry-After"))
	status, _, body = ask("Originator", "codex_exec")
	require.Equal(t, http.StatusTooManyRequests, status)
	require.Contains(t, body, `"type":"usage_limit_reached"`)
	_, _, body = ask("Accept-Language", "zh-CN")
	require.Contains(t, body, "每日额度超限")

	status, res := p.Admin(t, http.MethodPost, "/users/"+itoa(user)+"/limits/reset", testkit.M{"window": "all"})
	require.Equal(t, http.StatusOK, status, res.Raw)
	status, _, body = ask()
	require.Equal(t, http.StatusOK, status, body)

	status, res = p.Admin(t, http.MethodPatch, "/users/"+itoa(user), testkit.M{"dailyLimitUsd": nil})
	require.Equal(t, http.StatusOK, status, res.Raw)
	status, res = p.Admin(t, http.MethodPatch, "/providers/1", testkit.M{"limitTotalUsd": 0.1})
	require.Equal(t, http.StatusOK, status, res.Raw)
	require.Eventually(t, func() bool {
		status, _, body = ask()
		return status == http.StatusServiceUnavailable
	}, 20*time.Second, 10*time.Millisecond)
	require.Contains(t, body, "limits")
	_, res = p.Admin(t, http.MethodGet, "/providers/1/limit-usage", nil)
	require.InDelta(t, 0.12, res.Get(`windows.#(limitType=="usd_total").usedUsd`).Float(), 1e-9, res.Raw)
	status, res = p.Admin(t, http.MethodPost, "/providers/1/usage/reset", nil)
	require.Equal(t, http.StatusOK, status, res.Raw)
	require.Eventually(t, func() bool {
		status, _, _ := ask()
		return status == http.StatusOK
	}, 20*time.Second, 5*time.Millisecond, "the selection hears of it")
}
