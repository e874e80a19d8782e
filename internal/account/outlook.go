package account

import (
	"math"
	"time"

	"github.com/claude-code-hub/cch/internal/domain"
)

const (
	plenty     = 0.30 // headroom above which a weight is left alone
	loseOrUse  = 0.20 // share of a window's length in which what is unused gets a bonus
	mostFactor = 2
)

// spent tells whether a quota says that the account is used up.
func spent(q *domain.ProviderQuota, rules Rules) bool {
	switch {
	case q.Status == domain.QuotaRejected:
		return true
	case q.Unlimited || q.Label == LabelCredits || q.Label == LabelRefused:
		return false
	case q.Kind == domain.QuotaWindow:
		// An upstream that still allows calls is believed: they go beyond the window.
		return q.Used >= 1 && q.Status == ""
	}
	rate := usdPerUnit(q)
	if rate == 0 { // of foreign money only empty and not empty are known
		return q.Remaining <= 0
	}
	return q.Remaining*rate <= rules.Floor.USD()
}

// known tells whether an observation still says something at now.
func (e *Entry) known(now time.Time) bool {
	switch {
	case e.Unlimited || e.Label == LabelCredits:
		return false
	case !e.ResetAt.IsZero() && e.Kind == domain.QuotaWindow && !now.Before(e.ResetAt):
		return false
	case e.Refills && e.ResetAt.IsZero():
		return now.Sub(e.ObservedAt) < bucketStale
	}
	return now.Sub(e.ObservedAt) < staleAfter
}

// exhaustedUntil is when the quota lets calls through again; zero if it does now.
func (e *Entry) exhaustedUntil(q *domain.ProviderQuota, rules Rules, now time.Time) time.Time {
	switch {
	case e.Refills:
		return e.refilledAt(now)
	case !spent(q, rules):
		return time.Time{}
	case e.ResetAt.After(now):
		return e.ResetAt
	case e.Until.After(now):
		return e.Until
	case q.Kind == domain.QuotaBalance && e.known(now) && e.Source == domain.QuotaFromPoll && e.Until.IsZero():
		// Used up by own spend since the account was asked: until it is asked again.
		return e.ObservedAt.Add(staleAfter)
	}
	return time.Time{}
}

// refilledAt is when the first unit of an empty rate limit is back, long before
// the last; zero if it is there.
func (e *Entry) refilledAt(now time.Time) time.Time {
	whole := e.ResetAt.Sub(e.ObservedAt)
	if e.Used < 1 || whole <= 0 {
		return time.Time{}
	}
	if at := e.ObservedAt.Add(time.Duration(float64(whole) / max(1, e.Limit))); at.After(now) {
		return at
	}
	return time.Time{}
}

// headroom is the share that is left of a quota, 0..1; false if it is unknown.
func headroom(q *domain.ProviderQuota, rules Rules) (float64, bool) {
	switch {
	case q.Unlimited || q.Label == LabelCredits || q.Label == LabelRefused:
		return 1, false
	case q.Kind == domain.QuotaWindow:
		return clamp(1-q.Used, 0, 1), true
	}
	rate := usdPerUnit(q)
	if rate == 0 {
		return 1, false
	}
	target := rules.Target.USD()
	if target <= 0 {
		target = 1
	}
	return clamp(q.Remaining*rate/target, 0, 1), true
}

// Scarcity is the factor of a provider's weight at a headroom: all of it where
// there is plenty, a tenth of it near the end.
func Scarcity(headroom float64) float64 {
	if headroom > plenty {
		return 1
	}
	return 0.1 + 3.6*max(0, headroom-domain.LowHeadroom)
}

// Haste is the factor by which a window is preferred whose end is near and of
// which much is unused: it would be lost.
func Haste(used float64, length, left time.Duration) float64 {
	if length <= 0 || left <= 0 || float64(left) > loseOrUse*float64(length) {
		return 1
	}
	return clamp(clamp(1-used, 0, 1)/(float64(left)/float64(length)), 1, mostFactor)
}

// Outlooks are what the account means for selection: one for all models, then
// one for each family of models that has quotas of its own.
func (a *Account) Outlooks(rules Rules, now time.Time) []domain.QuotaOutlook {
	var all []domain.QuotaOutlook
	for i := range a.Entries {
		e := &a.Entries[i]
		q := e.at(now)
		until := e.exhaustedUntil(&q, rules, now)
		left, known := headroom(&q, rules)
		known = known && e.known(now)
		if until.IsZero() && !known {
			continue
		}
		o := outlookOf(&all, q.Model)
		if until.After(o.Until) {
			o.Until = until
		}
		if !known {
			continue
		}
		o.Known, o.Headroom = true, min(o.Headroom, left)
		if !q.Refills && q.Kind == domain.QuotaWindow {
			o.Factor = max(o.Factor, Haste(q.Used, q.Length, q.ResetAt.Sub(now)))
		}
	}
	for i := range all {
		if o := &all[i]; o.Known && o.Headroom <= plenty {
			o.Factor = Scarcity(o.Headroom)
		}
	}
	return all
}

// outlookOf finds or adds the outlook of a family of models.
func outlookOf(all *[]domain.QuotaOutlook, model string) *domain.QuotaOutlook {
	for i := range *all {
		if (*all)[i].Model == model {
			return &(*all)[i]
		}
	}
	*all = append(*all, domain.QuotaOutlook{Model: model, Headroom: 1, Factor: 1})
	return &(*all)[len(*all)-1]
}

// NextChange is when time alone changes the outlook: an exclusion ends, or what
// is known becomes unknown. Zero if never.
func (a *Account) NextChange(rules Rules, now time.Time) time.Time {
	var next time.Time
	sooner := func(t time.Time) {
		if t.After(now) && (next.IsZero() || t.Before(next)) {
			next = t
		}
	}
	for i := range a.Entries {
		e := &a.Entries[i]
		q := e.at(now)
		sooner(e.exhaustedUntil(&q, rules, now))
		if e.known(now) {
			sooner(e.ResetAt)
			sooner(e.ObservedAt.Add(staleAfter))
			if q.Length > 0 && !e.ResetAt.IsZero() {
				sooner(e.ResetAt.Add(-time.Duration(math.Round(loseOrUse * float64(q.Length)))))
			}
		}
	}
	return next
}

// Known tells whether an observation still says something at now. What it says
// not any more is no zero.
func Known(q *domain.ProviderQuota, now time.Time) bool {
	e := Entry{ProviderQuota: *q}
	return q.Unlimited || q.Label == LabelCredits && now.Sub(q.ObservedAt) < staleAfter || e.known(now)
}
