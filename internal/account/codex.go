package account

import (
	"net/http"
	"strings"
	"time"

	"github.com/claude-code-hub/cch/internal/domain"
)

const (
	codexPrefix = "X-Codex-"
	usedSuffix  = "-Used-Percent"
	// shortWindow divides the windows of a Codex account.
	shortWindow = 6 * time.Hour
)

// codexWindows reads the windows of a ChatGPT account:
//
//	x-codex-primary-used-percent: 12.5
//	x-codex-primary-window-minutes: 300
//	x-codex-primary-reset-at: 1765000000   (or -reset-after-seconds)
//
// and the same for secondary, and for families x-codex-<name>-primary-…, which
// bind the model that x-codex-<name>-limit-name gives.
func codexWindows(h http.Header, now time.Time) []domain.ProviderQuota {
	found := make([]domain.ProviderQuota, 0, 3)
	for name, values := range h {
		stem, ok := strings.CutSuffix(name, usedSuffix)
		if !ok || !strings.HasPrefix(stem, codexPrefix) {
			continue
		}
		used, ok := number(values[0])
		minutes, _ := number(h.Get(stem + "-Window-Minutes"))
		if !ok || minutes == 0 {
			continue
		}
		q := CodexWindow(used, time.Duration(minutes*float64(time.Minute)), codexReset(h, stem, now))
		q.ObservedAt, q.Source = now, domain.QuotaFromHeader
		if family := codexFamily(stem); family != "" {
			q.Label = family + " " + q.Label
			q.Model = strings.ToLower(h.Get(codexPrefix + family + "-Limit-Name"))
			if q.Model == "" {
				q.Model = strings.ToLower(family)
			}
			q.Label = strings.ToLower(q.Label)
		}
		found = append(found, q)
	}
	if credits, ok := codexCredits(h, now); ok && len(found) > 0 {
		found = WithCredits(found, credits)
	}
	return distinct(found)
}

// WithCredits adds the credits of a Codex account. With some left a window that
// is used up stops nobody: the call is paid with them.
func WithCredits(windows []domain.ProviderQuota, credits domain.ProviderQuota) []domain.ProviderQuota {
	if credits.Unlimited || credits.Remaining > 0 {
		for i := range windows {
			if windows[i].Used >= 1 {
				windows[i].Status = domain.QuotaWarning
			}
		}
	}
	return append(windows, credits)
}

// CodexWindow is a window of a Codex account by its length: the names primary
// and secondary have changed places before. percent is 0 to 100.
func CodexWindow(percent float64, length time.Duration, reset time.Time) domain.ProviderQuota {
	label := Label7d
	if length <= shortWindow {
		label = Label5h
	}
	return domain.ProviderQuota{
		Kind: domain.QuotaWindow, Label: label, Used: percent / 100, Length: length, ResetAt: reset,
	}
}

// codexFamily is the name between the prefix and the place, "" for the account's own.
func codexFamily(stem string) string {
	rest := strings.TrimPrefix(stem, codexPrefix)
	for _, place := range [...]string{"Primary", "Secondary"} {
		if rest == place {
			return ""
		}
		if family, ok := strings.CutSuffix(rest, "-"+place); ok {
			return family
		}
	}
	return rest
}

func codexReset(h http.Header, stem string, now time.Time) time.Time {
	if at := unixTime(h.Get(stem + "-Reset-At")); !at.IsZero() {
		return at
	}
	if s, ok := number(h.Get(stem + "-Reset-After-Seconds")); ok && s > 0 && s < 1e8 {
		return now.Add(time.Duration(s * float64(time.Second)))
	}
	return time.Time{}
}

// codexCredits reads the credits that pay for calls beyond the windows. They are
// shown; that there are none is the usual case and no reason to stay away.
func codexCredits(h http.Header, now time.Time) (domain.ProviderQuota, bool) {
	if h.Get("X-Codex-Credits-Has-Credits") == "" {
		return domain.ProviderQuota{}, false
	}
	has := strings.EqualFold(h.Get("X-Codex-Credits-Has-Credits"), "true")
	unlimited := strings.EqualFold(h.Get("X-Codex-Credits-Unlimited"), "true")
	balance, ok := number(h.Get("X-Codex-Credits-Balance"))
	if !has || !ok && !unlimited {
		return domain.ProviderQuota{}, false
	}
	q := CodexCredits(balance, unlimited)
	q.ObservedAt, q.Source = now, domain.QuotaFromHeader
	return q, true
}

// CodexCredits are credits of a Codex account.
func CodexCredits(balance float64, unlimited bool) domain.ProviderQuota {
	return domain.ProviderQuota{
		Kind: domain.QuotaBalance, Label: LabelCredits, Remaining: balance, Unit: LabelCredits, Unlimited: unlimited,
	}
}
