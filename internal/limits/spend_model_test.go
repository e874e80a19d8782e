package limits_test

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/claude-code-hub/cch/internal/domain"
	"github.com/claude-code-hub/cch/internal/limits"
)

// spendModel keeps plain lists and adds them up each time it is asked.
type spendModel struct {
	spend   *limits.Spend
	bounds  domain.Limits
	zone    *time.Location
	policy  limits.Policy
	now     time.Time
	charges []limits.Entry
	open    []limits.Entry
	closed  []limits.Entry // released; their cost may still arrive

	// honest costs are never above their estimate, and never late.
	honest  bool
	lowered bool

	// slack is by how much each limit may be exceeded: what the last request
	// that was let in did not fit, and what costs since were above estimate.
	slack map[domain.LimitType]domain.Money
	worst domain.Money // largest overshoot seen
	bound domain.Money // what was allowed then
}

func (m *spendModel) plan() limits.Plan { return limits.PlanOf(domain.ScopeUser, &m.bounds, m.zone) }

const maxEstimate domain.Money = 40

// within adds up what lies in [from, now] and after the resets.
func within(list []limits.Entry, from, reset time.Time) (sum domain.Money) {
	for _, e := range list {
		at := time.UnixMilli(e.At)
		if !at.Before(from) && (reset.IsZero() || at.After(reset)) {
			sum += e.Amount
		}
	}
	return sum
}

// fixedStart replays all charges and returns where the window of five hours
// around now begins at the earliest, and whether one is open.
func (m *spendModel) fixedStart(reset time.Time) (earliest, anchor time.Time, open bool) {
	sorted := slices.Clone(m.charges)
	slices.SortFunc(sorted, func(a, b limits.Entry) int { return int(a.At - b.At) })
	var end time.Time
	for _, e := range sorted {
		at := time.UnixMilli(e.At)
		if e.Amount == 0 || !reset.IsZero() && !at.After(reset) {
			continue
		}
		if !at.Before(end) {
			earliest, anchor, end = end, at, at.Add(5*time.Hour)
		}
	}
	if anchor.IsZero() || !m.now.Before(end) {
		return end, m.now, false
	}
	return earliest, anchor, true
}

// of is what is used and reserved in a window.
func (m *spendModel) of(l domain.LimitType) (used, reserved domain.Money) {
	reset := m.bounds.CostResetAt
	sum := func(from time.Time) (domain.Money, domain.Money) {
		return within(m.charges, from, reset), within(m.open, from, reset)
	}
	y, mo, d := m.now.In(m.zone).Date()
	switch l {
	case domain.Limit5h:
		if m.bounds.Cost5hResetAt.After(reset) {
			reset = m.bounds.Cost5hResetAt
		}
		if m.bounds.USD5hMode == domain.WindowRolling {
			return sum(m.now.Add(-5*time.Hour + time.Millisecond))
		}
		earliest, anchor, open := m.fixedStart(reset)
		reserved = within(m.open, earliest, reset)
		if open {
			used = within(m.charges, anchor, reset)
		}
		return used, reserved
	case domain.LimitDaily:
		if m.bounds.DailyMode == domain.WindowRolling {
			return sum(m.now.Add(-24*time.Hour + time.Millisecond))
		}
		return sum(time.Date(y, mo, d, 0, 0, 0, 0, m.zone))
	case domain.LimitWeekly:
		back := (int(m.now.In(m.zone).Weekday()) + 6) % 7
		return sum(time.Date(y, mo, d-back, 0, 0, 0, 0, m.zone))
	case domain.LimitMonthly:
		return sum(time.Date(y, mo, 1, 0, 0, 0, 0, m.zone))
	default:
		return sum(time.Time{})
	}
}

var moneyLimits = []domain.LimitType{
	domain.Limit5h, domain.LimitDaily, domain.LimitWeekly, domain.LimitMonthly, domain.LimitTotal,
}

func (m *spendModel) max(l domain.LimitType) domain.Money {
	b := &m.bounds
	return map[domain.LimitType]domain.Money{
		domain.Limit5h: b.USD5h, domain.LimitDaily: b.USDDaily, domain.LimitWeekly: b.USDWeekly,
		domain.LimitMonthly: b.USDMonthly, domain.LimitTotal: b.USDTotal,
	}[l]
}

// agree compares every window with the lists.
func (m *spendModel) agree(t *rapid.T) {
	for _, st := range m.spend.Status(&m.bounds, m.now) {
		used, reserved := m.of(st.Limit)
		require.Equal(t, used, st.Used, "used in %s", st.Limit)
		require.Equal(t, reserved, st.Reserved, "reserved in %s", st.Limit)
	}
	for _, l := range moneyLimits {
		limit := m.max(l)
		used, _ := m.of(l)
		if limit == 0 || used <= limit {
			continue
		}
		require.LessOrEqual(t, used-limit, m.slack[l], "overshoot of %s", l)
		if m.honest && m.policy != limits.Parity && (l != domain.LimitTotal || !m.lowered) {
			require.Equal(t, limits.Balanced, m.policy, "strict never overshoots")
			require.LessOrEqual(t, used-limit, maxEstimate, "one request at most")
		}
		if used-limit > m.worst {
			m.worst, m.bound = used-limit, m.slack[l]
		}
	}
}

func (m *spendModel) admit(t *rapid.T) {
	estimate := domain.Money(rapid.Int64Range(0, int64(maxEstimate)).Draw(t, "estimate"))
	if m.policy == limits.Parity {
		estimate = 0
	}
	r := limits.Decide(m.spend.Checks(nil, domain.ScopeUser, &m.bounds, m.policy, estimate, m.now))
	reached, waits, never := false, false, false
	for _, l := range moneyLimits {
		limit := m.max(l)
		used, reserved := m.of(l)
		switch {
		case limit == 0:
		case used >= limit:
			reached = true
		case m.policy == limits.Parity || used+reserved+estimate <= limit:
		case reserved > 0:
			waits = true
		case m.policy == limits.Strict:
			never = true
		}
	}
	require.Equal(t, reached || waits || never, r != nil)
	if r != nil {
		require.Equal(t, !reached, r.Reserved)
		require.Equal(t, !reached && !never, r.Passing)
		m.freesAt(t, r)
		return
	}
	m.open = append(m.open, limits.Entry{At: m.now.UnixMilli(), Amount: estimate})
	m.spend.Hold(m.now, estimate)
	for _, l := range moneyLimits {
		used, reserved := m.of(l)
		m.slack[l] = max(used+reserved-m.max(l), 0)
	}
}

// freesAt looks whether a limit that is reached admits at the time it names and
// not before.
func (m *spendModel) freesAt(t *rapid.T, r *limits.Refusal) {
	if r.Reserved || r.Check.ResetAt.IsZero() {
		return
	}
	later := *m
	later.now = r.Check.ResetAt.Add(-time.Millisecond)
	if used, _ := later.of(r.Limit); later.now.After(m.now) {
		require.GreaterOrEqual(t, used, m.max(r.Limit))
	}
	later.now = r.Check.ResetAt
	used, _ := later.of(r.Limit)
	require.Less(t, used, m.max(r.Limit))
}

// settle books what a request cost, once, whether its reservation stands or not.
func (m *spendModel) settle(t *rapid.T) {
	from, estimated := &m.open, true
	if len(m.open) == 0 || len(m.closed) > 0 && rapid.Bool().Draw(t, "late") {
		from, estimated = &m.closed, false
	}
	if len(*from) == 0 {
		return
	}
	i := rapid.IntRange(0, len(*from)-1).Draw(t, "which")
	e := (*from)[i]
	*from = slices.Delete(*from, i, i+1)
	cost := domain.Money(rapid.Int64Range(0, 60).Draw(t, "cost"))
	if m.honest {
		cost = min(cost, e.Amount)
	}
	above := cost
	if estimated {
		above = max(cost-e.Amount, 0)
		m.spend.Unhold(time.UnixMilli(e.At), e.Amount)
	}
	m.charge(limits.Entry{At: e.At, Amount: cost}, above)
}

func (m *spendModel) charge(e limits.Entry, above domain.Money) {
	m.charges = append(m.charges, e)
	m.spend.Charge(time.UnixMilli(e.At), e.Amount, m.now)
	for _, l := range moneyLimits {
		m.slack[l] += above
	}
}

func (m *spendModel) release(t *rapid.T) {
	if len(m.open) == 0 {
		return
	}
	i := rapid.IntRange(0, len(m.open)-1).Draw(t, "which")
	e := m.open[i]
	m.open = slices.Delete(m.open, i, i+1)
	m.spend.Unhold(time.UnixMilli(e.At), e.Amount)
	if !m.honest {
		m.closed = append(m.closed, e)
	}
}

func (m *spendModel) wait(t *rapid.T) {
	steps := []time.Duration{time.Millisecond, time.Second, 7 * time.Minute, time.Hour, 5 * time.Hour, 30 * time.Hour}
	step := rapid.SampledFrom(steps).Draw(t, "step")
	n := rapid.Int64Range(0, 5).Draw(t, "steps")
	m.now = m.now.Add(step * time.Duration(n))
	// Nothing is settled a day after its admission.
	oldest := m.now.Add(-12 * time.Hour).UnixMilli()
	for _, e := range m.open {
		if e.At < oldest {
			m.spend.Unhold(time.UnixMilli(e.At), e.Amount)
		}
	}
	late := func(e limits.Entry) bool { return e.At < oldest }
	m.open, m.closed = slices.DeleteFunc(m.open, late), slices.DeleteFunc(m.closed, late)
}

// restart stores the state and reads it back, or loses it and is told the rows.
func (m *spendModel) restart(t *rapid.T) {
	var unknown []domain.LimitType
	if rapid.Bool().Draw(t, "crash") {
		m.spend, unknown = limits.SpendFromRows(m.plan(), m.charges, time.Time{}, m.now)
	} else {
		m.spend, unknown = limits.RestoreSpend(m.plan(), m.spend.State(), m.now)
	}
	require.Empty(t, unknown)
	for _, e := range m.open {
		m.spend.Hold(time.UnixMilli(e.At), e.Amount)
	}
}

func (m *spendModel) reset(t *rapid.T) {
	if rapid.Bool().Draw(t, "five hours") {
		m.bounds.Cost5hResetAt = m.now
	} else {
		m.bounds.CostResetAt = m.now
	}
	require.Empty(t, m.spend.Configure(m.plan(), m.now))
}

func (m *spendModel) lower(t *rapid.T) {
	m.lowered = true
	m.bounds.USDTotal = domain.Money(rapid.Int64Range(0, 400).Draw(t, "limit"))
	used, reserved := m.of(domain.LimitTotal)
	m.slack[domain.LimitTotal] = max(used+reserved-m.bounds.USDTotal, 0)
}

func TestSpendAgreesWithPlainListsAndKeepsItsBound(t *testing.T) {
	t.Parallel()
	zones := []*time.Location{time.UTC, time.FixedZone("+08", 8*3600), time.FixedZone("-09:30", -9*3600-1800)}
	var worst, bound domain.Money
	rapid.Check(t, func(t *rapid.T) {
		limit := rapid.Custom(func(t *rapid.T) domain.Money { return domain.Money(rapid.Int64Range(0, 200).Draw(t, "limit")) })
		modes := rapid.SampledFrom([]domain.WindowMode{domain.WindowRolling, domain.WindowFixed})
		m := &spendModel{
			zone:   rapid.SampledFrom(zones).Draw(t, "zone"),
			policy: rapid.SampledFrom([]limits.Policy{limits.Balanced, limits.Strict, limits.Parity}).Draw(t, "policy"),
			now:    start,
			honest: rapid.Bool().Draw(t, "honest"),
			slack:  map[domain.LimitType]domain.Money{},
			bounds: domain.Limits{
				USD5h: limit.Draw(t, "5h"), USDDaily: limit.Draw(t, "daily"), USDWeekly: limit.Draw(t, "weekly"),
				USDMonthly: limit.Draw(t, "monthly"), USDTotal: 10 * limit.Draw(t, "total"),
				USD5hMode: modes.Draw(t, "5h mode"), DailyMode: modes.Draw(t, "daily mode"),
			},
		}
		m.spend = limits.NewSpend(m.plan(), m.now)
		t.Repeat(map[string]func(*rapid.T){
			"":        m.agree,
			"admit":   m.admit,
			"admit2":  m.admit,
			"settle":  m.settle,
			"release": m.release,
			"wait":    m.wait,
			"restart": m.restart,
			"reset":   m.reset,
			"lower":   m.lower,
		})
		if m.worst > worst {
			worst, bound = m.worst, m.bound
		}
	})
	t.Logf("largest overshoot %d, of at most %d", worst, bound)
}

// Charges that come late, by minutes to hours, around borders of windows: what
// counts is what a replay of all charges in order would count.
func TestLateChargesCountAsIfTheyHadComeInOrder(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		m := &spendModel{zone: time.UTC, now: start, slack: map[domain.LimitType]domain.Money{}}
		m.bounds.USD5hMode, m.bounds.DailyMode = domain.WindowFixed, domain.WindowRolling
		if rapid.Bool().Draw(t, "rolling") {
			m.bounds.USD5hMode, m.bounds.DailyMode = domain.WindowRolling, domain.WindowFixed
		}
		m.spend = limits.NewSpend(m.plan(), m.now)
		minutes := func(most int, label string) time.Duration {
			return time.Duration(rapid.IntRange(0, most).Draw(t, label)) * 10 * time.Minute
		}
		for range rapid.IntRange(20, 80).Draw(t, "charges") {
			m.now = m.now.Add(minutes(rapid.SampledFrom([]int{0, 2, 40}).Draw(t, "pace"), "gap"))
			late := max(0, minutes(60, "late")-5*time.Hour)
			e := limits.Entry{At: m.now.Add(-late).UnixMilli(), Amount: domain.Money(rapid.Int64Range(1, 9).Draw(t, "cost"))}
			m.charge(e, e.Amount)
			switch rapid.IntRange(0, 40).Draw(t, "event") {
			case 0:
				m.restart(t)
			case 1:
				m.reset(t)
			case 2:
				m.bounds.CostResetAt = m.now.Add(-30 * time.Minute)
				m.restart(t)
			}
			m.agree(t)
		}
	})
}
