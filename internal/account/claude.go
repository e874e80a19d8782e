package account

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/claude-code-hub/cch/internal/domain"
)

const (
	unifiedPrefix = "Anthropic-Ratelimit-Unified-"
	shortPrefix   = unifiedPrefix + "5h"
	longPrefix    = unifiedPrefix + "7d"
)

// claim names the headers of one window of a subscription.
type claim struct {
	label, used, reset, status string
}

// claimOf names the headers of a window whose usage has this header; false if it
// is no such header. The two that every answer has cost nothing to name.
func claimOf(header string) (claim, bool) {
	switch header {
	case shortPrefix + "-Utilization":
		return claim{Label5h, header, shortPrefix + "-Reset", shortPrefix + "-Status"}, true
	case longPrefix + "-Utilization":
		return claim{Label7d, header, longPrefix + "-Reset", longPrefix + "-Status"}, true
	}
	stem, ok := strings.CutSuffix(header, "-Utilization")
	if !ok || !strings.HasPrefix(stem, unifiedPrefix) || stem == unifiedPrefix+"Overage" {
		return claim{}, false
	}
	return claim{strings.ToLower(stem[len(unifiedPrefix):]), header, stem + "-Reset", stem + "-Status"}, true
}

// unifiedWindows reads the windows of a Claude subscription:
//
//	anthropic-ratelimit-unified-status: allowed | allowed_warning | rejected
//	anthropic-ratelimit-unified-5h-utilization: 0.37
//	anthropic-ratelimit-unified-5h-reset: 1765000000   (Unix seconds)
//	anthropic-ratelimit-unified-5h-status: allowed
//
// and the same for 7d and for claims like 7d_opus, which bind one model family.
// A status that refuses the call as a whole counts for the window that the
// upstream names as representative, if it names one.
func unifiedWindows(h http.Header, now time.Time) []domain.ProviderQuota {
	found := make([]domain.ProviderQuota, 0, 4)
	overall := unifiedStatus(h.Get(unifiedPrefix + "Status"))
	for name := range h {
		c, ok := claimOf(name)
		if !ok {
			continue
		}
		if used, ok := number(h.Get(name)); ok {
			found = append(found, unifiedWindow(h, c, used, overall, now))
		}
	}
	if overall == domain.QuotaRejected && !anyRejected(found) {
		label := representative(h)
		found = append(found, domain.ProviderQuota{
			Kind: domain.QuotaWindow, Label: label, Model: modelOf(label), Used: 1, Length: lengthOf(label), Status: overall,
			ResetAt: unixTime(h.Get(unifiedPrefix + "Reset")), ObservedAt: now, Source: domain.QuotaFromHeader,
		})
	}
	return distinct(found)
}

func unifiedWindow(h http.Header, c claim, used float64, overall domain.QuotaStatus, now time.Time) domain.ProviderQuota {
	q := domain.ProviderQuota{
		Kind: domain.QuotaWindow, Label: c.label, Model: modelOf(c.label), Used: used, Length: lengthOf(c.label),
		ResetAt: unixTime(h.Get(c.reset)), ObservedAt: now, Source: domain.QuotaFromHeader, Status: unifiedStatus(h.Get(c.status)),
	}
	if q.Status == "" && overall != domain.QuotaRejected {
		q.Status = overall
	}
	if q.Status == domain.QuotaRejected && (overall == domain.QuotaAllowed || overall == domain.QuotaWarning) {
		// Used up, yet the call went through: it is charged as extra usage.
		q.Status = domain.QuotaWarning
	}
	return q
}

// representative is the label of the claim that decided.
func representative(h http.Header) string {
	switch claim := h.Get(unifiedPrefix + "Representative-Claim"); {
	case strings.HasPrefix(claim, "seven_day"):
		return Label7d + strings.TrimPrefix(claim, "seven_day")
	default: // five_hour, or it does not say
		return Label5h
	}
}

// modelOf is the model family that a claim like 7d_opus binds.
func modelOf(label string) string {
	_, model, _ := strings.Cut(label, "_")
	return model
}

func anyRejected(quotas []domain.ProviderQuota) bool {
	return slices.ContainsFunc(quotas, func(q domain.ProviderQuota) bool { return q.Status == domain.QuotaRejected })
}

func lengthOf(label string) time.Duration {
	switch {
	case label == Label5h:
		return fiveHours
	case strings.HasPrefix(label, Label7d):
		return week
	}
	return 0
}

func unifiedStatus(s string) domain.QuotaStatus {
	switch s {
	case "allowed":
		return domain.QuotaAllowed
	case "allowed_warning":
		return domain.QuotaWarning
	case "rejected":
		return domain.QuotaRejected
	}
	return ""
}

// claudeBuckets reads the rate limits of an API key:
//
//	anthropic-ratelimit-input-tokens-{limit,remaining,reset}   (reset RFC 3339)
func claudeBuckets(h http.Header, now time.Time) []domain.ProviderQuota {
	found := make([]domain.ProviderQuota, 0, 4)
	for _, kind := range [...]struct{ header, label, unit string }{
		{"Anthropic-Ratelimit-Requests-", LabelRequests, LabelRequests},
		{"Anthropic-Ratelimit-Tokens-", LabelTokens, LabelTokens},
		{"Anthropic-Ratelimit-Input-Tokens-", "input_tokens", LabelTokens},
		{"Anthropic-Ratelimit-Output-Tokens-", "output_tokens", LabelTokens},
	} {
		full, err := time.Parse(time.RFC3339, h.Get(kind.header+"Reset"))
		if err != nil {
			full = time.Time{}
		}
		q, ok := bucket(kind.label, kind.unit, h.Get(kind.header+"Limit"), h.Get(kind.header+"Remaining"), full, now)
		if ok {
			found = append(found, q)
		}
	}
	return found
}
