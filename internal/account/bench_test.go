package account_test

import (
	"testing"

	"github.com/claude-code-hub/cch/internal/account"
)

func BenchmarkFromHeaders(b *testing.B) {
	for _, test := range []struct {
		name   string
		header []string
	}{
		{"nothing", []string{"content-type", "text/event-stream", "request-id", "r", "cache-control", "no-cache"}},
		{"subscription", []string{
			"anthropic-ratelimit-unified-status", "allowed", "anthropic-ratelimit-unified-reset", "1796000000",
			"anthropic-ratelimit-unified-5h-status", "allowed", "anthropic-ratelimit-unified-5h-utilization", "0.37",
			"anthropic-ratelimit-unified-5h-reset", "1796000000", "anthropic-ratelimit-unified-7d-status", "allowed",
			"anthropic-ratelimit-unified-7d-utilization", "0.91", "anthropic-ratelimit-unified-7d-reset", "1796000000",
		}},
	} {
		h := headers(test.header...)
		b.Run(test.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				account.FromHeaders(h, now)
			}
		})
	}
}

// What the provider's actor does with every answer that tells of the account.
func BenchmarkObserveAndLook(b *testing.B) {
	a := observed(window("5h", 0.4, hours5, now.Add(hours5), ""), window("7d", 0.6, days7, now.Add(days7), ""))
	next := a.Quotas(now)
	b.ReportAllocs()
	for b.Loop() {
		a.Observe(next, rules, now)
		a.Outlooks(rules, now)
		a.Quotas(now)
		a.NextChange(rules, now)
	}
}
