package request

import (
	"slices"
	"time"

	"github.com/claude-code-hub/cch/actors/protocol"
	"github.com/claude-code-hub/cch/internal/domain"
	"github.com/claude-code-hub/cch/internal/routing"
)

// target is where a provider is called: one of its vendor's endpoints, or its
// own URL if there are none.
type target struct {
	known     bool
	endpoints []*domain.Endpoint // the best first
	at        int
	trial     domain.LeaseID // leave for the present one; zero if none is held
	asking    bool           // for that leave
}

// endpoint is the one to call; nil = the provider's own URL.
func (t *target) endpoint() *domain.Endpoint {
	if t.at < len(t.endpoints) {
		return t.endpoints[t.at]
	}
	return nil
}

func (t *target) id() domain.EndpointID {
	if e := t.endpoint(); e != nil {
		return e.ID
	}
	return 0
}

func (t *target) url() string {
	if e := t.endpoint(); e != nil {
		return e.URL
	}
	return ""
}

// more tells whether there is another endpoint behind the present one.
func (t *target) more() bool { return t.at+1 < len(t.endpoints) }

// next moves on after a failure that may be the endpoint's own.
func (t *target) next(f domain.FailureKind) {
	if routing.NextEndpoint(f) && t.more() {
		t.at++
	}
}

// aim looks up, once for each choice, where its provider is called.
func (m *machine) aim(s *slot, now time.Time) {
	if s.target.known || s.choice.Provider.VendorID == 0 {
		return
	}
	in := m.input(now)
	s.target = target{known: true, endpoints: in.Endpoints(s.choice.Provider.ID)}
}

// steady leaves the endpoints out whose breakers are not closed; false if none
// is left. A call beside another one is not to decide about anything.
func (m *machine) steady(s *slot, now time.Time) bool {
	m.aim(s, now)
	s.target.endpoints = slices.DeleteFunc(slices.Clone(s.target.endpoints), m.onTrial)
	return !s.target.known || len(s.target.endpoints) > 0
}

func (m *machine) onTrial(e *domain.Endpoint) bool {
	if m.node.pools == nil {
		return false
	}
	health, ok := m.node.pools.Pool(e.Pool())
	return ok && health.OnTrial(e.ID)
}

// try asks for leave to call the present endpoint if a breaker on the way to it
// is not closed; false if none is needed.
func (m *machine) try(now time.Time) bool {
	s := &m.slot
	m.aim(s, now)
	e := s.target.endpoint()
	if e == nil || !m.onTrial(e) {
		return false
	}
	s.target.trial, s.target.asking = domain.NewLeaseID(now), true
	m.fx.ask(poolOf(e), corrTrial, s.target.trial, &protocol.EndpointTry{
		LeaseID: s.target.trial, Pool: e.Pool(), Endpoint: e.ID, ReqID: m.req.ID, TTLMs: leaseTTL.Milliseconds(),
	}, m.node.deadline())
	return true
}

func poolOf(e *domain.Endpoint) holder { return holder{protocol.LeaseEndpoint, e.Pool().String()} }

// tried is the event that the pool's actor answered whether the endpoint may be
// called; nil = it did not. Refused, the next endpoint or provider is taken.
func (m *machine) tried(g *protocol.EndpointTrial, now time.Time) {
	s := &m.slot
	if m.state != acquiring || !s.target.asking {
		return
	}
	s.target.asking = false
	if g != nil && g.OK {
		m.askSlot(s, corrSlot, len(m.tries)+1, now)
		return
	}
	m.releaseTrial(s, "no answer, or refused", now)
	if s.target.more() {
		s.target.at++
		m.acquire(now)
		return
	}
	s.grant = protocol.SlotGrant{DeniedBy: routing.FilteredPool}
	m.slotRefused(now)
}

// releaseTrial gives the leave to call an endpoint back without a verdict on it.
func (m *machine) releaseTrial(s *slot, why string, now time.Time) {
	if s.target.trial.IsZero() {
		return
	}
	m.release(poolOf(s.target.endpoint()), s.target.trial, why, now)
	s.target.trial, s.target.asking = domain.LeaseID{}, false
}

// allTimedOut tells whether the request got no answer in time from any endpoint
// of the present provider that it tried.
func (m *machine) allTimedOut() bool {
	n := 0
	for i := range m.tries {
		if t := &m.tries[i]; t.Provider == m.slot.choice.Provider.ID {
			if t.Failure != domain.FailTimeout {
				return false
			}
			n++
		}
	}
	return n > 0
}

// reportEndpoint tells the pool's actor how a call to one of its endpoints ended.
func (m *machine) reportEndpoint(res *protocol.AttemptResult, givenUp bool, now time.Time) {
	e := m.slot.target.endpoint()
	if e == nil {
		return
	}
	trial := m.slot.target.trial
	if m.slot.target.trial = (domain.LeaseID{}); !trial.IsZero() {
		defer m.fx.closed(trial)
	}
	m.fx.tell(poolOf(e), &protocol.EndpointReport{
		Pool: e.Pool(), Endpoint: e.ID, Trial: trial, ReqID: m.req.ID, Class: res.Class, Failure: res.Failure, Status: res.Status,
		AllTimedOut: givenUp && m.allTimedOut(), T: now.UnixMilli(), Message: clip(res.Excerpt, maxReportMessage),
	})
}
