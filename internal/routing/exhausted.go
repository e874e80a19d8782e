package routing

import (
	"strings"
	"time"

	"github.com/claude-code-hub/cch/internal/domain"
)

// losses counts what kept providers from serving, to tell the client what is
// wrong when none is left.
type losses struct {
	circuits int // breaker open, or its probes are out
	limited  int // rate, concurrency, cool-down, upstream account
	accounts int // of them those whose account is used up
	recovery time.Duration

	unconvertible string // capability that kept a provider of another protocol out, the first one
}

// count notes that a provider which could serve the call was out; after is when
// it may be back, as far as known.
func (l *losses) count(reason string, after time.Duration) {
	switch reason {
	case FilteredCircuit, FilteredPool, refusedHalfOpen:
		l.circuits++
	case FilteredCooling, refusedConcurrent, FilteredSpent:
		l.limited++
	case FilteredQuota:
		l.limited++
		l.accounts++
	default:
		capability, is := strings.CutPrefix(reason, FilteredUnconvertible)
		if is && l.unconvertible == "" {
			l.unconvertible = capability
		}
		return
	}
	if after > 0 && (l.recovery == 0 || after < l.recovery) {
		l.recovery = after
	}
}

// fault is what the client is told when nobody is left and nobody was tried;
// visible is the number of providers in the caller's groups.
func (l *losses) fault(visible int) *domain.Fault {
	code, detail := l.verdict(visible)
	if code == domain.CodeUnconvertible {
		return domain.NewFault(domain.KindInvalid, code, detail)
	}
	f := domain.NewFault(domain.KindNoProvider, code, detail)
	f.RetryAfter = l.recovery
	if f.RetryAfter == 0 {
		f.RetryAfter = defaultRetryAfter
	}
	return f
}

func (l *losses) verdict(visible int) (domain.Code, string) {
	switch {
	case visible == 0:
		return domain.CodeGroupEmpty, "no provider belongs to the groups of this API key"
	case l.circuits > 0 && l.limited > 0:
		return domain.CodeMixedUnavailable, "all providers are either failing or at their limits"
	case l.circuits > 0:
		return domain.CodeAllCircuitsOpen, "all providers are failing and rest for a while"
	case l.limited > 0 && l.accounts == l.limited:
		return domain.CodeAllRateLimited, "the upstream accounts of all providers are used up for now"
	case l.limited > 0:
		return domain.CodeAllRateLimited, "all providers are at their limits"
	case l.unconvertible != "":
		return domain.CodeUnconvertible, l.unconvertible + " cannot be converted to the format of any available provider"
	}
	return domain.CodeNoAvailableProviders, "no provider serves this kind of request"
}

// resourceAway is what the client is told when the one provider that has what
// the call is about cannot be asked.
func resourceAway() *domain.Fault {
	return domain.NewFault(domain.KindNotFound, domain.CodeResourceProviderMissing,
		"the provider that holds this resource cannot be reached at present")
}
