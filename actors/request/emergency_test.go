package request

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/actors/protocol"
	"github.com/claude-code-hub/cch/internal/domain"
)

// emergencyBench admits requests of user 8 with key 9.
type emergencyBench struct {
	testing.TB
	e         *Emergency
	user, key domain.Limits
	cost      domain.Money // expected of each request
	now       time.Time
}

func newEmergencyBench(t *testing.T, user, key domain.Limits) *emergencyBench {
	t.Helper()
	return &emergencyBench{TB: t, e: NewEmergency(5 * time.Minute), user: user, key: key, now: noon}
}

func (b *emergencyBench) admit(session string, edit ...func(*protocol.Request)) (*stay, *protocol.QuotaRefusal) {
	r := &protocol.Request{
		Key: &domain.Key{ID: 9, Limits: b.key}, User: &domain.User{ID: 8, Limits: b.user}, Class: domain.CallGenerate,
	}
	for _, e := range edit {
		e(r)
	}
	if session != "" {
		r.Session = domain.SessionKey{KeyID: r.Key.ID, ID: session}
	}
	return b.e.admit(r, b.cost, b.now)
}

func (b *emergencyBench) got(session string, edit ...func(*protocol.Request)) *stay {
	b.Helper()
	s, refusal := b.admit(session, edit...)
	require.Nil(b, refusal)
	return s
}

func (b *emergencyBench) refused(limit domain.LimitType, scope domain.Scope, session string) *protocol.QuotaRefusal {
	b.Helper()
	s, refusal := b.admit(session)
	require.Nil(b, s)
	require.NotNil(b, refusal)
	require.Equal(b, limit, refusal.Limit)
	require.Equal(b, scope, refusal.Scope)
	return refusal
}

func otherKey(r *protocol.Request) { r.Key = &domain.Key{ID: 10} }

func TestEmergencyHoldsTheRate(t *testing.T) {
	t.Parallel()
	b := newEmergencyBench(t, domain.Limits{RPM: 3}, domain.Limits{RPM: 2})
	b.got("a").end(0, b.now)
	b.got("a").end(0, b.now)
	refusal := b.refused(domain.LimitRPM, domain.ScopeKey, "a")
	require.Equal(t, noon.Add(time.Minute).UnixMilli(), refusal.ResetAt)
	require.Equal(t, protocol.RefusedLimitReached, refusal.Reason)
	b.got("a", otherKey).end(0, b.now)
	b.refused(domain.LimitRPM, domain.ScopeKey, "a")
	b.now = noon.Add(time.Minute)
	b.got("a")
}

func TestEmergencyHoldsRequestsInFlight(t *testing.T) {
	t.Parallel()
	b := newEmergencyBench(t, domain.Limits{ConcurrentRequests: 3}, domain.Limits{ConcurrentRequests: 2})
	first := b.got("a")
	b.got("a")
	b.refused(domain.LimitConcurrentRequests, domain.ScopeKey, "a")
	b.got("a", otherKey)
	first.end(0, b.now)
	b.got("a")
	b.key = domain.Limits{}
	b.refused(domain.LimitConcurrentRequests, domain.ScopeUser, "a")
	b.got("a", func(r *protocol.Request) { r.User = &domain.User{ID: 80, Limits: b.user} })
}

func TestEmergencyHoldsSessions(t *testing.T) {
	t.Parallel()
	b := newEmergencyBench(t, domain.Limits{ConcurrentSessions: 2}, domain.Limits{})
	first := b.got("a")
	b.got("b")
	b.got("b") // another request of it
	b.refused(domain.LimitConcurrentSessions, domain.ScopeKey, "c")
	b.got("c", func(r *protocol.Request) { r.Class = domain.CallCount }) // a count is no conversation
	first.end(0, b.now)
	b.refused(domain.LimitConcurrentSessions, domain.ScopeKey, "c")
	b.now = noon.Add(5 * time.Minute)
	b.got("c")
}

func TestEmergencyForgetsUsers(t *testing.T) {
	t.Parallel()
	b := newEmergencyBench(t, domain.Limits{}, domain.Limits{})
	first := b.got("a")
	b.now = noon.Add(time.Hour)
	other := func(r *protocol.Request) { r.User = &domain.User{ID: 80} }
	b.got("b", other).end(0, b.now)
	require.Len(t, b.e.users, 2, "a request of the first still runs")
	first.end(0, b.now)
	b.now = b.now.Add(time.Hour)
	b.got("b", other)
	require.Len(t, b.e.users, 1)
}

func TestNoEmergencyAdmitsEverybody(t *testing.T) {
	t.Parallel()
	var e *Emergency
	s, refusal := e.admit(&protocol.Request{}, 0, noon)
	require.Nil(t, refusal)
	s.end(0, noon)
	require.Zero(t, e.Stats())
}

func TestEmergencyHoldsASmallPartOfTheMoney(t *testing.T) {
	t.Parallel()
	const cent = domain.NanoPerUSD / 100
	b := newEmergencyBench(t, domain.Limits{USDDaily: 1000 * cent, USDTotal: 400 * cent}, domain.Limits{USD5h: 600 * cent})
	b.cost = 8 * cent // the allowance is a twentieth of 4 dollars
	first := b.got("a")
	second := b.got("a")
	refused := func() {
		_, refusal := b.admit("a")
		require.Equal(t, &protocol.QuotaRefusal{Reason: protocol.RefusedUnavailable}, refusal)
	}
	refused()
	first.end(4*cent, b.now)
	b.got("a").end(8*cent, b.now)
	refused()
	second.end(30*cent, b.now)
	b.now = noon.Add(5*time.Minute - 1)
	refused()
	b.now = noon.Add(5 * time.Minute)
	b.got("a")
	require.Equal(t, EmergencyStats{Admitted: 4, Refused: 3}, b.e.Stats())
}

func TestEmergencyAllowances(t *testing.T) {
	t.Parallel()
	const dollar = domain.NanoPerUSD
	for want, l := range map[domain.Money]domain.Limits{
		0:           {RPM: 5},
		dollar / 20: {USDTotal: dollar},
		dollar:      {USDWeekly: 1000 * dollar},
	} {
		require.Equal(t, want, allowanceOf(&protocol.Request{User: &domain.User{Limits: l}, Key: &domain.Key{}}))
		require.Equal(t, want, allowanceOf(&protocol.Request{User: &domain.User{}, Key: &domain.Key{Limits: l}}))
	}
	b := newEmergencyBench(t, domain.Limits{USDTotal: dollar}, domain.Limits{})
	b.cost = 9 * dollar
	b.got("a")
}
