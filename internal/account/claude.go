package account

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/claude-code-hub/cch/internal/domain"
)

const unifiedPrefix = "Anthropic-Ratelimit-Unified-"

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
	for name, values := range h {
		claim, ok := strings.CutPrefix(name, unifiedPrefix)
		if !ok {
			continue
		}
		claim, ok = strings.CutSuffix(claim, "-Utilization")
		used, okUsed := number(values[0])
		if !ok || !okUsed || claim == "Overage" {
			continue
		}
		found = append(found, unifiedWindow(h, claim, used, overall, now))
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

func unifiedWindow(h http.Header, claim string, used float64, overall domain.QuotaStatus, now time.Time) domain.ProviderQuota {
	label := strings.ToLower(claim)
	q := domain.ProviderQuota{
		Kind: domain.QuotaWindow, Label: label, Used: used, Length: lengthOf(label),
		ResetAt: unixTime(h.Get(unifiedPrefix + claim + "-Reset")), ObservedAt: now, Source: domain.QuotaFromHeader,
		Status: unifiedStatus(h.Get(unifiedPrefix + claim + "-Status")),
	}
	q.Model = modelOf(label)
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
