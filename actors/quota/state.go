package quota

import (
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
	epoch     int64
	nodeLives func(node string) bool

	open     *limits.LeaseTable[reservation] // one per request in flight
	sessions *limits.Sessions
	rate     limits.Rate
	keys     map[domain.KeyID]*meter
	settled  limits.Recent[protocol.SettleKey]
}

// meter is what is counted for a key alone; its sessions are in the user's set.
type meter struct {
	rate     limits.Rate
	inFlight int
}

// reservation is what an admitted request holds.
type reservation struct {
	reqID    domain.RequestID
	key      domain.KeyID
	session  domain.SessionKey // zero: it counts for no session
	node     string
	estimate domain.Money
	t        int64 // admission time
	begun    bool  // the upstream has begun to answer
}

func newState(user domain.UserID, o Options) *state {
	return &state{
		user:      user,
		countOnly: o.CountOnly,
		nodeLives: o.NodeLives,
		open:      limits.NewLeaseTable[reservation](leaseTTL),
		sessions:  limits.NewSessions(o.SessionTTL),
		keys:      map[domain.KeyID]*meter{},
	}
}

// elapse closes what was lost.
func (s *state) elapse(now time.Time) {
	for _, l := range s.open.Expire(now) {
		s.close(l.Value, now)
	}
}

// reserve admits a request or says which limit does not. Everything is looked
// at before anything is taken.
func (s *state) reserve(m *protocol.QuotaReserve, catalog *domain.Catalog, now time.Time) *protocol.QuotaGrant {
	ttl := time.Duration(m.TTLMs) * time.Millisecond
	if held := s.open.Get(m.LeaseID); held != nil {
		held.Value.estimate = max(held.Value.estimate, estimate(m))
		return s.grant(s.open.Hold(m.LeaseID, held.Value, now, ttl))
	}
	if s.open.Released(m.LeaseID, now) {
		return s.refuse(&limits.Refusal{Check: limits.CheckRequests(domain.ScopeUser, s.open.Len(), 0)}, protocol.RefusedReleased)
	}
	r := reservation{
		reqID: m.ReqID, key: m.KeyID, node: m.Node, estimate: estimate(m), t: m.T,
	}
	if m.Class == domain.CallGenerate && m.SessionID != "" {
		r.session = domain.SessionKey{KeyID: m.KeyID, ID: m.SessionID}
	}
	if !m.Reclaim {
		if refusal := s.decide(r, catalog, now); refusal != nil {
			return s.refuse(refusal, reason(refusal))
		}
		s.rate.Add(now)
		s.meter(m.KeyID).rate.Add(now)
	}
	s.take(r, now)
	return s.grant(s.open.Hold(m.LeaseID, r, now, ttl))
}

// decide holds a new request against every limit.
func (s *state) decide(r reservation, catalog *domain.Catalog, now time.Time) *limits.Refusal {
	if s.countOnly {
		return nil
	}
	var buf [maxChecks]limits.Check
	return limits.Decide(s.checks(buf[:0], boundsOf(catalog, s.user, r.key), r.session, now))
}

// estimate is what a request is taken to cost at most until it is settled.
func estimate(m *protocol.QuotaReserve) domain.Money {
	switch {
	case m.Class != domain.CallGenerate:
		return 0
	case m.Reclaim:
		return m.Estimate
	}
	return m.Upper
}

func (s *state) take(r reservation, now time.Time) {
	s.meter(r.key).inFlight++
	if r.session.ID != "" {
		s.sessions.Enter(r.session, now)
	}
}

// close gives back what take took. The session goes on counting for its TTL:
// it had a request.
func (s *state) close(r reservation, now time.Time) {
	s.meter(r.key).inFlight--
	if r.session.ID != "" {
		s.sessions.Leave(r.session, now, true)
	}
}

// settle closes a request's lease with the last of its settlements. It may come
// before or after the lease expired, and more than once.
func (s *state) settle(m *protocol.QuotaSettle, now time.Time) *protocol.QuotaSettled {
	answer := &protocol.QuotaSettled{
		SettleKey: m.SettleKey,
		Duplicate: s.settled.Has(m.SettleKey, now),
		Epoch:     s.epoch,
	}
	s.settled.Add(m.SettleKey, now.Add(settledFor), now)
	if m.IsFinal {
		s.release([]domain.LeaseID{m.LeaseID}, now)
	}
	return answer
}

func (s *state) renew(m *protocol.LeaseRenew, now time.Time) *protocol.LeaseRenewed {
	answer := &protocol.LeaseRenewed{Epoch: s.epoch}
	for _, id := range m.IDs {
		if !s.open.Renew(id, now, time.Duration(m.TTLMs)*time.Millisecond) {
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
			s.close(r, now)
		}
	}
}

func (s *state) grant(l *limits.Lease[reservation]) *protocol.QuotaGrant {
	return &protocol.QuotaGrant{
		OK: true, Estimate: l.Value.estimate, ExpiresAt: l.ExpiresAt.UnixMilli(), Epoch: s.epoch,
	}
}

func (s *state) refuse(r *limits.Refusal, why string) *protocol.QuotaGrant {
	return &protocol.QuotaGrant{Epoch: s.epoch, Refusal: &protocol.QuotaRefusal{
		Limit: r.Limit, Scope: r.Scope, Current: r.Current, Max: r.Max, ResetAt: toMs(r.ResetAt), Reason: why,
	}}
}

func reason(r *limits.Refusal) string {
	if r.Reserved {
		return protocol.RefusedReserved
	}
	return protocol.RefusedLimitReached
}

func (s *state) meter(key domain.KeyID) *meter {
	m := s.keys[key]
	if m == nil {
		m = &meter{}
		s.keys[key] = m
	}
	return m
}

// prune forgets the meters of keys that are not used.
func (s *state) prune(now time.Time) {
	for id, m := range s.keys {
		if m.inFlight == 0 && m.rate.Count(now) == 0 {
			delete(s.keys, id)
		}
	}
}
