package endpoint

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/claude-code-hub/cch/actors/protocol"
	"github.com/claude-code-hub/cch/internal/breaker"
	"github.com/claude-code-hub/cch/internal/domain"
	"github.com/claude-code-hub/cch/internal/limits"
)

const (
	dialPause  = 10 * time.Second // a dead host must not eat every request
	poolPause  = time.Minute      // after every endpoint timed out
	unexpiring = 100 * 365 * 24 * time.Hour
)

// endpointSettings are those of every endpoint's breaker.
func endpointSettings() domain.BreakerSettings {
	return domain.BreakerSettings{
		FailureThreshold: 3, FailureWindow: 5 * time.Minute, OpenDuration: 5 * time.Minute, HalfOpenSuccess: 1, HalfOpenProbes: 1,
	}
}

// poolSettings are those of a pool's breaker. Nothing but trials counts for it:
// it opens when told to.
func poolSettings() domain.BreakerSettings {
	s := endpointSettings()
	s.OpenDuration = poolPause
	return s
}

// state is one pool's state and its rules. It knows nothing of actors.
type state struct {
	key      domain.PoolKey
	breakers bool

	pool      breaker.State
	endpoints map[domain.EndpointID]*member
	trials    *limits.LeaseTable[domain.EndpointID]
	events    []domain.BreakerEvent // not told yet
}

// member is what is known of an endpoint.
type member struct {
	breaker breaker.State
	cooling time.Time // not before
	byHand  bool      // an operator opened it: no probe changes that
}

func newState(id string, o Options) *state {
	vendor, kind, _ := strings.Cut(id, ":")
	n, _ := strconv.ParseInt(vendor, 10, 64) // an id that is no number is of no vendor
	return &state{
		key:      domain.PoolKey{Vendor: domain.VendorID(n), Type: domain.ProviderType(kind)},
		breakers: o.Breakers, endpoints: map[domain.EndpointID]*member{},
		trials: limits.NewLeaseTable[domain.EndpointID](trialTTL),
	}
}

func (s *state) member(id domain.EndpointID) *member {
	m := s.endpoints[id]
	if m == nil {
		m = &member{}
		s.endpoints[id] = m
	}
	return m
}

// elapse does what time alone brings about, and forgets endpoints about which
// there is nothing to know.
func (s *state) elapse(now time.Time) {
	s.expire(now)
	s.stepPool(breaker.Event{Kind: breaker.Tick}, cause{}, now)
	for id, m := range s.endpoints {
		s.step(id, breaker.Event{Kind: breaker.Tick}, cause{}, now)
		if m.breaker.Current() == domain.BreakerClosed && m.breaker.Failures == 0 && !now.Before(m.cooling) {
			delete(s.endpoints, id)
		}
	}
}

// nextChange is when elapse will have something to do; zero if never.
func (s *state) nextChange(now time.Time) (at time.Time) {
	sooner := func(t time.Time) {
		if t.After(now) && (at.IsZero() || t.Before(at)) {
			at = t
		}
	}
	sooner(s.pool.NextChange())
	sooner(s.trials.NextExpiry())
	for _, m := range s.endpoints {
		sooner(m.breaker.NextChange())
		sooner(m.cooling)
	}
	return at
}

// report books how a call ended. Only calls that got no answer blame the
// endpoint: what an upstream says is the provider's matter.
func (s *state) report(m *protocol.EndpointReport, now time.Time) {
	why := cause{status: m.Status, message: m.Message, reqID: m.ReqID, trial: m.Trial}
	defer s.release([]domain.LeaseID{m.Trial}, now) // unless its outcome ended it
	switch m.Failure {
	case domain.FailNone, domain.FailStatus:
		if m.Class != domain.ClassClientAbort {
			s.reached(m.Endpoint, why, now)
		}
	case domain.FailDial:
		s.member(m.Endpoint).cooling = now.Add(dialPause)
		s.failed(m.Endpoint, why, now)
	case domain.FailTimeout, domain.FailReset:
		s.failed(m.Endpoint, why, now)
	case domain.FailProxy, domain.FailEmpty, domain.FailFake200, domain.FailGate, domain.FailStreamBroken,
		domain.FailRequest, domain.FailInternal:
	}
	if m.AllTimedOut && s.breakers && s.pool.Current() != domain.BreakerOpen {
		s.stepPool(breaker.Event{Kind: breaker.Trip, Until: now.Add(poolPause)}, cause{message: "every endpoint timed out", reqID: m.ReqID}, now)
	}
}

func (s *state) reached(id domain.EndpointID, why cause, now time.Time) {
	if m := s.endpoints[id]; m != nil {
		s.step(id, verdict(breaker.Succeeded, &m.breaker, why.trial), why, now)
	}
	s.stepPool(verdict(breaker.Succeeded, &s.pool, why.trial), why, now)
}

func (s *state) failed(id domain.EndpointID, why cause, now time.Time) {
	if !s.breakers {
		return
	}
	s.step(id, verdict(breaker.Failed, &s.member(id).breaker, why.trial), why, now)
	if s.pool.Current() == domain.BreakerHalfOpen {
		s.stepPool(verdict(breaker.Failed, &s.pool, why.trial), why, now)
	}
}

// verdict is the event that a call went well or not. While a breaker is
// half-open only its trials have a say.
func verdict(kind breaker.EventKind, b *breaker.State, trial domain.LeaseID) breaker.Event {
	e := breaker.Event{Kind: kind, Generation: b.Generation, Lease: trial}
	if b.Current() == domain.BreakerHalfOpen && !slices.Contains(b.Probes, trial) {
		e.Kind = breaker.ProbeLost
	}
	return e
}

// set carries out an operator's order.
func (s *state) set(m *protocol.PoolSet, now time.Time) {
	e := breaker.Event{Kind: breaker.Reset}
	if m.Action == protocol.BreakerTrip {
		e.Kind = breaker.Trip
		if m.Until > 0 {
			e.Until = time.UnixMilli(m.Until)
		} else if m.Endpoint == 0 {
			e.Until = now.Add(unexpiring)
		}
	}
	if m.Endpoint == 0 {
		s.stepPool(e, cause{actor: m.Actor}, now)
		return
	}
	if e.Kind == breaker.Reset {
		s.member(m.Endpoint).cooling = time.Time{}
	}
	s.member(m.Endpoint).byHand = e.Kind == breaker.Trip
	s.step(m.Endpoint, e, cause{actor: m.Actor}, now)
}

// cause is what a change of a breaker is put down to.
type cause struct {
	status  int
	message string
	reqID   domain.RequestID
	actor   string
	trial   domain.LeaseID
}

func (s *state) step(id domain.EndpointID, e breaker.Event, why cause, now time.Time) {
	m := s.member(id)
	next, t := breaker.Step(m.breaker, endpointSettings(), e, now)
	m.breaker = next
	s.changed(domain.BreakerEvent{Endpoint: id}, t, why, now)
}

func (s *state) stepPool(e breaker.Event, why cause, now time.Time) {
	next, t := breaker.Step(s.pool, poolSettings(), e, now)
	s.pool = next
	s.changed(domain.BreakerEvent{Vendor: s.key.Vendor, PoolType: s.key.Type}, t, why, now)
}

func (s *state) changed(e domain.BreakerEvent, t *breaker.Transition, why cause, now time.Time) {
	if t == nil {
		return
	}
	e.At, e.From, e.To, e.Reason = now, t.From, t.To, t.Reason
	e.StatusCode, e.Message, e.RequestID, e.Actor = why.status, why.message, why.reqID, why.actor
	s.events = append(s.events, e)
}

// health is what others may know.
func (s *state) health(now time.Time) *domain.PoolHealth {
	h := &domain.PoolHealth{
		Key: s.key, Breaker: s.pool.Current(), OpenUntil: expiry(s.pool.OpenUntil, now), Trying: trying(&s.pool),
		Endpoints: make(map[domain.EndpointID]domain.EndpointHealth, len(s.endpoints)),
	}
	for id, m := range s.endpoints {
		h.Endpoints[id] = domain.EndpointHealth{
			Breaker: m.breaker.Current(), Failures: m.breaker.Failures,
			OpenUntil: expiry(m.breaker.OpenUntil, now), Trying: trying(&m.breaker), CoolingUntil: m.cooling,
		}
	}
	return h
}

// expiry is a deadline, or none for what stays until somebody changes it.
func expiry(until, now time.Time) time.Time {
	if until.Sub(now) > unexpiring/2 {
		return time.Time{}
	}
	return until
}
