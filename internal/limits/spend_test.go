package limits_test

import (
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/internal/domain"
	"github.com/claude-code-hub/cch/internal/limits"
)

func statusOf(s *limits.Spend, l domain.LimitType, now time.Time) limits.Status {
	for _, st := range s.Status(&domain.Limits{}, now) {
		if st.Limit == l {
			return st
		}
	}
	return limits.Status{}
}

func TestPlanOfAnOwner(t *testing.T) {
	t.Parallel()
	l := domain.Limits{DailyResetTime: "25:00", CostResetAt: at(5), Cost5hResetAt: at(9)}
	p := limits.PlanOf(domain.ScopeUser, &l, nil)
	require.Equal(t, limits.Plan{
		FiveHours: domain.WindowRolling, Daily: domain.WindowFixed,
		ResetAt: at(5), Reset5hAt: at(9), ResetTotalAt: at(5),
	}, p)
	provider := limits.PlanOf(domain.ScopeProvider, &l, nil)
	require.Equal(t, at(5), provider.ResetTotalAt)
	require.Zero(t, provider.ResetAt, "a provider's reset is of its total only")

	key := limits.PlanOf(domain.ScopeKey, &domain.Limits{CostResetAt: at(7)}, nil).Under(p)
	require.Equal(t, at(7), key.ResetAt)
	require.Equal(t, at(9), key.Reset5hAt, "the user's reset is later")
}

func TestAResetCountsWhatWasAdmittedAfterIt(t *testing.T) {
	t.Parallel()
	plan := limits.Plan{Daily: domain.WindowFixed, FiveHours: domain.WindowFixed}
	s := limits.NewSpend(plan, start)
	for sec := range 10 {
		s.Charge(at(float64(sec)), 1, at(20))
	}
	plan.ResetAt, plan.ResetTotalAt = at(5), at(5)
	require.Empty(t, s.Configure(plan, at(30)), "the charges since are known one by one")
	for _, l := range moneyLimits {
		require.EqualValues(t, 4, statusOf(s, l, at(30)).Used, l)
	}
	require.True(t, statusOf(s, domain.Limit5h, at(30)).EndAt.Equal(at(6).Add(5*time.Hour)))
	s.Charge(at(5), 100, at(31))
	require.EqualValues(t, 4, statusOf(s, domain.LimitMonthly, at(31)).Used, "admitted at the reset, settled after")
}

func TestAnAdjustmentCountsWithItsCharge(t *testing.T) {
	t.Parallel()
	s := limits.NewSpend(limits.Plan{}, start)
	s.Charge(at(0), 100, at(60))
	s.Charge(at(0), -30, at(3600))
	for _, l := range moneyLimits {
		require.EqualValues(t, 70, statusOf(s, l, at(3600)).Used, l)
	}
	leaves := start.Add(5 * time.Hour)
	require.EqualValues(t, 70, statusOf(s, domain.Limit5h, leaves.Add(-time.Millisecond)).Used)
	require.Zero(t, statusOf(s, domain.Limit5h, leaves).Used)
}

func TestAClockThatStepsBackReopensNothing(t *testing.T) {
	t.Parallel()
	s := limits.NewSpend(limits.Plan{Daily: domain.WindowFixed}, start)
	midnight := start.Add(12 * time.Hour)
	s.Charge(midnight, 5, midnight)
	s.Charge(midnight.Add(time.Hour), 7, midnight.Add(-time.Second))
	st := statusOf(s, domain.LimitDaily, midnight.Add(-time.Second))
	require.True(t, st.StartAt.Equal(midnight))
	require.EqualValues(t, 12, st.Used, "what claims to be of the future is of now")
	require.Zero(t, statusOf(s, domain.Limit5h, midnight.Add(5*time.Hour)).Used)
}

func TestAFreeRequestOpensNoWindow(t *testing.T) {
	t.Parallel()
	s := limits.NewSpend(limits.Plan{FiveHours: domain.WindowFixed}, start)
	s.Charge(start, 0, start)
	require.Zero(t, statusOf(s, domain.Limit5h, start).EndAt)
	s.Charge(at(60), 1, at(60))
	require.True(t, statusOf(s, domain.Limit5h, at(60)).EndAt.Equal(at(60).Add(5*time.Hour)))
}

// A late charge in the gap between two windows shifts the one that follows, and
// so the one after that.
func TestALateChargeMovesAllLaterWindows(t *testing.T) {
	t.Parallel()
	h := func(n float64) time.Time { return start.Add(time.Duration(n * float64(time.Hour))) }
	s := limits.NewSpend(limits.Plan{FiveHours: domain.WindowFixed}, start)
	s.Charge(h(0), 1, h(0)) // [0, 5)
	s.Charge(h(7), 2, h(7)) // [7, 12)
	s.Charge(h(11.5), 4, h(11.5))
	s.Charge(h(13), 8, h(13)) // [13, 18)
	require.EqualValues(t, 8, statusOf(s, domain.Limit5h, h(13)).Used)
	s.Charge(h(6), 16, h(14)) // [6, 11), [11.5, 16.5)
	st := statusOf(s, domain.Limit5h, h(14))
	require.EqualValues(t, 12, st.Used)
	require.True(t, st.EndAt.Equal(h(16.5)))
}

func TestSwitchingModesCountsAnew(t *testing.T) {
	t.Parallel()
	s := limits.NewSpend(limits.Plan{FiveHours: domain.WindowRolling, Daily: domain.WindowRolling}, start)
	s.Charge(start, 1, start)
	s.Charge(start.Add(4*time.Hour), 2, start.Add(4*time.Hour))
	now := start.Add(6 * time.Hour)
	require.EqualValues(t, 2, statusOf(s, domain.Limit5h, now).Used)
	require.Empty(t, s.Configure(limits.Plan{FiveHours: domain.WindowFixed, Daily: domain.WindowFixed}, now))
	require.Zero(t, statusOf(s, domain.Limit5h, now).Used, "closed at five")
	require.EqualValues(t, 3, statusOf(s, domain.LimitDaily, now).Used)
	require.Empty(t, s.Configure(limits.Plan{FiveHours: domain.WindowRolling}, now))
	require.EqualValues(t, 2, statusOf(s, domain.Limit5h, now).Used)
}

func TestWhatTheLastDayCannotTellIsAskedFor(t *testing.T) {
	t.Parallel()
	s := limits.NewSpend(limits.Plan{Daily: domain.WindowFixed}, start)
	now := start
	for range 10 * 24 {
		now = now.Add(time.Hour)
		s.Charge(now, 1, now)
	}
	require.EqualValues(t, 240, statusOf(s, domain.LimitMonthly, now).Used)
	east := time.FixedZone("+08", 8*3600)
	require.Equal(t, []domain.LimitType{domain.LimitWeekly, domain.LimitMonthly},
		s.Configure(limits.Plan{Daily: domain.WindowFixed, Zone: east}, now))
	require.EqualValues(t, 240, statusOf(s, domain.LimitMonthly, now).Used, "as it was, for the time being")
	since := s.Since(domain.LimitMonthly)
	require.Equal(t, "2026-10-31T15:59:59.999Z", since.UTC().Format("2006-01-02T15:04:05.999Z"))
	s.SetUsed(domain.LimitMonthly, 1000)
	s.Charge(now, 1, now)
	require.EqualValues(t, 1001, statusOf(s, domain.LimitMonthly, now).Used)
	require.Zero(t, s.Since(domain.LimitTotal))

	s, unknown := limits.SpendFromRows(limits.Plan{Daily: domain.WindowFixed},
		[]limits.Entry{{At: now.UnixMilli(), Amount: 3}, {At: now.UnixMilli(), Amount: 4}}, now.Add(-26*time.Hour), now)
	require.Equal(t, []domain.LimitType{domain.LimitWeekly, domain.LimitMonthly, domain.LimitTotal}, unknown)
	require.EqualValues(t, 7, statusOf(s, domain.LimitDaily, now).Used)
}

func TestManyChargesAreMergedByTheMinute(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		step time.Duration
		n    int
	}{
		{time.Second, 80_000},     // merged long before they leave
		{5 * time.Second, 16_000}, // merged while they leave
	} {
		s := limits.NewSpend(limits.Plan{Daily: domain.WindowRolling}, start)
		for i := range tt.n {
			now := start.Add(time.Duration(i) * tt.step)
			s.Charge(now, 1, now)
			if i%77 != 0 {
				continue
			}
			used := int(statusOf(s, domain.Limit5h, now).Used)
			exact := min(i+1, int(5*time.Hour/tt.step))
			require.GreaterOrEqual(t, used, exact, "never free too early")
			require.LessOrEqual(t, used, exact+int(time.Minute/tt.step), "a minute late at most")
		}
		end := start.Add(time.Duration(tt.n) * tt.step)
		require.EqualValues(t, tt.n, statusOf(s, domain.LimitDaily, end).Used)
		require.LessOrEqual(t, len(s.State().Entries), 4097)
		require.Zero(t, statusOf(s, domain.Limit5h, end.Add(5*time.Hour)).Used)
		later := end.Add(30 * time.Hour)
		require.Zero(t, statusOf(s, domain.LimitDaily, later).Used)
		require.Empty(t, s.State().Entries)
		require.False(t, s.Idle(later), "the total stays")
	}
}

func TestALongChainOfWindowsSurvivesARestart(t *testing.T) {
	t.Parallel()
	plan := limits.Plan{FiveHours: domain.WindowFixed}
	s := limits.NewSpend(plan, start)
	now := start
	for range 400 {
		now = now.Add(13 * time.Minute)
		s.Charge(now, 1, now)
		back, unknown := limits.RestoreSpend(plan, s.State(), now)
		require.Empty(t, unknown)
		require.Equal(t, s.Status(&domain.Limits{}, now), back.Status(&domain.Limits{}, now))
		require.LessOrEqual(t, len(s.State().Anchors), 7, "no more windows than there are charges of")
	}
}

// Whoever was admitted before the first request that was charged will move the
// window forward once it is charged itself, so it counts in it already.
func TestAReservationBeforeTheOpeningChargeIsInTheWindow(t *testing.T) {
	t.Parallel()
	l := domain.Limits{USD5h: 10, USD5hMode: domain.WindowFixed}
	s := limits.NewSpend(limits.PlanOf(domain.ScopeUser, &l, nil), start)
	s.Charge(at(0), 1, at(0))
	next := start.Add(6 * time.Hour)
	s.Hold(next, 5)
	s.Charge(next.Add(time.Minute), 2, next.Add(time.Minute))
	c := s.Checks(nil, domain.ScopeUser, &l, limits.Balanced, 4, next.Add(time.Minute))[0]
	require.True(t, c.Passing)
	require.EqualValues(t, 7, c.Current)
}

func TestAReservationOfAnEarlierWindowIsNotInTheWay(t *testing.T) {
	t.Parallel()
	l := domain.Limits{USDDaily: 10}
	s := limits.NewSpend(limits.PlanOf(domain.ScopeUser, &l, nil), start)
	s.Hold(start, 9)
	tomorrow := start.Add(12 * time.Hour)
	require.True(t, s.Checks(nil, domain.ScopeUser, &l, limits.Balanced, 2, start)[0].Passing)
	require.False(t, s.Checks(nil, domain.ScopeUser, &l, limits.Strict, 10, tomorrow)[0].Failing)
	require.EqualValues(t, 9, s.Reserved())
	s.Unhold(start, 8) // no such reservation
	require.EqualValues(t, 9, s.Reserved())
	s.Unhold(start, 9)
	require.Zero(t, s.Reserved())
}

func TestStrictNamesWhenTheRequestWillFit(t *testing.T) {
	t.Parallel()
	l := domain.Limits{USD5h: 10}
	s := limits.NewSpend(limits.PlanOf(domain.ScopeUser, &l, nil), start)
	s.Charge(at(0), 3, at(0))
	s.Charge(at(60), 4, at(60))
	c := s.Checks(nil, domain.ScopeUser, &l, limits.Strict, 7, at(61))[0]
	require.True(t, c.Failing && c.Reserved && !c.Passing)
	require.True(t, c.ResetAt.Equal(at(60).Add(5*time.Hour)), "7 of 10 are used; 3 have to be left")
	c = s.Checks(nil, domain.ScopeUser, &l, limits.Strict, 11, at(61))[0]
	require.True(t, c.Failing)
	require.Zero(t, c.ResetAt, "it never fits")
}

func TestEstimatesOfThePolicies(t *testing.T) {
	t.Parallel()
	require.EqualValues(t, 3, limits.Balanced.Estimate(3, 9))
	require.EqualValues(t, 9, limits.Strict.Estimate(3, 9))
	require.Zero(t, limits.Parity.Estimate(3, 9))
	require.EqualValues(t, 3, limits.Policy("").Estimate(3, 9))
}

func TestWhatCanNeverFitIsNotWaitedFor(t *testing.T) {
	t.Parallel()
	passing := limits.Check{Limit: domain.Limit5h, Scope: domain.ScopeKey, Failing: true, Reserved: true, Passing: true}
	never := limits.Check{Limit: domain.LimitMonthly, Scope: domain.ScopeUser, Failing: true, Reserved: true, ResetAt: at(9)}
	got := limits.Decide([]limits.Check{passing, never})
	require.Equal(t, never, got.Check)
	require.Equal(t, at(9), got.ResetAt)
	total := passing
	total.Limit = domain.LimitTotal
	got = limits.Decide([]limits.Check{total, failing(domain.LimitRPM, domain.ScopeUser, at(30))})
	require.Equal(t, at(30), got.ResetAt, "a total that is only held does come back")
}

// usualBounds are five limits of a user and a key with ten charges each.
func usualSpend(now time.Time) (*limits.Spend, domain.Limits) {
	l := domain.Limits{USD5h: 1e12, USDDaily: 1e12, USDWeekly: 1e12, USDMonthly: 1e12, USDTotal: 1e12}
	s := limits.NewSpend(limits.PlanOf(domain.ScopeUser, &l, nil), now.Add(-time.Hour))
	for i := range 10 {
		t := now.Add(time.Duration(i-10) * time.Minute)
		s.Charge(t, 1, t)
	}
	return s, l
}

func BenchmarkAdmitAndSettle(b *testing.B) {
	now := start
	user, l := usualSpend(now)
	key, _ := usualSpend(now)
	for range 50 {
		user.Hold(now, 1000)
	}
	b.ReportAllocs()
	for b.Loop() {
		now = now.Add(100 * time.Millisecond)
		var buf [10]limits.Check
		checks := key.Checks(buf[:0], domain.ScopeKey, &l, limits.Balanced, 1000, now)
		checks = user.Checks(checks, domain.ScopeUser, &l, limits.Balanced, 1000, now)
		if limits.Decide(checks) != nil {
			b.Fatal("refused")
		}
		for _, s := range []*limits.Spend{key, user} {
			s.Hold(now, 1000)
			s.Unhold(now, 1000)
			s.Charge(now, 1, now)
		}
	}
}

func BenchmarkSpendMemory(b *testing.B) {
	const owners = 10_000
	for b.Loop() {
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		all := make([]*limits.Spend, owners)
		for i := range all {
			all[i], _ = usualSpend(start)
		}
		runtime.GC()
		runtime.ReadMemStats(&after)
		b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/owners, "B/owner")
		runtime.KeepAlive(all)
	}
}
