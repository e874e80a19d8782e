package request

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/claude-code-hub/cch/actors/protocol"
	"github.com/claude-code-hub/cch/internal/domain"
	"github.com/claude-code-hub/cch/internal/limits"
)

// sweepEvery is how often users are forgotten of whom nothing is left to count.
const sweepEvery = time.Minute

// Emergency admits requests whose user's quota actor does not answer. It holds
// the limits on rate and concurrency against this node's own count of just such
// requests, and a small part of the limits of money against what they cost: an
// outage lets a user have that once more, not without end. Nil admits everybody.
// Safe for concurrent use.
type Emergency struct {
	sessionTTL        time.Duration
	admitted, refused atomic.Int64

	mu    sync.Mutex
	users map[domain.UserID]*tally
	swept time.Time
}

// NewEmergency makes one in which a session counts for so long after its last
// request.
func NewEmergency(sessionTTL time.Duration) *Emergency {
	return &Emergency{sessionTTL: sessionTTL, users: make(map[domain.UserID]*tally)}
}

// EmergencyStats count the requests that were decided without a quota actor.
type EmergencyStats struct{ Admitted, Refused int64 }

// Stats reads the counters.
func (e *Emergency) Stats() EmergencyStats {
	if e == nil {
		return EmergencyStats{}
	}
	return EmergencyStats{Admitted: e.admitted.Load(), Refused: e.refused.Load()}
}

// tally is what one user has had and has.
type tally struct {
	meter
	keys     map[domain.KeyID]*meter
	sessions *limits.Sessions
	money    allowance
}

// meter counts requests: those of the last minute and those in flight.
type meter struct {
	rate    limits.Rate
	running int
}

// stay is an admitted request, which must be ended once. A nil stay is none.
type stay struct {
	e       *Emergency
	user    *tally
	key     *meter
	session domain.SessionKey // zero: it counts for none
	paid    *payment          // nil: it costs nothing that is limited
}

// admit lets a request in that is expected to cost so much, or says which limit
// does not.
func (e *Emergency) admit(r *protocol.Request, expected domain.Money, now time.Time) (*stay, *protocol.QuotaRefusal) {
	if e == nil {
		return nil, nil
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.sweep(now)
	s := e.stay(r)
	if refusal := limits.Decide(s.checks(r, now)); refusal != nil {
		e.refused.Add(1)
		return nil, refusalOf(refusal)
	}
	if limit := allowanceOf(r); limit > 0 {
		if !s.user.money.covers(expected, limit, now) {
			e.refused.Add(1)
			return nil, &protocol.QuotaRefusal{Reason: protocol.RefusedUnavailable}
		}
		s.paid = s.user.money.pay(expected, now)
	}
	e.admitted.Add(1)
	for _, m := range []*meter{&s.user.meter, s.key} {
		m.rate.Add(now)
		m.running++
	}
	if s.session.ID != "" {
		s.user.sessions.Enter(s.session, now)
	}
	return s, nil
}

// stay finds what a request is counted by.
func (e *Emergency) stay(r *protocol.Request) *stay {
	t := e.users[r.User.ID]
	if t == nil {
		t = &tally{keys: make(map[domain.KeyID]*meter), sessions: limits.NewSessions(e.sessionTTL)}
		e.users[r.User.ID] = t
	}
	if t.keys[r.Key.ID] == nil {
		t.keys[r.Key.ID] = new(meter)
	}
	s := &stay{e: e, user: t, key: t.keys[r.Key.ID]}
	if r.Class == domain.CallGenerate {
		s.session = r.Session
	}
	return s
}

func (s *stay) checks(r *protocol.Request, now time.Time) []limits.Check {
	user, key := r.User.Limits, r.Key.Limits
	checks := []limits.Check{
		limits.CheckRequests(domain.ScopeKey, s.key.running, key.ConcurrentRequests),
		limits.CheckRequests(domain.ScopeUser, s.user.running, user.ConcurrentRequests),
		s.key.rate.Check(domain.ScopeKey, key.RPM, now),
		s.user.rate.Check(domain.ScopeUser, user.RPM, now),
	}
	if s.session.ID == "" {
		return checks
	}
	if key.ConcurrentSessions <= 0 { // the one limit that a key takes over from its user
		key.ConcurrentSessions = user.ConcurrentSessions
	}
	return append(checks,
		s.user.sessions.Check(domain.ScopeKey, r.Key.ID, s.session, key.ConcurrentSessions, now),
		s.user.sessions.Check(domain.ScopeUser, 0, s.session, user.ConcurrentSessions, now))
}

// end counts the request out, which cost so much.
func (s *stay) end(cost domain.Money, now time.Time) {
	if s == nil {
		return
	}
	s.e.mu.Lock()
	defer s.e.mu.Unlock()
	if s.paid != nil {
		s.paid.amount = cost
	}
	s.user.running--
	s.key.running--
	if s.session.ID != "" {
		s.user.sessions.Leave(s.session, now, true)
	}
}

func (e *Emergency) sweep(now time.Time) {
	if now.Sub(e.swept) < sweepEvery {
		return
	}
	e.swept = now
	for id, t := range e.users {
		if t.running == 0 && t.rate.Count(now) == 0 && t.sessions.Len(now) == 0 && t.money.spent(now) == 0 {
			delete(e.users, id)
		}
	}
}

func refusalOf(r *limits.Refusal) *protocol.QuotaRefusal {
	q := &protocol.QuotaRefusal{
		Limit: r.Limit, Scope: r.Scope, Current: r.Current, Max: r.Max, Reason: protocol.RefusedLimitReached,
	}
	if !r.ResetAt.IsZero() {
		q.ResetAt = r.ResetAt.UnixMilli()
	}
	return q
}
