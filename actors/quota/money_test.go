package quota

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/actors/protocol"
	"github.com/claude-code-hub/cch/internal/domain"
)

const cent domain.Money = domain.NanoPerUSD / 100

// costing asks for a request that costs between the bounds.
func costing(low, upper domain.Money) change {
	return func(m *protocol.QuotaReserve) { m.Model, m.Low, m.Upper = "model", low, upper }
}

// paid books a charge of key 11 by a request admitted at t.
func (b *bench) paid(t time.Time, amount domain.Money) {
	b.s.apply(&domain.LedgerRow{KeyID: 11, AdmittedAt: t.UnixMilli(), Charge: amount}, b.now)
}

// cost books what a request of key 11 cost that was admitted now.
func (b *bench) cost(amount domain.Money) {
	row := &domain.LedgerRow{KeyID: 11, AdmittedAt: b.now.UnixMilli(), Charge: amount}
	row.Kind, row.Model = domain.LedgerCharge, "model"
	b.s.apply(row, b.now)
}

// pay settles a request for an amount.
func (b *bench) pay(n int, amount domain.Money) {
	b.s.elapse(b.now)
	b.s.settle(&protocol.QuotaSettle{
		SettleKey: protocol.SettleKey{ReqID: domain.RequestID(n), Attempt: 1, Kind: "charge"}, LeaseID: lease(n), KeyID: 11,
		Charge: amount, T: b.now.UnixMilli(), IsFinal: true,
	}, b.now)
	b.s.promote(b.catalog(), b.now)
}

func TestEveryWindowOfMoneyRefuses(t *testing.T) {
	t.Parallel()
	limit := 10 * cent
	midnight := start.Add(12 * time.Hour)
	for name, c := range map[domain.LimitType]struct {
		set    func(*domain.Limits)
		resets time.Time
	}{
		domain.Limit5h:      {func(l *domain.Limits) { l.USD5h = limit }, start.Add(5 * time.Hour)},
		domain.LimitDaily:   {func(l *domain.Limits) { l.USDDaily = limit }, midnight},
		domain.LimitWeekly:  {func(l *domain.Limits) { l.USDWeekly = limit }, midnight},
		domain.LimitMonthly: {func(l *domain.Limits) { l.USDMonthly = limit }, time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC)},
		domain.LimitTotal:   {func(l *domain.Limits) { l.USDTotal = limit }, time.Time{}},
	} {
		for scope, f := range map[domain.Scope]*fixture{domain.ScopeKey: {}, domain.ScopeUser: {}} {
			if c.set(&f.key); scope == domain.ScopeUser {
				f.user, f.key = f.key, domain.Limits{}
			}
			b := newBench(t, *f)
			b.paid(start, limit-1)
			b.got(1)
			b.settle(1)
			b.paid(start, 1)
			want := &protocol.QuotaRefusal{
				Limit: name, Scope: scope, Current: int64(limit), Max: int64(limit), ResetAt: toMs(c.resets),
				Reason: protocol.RefusedLimitReached,
			}
			require.Equal(t, want, b.refused(name, scope, 2))
			require.Equal(t, want, b.refused(name, scope, 2, count), "what is free, too, is refused when the money is spent")
			if !c.resets.IsZero() {
				b.now = c.resets.Add(-time.Millisecond)
				b.refused(name, scope, 2)
				b.now = c.resets
				b.got(2)
			}
		}
	}
}

func TestRefusalsComeInTheOrderOfTheList(t *testing.T) {
	t.Parallel()
	all := domain.Limits{
		RPM: 1, ConcurrentRequests: 1, ConcurrentSessions: 1,
		USD5h: cent, USDDaily: cent, USDWeekly: cent, USDMonthly: cent, USDTotal: cent,
	}
	b := newBench(t, fixture{user: all, key: all})
	b.got(1, inSession("one"))
	b.paid(start, cent)
	drop := []func(*domain.Limits){
		func(l *domain.Limits) { l.USDTotal = 0 },
		func(l *domain.Limits) { l.ConcurrentSessions = 0 },
		func(l *domain.Limits) { l.ConcurrentRequests = 0 },
		func(l *domain.Limits) { l.RPM = 0 },
		func(l *domain.Limits) { l.USD5h = 0 },
		func(l *domain.Limits) { l.USDDaily = 0 },
		func(l *domain.Limits) { l.USDWeekly = 0 },
		func(l *domain.Limits) { l.USDMonthly = 0 },
	}
	order := []domain.LimitType{
		domain.LimitTotal, domain.LimitConcurrentSessions, domain.LimitConcurrentRequests, domain.LimitRPM,
		domain.Limit5h, domain.LimitDaily, domain.LimitWeekly, domain.LimitMonthly,
	}
	for i, limit := range order {
		b.refused(limit, domain.ScopeKey, 2, inSession("two"))
		key := b.key
		drop[i](&b.key)
		if limit == domain.LimitConcurrentSessions { // which the key inherits
			b.key.ConcurrentSessions = 5
		}
		r := b.refused(limit, domain.ScopeUser, 2, inSession("two"))
		if i == 0 {
			require.Zero(t, r.ResetAt, "a total does not come back")
		} else {
			require.Equal(t, time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC).UnixMilli(), r.ResetAt, "the latest of all")
		}
		b.key = key
		drop[i](&b.key)
		if limit == domain.LimitConcurrentSessions {
			b.key.ConcurrentSessions = 5
		}
		drop[i](&b.user)
	}
	b.got(2, inSession("two"))
}

func TestARefusedRequestReservesNothing(t *testing.T) {
	t.Parallel()
	b := newBench(t, fixture{user: domain.Limits{USDDaily: 10 * cent, RPM: 5}, key: domain.Limits{USDTotal: cent}})
	b.paid(start, cent)
	b.refused(domain.LimitTotal, domain.ScopeKey, 1, costing(cent, 4*cent))
	require.Zero(t, b.s.spend.Reserved())
	require.Zero(t, b.s.rate.Count(b.now))
}

func TestEstimatesByPolicy(t *testing.T) {
	t.Parallel()
	for policy, want := range map[domain.ReservationPolicy]domain.Money{
		domain.ReserveBalanced: 11 * cent, // a quarter and a cent: there is no history
		domain.ReserveStrict:   40 * cent,
		domain.ReserveParity:   0,
	} {
		b := newBench(t, fixture{policy: policy})
		require.Equal(t, want, b.got(1, costing(cent, 40*cent)).Estimate, policy)
		require.Equal(t, want, b.s.spend.Reserved())
		require.Equal(t, want, b.s.meter(11).spend.Reserved())
		b.settle(1)
		require.Zero(t, b.s.spend.Reserved())
		require.Zero(t, b.s.meter(11).spend.Reserved())
	}
}

func TestExpectationsFollowWhatRequestsCost(t *testing.T) {
	t.Parallel()
	b := newBench(t, fixture{})
	for i := range 60 { // the last fifty cost 11 to 60 cents
		b.cost(domain.Money(i+1) * cent)
	}
	require.Equal(t, 55*cent, b.got(1, costing(cent, 900*cent)).Estimate)
	require.Equal(t, 9*cent, b.got(2, costing(cent, 9*cent)).Estimate, "never above what it may cost")
	require.Equal(t, 70*cent, b.got(3, costing(70*cent, 900*cent)).Estimate, "nor below what it must")
	require.Equal(t, 226*cent, b.got(4, costing(cent, 900*cent), withKey(12)).Estimate, "another key's costs tell nothing")
	require.Equal(t, 110*cent, b.got(5, costing(2*cent, 1800*cent), func(m *protocol.QuotaReserve) { m.Attempts = 2 }).Estimate)
}

func TestHistoriesAreBounded(t *testing.T) {
	t.Parallel()
	var h histories
	for i := range 100 {
		h.add(costKey{1, string(rune('a' + i))}, 1, start.Add(time.Duration(i)))
		h.add(costKey{1, "kept"}, 1, start.Add(time.Duration(i+1)*time.Second))
	}
	require.Len(t, h.of, maxHistories)
	require.Contains(t, h.of, costKey{1, "kept"})
}

func TestAnAttemptMoreGrowsTheReservationIfItFits(t *testing.T) {
	t.Parallel()
	b := newBench(t, fixture{user: domain.Limits{USDTotal: 50 * cent}, policy: domain.ReserveStrict})
	two := func(m *protocol.QuotaReserve) { m.Attempts = 2 }
	require.Equal(t, 20*cent, b.got(1, costing(cent, 20*cent)).Estimate)
	require.Equal(t, 40*cent, b.got(1, costing(2*cent, 40*cent), two).Estimate)
	require.Equal(t, 40*cent, b.s.spend.Reserved())
	r := b.refused(domain.LimitTotal, domain.ScopeUser, 1, costing(3*cent, 60*cent), func(m *protocol.QuotaReserve) { m.Attempts = 3 })
	require.Equal(t, protocol.RefusedReserved, r.Reason)
	require.Equal(t, 40*cent, b.s.spend.Reserved(), "what was granted stays")
	require.Equal(t, 1, b.s.open.Len())
	b.settle(1)
	require.Zero(t, b.s.spend.Reserved())
}

func TestALimitOrModeOrResetIsInForceAtOnce(t *testing.T) {
	t.Parallel()
	b := newBench(t, fixture{user: domain.Limits{USDDaily: 10 * cent}})
	b.paid(start.Add(-13*time.Hour), 6*cent) // yesterday
	b.paid(start, 6*cent)
	b.got(1)
	b.user.DailyMode = domain.WindowRolling
	b.refused(domain.LimitDaily, domain.ScopeUser, 2)
	b.user.DailyMode, b.user.DailyResetTime = domain.WindowFixed, "22:00"
	b.refused(domain.LimitDaily, domain.ScopeUser, 2)
	b.user.CostResetAt = start.Add(-time.Hour)
	b.got(2)
	b.paid(start, 4*cent)
	b.refused(domain.LimitDaily, domain.ScopeUser, 3)
	b.user.USDDaily = 11 * cent
	b.got(3)
	b.zone = "Asia/Tokyo" // it is nine in the evening there: the day began at three
	b.user.DailyResetTime, b.user.CostResetAt, b.user.USDDaily = "21:00", time.Time{}, 11*cent
	b.got(4)
	require.Empty(t, b.s.gaps.known)
}

func TestMoneyOfTheKeyFollowsTheUsersReset(t *testing.T) {
	t.Parallel()
	b := newBench(t, fixture{key: domain.Limits{USD5h: cent, USDTotal: cent}})
	b.paid(start, cent)
	b.refused(domain.LimitTotal, domain.ScopeKey, 1)
	b.user.CostResetAt = start
	b.got(1)
}

func TestMoneySurvivesARestart(t *testing.T) {
	t.Parallel()
	b := newBench(t, fixture{
		user: domain.Limits{USD5h: 100 * cent, USD5hMode: domain.WindowFixed, USDMonthly: 200 * cent},
		key:  domain.Limits{USDTotal: 300 * cent, USDDaily: 50 * cent, DailyMode: domain.WindowRolling},
	})
	b.paid(start.AddDate(0, -1, 0), 40*cent)
	b.paid(start.Add(-2*time.Hour), 7*cent)
	b.cost(5 * cent)
	b.got(1, costing(cent, 40*cent)) // expects 5
	before := b.s.usage(b.catalog(), b.now)
	next := b.reborn(nil)
	next.s.book.epoch = 42
	require.Equal(t, before, next.s.usage(next.catalog(), next.now))
	require.Equal(t, 5*cent, next.s.spend.Reserved())
	require.Equal(t, 5*cent, next.got(2, costing(cent, 40*cent)).Estimate, "what requests cost is remembered")
	require.Empty(t, next.s.gaps.known)
	next.pay(1, 3*cent)
	next.settle(2)
	require.Zero(t, next.s.spend.Reserved())
}
