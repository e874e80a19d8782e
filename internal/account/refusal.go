package account

import (
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"github.com/claude-code-hub/cch/internal/domain"
)

// LabelRefused is the quota of an account that refused a call for want of
// money or quota without saying more.
const LabelRefused = "account"

// FromRefusal reads from an upstream's non-2xx answer that the account itself
// is used up: what it names, or LabelRefused where it names nothing. A mere
// rate limit, which a cool-down deals with, is none; nor is any other error.
func FromRefusal(status int, body []byte, now time.Time) []domain.ProviderQuota {
	var found []domain.ProviderQuota
	if status == http.StatusTooManyRequests {
		if q, ok := codexRefusal(body, now); ok {
			return []domain.ProviderQuota{q}
		}
		found = geminiRefusal(body, now)
	}
	if len(found) == 0 && wantsMoney(status, body) {
		found = []domain.ProviderQuota{{
			Kind: domain.QuotaBalance, Label: LabelRefused, Status: domain.QuotaRejected,
			ObservedAt: now, Source: domain.QuotaFromError,
		}}
	}
	return found
}

// wantsMoney recognises the answers of accounts without credit: 402, and what
// those say that have another status for it.
func wantsMoney(status int, body []byte) bool {
	switch status {
	case http.StatusPaymentRequired:
		return true
	case http.StatusBadRequest, http.StatusForbidden, http.StatusTooManyRequests:
	default:
		return false
	}
	text := strings.ToLower(string(body[:min(len(body), 4<<10)]))
	for _, wording := range [...]string{
		"credit balance is too low", // Anthropic, 400
		"insufficient_quota",        // OpenAI, 429
		"insufficient_user_quota",   // one-api, new-api, 403
		"insufficient balance",      // DeepSeek, SiliconFlow
		"exceeded_current_quota",    // Moonshot
	} {
		if strings.Contains(text, wording) {
			return true
		}
	}
	return false
}

// codexRefusal reads
//
//	{"error":{"type":"usage_limit_reached","resets_at":1765000000,"resets_in_seconds":3600}}
//
// which does not name the window; its reset tells the short one from the other.
func codexRefusal(body []byte, now time.Time) (domain.ProviderQuota, bool) {
	var said struct {
		Error struct {
			Type    string  `json:"type"`
			At      float64 `json:"resets_at"`
			Seconds float64 `json:"resets_in_seconds"`
		} `json:"error"`
	}
	if json.Unmarshal(body, &said) != nil || said.Error.Type != "usage_limit_reached" {
		return domain.ProviderQuota{}, false
	}
	q := domain.ProviderQuota{
		Kind: domain.QuotaWindow, Label: LabelRefused, Used: 1, Status: domain.QuotaRejected,
		ObservedAt: now, Source: domain.QuotaFromError,
	}
	switch e := said.Error; {
	case e.At > 0 && e.At < 1e14:
		q.ResetAt = Unix(e.At)
	case e.Seconds > 0 && e.Seconds < 1e8:
		q.ResetAt = now.Add(time.Duration(e.Seconds * float64(time.Second)))
	default:
		return q, true
	}
	q.Label, q.Length = Label7d, week
	if q.ResetAt.Sub(now) <= shortWindow {
		q.Label, q.Length = Label5h, fiveHours
	}
	return q, true
}

// geminiRefusal reads the details of a Google error: a QuotaFailure says which
// quota is spent, for which model, and RetryInfo for how long. Quotas by the
// minute come back by themselves and are left to the cool-down.
func geminiRefusal(body []byte, now time.Time) []domain.ProviderQuota {
	type violation struct {
		ID         string `json:"quotaId"`
		Dimensions struct {
			Model string `json:"model"`
		} `json:"quotaDimensions"`
	}
	type answer struct {
		Error struct {
			Details []struct {
				Violations []violation `json:"violations"`
				RetryDelay string      `json:"retryDelay"`
			} `json:"details"`
		} `json:"error"`
	}
	var said answer
	if json.Unmarshal(body, &said) != nil {
		var list []answer // streams answer with an array
		if json.Unmarshal(body, &list) != nil || len(list) == 0 {
			return nil
		}
		said = list[0]
	}
	var found []domain.ProviderQuota
	var delay time.Duration
	for _, d := range said.Error.Details {
		if d.RetryDelay != "" {
			delay = wait(d.RetryDelay)
		}
		for _, v := range d.Violations {
			if !strings.Contains(strings.ToLower(v.ID), "perday") {
				continue
			}
			found = append(found, domain.ProviderQuota{
				Kind: domain.QuotaWindow, Label: v.ID, Model: strings.ToLower(v.Dimensions.Model), Used: 1,
				Length: 24 * time.Hour, Status: domain.QuotaRejected, ObservedAt: now, Source: domain.QuotaFromError,
			})
		}
	}
	for i := range found {
		if delay > time.Minute { // less is the pause of the by-minute quota beside it
			found[i].ResetAt = now.Add(delay)
		}
	}
	return distinct(found)
}

// FromError reads a non-2xx answer whole: its headers, and its text where the
// headers do not say already that something is used up.
func FromError(status int, h http.Header, body []byte, now time.Time) []domain.ProviderQuota {
	found := FromHeaders(h, now)
	for i := range found {
		if spent(&found[i], Rules{}) {
			return found
		}
	}
	return append(found, FromRefusal(status, body, now)...)
}
