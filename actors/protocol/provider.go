package protocol

import "github.com/claude-code-hub/cch/internal/domain"

// SlotAcquire asks a provider's actor for permission to make one attempt (wire).
// The same LeaseID again gives the same grant, extended.
type SlotAcquire struct {
	LeaseID    domain.LeaseID
	ProviderID domain.ProviderID
	ReqID      domain.RequestID
	Attempt    int
	Session    domain.SessionKey
	Model      string
	Class      domain.CallClass // count and resource calls pass an open breaker no more than others but are never probes
	T          int64
	AdmittedAt int64        // of the request: when its cost counts
	Estimate   domain.Money // of what the attempt will cost the provider
	CfgVersion int64
	TTLMs      int64
	Node       string
	Reclaim    bool // held already: grant and count it, even above the limit
	Probe      bool // with Reclaim: it held the half-open probe
}

// Reasons for which a slot is denied.
const (
	DeniedCircuitOpen     = "circuit_open"
	DeniedHalfOpenBusy    = "half_open_busy"
	DeniedCoolingDown     = "cooling_down"
	DeniedConcurrentLimit = "concurrent_limit_failed"
	DeniedRateLimited     = "rate_limited"
	DeniedQuotaExhausted  = "quota_exhausted" // the account behind the provider is used up
	DeniedDisabled        = "disabled"
	DeniedDraining        = "draining"
	DeniedReleased        = "released" // the lease was given back before it was asked for
)

// SlotGrant answers SlotAcquire (wire).
type SlotGrant struct {
	OK           bool
	DeniedBy     string
	RetryAfterMs int64 // when a denied slot may be had; 0 = unknown
	InUse        int
	Limit        int
	Probe        bool // the slot is a half-open probe
	Breaker      domain.BreakerState
	Failures     int
	Generation   int64 // of the breaker; an older result changes nothing
	Epoch        int64
	Quirks       domain.Quirks // to be known before the call
}

// SlotReport tells how an attempt ended and gives its slot back (wire).
type SlotReport struct {
	LeaseID    domain.LeaseID
	ProviderID domain.ProviderID
	ReqID      domain.RequestID
	Attempt    int
	Session    domain.SessionKey
	Class      domain.AttemptClass
	Failure    domain.FailureKind
	Call       domain.CallClass
	Status     int
	// GivenUp is set on the last attempt a request makes at this provider: the
	// breaker counts a failing provider once per request.
	GivenUp      bool
	Generation   int64
	RetryAfterMs int64
	TTFBMs       int64
	DurMs        int64
	T            int64
	AdmittedAt   int64             // of the request: when its cost counts
	Endpoint     domain.EndpointID // that was called; 0 = the provider's own URL
	Model        string            // that was asked for
	ModelRefused bool              // the upstream's refusal names the model: others may be served
	Message      string            // redacted, at most 300 characters
	ProviderCost domain.Money      // of the attempt, as far as its usage is known
	// Quotas are what the answer told of the account behind the provider.
	Quotas []domain.ProviderQuota
	Quirks domain.Quirks // found out by the attempt
}

// AccountObserved brings what asking a provider's account gave (wire).
type AccountObserved struct {
	ProviderID domain.ProviderID
	Reading    domain.AccountReading
}

// AccountDone answers AccountObserved with what is known then (wire).
type AccountDone struct{ State *domain.AccountState }

// BreakerAction is what an operator does to a breaker.
type BreakerAction string

// The actions.
const (
	BreakerReset BreakerAction = "reset"
	BreakerTrip  BreakerAction = "open"
)

// BreakerSet is an operator's order (wire).
type BreakerSet struct {
	ProviderID domain.ProviderID
	Action     BreakerAction
	Until      int64 // open: 0 = the configured duration
	Actor      string
}

// BreakerDone answers BreakerSet with the state after it (wire).
type BreakerDone struct{ Health domain.ProviderHealth }

// ProviderRead asks a provider's actor for the state of its limits; a QuotaState
// answers it (wire).
type ProviderRead struct{ ProviderID domain.ProviderID }

// HealthRead asks a provider's actor for its state (wire).
type HealthRead struct{ ProviderID domain.ProviderID }

// ProviderHealth is broadcast by a provider's actor; it also answers HealthRead (wire).
type ProviderHealth struct{ domain.ProviderHealth }
