package account_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/internal/account"
	"github.com/claude-code-hub/cch/internal/domain"
)

var rules = account.Rules{Target: 5 * domain.NanoPerUSD}

func balance(usd float64, at time.Time) domain.ProviderQuota {
	return domain.ProviderQuota{
		Kind: domain.QuotaBalance, Label: account.LabelBalance, Remaining: usd, Unit: "USD", ObservedAt: at, Source: domain.QuotaFromPoll,
	}
}

func refusal(at time.Time) domain.ProviderQuota {
	return domain.ProviderQuota{
		Kind: domain.QuotaBalance, Label: account.LabelRefused, Status: domain.QuotaRejected, ObservedAt: at, Source: domain.QuotaFromError,
	}
}

func observed(quotas ...domain.ProviderQuota) *account.Account {
	a := new(account.Account)
	a.Observe(quotas, rules, now)
	return a
}

// outlook is what the account means for a model at an instant.
func outlook(a *account.Account, model string, at time.Time) domain.QuotaOutlook {
	s := domain.AccountState{Outlooks: a.Outlooks(rules, at)}
	return s.Outlook(model)
}

func TestTheTableOfScheduling(t *testing.T) {
	t.Parallel()
	later := now.Add(4 * time.Hour)
	for _, test := range []struct {
		name   string
		quota  domain.ProviderQuota
		after  time.Duration
		want   domain.QuotaOutlook
		isLow  bool
		isOver bool
	}{
		{"plenty", window("5h", 0.5, hours5, later, ""), 0, domain.QuotaOutlook{Known: true, Headroom: 0.5, Factor: 1}, false, false},
		{"scarce", window("5h", 0.85, hours5, later, ""), 0, domain.QuotaOutlook{Known: true, Headroom: 0.15, Factor: 0.46}, false, false},
		{"the edge of plenty", window("5h", 0.7, hours5, later, ""), 0, domain.QuotaOutlook{Known: true, Headroom: 0.3, Factor: 1}, false, false},
		{"nearly gone", window("5h", 0.97, hours5, later, ""), 0, domain.QuotaOutlook{Known: true, Headroom: 0.03, Factor: 0.1}, true, false},
		{"used up", window("5h", 1, hours5, later, ""), 0, domain.QuotaOutlook{Known: true, Factor: 0.1, Until: later}, true, true},
		{"rejected early", window("5h", 0.9, hours5, later, domain.QuotaRejected), 0, domain.QuotaOutlook{Known: true, Headroom: 0.1, Factor: 0.28, Until: later}, false, true},
		{"used up but allowed", window("5h", 1.2, hours5, later, domain.QuotaAllowed), 0, domain.QuotaOutlook{Known: true, Factor: 0.1}, true, false},
		{"past its reset", window("5h", 1, hours5, later, ""), 4 * time.Hour, domain.QuotaOutlook{Headroom: 1, Factor: 1}, false, false},
		{"too old", window("7d", 0.9, days7, now.Add(99*time.Hour), ""), 31 * time.Minute, domain.QuotaOutlook{Headroom: 1, Factor: 1}, false, false},
		{"too old but used up", window("7d", 1, days7, now.Add(99*time.Hour), ""), 31 * time.Minute, domain.QuotaOutlook{Headroom: 1, Factor: 1, Until: now.Add(99 * time.Hour)}, false, true},
		{"lost soon, but scarce", window("5h", 0.8, hours5, now.Add(45*time.Minute), ""), 0, domain.QuotaOutlook{Known: true, Headroom: 0.2, Factor: 0.64}, false, false},
		{"lost soon", window("5h", 0.1, hours5, now.Add(45*time.Minute), ""), 0, domain.QuotaOutlook{Known: true, Headroom: 0.9, Factor: 2}, false, false},
		{"a full purse", balance(20, now), 0, domain.QuotaOutlook{Known: true, Headroom: 1, Factor: 1}, false, false},
		{"a thin purse", balance(1, now), 0, domain.QuotaOutlook{Known: true, Headroom: 0.2, Factor: 0.64}, false, false},
		{"an empty purse", balance(0, now), 0, domain.QuotaOutlook{Known: true, Factor: 0.1, Until: now.Add(15 * time.Minute)}, true, true},
		{"money without a rate", domain.ProviderQuota{
			Kind: domain.QuotaBalance, Label: "balance", Remaining: 0.1, Unit: "CNY", ObservedAt: now,
		}, 0, domain.QuotaOutlook{Headroom: 1, Factor: 1}, false, false},
		{"money with a rate", domain.ProviderQuota{
			Kind: domain.QuotaBalance, Label: "balance", Remaining: 7, Unit: "CNY", USDPerUnit: 0.14, ObservedAt: now,
		}, 0, domain.QuotaOutlook{Known: true, Headroom: 0.196, Factor: 0.6256}, false, false},
		{"no limit", domain.ProviderQuota{Kind: domain.QuotaBalance, Label: "balance", Unlimited: true, ObservedAt: now}, 0, domain.QuotaOutlook{Headroom: 1, Factor: 1}, false, false},
		{"a rate limit half back", bucket("requests", "requests", 1, 60, now.Add(time.Minute)), 30 * time.Second, domain.QuotaOutlook{Known: true, Headroom: 0.5, Factor: 1}, false, false},
		{"a rate limit without a place", bucket("requests", "requests", 1, 60, now.Add(time.Minute)), 0, domain.QuotaOutlook{Known: true, Factor: 0.1, Until: now.Add(time.Second)}, true, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			at := now.Add(test.after)
			got := outlook(observed(test.quota), "any", at)
			require.InDelta(t, test.want.Headroom, got.Headroom, 1e-9)
			require.InDelta(t, test.want.Factor, got.Factor, 1e-9)
			require.Equal(t, test.want.Known, got.Known)
			require.Equal(t, test.want.Until.UTC(), got.Until.UTC())
			require.Equal(t, test.isLow, got.Low())
			require.Equal(t, test.isOver, got.Exhausted(at))
		})
	}
}

// The quota of one model family says nothing about the others.
func TestAFamilysQuotaBindsItsModelsAlone(t *testing.T) {
	t.Parallel()
	reset := now.Add(48 * time.Hour)
	a := observed(window("7d", 0.2, days7, reset, ""), with(window("7d_opus", 1, days7, reset, ""), "opus"))
	opus, sonnet := outlook(a, "Claude-Opus-4-6", now), outlook(a, "claude-sonnet-4-6", now)
	require.True(t, opus.Exhausted(now))
	require.False(t, sonnet.Exhausted(now))
	require.InDelta(t, 0.8, sonnet.Headroom, 1e-9)
}

func TestTheNewestObservationOfALabelCounts(t *testing.T) {
	t.Parallel()
	a := observed(window("5h", 0.5, hours5, now.Add(time.Hour), ""))
	older := window("5h", 0.1, hours5, now.Add(time.Hour), "")
	older.ObservedAt = now.Add(-time.Second)
	a.Observe([]domain.ProviderQuota{older}, rules, now)
	require.InDelta(t, 0.5, outlook(a, "", now).Headroom, 1e-9)
}

func TestABalanceIsCarriedForwardByOwnSpend(t *testing.T) {
	t.Parallel()
	a := observed(balance(2, now))
	a.Spend(domain.MoneyFromUSD(0.5), now.Add(-time.Second)) // before it was observed
	a.Spend(domain.MoneyFromUSD(1.25), now.Add(time.Second))
	require.InDelta(t, 0.75, a.Quotas(now)[0].Remaining, 1e-9)
	a.Spend(domain.MoneyFromUSD(0.75), now.Add(2*time.Second))
	o := outlook(a, "", now.Add(2*time.Second))
	require.True(t, o.Exhausted(now.Add(2*time.Second)))
	a.Observe([]domain.ProviderQuota{balance(1.5, now.Add(time.Minute))}, rules, now.Add(time.Minute))
	o = outlook(a, "", now.Add(time.Minute))
	require.False(t, o.Exhausted(now.Add(time.Minute)), "the account knows better")
}

func TestAWindowLearnsWhatADollarUses(t *testing.T) {
	t.Parallel()
	reset := now.Add(3 * time.Hour)
	a := observed(window("5h", 0.10, hours5, reset, ""))
	a.Spend(domain.MoneyFromUSD(2), now)
	next := window("5h", 0.20, hours5, reset, "")
	next.ObservedAt = now.Add(time.Minute)
	a.Observe([]domain.ProviderQuota{next}, rules, next.ObservedAt)
	a.Spend(domain.MoneyFromUSD(4), next.ObservedAt)
	require.InDelta(t, 0.40, a.Quotas(next.ObservedAt)[0].Used, 1e-9)
	a.Spend(domain.MoneyFromUSD(400), next.ObservedAt)
	o := outlook(a, "", next.ObservedAt)
	require.True(t, o.Low())
	require.False(t, o.Exhausted(next.ObservedAt), "an estimate excludes nobody")
}

// Each time the account turns out to be still empty it is left alone longer.
func TestRefusalsHoldTwiceAsLongEachTime(t *testing.T) {
	t.Parallel()
	a, at := new(account.Account), now
	for _, want := range []time.Duration{15 * time.Minute, 30 * time.Minute, time.Hour, 2 * time.Hour, 4 * time.Hour, 6 * time.Hour, 6 * time.Hour} {
		require.True(t, a.Observe([]domain.ProviderQuota{refusal(at)}, rules, at))
		a.Observe([]domain.ProviderQuota{refusal(at)}, rules, at) // another one under way
		o := outlook(a, "", at)
		require.Equal(t, want, o.Until.Sub(at))
		at = o.Until
		o = outlook(a, "", at)
		require.False(t, o.Exhausted(at))
	}
	a.Served(at.Add(time.Second))
	at = at.Add(time.Minute)
	a.Observe([]domain.ProviderQuota{refusal(at)}, rules, at)
	o := outlook(a, "", at)
	require.Equal(t, 15*time.Minute, o.Until.Sub(at), "it had served in between")
}

func TestMoneyEndsARefusal(t *testing.T) {
	t.Parallel()
	a := observed(refusal(now))
	a.Observe([]domain.ProviderQuota{balance(3, now.Add(time.Minute))}, rules, now.Add(time.Minute))
	o := outlook(a, "", now.Add(time.Minute))
	require.False(t, o.Exhausted(now.Add(time.Minute)))
	require.Len(t, a.Quotas(now.Add(time.Minute)), 1, "what the refusal said is history")
	a.Observe([]domain.ProviderQuota{refusal(now.Add(2 * time.Minute))}, rules, now.Add(2*time.Minute))
	o = outlook(a, "", now.Add(2*time.Minute))
	require.Equal(t, 30*time.Minute, o.Until.Sub(now.Add(2*time.Minute)), "the refusals are still counted")
}

// As long as polls find an account empty it stays out without a gap.
func TestPollsKeepAnEmptyAccountOut(t *testing.T) {
	t.Parallel()
	a := new(account.Account)
	for i := range 20 {
		at := now.Add(time.Duration(i) * 12 * time.Minute)
		o := outlook(a, "", at)
		require.Equal(t, i > 0, o.Exhausted(at))
		a.Observe([]domain.ProviderQuota{balance(0, at)}, rules, at)
	}
}

func TestForget(t *testing.T) {
	t.Parallel()
	a := observed(refusal(now), window("5h", 1, hours5, now.Add(time.Hour), ""), window("7d", 0.5, days7, now.Add(99*time.Hour), ""))
	a.Forget(rules)
	o := outlook(a, "", now)
	require.False(t, o.Exhausted(now))
	require.InDelta(t, 0.5, o.Headroom, 1e-9)
}

func TestTidy(t *testing.T) {
	t.Parallel()
	a := observed(window("7d", 0.5, days7, now.Add(99*time.Hour), ""), bucket("requests", "requests", 0.1, 50, now.Add(time.Second)))
	a.Tidy(now.Add(time.Hour))
	require.Len(t, a.Entries, 1)
	a.Tidy(now.Add(9 * 24 * time.Hour))
	require.Empty(t, a.Entries)
}
