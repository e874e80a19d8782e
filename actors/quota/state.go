package quota

import (
	"errors"
	"time"

	"github.com/claude-code-hub/cch/actors/protocol"
	"github.com/claude-code-hub/cch/internal/domain"
	"github.com/claude-code-hub/cch/internal/limits"
)

const (
	leaseTTL = 30 * time.Second // where the asker names none
	// settledFor is how long a settlement is remembered, to know its repetition.
	settledFor = 10 * time.Minute
)

// state is the counters of one user and the user's keys, and the rules of
// admission. It knows nothing of actors.
type state struct {
	user      domain.UserID
	countOnly bool
	nodeLives func(node string) bool

	open     *limits.LeaseTable[reservation] // one per request in flight
	sessions *limits.Sessions
	rate     limits.Rate
	spend    *limits.Spend
	keys     map[domain.KeyID]*meter
	costs    histories
	waiting  limits.Waiting[*parked]
	settled  limits.Recent[domain.SettleID] // those that the ledger has
	book     book

	gaps  gaps
	freed bool // something was given back that may be waited for
}

// meter is what is counted for a key alone; its sessions are in the user's set.
type meter struct {
	rate     limits.Rate
	inFlight int
	spend    *limits.Spend
}

// reservation is what an admitted request holds.
type reservation struct {
	reqID    domain.RequestID
	key      domain.KeyID
	session  domain.SessionKey // zero: it counts for no session
	node     string
	model    string       // billed
	estimate domain.Money // held in every window of the user and the key
	upper    domain.Money // of the bounds it was asked for with
	t        int64        // admission time
	begun    bool         // the upstream has begun to answer
}

func newState(user domain.UserID, o Options) *state {
	return &state{
		user:      user,
		countOnly: o.CountOnly,
		nodeLives: o.NodeLives,
		open:      limits.NewLeaseTable[reservation](leaseTTL),
		sessions:  limits.NewSessions(o.SessionTTL),
		spend:     limits.NewSpend(limits.Plan{}, time.Time{}),
		keys:      map[domain.KeyID]*meter{},
	}
}

// elapse closes what was lost. What the upstream had begun to answer is booked
// with its estimate: it returns the rows that the ledger has to take.
func (s *state) elapse(now time.Time) (lost []*entry) {
	for _, l := range s.open.Expire(now) {
		s.close(&l.Value, now)
		if l.Value.begun {
			e := s.book.number(estimated(s.user, &l.Value, now), estimateKey(l.Value.reqID))
			saved := saveLease(l)
			e.lease = &saved
			s.apply(&e.row, now)
			lost = append(lost, e)
		}
	}
	return lost
}

// reserve admits a request or says which limit does not. Everything is looked
// at before anything is taken. The answer is a grant, or a wait if the request
// has to stand in line; nil if it does already and the answer is to follow.
func (s *state) reserve(m *protocol.QuotaReserve, catalog *domain.Catalog, now time.Time) any {
	ttl := time.Duration(m.TTLMs) * time.Millisecond
	if held := s.open.Get(m.LeaseID); held != nil {
		return s.again(held, m, catalog, now)
	}
	if s.open.Released(m.LeaseID, now) {
		return s.refuse(&limits.Refusal{Check: limits.CheckRequests(domain.ScopeUser, s.open.Len(), 0)}, protocol.RefusedReleased)
	}
	settings := catalog.Settings()
	r := s.reservation(m, settings, now)
	b := s.bounds(catalog, m.KeyID, now)
	s.freed = s.freed || s.waiting.Len() > 0 // time or an operator may have made room
	switch {
	case m.Reclaim:
		s.waiting.Withdraw(m.LeaseID)
		s.take(&r, now)
		return s.grant(s.open.Hold(m.LeaseID, r, now, ttl))
	case s.waits(m.LeaseID):
		return nil
	}
	refusal := s.decide(&r, &b, settings, now)
	switch {
	case refusal == nil && !s.queues(&r):
		return s.admit(m, &r, now)
	case refusal != nil && !refusal.Passing:
		return s.refuse(refusal, reason(refusal))
	}
	return s.park(m, &r, refusal, settings, now)
}

// reservation is what the request would hold.
func (s *state) reservation(m *protocol.QuotaReserve, settings *domain.Settings, now time.Time) reservation {
	r := reservation{
		reqID: m.ReqID, key: m.KeyID, node: m.Node, model: m.Model, estimate: s.estimate(m, settings), t: m.T,
	}
	if m.Class == domain.CallGenerate {
		r.upper = m.Upper
	}
	if r.t == 0 {
		r.t = now.UnixMilli()
	}
	if m.Class == domain.CallGenerate && m.SessionID != "" {
		r.session = domain.SessionKey{KeyID: m.KeyID, ID: m.SessionID}
	}
	return r
}

// again answers for a lease that is held: with larger bounds it grows, if the
// money allows.
func (s *state) again(held *limits.Lease[reservation], m *protocol.QuotaReserve, catalog *domain.Catalog, now time.Time) *protocol.QuotaGrant {
	r := &held.Value
	l := s.open.Hold(m.LeaseID, *r, now, time.Duration(m.TTLMs)*time.Millisecond)
	if m.Upper <= r.upper || m.Class != domain.CallGenerate {
		return s.grant(l)
	}
	b, settings := s.bounds(catalog, r.key, now), catalog.Settings()
	if more := s.estimate(m, settings) - r.estimate; more > 0 {
		if refusal := s.decideMore(r, more, &b, settings, now); refusal != nil && !m.Reclaim {
			return s.refuse(refusal, reason(refusal))
		}
		s.unhold(r)
		r.estimate += more
		s.hold(r)
	}
	r.upper = m.Upper
	return s.grant(l)
}

// decide holds a new request against every limit.
func (s *state) decide(r *reservation, b *bounds, settings *domain.Settings, now time.Time) *limits.Refusal {
	if s.countOnly {
		return nil
	}
	var buf [maxChecks]limits.Check
	checks := s.checks(buf[:0], b, r.session, now)
	if settings.ConcurrencyWait > 0 {
		letWait(checks)
	}
	return limits.Decide(s.moneyChecks(checks, b, policyFor(r, settings), r.estimate, now))
}

// letWait makes a place among the requests in flight something to wait for.
func letWait(checks []limits.Check) {
	for i := range checks {
		if c := &checks[i]; c.Failing && c.Limit == domain.LimitConcurrentRequests {
			c.Passing = true
		}
	}
}

// decideMore holds what a request wants in addition against the limits of money.
func (s *state) decideMore(r *reservation, more domain.Money, b *bounds, settings *domain.Settings, now time.Time) *limits.Refusal {
	if s.countOnly {
		return nil
	}
	var buf [maxChecks]limits.Check
	return limits.Decide(s.moneyChecks(buf[:0], b, policyFor(r, settings), more, now))
}

// admit lets a request in for which nothing was found against it.
func (s *state) admit(m *protocol.QuotaReserve, r *reservation, now time.Time) *protocol.QuotaGrant {
	s.rate.Add(now)
	s.meter(m.KeyID).rate.Add(now)
	s.take(r, now)
	return s.grant(s.open.Hold(m.LeaseID, *r, now, time.Duration(m.TTLMs)*time.Millisecond))
}

func (s *state) take(r *reservation, now time.Time) {
	s.meter(r.key).inFlight++
	if r.session.ID != "" {
		s.sessions.Enter(r.session, now)
	}
	s.hold(r)
}

// close gives back what take took. The session goes on counting for its TTL:
// it had a request.
func (s *state) close(r *reservation, now time.Time) {
	s.meter(r.key).inFlight--
	if r.session.ID != "" {
		s.sessions.Leave(r.session, now, true)
	}
	s.unhold(r)
	s.freed = true
}

// settle books a settlement, the last of which closes the request's lease. It
// may come before or after the lease expired, and more than once. It returns
// the entry by which it is booked, and whether that is new for the ledger; nil
// if the ledger has it already.
func (s *state) settle(m *protocol.QuotaSettle, now time.Time) (e *entry, fresh bool) {
	if m.IsFinal {
		s.finish(m, now)
	}
	if s.settled.Has(m.ID(), now) {
		return nil, false
	}
	if e := s.book.waiting(m.SettleKey); e != nil {
		return e, false
	}
	e = s.book.number(rowOf(m, now), m.SettleKey)
	s.apply(&e.row, now)
	return e, true
}

// finish gives back what the request of a settlement holds.
func (s *state) finish(m *protocol.QuotaSettle, now time.Time) {
	if !m.LeaseID.IsZero() {
		s.release([]domain.LeaseID{m.LeaseID}, now)
		return
	}
	s.finishRequest(m.ReqID, now)
}

// finishRequest gives back what a request holds whose lease is not known.
func (s *state) finishRequest(id domain.RequestID, now time.Time) {
	for l := range s.open.All() {
		if l.Value.reqID == id {
			s.release([]domain.LeaseID{l.ID}, now)
			return
		}
	}
}

// verdict closes an entry by what the ledger said of its row. It returns the
// entry, nil if it is not open, and the one that corrects what the ledger has,
// if that has to follow.
func (s *state) verdict(seq int64, err error, now time.Time) (e, next *entry) {
	e = s.book.close(seq)
	if e == nil {
		return nil, nil
	}
	if err != nil {
		back := reversed(e.row)
		s.apply(&back, now)
	}
	if duplicate, ok := errors.AsType[*domain.LedgerDuplicateError](err); ok {
		if row, wrong := correction(&e.row, &duplicate.Kept); wrong {
			next = s.book.number(row, e.key)
			next.askers = e.askers
			s.apply(&next.row, now)
			return e, next
		}
		err = nil
	}
	if err == nil {
		s.settled.Add(e.key.ID(), now.Add(settledFor), now)
	}
	return e, nil
}

func (s *state) renew(m *protocol.LeaseRenew, now time.Time) *protocol.LeaseRenewed {
	answer := &protocol.LeaseRenewed{Epoch: s.book.epoch}
	for _, id := range m.IDs {
		if !s.open.Renew(id, now, time.Duration(m.TTLMs)*time.Millisecond) && !s.waits(id) {
			answer.Unknown = append(answer.Unknown, id)
		}
	}
	for _, id := range m.Begun {
		if l := s.open.Get(id); l != nil {
			l.Value.begun = true
		}
	}
	return answer
}

func (s *state) release(ids []domain.LeaseID, now time.Time) {
	for _, id := range ids {
		if r, held := s.open.Release(id, now); held {
			s.close(&r, now)
			continue
		}
		if p, waited := s.waiting.Withdraw(id); waited {
			p.answer(s.refuse(&p.refusal, protocol.RefusedReleased))
			s.freed = true // those behind may go
		}
	}
}

func (s *state) grant(l *limits.Lease[reservation]) *protocol.QuotaGrant {
	return &protocol.QuotaGrant{
		OK: true, Estimate: l.Value.estimate, ExpiresAt: l.ExpiresAt.UnixMilli(), Epoch: s.book.epoch,
	}
}

func (s *state) refuse(r *limits.Refusal, why string) *protocol.QuotaGrant {
	return &protocol.QuotaGrant{Epoch: s.book.epoch, Refusal: &protocol.QuotaRefusal{
		Limit: r.Limit, Scope: r.Scope, Current: r.Current, Max: r.Max, ResetAt: toMs(r.ResetAt), Reason: why,
	}}
}

func reason(r *limits.Refusal) string {
	switch {
	case r.Passing && r.Limit.Money():
		return protocol.RefusedReserved
	case r.Reserved:
		return protocol.RefusedTooLarge
	}
	return protocol.RefusedLimitReached
}

func (s *state) meter(key domain.KeyID) *meter {
	m := s.keys[key]
	if m == nil {
		m = &meter{spend: limits.NewSpend(limits.Plan{}, time.Time{})}
		s.keys[key] = m
	}
	return m
}

// prune forgets the meters of keys of which there is nothing to remember.
func (s *state) prune(now time.Time) {
	for id, m := range s.keys {
		if m.inFlight == 0 && m.rate.Count(now) == 0 && m.spend.Idle(now) {
			delete(s.keys, id)
		}
	}
}
