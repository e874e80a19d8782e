package account

import (
	"cmp"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/claude-code-hub/cch/internal/domain"
)

// Labels of windows that several sources tell of.
const (
	Label5h       = "5h"
	Label7d       = "7d"
	LabelRequests = "requests"
	LabelTokens   = "tokens"
	LabelCredits  = "credits"
	LabelBalance  = "balance"
)

const (
	fiveHours = 5 * time.Hour
	week      = 7 * 24 * time.Hour
)

// FromHeaders reads what the headers of an answer, of whatever kind, tell of
// the account's quotas; nil, without any allocation, if nothing. Names must be
// canonical, as net/http gives them.
func FromHeaders(h http.Header, now time.Time) []domain.ProviderQuota {
	var found []domain.ProviderQuota
	if _, unified := h["Anthropic-Ratelimit-Unified-Status"]; unified {
		found = unifiedWindows(h, now)
	} else if _, ok := h["Anthropic-Ratelimit-Requests-Limit"]; ok {
		found = claudeBuckets(h, now)
	} else if _, ok := h["Anthropic-Ratelimit-Tokens-Limit"]; ok {
		found = claudeBuckets(h, now)
	}
	if _, ok := h["X-Codex-Primary-Used-Percent"]; ok {
		found = append(found, codexWindows(h, now)...)
	} else if _, ok := h["X-Codex-Secondary-Used-Percent"]; ok {
		found = append(found, codexWindows(h, now)...)
	}
	if _, ok := h["X-Ratelimit-Limit-Requests"]; ok {
		found = append(found, openaiBuckets(h, now)...)
	} else if _, ok := h["X-Ratelimit-Limit-Tokens"]; ok {
		found = append(found, openaiBuckets(h, now)...)
	}
	return found
}

// bucket is a rate limit that refills steadily: limit and remaining as they
// stand in headers, and when it will be full again.
func bucket(label, unit, limit, remaining string, full, now time.Time) (domain.ProviderQuota, bool) {
	most, okLimit := number(limit)
	left, okLeft := number(remaining)
	if !okLimit || !okLeft || most <= 0 {
		return domain.ProviderQuota{}, false
	}
	return domain.ProviderQuota{
		Kind: domain.QuotaWindow, Label: label, Unit: unit, Limit: most, Used: clamp((most-left)/most, 0, 1),
		Refills: true, ResetAt: full, ObservedAt: now, Source: domain.QuotaFromHeader,
	}, true
}

// number reads a figure that is not negative.
func number(s string) (float64, bool) {
	n, err := strconv.ParseFloat(strings.TrimSpace(s), 64)
	return n, err == nil && n >= 0 && n < 1e15
}

// unixTime reads an instant in Unix seconds, or milliseconds where the figure
// is too large for seconds; zero if it is neither.
func unixTime(s string) time.Time {
	n, ok := number(s)
	if !ok || n == 0 {
		return time.Time{}
	}
	return Unix(n)
}

// Unix is an instant given in Unix seconds, or in milliseconds where the figure
// is too large for seconds.
func Unix(n float64) time.Time {
	const latest = 1e11 // seconds; in milliseconds this was 1973
	if n < latest {
		n *= 1000
	}
	return time.UnixMilli(int64(n)).UTC()
}

// distinct keeps one quota of each label, the scarcest, ordered by label.
func distinct(quotas []domain.ProviderQuota) []domain.ProviderQuota {
	slices.SortFunc(quotas, func(a, b domain.ProviderQuota) int {
		return cmp.Or(cmp.Compare(a.Label, b.Label), cmp.Compare(b.Used, a.Used))
	})
	return slices.CompactFunc(quotas, func(a, b domain.ProviderQuota) bool { return a.Label == b.Label })
}

func clamp(v, low, high float64) float64 { return min(max(v, low), high) }
