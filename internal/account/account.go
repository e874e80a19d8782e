package account

import (
	"cmp"
	"slices"
	"time"

	"github.com/claude-code-hub/cch/internal/domain"
)

const (
	// PollEvery is how often an account is asked, ± 20 %.
	PollEvery = 10 * time.Minute
	// staleAfter is how long an observation is believed.
	staleAfter = 3 * PollEvery
	// bucketStale is how long a rate limit is believed that names no reset.
	bucketStale = time.Minute
	// forgetAfter is how long an observation is kept to be shown.
	forgetAfter = 8 * 24 * time.Hour
	// maxEntries bounds what one account may tell of.
	maxEntries = 64

	firstHold   = 15 * time.Minute
	longestHold = 6 * time.Hour
)

// Rules are what an operator set about accounts.
type Rules struct {
	Target domain.Money // a balance of so much is plenty; 0 or less = one USD
	Floor  domain.Money // a balance of so much is none
}

// Account is what is known of one upstream account. The zero value knows
// nothing. A value belongs to its one owner.
type Account struct {
	Entries []Entry // by label
}

// Entry is one quota with what happened since it was observed.
type Entry struct {
	domain.ProviderQuota

	Spent  domain.Money // own spend since the observation
	PerUSD float64      // window: share used by a dollar of own spend; 0 = not known yet
	Until  time.Time    // exhausted without a known reset: held back until then
	Holds  int          // such holds in a row
}

// Observe takes observations in; of each label the newest counts. It tells
// whether one of them says that the account is used up.
func (a *Account) Observe(quotas []domain.ProviderQuota, rules Rules, now time.Time) (exhausted bool) {
	for _, q := range quotas {
		i, known := slices.BinarySearchFunc(a.Entries, q.Label, func(e Entry, label string) int {
			return cmp.Compare(e.Label, label)
		})
		switch {
		case !known && len(a.Entries) >= maxEntries:
			continue
		case !known:
			a.Entries = slices.Insert(a.Entries, i, Entry{})
		case q.ObservedAt.Before(a.Entries[i].ObservedAt):
			continue
		}
		if a.Entries[i].observe(q, rules, now) {
			exhausted = true
		}
		if q.Kind == domain.QuotaBalance && q.Source == domain.QuotaFromPoll && !spent(&q, rules) {
			a.release() // there is money again
		}
	}
	return exhausted
}

// observe replaces the entry's observation and tells whether it is used up.
func (e *Entry) observe(q domain.ProviderQuota, rules Rules, now time.Time) bool {
	e.learnRate(&q)
	e.ProviderQuota, e.Spent = q, 0
	if !spent(&q, rules) {
		e.Until, e.Holds = time.Time{}, 0
		return false
	}
	if !q.ResetAt.After(now) && !q.Refills {
		e.hold(now)
	}
	return true
}

// hold keeps an exhausted account back that does not say until when: each time
// it turns out to be exhausted again after the wait, twice as long.
func (e *Entry) hold(now time.Time) {
	if !now.Before(e.Until) {
		e.Holds++
	}
	pause := longestHold
	if e.Holds < 6 {
		pause = min(firstHold<<(e.Holds-1), longestHold)
	}
	if until := now.Add(pause); until.After(e.Until) {
		e.Until = until
	}
}

// learnRate learns from two observations of one window how much of it a dollar
// of our own spend uses up.
func (e *Entry) learnRate(q *domain.ProviderQuota) {
	const leastSpend = domain.NanoPerUSD / 100
	grown := q.Used - e.Used
	if e.Kind != domain.QuotaWindow || q.Refills || e.Spent < leastSpend || grown <= 0 || !sameReset(e.ResetAt, q.ResetAt) {
		return
	}
	rate := grown / e.Spent.USD()
	if e.PerUSD == 0 {
		e.PerUSD = rate
		return
	}
	e.PerUSD += (rate - e.PerUSD) / 4
}

// sameReset allows for resets that are told in rounded figures.
func sameReset(a, b time.Time) bool { return a.Sub(b).Abs() < time.Minute }

// Spend notes what an attempt cost that began at at.
func (a *Account) Spend(cost domain.Money, at time.Time) {
	if cost <= 0 {
		return
	}
	for i := range a.Entries {
		if e := &a.Entries[i]; !e.ObservedAt.After(at) {
			e.Spent += cost
		}
	}
}

// Served notes that the account served a call: it is not refusing any more.
func (a *Account) Served(at time.Time) {
	a.Entries = slices.DeleteFunc(a.Entries, func(e Entry) bool {
		return e.Source == domain.QuotaFromError && e.Model == "" && e.ObservedAt.Before(at)
	})
}

// Forget drops every word of being used up: an operator wants the account tried.
func (a *Account) Forget(rules Rules) {
	a.Entries = slices.DeleteFunc(a.Entries, func(e Entry) bool { return spent(&e.ProviderQuota, rules) })
}

// release ends what refused calls led to, keeping count of the holds.
func (a *Account) release() {
	for i := range a.Entries {
		if e := &a.Entries[i]; e.Source == domain.QuotaFromError && e.Kind == domain.QuotaBalance {
			e.Until, e.Status = time.Time{}, ""
		}
	}
}

// Tidy drops what is too old to be shown.
func (a *Account) Tidy(now time.Time) {
	a.Entries = slices.DeleteFunc(a.Entries, func(e Entry) bool {
		old := now.Sub(e.ObservedAt)
		return old > forgetAfter || e.Refills && old > staleAfter
	})
}

// Quotas are the observations carried forward to now. What is unknown by now is
// among them as it was last seen.
func (a *Account) Quotas(now time.Time) []domain.ProviderQuota {
	quotas := make([]domain.ProviderQuota, 0, len(a.Entries))
	for i := range a.Entries {
		if e := &a.Entries[i]; e.Label != LabelRefused || spent(&e.ProviderQuota, Rules{}) {
			quotas = append(quotas, e.at(now))
		}
	}
	return quotas
}

// at is the entry's quota carried forward by time and own spend.
func (e *Entry) at(now time.Time) domain.ProviderQuota {
	q := e.ProviderQuota
	switch {
	case q.Kind == domain.QuotaBalance && !q.Unlimited && e.Spent > 0:
		if rate := usdPerUnit(&q); rate > 0 {
			q.Remaining -= e.Spent.USD() / rate
		}
	case q.Refills:
		if whole := q.ResetAt.Sub(q.ObservedAt); whole > 0 {
			q.Used *= clamp(float64(q.ResetAt.Sub(now))/float64(whole), 0, 1)
		}
	case q.Kind == domain.QuotaWindow && q.Used < almost:
		// An estimate makes an account the last resort; only its own word excludes it.
		q.Used = min(q.Used+e.Spent.USD()*e.PerUSD, almost)
	}
	return q
}

// almost is as far as an estimate of a window goes.
const almost = 0.99

// usdPerUnit is the rate of a balance's unit, 0 if unknown.
func usdPerUnit(q *domain.ProviderQuota) float64 {
	if q.Unit == "USD" {
		return 1
	}
	return q.USDPerUnit
}
