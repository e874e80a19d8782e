package protocol

import "github.com/claude-code-hub/cch/internal/domain"

// EndpointTry asks a pool's actor for a trial: leave to call an endpoint whose
// breaker, or whose pool's, is not closed. The outcome decides about it (wire).
type EndpointTry struct {
	LeaseID  domain.LeaseID
	Pool     domain.PoolKey
	Endpoint domain.EndpointID
	ReqID    domain.RequestID
	TTLMs    int64
	Reclaim  bool // the trial is under way: always granted and counted
}

// EndpointTrial answers EndpointTry (wire).
type EndpointTrial struct{ OK bool }

// EndpointProbed tells a pool's actor what a probe of an endpoint found (wire).
type EndpointProbed struct {
	Pool     domain.PoolKey
	Endpoint domain.EndpointID
	OK       bool
	Message  string // redacted, at most 300 characters
}

// EndpointReport tells a pool's actor how a call to one of its endpoints ended (wire).
type EndpointReport struct {
	Pool     domain.PoolKey
	Endpoint domain.EndpointID
	Trial    domain.LeaseID // of the call, which ends; zero if it was none
	ReqID    domain.RequestID
	Class    domain.AttemptClass
	Failure  domain.FailureKind
	Status   int
	// AllTimedOut is set on the last report of a request that was given up at the
	// provider because every endpoint it tried did not answer in time.
	AllTimedOut bool
	T           int64
	Message     string // redacted, at most 300 characters
}

// PoolSet is an operator's order about an endpoint's breaker or, without one,
// about that of the whole pool (wire).
type PoolSet struct {
	Pool     domain.PoolKey
	Endpoint domain.EndpointID // 0 = the pool
	Action   BreakerAction
	Until    int64 // open: 0 = an endpoint's usual duration; a pool stays open
	Actor    string
}

// PoolRead asks for a pool's state (wire).
type PoolRead struct{ Pool domain.PoolKey }

// PoolState answers PoolSet and PoolRead (wire).
type PoolState struct{ Health domain.PoolHealth }
