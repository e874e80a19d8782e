package quota

import (
	"time"

	"github.com/claude-code-hub/cch/actors/protocol"
	"github.com/claude-code-hub/cch/internal/domain"
	"github.com/claude-code-hub/cch/internal/limits"
)

// parked is a request that fits as soon as others in flight give back what they
// have reserved, or end, where such may be waited for. Its asker is told to wait, asks again at once and is then
// answered when the matter is decided.
type parked struct {
	ask     *protocol.QuotaReserve
	refusal limits.Refusal // what it waits for
	reply   responder      // nil until the asker has asked again
}

// responder is the right to answer one ask.
type responder interface{ Respond(msg any) }

func (p *parked) answer(g *protocol.QuotaGrant) {
	if p.reply != nil {
		p.reply.Respond(g)
		p.reply = nil
	}
}

func (s *state) waits(id domain.LeaseID) bool {
	_, waits := s.waiting.Get(id)
	return waits
}

// queues tells whether a request that would fit has to let others go first. One
// that reserves nothing takes nothing from them.
func (s *state) queues(r *reservation) bool { return r.estimate > 0 && s.waiting.Behind(r.key) }

// park puts a request in line, for no longer than its asker was promised. One
// that fits is let in all the same when the line is full.
func (s *state) park(m *protocol.QuotaReserve, r *reservation, refusal *limits.Refusal, settings *domain.Settings, now time.Time) any {
	until := now.Add(settings.AdmissionWait)
	if refusal != nil && !refusal.Limit.Money() {
		until = now.Add(settings.ConcurrencyWait)
	}
	if m.WaitUntil != 0 && m.WaitUntil < until.UnixMilli() {
		until = time.UnixMilli(m.WaitUntil)
	}
	p := &parked{ask: m}
	on := domain.ScopeKey // it only keeps its place
	if refusal != nil {
		p.refusal, on = *refusal, refusal.Scope
	}
	if until.After(now) && s.waiting.Park(m.LeaseID, m.KeyID, on, p, until) {
		return &protocol.QuotaWait{LeaseID: m.LeaseID, Until: until.UnixMilli()}
	}
	if refusal == nil {
		return s.admit(m, r, now)
	}
	return s.refuse(refusal, reason(refusal))
}

// attend takes the answer for a request in line over from its asker.
func (s *state) attend(id domain.LeaseID, reply responder) {
	if p, waits := s.waiting.Get(id); waits {
		p.reply = reply
	}
}

// promote sends away who waited long enough and, once something was given back,
// lets in who can go.
func (s *state) promote(catalog *domain.Catalog, now time.Time) {
	try := func(p *parked) *limits.Refusal { return s.try(p, catalog, now) }
	done := func(p *parked, r *limits.Refusal) {
		if r != nil {
			p.answer(s.refuse(r, reason(r)))
		}
	}
	for _, p := range s.waiting.Expire(now) {
		done(p, try(p))
		s.freed = true // for those behind
	}
	if s.freed {
		s.waiting.Advance(try, done)
		s.freed = false
	}
}

// try lets a request in that stood in line, or says what it still waits for.
func (s *state) try(p *parked, catalog *domain.Catalog, now time.Time) *limits.Refusal {
	settings := catalog.Settings()
	r := s.reservation(p.ask, settings, now)
	b := s.bounds(catalog, r.key, now)
	refusal := s.decide(&r, &b, settings, now)
	if refusal != nil {
		p.refusal = *refusal
		return refusal
	}
	p.answer(s.admit(p.ask, &r, now))
	return nil
}
