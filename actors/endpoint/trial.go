package endpoint

import (
	"time"

	"github.com/claude-code-hub/cch/actors/protocol"
	"github.com/claude-code-hub/cch/internal/breaker"
	"github.com/claude-code-hub/cch/internal/domain"
)

// trialTTL is how long a trial lasts that nobody renews.
const trialTTL = 30 * time.Second

// try decides whether a call may be made that decides about a breaker: that of
// the endpoint, of the pool, or both. Asked again it keeps its trial.
func (s *state) try(m *protocol.EndpointTry, now time.Time) *protocol.EndpointTrial {
	ttl := time.Duration(m.TTLMs) * time.Millisecond
	if s.trials.Get(m.LeaseID) != nil {
		s.trials.Hold(m.LeaseID, m.Endpoint, now, ttl)
		return &protocol.EndpointTrial{OK: true}
	}
	if s.trials.Released(m.LeaseID, now) {
		return &protocol.EndpointTrial{}
	}
	e := s.member(m.Endpoint)
	if m.Reclaim {
		s.pool, e.breaker = breaker.Reclaim(s.pool, m.LeaseID), breaker.Reclaim(e.breaker, m.LeaseID)
		s.trials.Hold(m.LeaseID, m.Endpoint, now, ttl)
		return &protocol.EndpointTrial{OK: true}
	}
	pool, ofPool, _ := breaker.Admit(s.pool, poolSettings(), m.LeaseID, true, now)
	own, ofOwn, _ := breaker.Admit(e.breaker, endpointSettings(), m.LeaseID, true, now)
	if !granted(ofPool) || !granted(ofOwn) {
		return &protocol.EndpointTrial{}
	}
	s.pool, e.breaker = pool, own
	s.trials.Hold(m.LeaseID, m.Endpoint, now, ttl)
	return &protocol.EndpointTrial{OK: true}
}

func granted(a breaker.Answer) bool { return a == breaker.Granted || a == breaker.GrantProbe }

// trying tells whether as many trials are under way as may be.
func trying(b *breaker.State) bool {
	return b.Current() == domain.BreakerHalfOpen && len(b.Probes) >= endpointSettings().HalfOpenProbes
}

func (s *state) renew(m *protocol.LeaseRenew, now time.Time) *protocol.LeaseRenewed {
	r := &protocol.LeaseRenewed{}
	for _, id := range m.IDs {
		if !s.trials.Renew(id, now, time.Duration(m.TTLMs)*time.Millisecond) {
			r.Unknown = append(r.Unknown, id)
		}
	}
	return r
}

// release ends trials without a verdict, those that had one included.
func (s *state) release(ids []domain.LeaseID, now time.Time) {
	for _, id := range ids {
		if id.IsZero() {
			continue
		}
		if e, held := s.trials.Release(id, now); held {
			s.lost(id, e, now)
		}
	}
}

// expire ends the trials of which nobody was heard any more.
func (s *state) expire(now time.Time) {
	for _, l := range s.trials.Expire(now) {
		s.lost(l.ID, l.Value, now)
	}
}

func (s *state) lost(id domain.LeaseID, e domain.EndpointID, now time.Time) {
	gone := breaker.Event{Kind: breaker.ProbeLost, Lease: id}
	s.stepPool(gone, cause{}, now)
	if s.endpoints[e] != nil {
		s.step(e, gone, cause{}, now)
	}
}

// probed takes in what a probe found. It can be reached again: an open breaker
// lets a trial through, a half-open one closes. That it cannot counts like a
// call that could not, and for the endpoint alone.
func (s *state) probed(m *protocol.EndpointProbed, now time.Time) {
	why := cause{message: m.Message}
	if !m.OK {
		if s.breakers {
			s.step(m.Endpoint, breaker.Event{Kind: breaker.Failed, Generation: s.member(m.Endpoint).breaker.Generation}, why, now)
		}
		return
	}
	e := s.endpoints[m.Endpoint]
	if e == nil || e.byHand && e.breaker.Current() == domain.BreakerOpen {
		return
	}
	why.message = "a probe reached it"
	e.cooling = time.Time{}
	kind := breaker.Succeeded
	if e.breaker.Current() == domain.BreakerOpen {
		kind = breaker.HealthOK
	}
	s.step(m.Endpoint, breaker.Event{Kind: kind, Generation: e.breaker.Generation}, why, now)
}
