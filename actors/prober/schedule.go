package prober

import (
	"slices"
	"time"

	"github.com/claude-code-hub/cch/internal/domain"
)

// lonely is how often an endpoint is looked at whose vendor has no other: nothing
// depends on its rank.
const lonely = 10 * time.Minute

// timedOut is what probes call an endpoint that did not answer in time.
const timedOut = "timeout"

// Schedule is when endpoints are looked at.
type Schedule struct {
	Every        time.Duration
	AfterTimeout time.Duration // where the last look timed out
	Timeout      time.Duration // of a look
	AtOnce       int           // looks at a time
	Jitter       time.Duration // up to so much is waited before a round, so that nodes do not meet
	// Leads tells whether this node, of several, is the one that looks; nil = yes.
	// The others hear of outcomes through the configuration.
	Leads func() bool
}

func (s *Schedule) leads() bool { return s.Leads == nil || s.Leads() }

// next is when an endpoint is due that was last looked at with this outcome.
func (s *Schedule) next(last *domain.EndpointProbe, alone bool) time.Time {
	switch {
	case last.At.IsZero():
		return time.Time{}
	case last.ErrorType == timedOut:
		return last.At.Add(s.AfterTimeout)
	case alone:
		return last.At.Add(max(s.Every, lonely))
	}
	return last.At.Add(s.Every)
}

// due are the endpoints to be looked at now, the longest overdue first.
func (s *Schedule) due(all []*domain.Endpoint, seen map[domain.EndpointID]domain.EndpointProbe, now time.Time) []*domain.Endpoint {
	perVendor := map[domain.VendorID]int{}
	for _, e := range all {
		if e.Enabled {
			perVendor[e.VendorID]++
		}
	}
	at := map[domain.EndpointID]time.Time{}
	var out []*domain.Endpoint
	for _, e := range all {
		last := e.Probe
		if own, ok := seen[e.ID]; ok && own.At.After(last.At) {
			last = own
		}
		if next := s.next(&last, perVendor[e.VendorID] == 1); e.Enabled && !now.Before(next) {
			at[e.ID] = next
			out = append(out, e)
		}
	}
	slices.SortStableFunc(out, func(a, b *domain.Endpoint) int { return at[a.ID].Compare(at[b.ID]) })
	return out
}

// steadily is the least change of a latency that could matter to a rank.
const steadily = 20 * time.Millisecond

// news tells whether an outcome may change the rank of an endpoint: only then is
// the configuration read anew.
func news(before, after *domain.EndpointProbe) bool {
	if before.At.IsZero() || before.OK != after.OK {
		return true
	}
	change := (after.Latency - before.Latency).Abs()
	return after.OK && change > steadily && change > before.Latency/5
}
