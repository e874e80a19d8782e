package breaker

import "github.com/claude-code-hub/cch/internal/domain"

// Verdict is what an outcome means for the provider's record.
type Verdict uint8

// The verdicts.
const (
	Neutral Verdict = iota // says nothing about the provider
	Good
	Bad
)

// Outcome is what became of one attempt, as far as the breaker cares.
type Outcome struct {
	Class   domain.AttemptClass
	Failure domain.FailureKind
	Call    domain.CallClass
	Status  int // the upstream's or synthetic; 0 = none
	// RetryAfter is set when the upstream said how long to stay away: such a
	// refusal cools the provider and leaves the breaker alone.
	RetryAfter bool
	// GivenUp is set on the last attempt of a request at this provider. Only
	// that one counts as a failure, so retries do not add up.
	GivenUp bool
}

// Judge says what an outcome counts as. A failure counts once per provider and
// request. countNetwork is the node's choice to count connections that broke or
// could not be made.
//
// Counted are 5xx, 429 without a pause asked for, 401, 402 and 403 (our
// credentials are refused), empty and pretended answers, time-outs and streams
// that the upstream broke off. Not counted are faults of the request (other 4xx,
// and 404, which may be about a model), aborts by the client, overload of our
// own, and every call that is no generate call.
func Judge(o Outcome, countNetwork bool) Verdict {
	switch {
	case o.Call != domain.CallGenerate:
		return Neutral
	case o.Class == domain.ClassOK:
		return Good
	case !o.GivenUp:
		return Neutral
	case o.Class == domain.ClassProviderError && blamesProvider(o):
		return Bad
	case o.Class == domain.ClassSystemError && countNetwork && isNetwork(o.Failure):
		return Bad
	}
	return Neutral
}

func blamesProvider(o Outcome) bool {
	switch o.Failure {
	case domain.FailStatus, domain.FailNone:
		return badStatus(o.Status, o.RetryAfter)
	case domain.FailEmpty, domain.FailTimeout, domain.FailStreamBroken:
		return true
	case domain.FailFake200, domain.FailGate:
		return o.Status != 404
	case domain.FailDial, domain.FailProxy, domain.FailReset, domain.FailRequest, domain.FailInternal:
	}
	return false
}

func badStatus(status int, retryAfter bool) bool {
	switch status {
	case 400: // other 400s have another class; this is a relay whose own disk is full
		return true
	case 401, 402, 403:
		return true
	}
	if asksForPause(status) {
		return !retryAfter
	}
	return status >= 500
}

// isNetwork leaves out the upstream proxy: its failure is not the provider's.
func isNetwork(f domain.FailureKind) bool {
	return f == domain.FailDial || f == domain.FailReset
}
