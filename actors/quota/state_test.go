package quota

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/claude-code-hub/cch/actors/protocol"
	"github.com/claude-code-hub/cch/internal/domain"
)

const sessionTTL = 5 * time.Minute

var start = time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)

func lease(n int) domain.LeaseID { return domain.LeaseID{14: byte(n >> 8), 15: byte(n)} }

// fixture is user 1 with keys 11 and 12, whose limits a test sets.
type fixture struct {
	user, key, other domain.Limits
	policy           domain.ReservationPolicy // empty = balanced
	zone             string
	patience         time.Duration // for money that is reserved
	places           time.Duration // for a place among those in flight
}

func (f fixture) catalog() *domain.Catalog {
	settings := domain.DefaultSettings()
	settings.Timezone, settings.AdmissionWait, settings.ConcurrencyWait = f.zone, f.patience, f.places
	if f.policy != "" {
		settings.ReservationPolicy = f.policy
	}
	return domain.NewCatalog(domain.Configuration{
		Settings: settings,
		Users:    []*domain.User{{ID: 1, Enabled: true, Limits: f.user}},
		Keys: []*domain.Key{
			{ID: 11, UserID: 1, Enabled: true, Hash: [32]byte{1}, Limits: f.key},
			{ID: 12, UserID: 1, Enabled: true, Hash: [32]byte{2}, Limits: f.other},
		},
	})
}

type bench struct {
	testing.TB
	fixture

	s   *state
	now time.Time
}

func newBench(t testing.TB, f fixture) *bench {
	t.Helper()
	b := &bench{TB: t, fixture: f, now: start, s: newState(1, Options{SessionTTL: sessionTTL})}
	b.s.book.epoch = 42
	return b
}

func (b *bench) wait(d time.Duration) { b.now = b.now.Add(d) }

type change = func(*protocol.QuotaReserve)

func withKey(id domain.KeyID) change   { return func(m *protocol.QuotaReserve) { m.KeyID = id } }
func inSession(id string) change       { return func(m *protocol.QuotaReserve) { m.SessionID = id } }
func reclaim(m *protocol.QuotaReserve) { m.Reclaim = true }
func count(m *protocol.QuotaReserve)   { m.Class = domain.CallCount }

func (b *bench) message(n int, changes ...change) *protocol.QuotaReserve {
	m := &protocol.QuotaReserve{
		LeaseID: lease(n), ReqID: domain.RequestID(n), UserID: 1, KeyID: 11, SessionID: "s",
		T: b.now.UnixMilli(), Class: domain.CallGenerate, TTLMs: 30_000, Node: "n1",
	}
	for _, f := range changes {
		f(m)
	}
	return m
}

func (b *bench) tell(m *protocol.QuotaReserve) any {
	b.s.elapse(b.now)
	return b.s.reserve(m, b.catalog(), b.now)
}

func (b *bench) ask(n int, changes ...change) *protocol.QuotaGrant {
	g, granted := b.tell(b.message(n, changes...)).(*protocol.QuotaGrant)
	require.True(b, granted, "it waits")
	return g
}

func (b *bench) got(n int, changes ...change) *protocol.QuotaGrant {
	b.Helper()
	g := b.ask(n, changes...)
	require.True(b, g.OK, "%+v", g.Refusal)
	require.Nil(b, g.Refusal)
	return g
}

func (b *bench) refused(limit domain.LimitType, scope domain.Scope, n int, changes ...change) *protocol.QuotaRefusal {
	b.Helper()
	g := b.ask(n, changes...)
	require.False(b, g.OK)
	require.Equal(b, limit, g.Refusal.Limit)
	require.Equal(b, scope, g.Refusal.Scope)
	return g.Refusal
}

// settle books the end of a request, which the ledger takes at once, and tells
// whether it was booked before.
func (b *bench) settle(n int) (duplicate bool) {
	b.s.elapse(b.now)
	e, fresh := b.s.settle(&protocol.QuotaSettle{
		SettleKey: protocol.SettleKey{ReqID: domain.RequestID(n), Attempt: 1, Kind: domain.LedgerCharge}, LeaseID: lease(n), IsFinal: true,
	}, b.now)
	if fresh {
		b.s.verdict(e.row.UserSeq, nil, b.now)
	}
	return e == nil
}

func TestCountingOnlyRefusesNobody(t *testing.T) {
	t.Parallel()
	b := newBench(t, fixture{user: domain.Limits{RPM: 1, ConcurrentRequests: 1, ConcurrentSessions: 1}})
	b.s = newState(1, Options{SessionTTL: sessionTTL, CountOnly: true})
	for n := range 3 {
		b.got(n, inSession(string(rune('a'+n))))
	}
	used := map[domain.LimitType]int64{}
	for _, w := range b.s.usage(b.catalog(), b.now).Windows {
		if w.Scope == domain.ScopeUser && !w.Limit.Money() {
			used[w.Limit] = w.Used
		}
	}
	require.Equal(t, map[domain.LimitType]int64{
		domain.LimitRPM: 3, domain.LimitConcurrentRequests: 3, domain.LimitConcurrentSessions: 3,
	}, used, "what is used is counted all the same")
}

func TestRateOfUserSpansItsKeys(t *testing.T) {
	t.Parallel()
	b := newBench(t, fixture{user: domain.Limits{RPM: 3}})
	b.got(1)
	b.got(2, withKey(12))
	b.wait(30 * time.Second)
	b.got(3, count)
	want := &protocol.QuotaRefusal{
		Limit: domain.LimitRPM, Scope: domain.ScopeUser, Current: 3, Max: 3,
		ResetAt: start.Add(time.Minute).UnixMilli(), Reason: protocol.RefusedLimitReached,
	}
	if diff := cmp.Diff(want, b.refused(domain.LimitRPM, domain.ScopeUser, 4)); diff != "" {
		t.Error(diff)
	}
	b.wait(30 * time.Second)
	b.got(4)
}

func TestRateOfKeyComesBeforeTheUsers(t *testing.T) {
	t.Parallel()
	b := newBench(t, fixture{user: domain.Limits{RPM: 1}, key: domain.Limits{RPM: 1}})
	b.got(1)
	b.refused(domain.LimitRPM, domain.ScopeKey, 2)
	b.refused(domain.LimitRPM, domain.ScopeUser, 2, withKey(12))
}

func TestRequestsInFlight(t *testing.T) {
	t.Parallel()
	b := newBench(t, fixture{user: domain.Limits{ConcurrentRequests: 3}, key: domain.Limits{ConcurrentRequests: 2}})
	b.got(1)
	b.got(2, count)
	r := b.refused(domain.LimitConcurrentRequests, domain.ScopeKey, 3)
	require.Zero(t, r.ResetAt, "nobody knows when a request ends")
	b.got(4, withKey(12))
	b.refused(domain.LimitConcurrentRequests, domain.ScopeUser, 5, withKey(12))
	b.settle(1)
	b.got(5, withKey(12))
	b.s.release([]domain.LeaseID{lease(2)}, b.now)
	b.got(6)
}

func TestSessionsOfKeyInheritTheUsersLimit(t *testing.T) {
	t.Parallel()
	b := newBench(t, fixture{user: domain.Limits{ConcurrentSessions: 2}, other: domain.Limits{ConcurrentSessions: 1}})
	b.got(1, inSession("a"))
	b.got(2, inSession("b"))
	r := b.refused(domain.LimitConcurrentSessions, domain.ScopeKey, 3, inSession("c"))
	require.EqualValues(t, 2, r.Max)
	require.Equal(t, b.now.Add(time.Minute).UnixMilli(), r.ResetAt)
	b.refused(domain.LimitConcurrentSessions, domain.ScopeUser, 3, inSession("a"), withKey(12))
	b.got(4, inSession("a"))
	b.got(5, inSession("c"), count)
	b.got(6, inSession(""))
	require.Equal(t, 2, b.s.sessions.Len(b.now))

	for n := range 7 {
		b.settle(n)
	}
	b.wait(sessionTTL - 1)
	b.refused(domain.LimitConcurrentSessions, domain.ScopeKey, 7, inSession("c"))
	b.wait(1)
	b.got(7, inSession("c"))
}

func TestALimitChangeAppliesToTheNextRequest(t *testing.T) {
	t.Parallel()
	b := newBench(t, fixture{})
	b.got(1)
	b.got(2)
	b.user.RPM = 2
	b.refused(domain.LimitRPM, domain.ScopeUser, 3)
	b.user.RPM = 3
	b.got(3)
}

func TestTheLatestResetOfAllFailingLimitsIsNamed(t *testing.T) {
	t.Parallel()
	b := newBench(t, fixture{user: domain.Limits{RPM: 1, ConcurrentSessions: 1}})
	b.got(1, inSession("a"))
	b.settle(1)
	b.wait(10 * time.Second)
	r := b.refused(domain.LimitConcurrentSessions, domain.ScopeKey, 2, inSession("b"))
	require.Equal(t, b.now.Add(time.Minute).UnixMilli(), r.ResetAt, "not the rate's, fifty seconds away")
}

func TestTheSameLeaseGetsTheSameGrant(t *testing.T) {
	t.Parallel()
	b := newBench(t, fixture{user: domain.Limits{RPM: 1, ConcurrentRequests: 1}})
	upper := func(usd domain.Money) change { return func(m *protocol.QuotaReserve) { m.Upper = usd } }
	g := b.got(1, upper(5))
	require.Equal(t, &protocol.QuotaGrant{OK: true, Estimate: 5, ExpiresAt: start.Add(30 * time.Second).UnixMilli(), Epoch: 42}, g)
	b.wait(time.Second)
	again := b.got(1, upper(7))
	require.Equal(t, g.ExpiresAt+1000, again.ExpiresAt)
	require.EqualValues(t, 7, again.Estimate, "larger bounds grow it")
	require.EqualValues(t, 7, b.got(1, upper(3)).Estimate)
	require.Equal(t, 1, b.s.rate.Count(b.now))
	require.Zero(t, newBench(t, fixture{}).got(1, upper(5), count).Estimate, "only model calls cost")
}

func TestReclaimIsGrantedAboveEveryLimitAndBurnsNoRate(t *testing.T) {
	t.Parallel()
	b := newBench(t, fixture{user: domain.Limits{RPM: 1, ConcurrentRequests: 1, ConcurrentSessions: 1}})
	b.got(1)
	g := b.got(2, inSession("b"), reclaim, func(m *protocol.QuotaReserve) { m.Estimate = 9 })
	require.EqualValues(t, 9, g.Estimate)
	require.Equal(t, 2, b.s.open.Len())
	require.Equal(t, 2, b.s.sessions.Len(b.now))
	require.Equal(t, 1, b.s.rate.Count(b.now))
}

func TestASettledRequestStaysSettled(t *testing.T) {
	t.Parallel()
	b := newBench(t, fixture{})
	b.got(1)
	require.False(t, b.settle(1))
	require.True(t, b.settle(1))
	g := b.ask(1, reclaim)
	require.False(t, g.OK)
	require.Equal(t, protocol.RefusedReleased, g.Refusal.Reason)
	require.Zero(t, b.s.meter(11).inFlight)
	b.wait(settledFor)
	require.False(t, b.settle(1), "forgotten")
}

func TestOnlyTheFinalSettlementClosesTheLease(t *testing.T) {
	t.Parallel()
	b := newBench(t, fixture{})
	b.got(1)
	key := protocol.SettleKey{ReqID: 1, Attempt: 1, Kind: domain.LedgerCharge}
	e, fresh := b.s.settle(&protocol.QuotaSettle{SettleKey: key, LeaseID: lease(1)}, b.now)
	require.True(t, fresh)
	require.Equal(t, key, e.row.SettleKey)
	require.EqualValues(t, 42, e.row.Epoch)
	require.Equal(t, 1, b.s.open.Len())
	key.N = 1
	b.s.settle(&protocol.QuotaSettle{SettleKey: key, LeaseID: lease(1), IsFinal: true}, b.now)
	require.Zero(t, b.s.open.Len())
}

func TestALostRequestGivesEverythingBack(t *testing.T) {
	t.Parallel()
	b := newBench(t, fixture{user: domain.Limits{ConcurrentRequests: 1}})
	b.got(1)
	b.wait(20 * time.Second)
	r := b.s.renew(&protocol.LeaseRenew{IDs: []domain.LeaseID{lease(1), lease(9)}, Begun: []domain.LeaseID{lease(1)}, TTLMs: 30_000}, b.now)
	require.Equal(t, &protocol.LeaseRenewed{Unknown: []domain.LeaseID{lease(9)}, Epoch: 42}, r)
	require.True(t, b.s.open.Get(lease(1)).Value.begun)
	b.wait(30*time.Second - 1)
	b.refused(domain.LimitConcurrentRequests, domain.ScopeUser, 2)
	b.wait(1)
	b.got(2)
	require.Equal(t, 1, b.s.meter(11).inFlight)
}

func TestWhoIsNotInTheCatalogHasNoLimits(t *testing.T) {
	t.Parallel()
	s := newState(-1, Options{SessionTTL: sessionTTL})
	g, _ := s.reserve(&protocol.QuotaReserve{LeaseID: lease(1), KeyID: 99}, fixture{}.catalog(), start).(*protocol.QuotaGrant)
	require.True(t, g.OK)
}

func TestUsageShowsEveryLimit(t *testing.T) {
	t.Parallel()
	b := newBench(t, fixture{
		user: domain.Limits{RPM: 2, ConcurrentSessions: 5},
		key:  domain.Limits{RPM: 10, ConcurrentRequests: 4},
	})
	b.got(1)
	b.got(2, inSession("t"))
	b.settle(2)
	want := []protocol.QuotaWindow{
		{Scope: domain.ScopeKey, ID: 11, Limit: domain.LimitConcurrentSessions, Used: 2, Max: 5},
		{Scope: domain.ScopeUser, ID: 1, Limit: domain.LimitConcurrentSessions, Used: 2, Max: 5},
		{Scope: domain.ScopeKey, ID: 11, Limit: domain.LimitConcurrentRequests, Used: 1, Max: 4},
		{Scope: domain.ScopeUser, ID: 1, Limit: domain.LimitConcurrentRequests, Used: 1},
		{Scope: domain.ScopeKey, ID: 11, Limit: domain.LimitRPM, Used: 2, Max: 10},
		{Scope: domain.ScopeUser, ID: 1, Limit: domain.LimitRPM, Used: 2, Max: 2, ResetAt: start.Add(time.Minute).UnixMilli()},
	}
	midnight, december := start.Add(12*time.Hour).UnixMilli(), time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC).UnixMilli()
	for scope, id := range map[domain.Scope]int64{domain.ScopeKey: 11, domain.ScopeUser: 1} {
		money := []protocol.QuotaWindow{
			{Scope: scope, ID: id, Limit: domain.Limit5h},
			{Scope: scope, ID: id, Limit: domain.LimitDaily, ResetAt: midnight},
			{Scope: scope, ID: id, Limit: domain.LimitWeekly, ResetAt: midnight}, // a Sunday's
			{Scope: scope, ID: id, Limit: domain.LimitMonthly, ResetAt: december},
			{Scope: scope, ID: id, Limit: domain.LimitTotal},
		}
		want = append(want, money...)
	}
	slices.SortStableFunc(want[6:], func(a, b protocol.QuotaWindow) int { return strings.Compare(string(a.Scope), string(b.Scope)) })
	got := b.s.usage(b.catalog(), b.now)
	if diff := cmp.Diff(&protocol.QuotaState{Windows: want, Epoch: 42}, got); diff != "" {
		t.Error(diff)
	}
	b.settle(1)
	b.wait(2 * time.Minute)
	got = b.s.usage(b.catalog(), b.now)
	require.Len(t, got.Windows, 16, "the key's idle sessions still count")
	b.wait(sessionTTL)
	got = b.s.usage(b.catalog(), b.now)
	require.Len(t, got.Windows, 8)
	for _, w := range got.Windows {
		require.Equal(t, domain.ScopeUser, w.Scope)
		require.Zero(t, w.Used)
	}
}

// TestAdmissionNeverPassesALimit runs random requests of two keys and checks
// each answer against a count made from scratch.
func TestAdmissionNeverPassesALimit(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		some := func(name string) domain.Limits {
			return domain.Limits{
				RPM:                rapid.IntRange(0, 6).Draw(rt, name+" rpm"),
				ConcurrentSessions: rapid.IntRange(0, 3).Draw(rt, name+" sessions"),
				ConcurrentRequests: rapid.IntRange(0, 4).Draw(rt, name+" requests"),
			}
		}
		b := newBench(t, fixture{user: some("user"), key: some("key"), other: some("other")})
		limitsOf := map[domain.KeyID]domain.Limits{11: b.key, 12: b.other}
		type request struct {
			key domain.KeyID
			at  time.Time
		}
		open := map[int]request{}
		var admitted []request
		n := 0
		within := func(limit, used int) bool { return limit == 0 || used <= limit }
		rt.Repeat(map[string]func(*rapid.T){
			"": func(rt *rapid.T) {
				require.Equal(rt, len(open), b.s.open.Len())
				inFlight, rate := map[domain.KeyID]int{}, map[domain.KeyID]int{}
				for _, r := range open {
					inFlight[r.key]++
				}
				total := 0
				for _, r := range admitted {
					if r.at.After(b.now.Add(-time.Minute)) {
						rate[r.key]++
						total++
					}
				}
				require.True(rt, within(b.user.RPM, total))
				require.True(rt, within(b.user.ConcurrentRequests, len(open)))
				require.True(rt, within(b.user.ConcurrentSessions, b.s.sessions.Len(b.now)))
				for id, l := range limitsOf {
					require.True(rt, within(l.RPM, rate[id]))
					require.True(rt, within(l.ConcurrentRequests, inFlight[id]))
					require.True(rt, within(l.ConcurrentSessions, b.s.sessions.LenOf(id, b.now)))
				}
			},
			"request": func(rt *rapid.T) {
				n++
				key := domain.KeyID(rapid.IntRange(11, 12).Draw(rt, "key"))
				rate, sessions := b.s.rate.Count(b.now), b.s.sessions.Len(b.now)
				g := b.ask(n, withKey(key), inSession(rapid.SampledFrom([]string{"a", "b", "c", "d"}).Draw(rt, "session")))
				if g.OK {
					open[n] = request{key, b.now}
					admitted = append(admitted, open[n])
					return
				}
				require.Equal(rt, rate, b.s.rate.Count(b.now), "a refused request burns no rate")
				require.Equal(rt, sessions, b.s.sessions.Len(b.now), "and occupies no session")
			},
			"end": func(rt *rapid.T) {
				for id := range open {
					if rapid.Bool().Draw(rt, "settled") {
						b.settle(id)
					} else {
						b.s.release([]domain.LeaseID{lease(id)}, b.now)
					}
					delete(open, id)
					return
				}
			},
			"wait": func(rt *rapid.T) {
				b.wait(time.Duration(rapid.IntRange(0, 29_000).Draw(rt, "ms")) * time.Millisecond)
				for id := range open { // all of them live on
					require.True(rt, b.s.open.Renew(lease(id), b.now, time.Minute))
				}
			},
		})
	})
}
