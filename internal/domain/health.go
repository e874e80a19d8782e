package domain

import "time"

// BreakerState is the state of a circuit breaker as the API shows it.
type BreakerState string

// The states.
const (
	BreakerClosed   BreakerState = "closed"
	BreakerOpen     BreakerState = "open"
	BreakerHalfOpen BreakerState = "half_open"
)

// ProviderHealth is what a provider's actor tells everybody about it. Newest
// wins: compare Epoch, then Seq.
type ProviderHealth struct {
	ProviderID      ProviderID
	Breaker         BreakerState
	Failures        int
	OpenUntil       time.Time      // when open
	ClosedAt        time.Time      // when the breaker last closed again; zero = it was never open
	CoolingUntil    time.Time      // do not call before; zero = now
	CoolingModels   []ModelCooling // models not to ask it for, at most 16; shared, not to be changed
	ProbesInFlight  int            // half-open probes out
	InFlight        int            // requests in flight
	Sessions        int            // sessions counted against the session limit
	RequestLimit    int            // 0 = none
	SessionLimit    int            // 0 = none
	Account         *AccountState  // nil = nothing known
	Spent           bool           // a limit of money of its own is used up,
	SpentUntil      time.Time      // until then; zero = until somebody resets it
	LastError       string         // redacted, at most 300 characters
	LastErrorStatus int
	Seq             int64
	Epoch           int64
	At              time.Time
}

// ModelCooling is a model that a provider is not to be asked for.
type ModelCooling struct {
	Model string // as the provider calls it
	Until time.Time
}

// Full tells whether the provider had no free slot when it last reported. A
// session already counted may still get one.
func (h ProviderHealth) Full() bool {
	return h.RequestLimit > 0 && h.InFlight >= h.RequestLimit ||
		h.SessionLimit > 0 && h.Sessions >= h.SessionLimit
}

// BreakerEvent is one transition of a breaker, kept for the operator.
type BreakerEvent struct {
	ID         int64 // given by the store, ascending
	At         time.Time
	ProviderID ProviderID   // of a provider's breaker
	Endpoint   EndpointID   // of an endpoint's breaker
	Vendor     VendorID     // of the breaker of all endpoints for PoolType
	PoolType   ProviderType // with Vendor
	From, To   BreakerState
	Reason     string // failure_threshold, probe_failed, probe_succeeded, timer, manual_reset, manual_open, threshold_off
	StatusCode int
	Message    string // redacted, at most 500 characters
	RequestID  RequestID
	Actor      string // who, for a manual transition
}

// BreakerScope says what a breaker is of.
type BreakerScope string

// The scopes.
const (
	BreakerOfProvider BreakerScope = "provider"
	BreakerOfEndpoint BreakerScope = "endpoint"
	BreakerOfPool     BreakerScope = "vendor_type" // all endpoints of a vendor for one type
)

// Snapshot is the stored state of one actor.
type Snapshot struct {
	Kind      string
	ID        string
	Epoch     int64
	Data      []byte    // msgpack, at most 1 MiB
	ExpiresAt time.Time // zero = never
	SavedAt   time.Time // set by who keeps it; zero = now
}

// OverloadedPause is how long a provider is left alone that answers 529 and
// names no time.
const OverloadedPause = 30 * time.Second
