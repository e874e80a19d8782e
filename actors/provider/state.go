package provider

import (
	"math/rand/v2"
	"time"

	"github.com/claude-code-hub/cch/actors/protocol"
	"github.com/claude-code-hub/cch/internal/breaker"
	"github.com/claude-code-hub/cch/internal/domain"
	"github.com/claude-code-hub/cch/internal/limits"
)

// leaseTTL is how long a slot lasts where the asker names no time.
const leaseTTL = 30 * time.Second

// state is one provider's state and its rules. It knows nothing of actors.
type state struct {
	id        domain.ProviderID
	epoch     int64
	network   bool // connections that fail count
	nodeLives func(node string) bool

	enabled  bool
	limits   domain.Limits
	settings domain.BreakerSettings

	breaker   breaker.State
	cooling   breaker.Cooling
	models    modelGates
	outage    *outage
	slots     *limits.LeaseTable[slot]
	sessions  *limits.Sessions
	rate      limits.Rate
	lastError lastError
	upstream  upstream
	purse     purse
	quirks    quirks

	events []domain.BreakerEvent // not told yet
}

// slot is one attempt under way.
type slot struct {
	reqID      domain.RequestID
	node       string
	session    domain.SessionKey // zero: the attempt counts for no session
	generation int64
	probe      bool
	estimate   domain.Money // held of the provider's money
	t          int64        // admission of the request
}

type lastError struct {
	status  int
	message string
}

func newState(id domain.ProviderID, o Options) *state {
	return &state{
		id:        id,
		network:   o.CountNetworkErrors,
		nodeLives: o.NodeLives,
		settings:  domain.DefaultBreakerSettings(),
		models:    modelGates{},
		outage:    o.outage,
		slots:     limits.NewLeaseTable[slot](leaseTTL),
		sessions:  limits.NewSessions(o.SessionTTL),
		upstream:  upstream{id: id, draw: rand.New(rand.NewPCG(rand.Uint64(), rand.Uint64()))},
		purse:     newPurse(),
	}
}

// use takes over the provider's present settings; nil means it is gone.
func (s *state) use(p *domain.Provider) {
	if p == nil {
		s.enabled = false
		return
	}
	s.enabled, s.limits, s.settings = p.Enabled, p.Limits, p.Breaker
	s.quirks.at(p.URL)
}

// elapse does what time alone brings about.
func (s *state) elapse(now time.Time) {
	for _, l := range s.slots.Expire(now) {
		s.vacate(l.ID, l.Value, now)
	}
	s.step(breaker.Event{Kind: breaker.Tick}, cause{}, now)
	s.models.forget(now)
}

// nextChange is when elapse will have something to do; zero if never.
func (s *state) nextChange() time.Time {
	expiry, open := s.slots.NextExpiry(), s.breaker.NextChange()
	if open.IsZero() || !expiry.IsZero() && expiry.Before(open) {
		return expiry
	}
	return open
}

// acquire decides about one slot. Everything is looked at before anything is
// taken, so a refused attempt leaves no trace.
func (s *state) acquire(m *protocol.SlotAcquire, now time.Time) *protocol.SlotGrant {
	ttl := time.Duration(m.TTLMs) * time.Millisecond
	if held := s.slots.Get(m.LeaseID); held != nil {
		s.slots.Hold(m.LeaseID, held.Value, now, ttl)
		return s.grant(held.Value, now)
	}
	if s.slots.Released(m.LeaseID, now) {
		return s.deny(protocol.DeniedReleased, time.Time{}, now)
	}
	v := slot{reqID: m.ReqID, node: m.Node, generation: s.breaker.Generation, estimate: m.Estimate, t: m.AdmittedAt}
	if m.Class == domain.CallGenerate && m.Session.ID != "" {
		v.session = m.Session
	}
	if m.Reclaim {
		v.probe = m.Probe
		if v.probe {
			s.breaker = breaker.Reclaim(s.breaker, m.LeaseID)
		}
		return s.take(m.LeaseID, v, now, ttl)
	}
	next, answer, _ := breaker.Admit(s.breaker, s.settings, m.LeaseID, m.Class == domain.CallGenerate, now)
	if refusal := s.refuse(answer, v.session, m.Model, now); refusal != nil {
		return refusal
	}
	if until := s.upstream.exhausted(m.Model, now); !until.IsZero() {
		return s.deny(protocol.DeniedQuotaExhausted, until, now)
	}
	if r := s.purse.refuse(&s.limits, m.Estimate, now); r != nil {
		if r.Passing {
			r.ResetAt = now.Add(reservedRetry)
		}
		return s.deny(protocol.DeniedRateLimited, r.ResetAt, now)
	}
	s.breaker = next
	v.probe = answer == breaker.GrantProbe
	s.rate.Add(now)
	return s.take(m.LeaseID, v, now, ttl)
}

// refuse is the first reason against a slot, or nil.
func (s *state) refuse(answer breaker.Answer, session domain.SessionKey, model string, now time.Time) *protocol.SlotGrant {
	switch {
	case !s.enabled:
		return s.deny(protocol.DeniedDisabled, time.Time{}, now)
	case answer == breaker.RefusedOpen:
		return s.deny(protocol.DeniedCircuitOpen, s.breaker.OpenUntil, now)
	case answer == breaker.RefusedBusy:
		return s.deny(protocol.DeniedHalfOpenBusy, time.Time{}, now)
	case s.cooling.Active(now):
		return s.deny(protocol.DeniedCoolingDown, s.cooling.Until, now)
	}
	if until := s.models.until(model, now); !until.IsZero() {
		return s.deny(protocol.DeniedCoolingDown, until, now)
	}
	if c := limits.CheckRequests(domain.ScopeProvider, s.slots.Len(), s.limits.ConcurrentRequests); c.Failing {
		return s.full(protocol.DeniedConcurrentLimit, c, now)
	}
	if session.ID != "" {
		c := s.sessions.Check(domain.ScopeProvider, 0, session, s.limits.ConcurrentSessions, now)
		if c.Failing {
			return s.full(protocol.DeniedConcurrentLimit, c, now)
		}
	}
	if c := s.rate.Check(domain.ScopeProvider, s.limits.RPM, now); c.Failing {
		return s.full(protocol.DeniedRateLimited, c, now)
	}
	return nil
}

func (s *state) take(id domain.LeaseID, v slot, now time.Time, ttl time.Duration) *protocol.SlotGrant {
	s.slots.Hold(id, v, now, ttl)
	s.purse.spend.Hold(time.UnixMilli(v.t), v.estimate)
	if v.session.ID != "" {
		s.sessions.Enter(v.session, now)
	}
	return s.grant(v, now)
}

func (s *state) grant(v slot, now time.Time) *protocol.SlotGrant {
	g := s.answer()
	g.OK, g.Probe, g.Generation, g.Quirks = true, v.probe, v.generation, s.quirks.known(now)
	return g
}

func (s *state) deny(reason string, until, now time.Time) *protocol.SlotGrant {
	g := s.answer()
	g.DeniedBy = reason
	if wait := until.Sub(now); !until.IsZero() && wait > 0 {
		g.RetryAfterMs = max(1, wait.Milliseconds())
	}
	return g
}

// full denies because of a limit and shows the limit's own figures.
func (s *state) full(reason string, c limits.Check, now time.Time) *protocol.SlotGrant {
	g := s.deny(reason, c.ResetAt, now)
	g.InUse, g.Limit = int(c.Current), int(c.Max)
	return g
}

func (s *state) answer() *protocol.SlotGrant {
	return &protocol.SlotGrant{
		InUse:      s.slots.Len(),
		Limit:      s.limits.ConcurrentRequests,
		Breaker:    s.breaker.Current(),
		Failures:   s.breaker.Failures,
		Generation: s.breaker.Generation,
		Epoch:      s.epoch,
	}
}

// report books how an attempt ended and gives its slot back. It counts even if
// the slot is not known any more.
func (s *state) report(m *protocol.SlotReport, now time.Time) {
	generation := m.Generation
	if v, held := s.slots.Release(m.LeaseID, now); held {
		generation = v.generation
		s.leave(v, now, m.Class == domain.ClassOK)
	}
	s.purse.book(expense{
		id: domain.SettleKey{ReqID: m.ReqID, Attempt: m.Attempt, Kind: domain.LedgerCharge}.ID(), at: m.AdmittedAt,
		amount: m.ProviderCost,
	}, now)
	s.quirks.learn(m.Quirks, now)
	exhausted := s.upstream.report(m, now)
	s.upstream.spend(m.ProviderCost, now)
	verdict := breaker.Judge(breaker.Outcome{
		Class: m.Class, Failure: m.Failure, Call: m.Call, Status: m.Status,
		RetryAfter: m.RetryAfterMs > 0, GivenUp: m.GivenUp,
	}, s.network && !s.unreachable(m, now))
	e := breaker.Event{Kind: breaker.ProbeLost, Generation: generation, Lease: m.LeaseID}
	switch {
	case verdict == breaker.Good:
		e.Kind = breaker.Succeeded
	case verdict == breaker.Bad && !exhausted: // an account that is used up is no failure
		e.Kind = breaker.Failed
	}
	s.step(e, cause{status: m.Status, message: m.Message, reqID: m.ReqID}, now)
	s.cool(m, exhausted, now)
	if m.Class == domain.ClassProviderError || m.Class == domain.ClassSystemError {
		s.lastError = lastError{status: m.Status, message: m.Message}
	}
}

// cool closes the gate that the outcome is about: that of a model if the
// upstream refused the model alone, else the provider's. exhausted says that its
// account is used up.
func (s *state) cool(m *protocol.SlotReport, exhausted bool, now time.Time) {
	r := breaker.Refusal{
		Class: m.Class, Failure: m.Failure, Status: m.Status,
		RetryAfter: time.Duration(m.RetryAfterMs) * time.Millisecond,
	}
	if m.Class == domain.ClassOK || m.ModelRefused {
		s.models.note(m.Model, r, now)
	}
	if m.ModelRefused || m.Endpoint != 0 && m.Failure == domain.FailDial { // else others are there to be dialled
		return
	}
	cooling := s.cooling.After(r, now)
	if !exhausted || s.upstream.until(now).Add(resetRounding).Before(cooling.Until) {
		s.cooling = cooling // else the account's own exclusion says more, and may bind some models only
	}
}

// unreachable tells whether the attempt failed because nobody can be reached.
func (s *state) unreachable(m *protocol.SlotReport, now time.Time) bool {
	if s.outage == nil {
		return false
	}
	switch m.Failure {
	case domain.FailDial, domain.FailReset:
		s.outage.note(s.id, false, now)
		return s.outage.everywhere(now)
	case domain.FailNone, domain.FailStatus:
		s.outage.note(s.id, true, now)
	case domain.FailProxy, domain.FailTimeout, domain.FailEmpty, domain.FailFake200, domain.FailGate,
		domain.FailStreamBroken, domain.FailRequest, domain.FailInternal:
	}
	return false
}

func (s *state) renew(m *protocol.LeaseRenew, now time.Time) *protocol.LeaseRenewed {
	r := &protocol.LeaseRenewed{Epoch: s.epoch}
	for _, id := range m.IDs {
		if !s.slots.Renew(id, now, time.Duration(m.TTLMs)*time.Millisecond) {
			r.Unknown = append(r.Unknown, id)
		}
	}
	return r
}

func (s *state) release(ids []domain.LeaseID, now time.Time) {
	for _, id := range ids {
		if v, held := s.slots.Release(id, now); held {
			s.vacate(id, v, now)
		}
	}
}

// set carries out an operator's order. A reset also ends a cool-down: whoever
// gives it wants the provider to be used.
func (s *state) set(m *protocol.BreakerSet, now time.Time) {
	switch m.Action {
	case protocol.BreakerReset:
		s.cooling = breaker.Cooling{}
		s.upstream.forget()
		clear(s.models)
		s.lastError = lastError{}
		s.step(breaker.Event{Kind: breaker.Reset}, cause{actor: m.Actor}, now)
	case protocol.BreakerTrip:
		e := breaker.Event{Kind: breaker.Trip}
		if m.Until > 0 {
			e.Until = time.UnixMilli(m.Until)
		}
		s.step(e, cause{actor: m.Actor}, now)
	}
}

// vacate undoes take for a slot that is gone without a report.
func (s *state) vacate(id domain.LeaseID, v slot, now time.Time) {
	s.leave(v, now, false)
	if v.probe {
		s.step(breaker.Event{Kind: breaker.ProbeLost, Lease: id}, cause{reqID: v.reqID}, now)
	}
}

func (s *state) leave(v slot, now time.Time, keep bool) {
	s.purse.spend.Unhold(time.UnixMilli(v.t), v.estimate)
	if v.session.ID != "" {
		s.sessions.Leave(v.session, now, keep)
	}
}

// cause is what a change of the breaker is put down to.
type cause struct {
	status  int
	message string
	reqID   domain.RequestID
	actor   string
}

func (s *state) step(e breaker.Event, why cause, now time.Time) {
	next, t := breaker.Step(s.breaker, s.settings, e, now)
	s.breaker = next
	if t == nil {
		return
	}
	s.events = append(s.events, domain.BreakerEvent{
		At: now, ProviderID: s.id, From: t.From, To: t.To, Reason: t.Reason,
		StatusCode: why.status, Message: why.message, RequestID: why.reqID, Actor: why.actor,
	})
}

// takeEvents returns the changes of the breaker since the last call.
func (s *state) takeEvents() []domain.BreakerEvent {
	e := s.events
	s.events = nil
	return e
}
