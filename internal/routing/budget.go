package routing

import (
	"math/rand/v2"
	"time"

	"github.com/claude-code-hub/cch/internal/domain"
)

// Action is what follows a failed attempt.
type Action uint8

// The actions.
const (
	End    Action = iota // tell the client
	Retry                // the same provider once more
	Switch               // another provider
)

func (a Action) String() string { return [...]string{"end", "retry", "switch"}[a] }

// Budget bounds the attempts of one request.
type Budget struct {
	Switches    int // to another provider, after the first
	PerProvider int // attempts at the provider tried last
	Total       int
	NextOne     bool // the provider has another endpoint that was not tried
	Expired     bool // the time for a first answer is over
}

// Try is one attempt that ended.
type Try struct {
	Provider   domain.ProviderID
	Class      domain.AttemptClass
	Failure    domain.FailureKind
	Status     int
	RetryAfter time.Duration // named by the upstream; 0 = none
	Committed  bool          // a byte of its answer reached the client
	Rule       string        // Verdict.Rule
	Upstream   *domain.UpstreamFault
	Excerpt    string // redacted text of the failure
}

const (
	defaultTotal       = 8
	defaultPerProvider = 2
	maxPerProvider     = 10
	backoff            = 100 * time.Millisecond
)

// BudgetOf is the budget of a call after an attempt at p. nodeAttempts is the
// node's number of attempts per provider, for providers that name none; zero
// means two. Counting tokens and passed-through calls are tried once per
// provider, and elsewhere only if the settings allow it.
func BudgetOf(s *domain.Settings, class domain.CallClass, p *domain.Provider, nodeAttempts int) Budget {
	b := Budget{Switches: s.MaxProviderSwitches, PerProvider: nodeAttempts, Total: s.MaxTotalAttempts}
	if b.Total <= 0 {
		b.Total = defaultTotal
	}
	if p != nil && p.Routing.MaxAttempts > 0 {
		b.PerProvider = p.Routing.MaxAttempts
	}
	if b.PerProvider <= 0 {
		b.PerProvider = defaultPerProvider
	}
	b.PerProvider = min(b.PerProvider, maxPerProvider)
	if class != domain.CallGenerate {
		b.PerProvider = 1
		if !s.AllowNonConversationFallback {
			b.Switches = 0
		}
	}
	return b
}

// Next decides what follows the last attempt of a history, which is never
// empty. Switch means that another provider may be asked, not that there is one.
func Next(b Budget, history []Try) Action {
	last := &history[len(history)-1]
	if last.Committed || b.Expired || len(history) >= b.Total || endsRequest(last.Class) {
		return End
	}
	if (retriesInPlace(last) || b.NextOne && movesOn(last)) && attemptsAt(history, last.Provider) < b.PerProvider {
		return Retry
	}
	if switchesUsed(history) >= b.Switches || !maySwitch(history, last.Class) {
		return End
	}
	return Switch
}

// endsRequest tells whether no provider could do better.
func endsRequest(c domain.AttemptClass) bool {
	switch c {
	case domain.ClassOK, domain.ClassClientAbort, domain.ClassLocalOverload, domain.ClassClientError:
		return true
	case domain.ClassProviderError, domain.ClassSystemError, domain.ClassResourceNotFound, domain.ClassUpstreamRejected:
	}
	return false
}

// retriesInPlace tells whether the same provider may do better at once. A
// refused credential, a rate limit or a host that cannot be reached will not
// change within a tenth of a second, and neither will a stalled upstream.
func retriesInPlace(t *Try) bool {
	if t.RetryAfter > 0 || t.Rule != "" {
		return false
	}
	switch t.Failure {
	case domain.FailDial, domain.FailProxy, domain.FailTimeout, domain.FailRequest, domain.FailInternal:
		return false
	case domain.FailNone, domain.FailStatus, domain.FailReset, domain.FailEmpty,
		domain.FailFake200, domain.FailGate, domain.FailStreamBroken:
	}
	switch t.Status {
	case 401, 402, 403, 413, 429, 529: // the last rests for a while in any case
		return false
	}
	return t.Class != domain.ClassUpstreamRejected
}

// movesOn tells whether another endpoint of the same provider may do better.
func movesOn(t *Try) bool {
	return t.Failure == domain.FailDial || t.Failure == domain.FailTimeout
}

// maySwitch lets a request that was rejected as such be tried at one other
// provider only: the second rejection is the answer.
func maySwitch(history []Try, class domain.AttemptClass) bool {
	if class != domain.ClassUpstreamRejected {
		return true
	}
	return rejections(history) < 2
}

func rejections(history []Try) int {
	n := 0
	for i := range history {
		if history[i].Class == domain.ClassUpstreamRejected {
			n++
		}
	}
	return n
}

func attemptsAt(history []Try, id domain.ProviderID) int {
	n := 0
	for i := range history {
		if history[i].Provider == id {
			n++
		}
	}
	return n
}

func switchesUsed(history []Try) int {
	n := 0
	for i := 1; i < len(history); i++ {
		if history[i].Provider != history[i-1].Provider {
			n++
		}
	}
	return n
}

// Backoff is the pause before the same provider is tried again: 100 ms, give or
// take half.
func Backoff(draw *rand.Rand) time.Duration {
	return backoff/2 + time.Duration(draw.Int64N(int64(backoff)))
}
