package limits

import (
	"slices"
	"time"

	"github.com/claude-code-hub/cch/internal/domain"
)

// Check is one limit held against what is in use, before the request at hand.
type Check struct {
	Limit   domain.LimitType
	Scope   domain.Scope
	Current int64 // in the limit's unit: nano-USD, requests or sessions
	Max     int64 // 0 = unlimited
	// ResetAt is when the limit admits again; zero when no such time is known.
	ResetAt time.Time
	Failing bool
	// Reserved marks a failure that is only due to the estimate of the request.
	// A limit that is really used up outranks it.
	Reserved bool
	// Passing marks such a failure that may pass as soon as another request in
	// flight ends, whose reservation is in the way. It is worth waiting for.
	Passing bool
}

// Refusal is the answer to a request that some limit does not let in.
type Refusal struct {
	Check
	// ResetAt is the latest reset of all failing limits, so that whoever waits
	// for it does not run into the next one; zero when there is none.
	ResetAt time.Time
}

// Decide returns the refusal to report, or nil if no check fails. The checks
// may come in any order.
func Decide(checks []Check) *Refusal {
	var worst *Check
	var latest time.Time
	never := false
	for i := range checks {
		c := &checks[i]
		if !c.Failing {
			continue
		}
		if worst == nil || before(c, worst) {
			worst = c
		}
		if c.ResetAt.After(latest) {
			latest = c.ResetAt
		}
		never = never || c.Limit == domain.LimitTotal && !c.Passing
	}
	if worst == nil {
		return nil
	}
	if never {
		latest = time.Time{} // a total does not come back, whatever else does
	}
	return &Refusal{Check: *worst, ResetAt: latest}
}

func before(a, b *Check) bool {
	switch {
	case a.Reserved != b.Reserved:
		return b.Reserved
	case a.Passing != b.Passing:
		return b.Passing
	}
	return rank(a) < rank(b)
}

// rank is the precedence in which failing limits are reported: what waiting does
// not help first, then what comes back soon, and of each limit the key's before
// the user's.
func rank(c *Check) int {
	byLimit := [...]domain.LimitType{
		domain.LimitTotal, domain.LimitConcurrentSessions, domain.LimitConcurrentRequests, domain.LimitRPM,
		domain.Limit5h, domain.LimitDaily, domain.LimitWeekly, domain.LimitMonthly,
	}
	r := slices.Index(byLimit[:], c.Limit)
	if c.Scope == domain.ScopeKey {
		return 2 * r
	}
	return 2*r + 1
}

// CheckRequests holds requests in flight against a limit. When one of them will
// end is not known.
func CheckRequests(scope domain.Scope, inFlight, limit int) Check {
	return Check{
		Limit: domain.LimitConcurrentRequests, Scope: scope,
		Current: int64(inFlight), Max: int64(max(limit, 0)),
		Failing: limit > 0 && inFlight >= limit,
	}
}
