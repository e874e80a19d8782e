package breaker

import (
	"time"

	"github.com/claude-code-hub/cch/internal/domain"
)

// How long a provider is left alone.
const (
	dialPause     = 10 * time.Second // a dead host must not eat every request
	firstPause    = time.Second      // 429 that names no time; doubles
	longestPause  = time.Minute
	retryAfterCap = time.Hour
)

// Cooling is the gate of a provider that is to be left alone for a while,
// whatever its breaker says. The zero value is open to all.
type Cooling struct {
	Until time.Time     // do not call before
	Pause time.Duration // last pause given to a 429 that named none
}

// Active tells whether the provider is to be left alone at now.
func (c Cooling) Active(now time.Time) bool { return now.Before(c.Until) }

// Refusal is what of an attempt's outcome may be a reason to cool.
type Refusal struct {
	Class      domain.AttemptClass
	Failure    domain.FailureKind
	Status     int
	RetryAfter time.Duration // as the upstream asked for; 0 = it did not
}

// After is the gate after an attempt's outcome. Attempts that were under way
// together and fail together lengthen the pause once.
func (c Cooling) After(r Refusal, now time.Time) Cooling {
	if r.Class == domain.ClassOK {
		c.Pause = 0 // it answers again; a pause still running was asked for and stays
		return c
	}
	pause := c.pause(r, now)
	if pause <= 0 {
		return c
	}
	if r.Status == 429 && r.RetryAfter <= 0 {
		c.Pause = pause
	}
	if until := now.Add(pause); until.After(c.Until) {
		c.Until = until
	}
	return c
}

func (c Cooling) pause(r Refusal, now time.Time) time.Duration {
	switch {
	case r.Class != domain.ClassProviderError && r.Class != domain.ClassSystemError:
		return 0 // e.g. our own overload, or a refusal that is the request's fault
	case r.Failure == domain.FailDial || r.Failure == domain.FailProxy:
		return dialPause
	case asksForPause(r.Status) && r.RetryAfter > 0:
		return min(r.RetryAfter, retryAfterCap)
	case r.Status == 429 && c.Active(now):
		return 0
	case r.Status == 429:
		return min(max(2*c.Pause, firstPause), longestPause)
	case r.Status == 529:
		return domain.OverloadedPause
	}
	return 0
}

// asksForPause lists the statuses whose Retry-After is heeded.
func asksForPause(status int) bool { return status == 429 || status == 503 || status == 529 }
