package provider

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/actors/protocol"
	"github.com/claude-code-hub/cch/internal/domain"
	"github.com/claude-code-hub/cch/internal/limits"
)

const cent domain.Money = domain.NanoPerUSD / 100

// funded is a bench whose windows follow the provider's limits.
func (b *bench) funded(policy limits.Policy) {
	b.s.use(b.p)
	b.s.purse.use(limits.PlanOf(domain.ScopeProvider, &b.p.Limits, nil), policy, b.now)
}

func (b *bench) expecting(cost domain.Money) func(*protocol.SlotAcquire) {
	return func(m *protocol.SlotAcquire) { m.Estimate, m.AdmittedAt = cost, b.now.UnixMilli() }
}

func (b *bench) costing(cost domain.Money) func(*protocol.SlotReport) {
	return func(m *protocol.SlotReport) { m.ProviderCost, m.AdmittedAt = cost, b.now.UnixMilli() }
}

func TestAProviderKeepsToItsMoney(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.p.Limits.USDDaily, b.p.Limits.DailyMode = 100*cent, domain.WindowRolling
	b.funded(limits.Balanced)
	b.got(1, b.expecting(60*cent))
	g := b.denied(protocol.DeniedRateLimited, 2, b.expecting(50*cent))
	require.EqualValues(t, 2000, g.RetryAfterMs, "it is only reserved")
	b.got(3, b.expecting(40*cent))
	b.ended(1, b.costing(70*cent))
	b.ended(3, b.costing(30*cent))
	require.Zero(t, b.s.purse.spend.Reserved())
	g = b.denied(protocol.DeniedRateLimited, 4)
	require.Equal(t, (24 * time.Hour).Milliseconds(), g.RetryAfterMs)
	h := b.s.health(b.now)
	require.True(t, h.Spent)
	require.Equal(t, b.now.Add(24*time.Hour).UnixMilli(), h.SpentUntil.UnixMilli())
	b.wait(24 * time.Hour)
	require.False(t, b.s.health(b.now).Spent)
	b.got(4)
}

func TestAReportCountsOnceAndALostSlotGivesItsMoneyBack(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.p.Limits.USDTotal = 100 * cent
	b.funded(limits.Strict)
	b.got(1, b.expecting(20*cent))
	b.ended(1, b.costing(10*cent))
	b.ended(1, b.costing(10*cent))
	b.got(2, b.expecting(90*cent))
	b.denied(protocol.DeniedRateLimited, 3, b.expecting(1*cent))
	b.wait(31 * time.Second)
	require.Zero(t, b.denied(protocol.DeniedRateLimited, 3, b.expecting(91*cent)).RetryAfterMs, "it can never fit")
	b.got(3, b.expecting(90*cent))
	for _, w := range b.s.usage(b.now).Windows {
		if w.Limit == domain.LimitTotal {
			require.EqualValues(t, 10*cent, w.Used)
			require.EqualValues(t, 90*cent, w.Reserved)
		}
	}
}

// accounts answers from a list of charges, as the ledger does.
type accounts struct {
	charges []domain.SpentCharge
	recent  []domain.SettleKey
	err     error
}

func (a *accounts) Spent(_ context.Context, q domain.SpentQuery) (s domain.Spent, err error) {
	sum := func(after time.Time, each func(domain.SpentCharge)) {
		for _, c := range a.charges {
			if after.IsZero() || c.At > after.UnixMilli() {
				each(c)
			}
		}
	}
	sum(q.After, func(c domain.SpentCharge) { s.Charges = append(s.Charges, c) })
	for _, after := range q.Sums {
		total := domain.Money(0)
		sum(after, func(c domain.SpentCharge) { total += c.Amount })
		s.Sums = append(s.Sums, total)
	}
	s.Recent = a.recent
	return s, a.err
}

func (b *bench) used(limit domain.LimitType) domain.Money {
	for _, w := range b.s.usage(b.now).Windows {
		if w.Limit == limit {
			return domain.Money(w.Used)
		}
	}
	return -1
}

func TestWhatWasSpentComesBackFromTheLedger(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.funded(limits.Balanced)
	l := &accounts{
		charges: []domain.SpentCharge{
			{At: start.AddDate(0, -2, 0).UnixMilli(), Amount: 100},
			{At: start.Add(-30 * time.Hour).UnixMilli(), Amount: 10}, // in the week, not in the month
			{At: start.Add(-2 * time.Hour).UnixMilli(), Amount: 7},
			{At: start.Add(-time.Minute).UnixMilli(), Amount: 5},
		},
		recent: []domain.SettleKey{{ReqID: 1, Attempt: 1, Kind: domain.LedgerCharge}},
	}
	p := &b.s.purse
	b.got(9, b.expecting(3))
	b.ended(1, b.costing(5)) // the ledger has it
	b.ended(2, b.costing(2)) // and not this one
	p.take(count(t.Context(), l, 7, p.plan, b.now), b.s.slots.All(), b.now)
	require.EqualValues(t, 7+5+2, b.used(domain.Limit5h))
	require.EqualValues(t, 7+5+2, b.used(domain.LimitMonthly))
	require.EqualValues(t, 10+7+5+2, b.used(domain.LimitWeekly))
	require.EqualValues(t, 100+10+7+5+2, b.used(domain.LimitTotal))
	require.EqualValues(t, 3, p.spend.Reserved())
	b.ended(1, b.costing(5))
	require.EqualValues(t, 100+10+7+5+2, b.used(domain.LimitTotal), "a report that comes once more")

	l.err = errors.New("down")
	require.Error(t, count(t.Context(), l, 7, p.plan, b.now).err)
}

func TestExpensesAreRememberedForAMinute(t *testing.T) {
	t.Parallel()
	var l lately
	start := time.UnixMilli(1_700_000_000_000)
	for i := range 300 {
		l.add(expense{id: domain.SettleKey{ReqID: domain.RequestID(i)}.ID()}, start.Add(time.Duration(i)*time.Second))
	}
	kept := l.all()
	require.Len(t, kept, 61)
	for i, e := range kept {
		require.Equal(t, domain.RequestID(239+i), e.id.Key().ReqID)
	}
	require.Less(t, len(l.list), 130, "what is old leaves the memory")
}
