package limits

import (
	"time"

	"github.com/claude-code-hub/cch/internal/domain"
)

// Policy is how carefully a budget is reserved before a request's cost is known.
type Policy string

// The policies. Whatever the policy, a budget that is spent admits nothing.
const (
	// Balanced reserves what a request is expected to cost. When nothing is
	// reserved in a window, one request may pass although it does not fit.
	Balanced Policy = "balanced"
	// Strict reserves what a request may cost at most, without exception.
	Strict Policy = "strict"
	// Parity reserves nothing. It is the rule for calls that are free, too.
	Parity Policy = "parity"
)

// Estimate is what the policy reserves for a request.
func (p Policy) Estimate(expected, upper domain.Money) domain.Money {
	switch p {
	case Strict:
		return max(upper, 0)
	case Parity:
		return 0
	case Balanced:
	}
	return max(expected, 0)
}

// amount is the limit of a window.
func amount(l *domain.Limits, w window) domain.Money {
	return [windowCount]domain.Money{l.USD5h, l.USDDaily, l.USDWeekly, l.USDMonthly, l.USDTotal}[w]
}

// Checks holds every money window that has a limit against what is used, what is
// reserved and the estimate of the request at hand.
func (s *Spend) Checks(dst []Check, scope domain.Scope, l *domain.Limits, policy Policy, estimate domain.Money, now time.Time) []Check {
	s.advance(now)
	for w := range windowCount {
		if limit := amount(l, w); limit > 0 {
			dst = append(dst, s.check(w, scope, limit, policy, estimate))
		}
	}
	return dst
}

func (s *Spend) check(w window, scope domain.Scope, limit domain.Money, policy Policy, estimate domain.Money) Check {
	u := s.use(w)
	c := Check{Limit: w.limit(), Scope: scope, Current: int64(u.used), Max: int64(limit)}
	switch {
	case u.used >= limit:
		c.Failing = true
		c.ResetAt = s.resetAt(u, limit)
	case policy == Parity || u.used+u.reserved+estimate <= limit:
	case u.reserved > 0:
		c.Failing, c.Reserved, c.Passing = true, true, true
		c.Current += int64(u.reserved)
	case policy == Strict:
		c.Failing, c.Reserved = true, true
		c.ResetAt = s.resetAt(u, limit-estimate+1)
	}
	return c
}

// Status is the state of a window, for display.
type Status struct {
	Limit    domain.LimitType
	Used     domain.Money
	Reserved domain.Money
	Max      domain.Money // 0 = unlimited
	StartAt  time.Time    // of a calendar window; zero otherwise
	EndAt    time.Time    // when a fixed window ends; zero = rolling, total, or none open
	// FreeAt is when a limit that is reached admits again; zero if it is not
	// reached or no time is known.
	FreeAt time.Time
}

// Status lists all windows with the limits they are held against.
func (s *Spend) Status(l *domain.Limits, now time.Time) []Status {
	s.advance(now)
	out := make([]Status, 0, windowCount)
	for w := range windowCount {
		u, limit := s.use(w), amount(l, w)
		st := Status{Limit: w.limit(), Used: u.used, Reserved: u.reserved, Max: limit, EndAt: u.end}
		if s.counts(w) && w != total {
			st.StartAt = time.UnixMilli(s.fixed[w].start)
		}
		if limit > 0 && u.used >= limit {
			st.FreeAt = s.resetAt(u, limit)
		}
		out = append(out, st)
	}
	return out
}
