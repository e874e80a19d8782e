package account

import (
	"net/http"
	"time"

	"github.com/claude-code-hub/cch/internal/domain"
)

// openaiBuckets reads the rate limits of an OpenAI key, or of whoever speaks
// like it:
//
//	x-ratelimit-limit-requests: 500
//	x-ratelimit-remaining-requests: 499
//	x-ratelimit-reset-requests: 120ms   (a duration; 6m0s)
func openaiBuckets(h http.Header, now time.Time) []domain.ProviderQuota {
	found := make([]domain.ProviderQuota, 0, 2)
	for _, kind := range [...]struct{ label, limit, remaining, reset string }{
		{LabelRequests, "X-Ratelimit-Limit-Requests", "X-Ratelimit-Remaining-Requests", "X-Ratelimit-Reset-Requests"},
		{LabelTokens, "X-Ratelimit-Limit-Tokens", "X-Ratelimit-Remaining-Tokens", "X-Ratelimit-Reset-Tokens"},
	} {
		q, ok := bucket(kind.label, kind.label, h.Get(kind.limit), h.Get(kind.remaining), now.Add(wait(h.Get(kind.reset))), now)
		if ok {
			found = append(found, q)
		}
	}
	return found
}

// wait reads a duration like 6m0s, or plain seconds; 0 if it is neither.
func wait(s string) time.Duration {
	if d, err := time.ParseDuration(s); err == nil && d > 0 {
		return d
	}
	if n, ok := number(s); ok && n < 1e8 {
		return time.Duration(n * float64(time.Second))
	}
	return 0
}
