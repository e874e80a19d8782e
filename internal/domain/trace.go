package domain

import "time"

// Dialed is when a new connection to a provider was made for a call; zero = that
// far it did not come. Immutable.
type Dialed struct {
	Resolved  time.Time // the name was; zero also where none had to be
	Connected time.Time // to the first hop
	Secured   time.Time // TLS; zero also where there is none, or none that is ours
}

// RouteTrace is where a request spent its time besides waiting for answers, as far
// as that is worth telling: steps of a millisecond or more, and connections that
// had to be made. It is stored as JSON; times are ms since the request came.
type RouteTrace struct {
	Guards []GuardTime `json:"guards,omitempty"`
	Dials  []DialTime  `json:"dials,omitempty"`
}

// IsZero tells whether there is nothing to tell.
func (t *RouteTrace) IsZero() bool { return len(t.Guards)+len(t.Dials) == 0 }

// Dial adds the connection that was made for an attempt of a request that came at
// a time.
func (t *RouteTrace) Dial(attempt int, d *Dialed, came time.Time) {
	since := func(at time.Time) *int64 {
		if at.IsZero() {
			return nil
		}
		return new(max(0, at.Sub(came).Milliseconds()))
	}
	t.Dials = append(t.Dials, DialTime{
		Attempt: attempt, DNSMs: since(d.Resolved), ConnectMs: since(d.Connected), TLSMs: since(d.Secured),
	})
}

// Steps before a provider is chosen.
const (
	StepAuth    = "auth"
	StepBody    = "body"    // arriving and being read
	StepRules   = "rules"   // that need the body and no shared state
	StepFilters = "filters" // of the operator, for every provider
	StepReplay  = "replay"  // looking for an answer to give again
)

// GuardTime is a step that a request went through before a provider was chosen.
type GuardTime struct {
	Name   string `json:"name"`
	AtMs   int64  `json:"atMs"`
	TookMs int64  `json:"tookMs"`
}

// DialTime is when the new connection of an attempt was made. Nil = not reached.
type DialTime struct {
	Attempt   int    `json:"attempt"`
	DNSMs     *int64 `json:"dnsMs,omitempty"`
	ConnectMs *int64 `json:"connectMs,omitempty"`
	TLSMs     *int64 `json:"tlsMs,omitempty"`
}
