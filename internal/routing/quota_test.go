package routing_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/claude-code-hub/cch/internal/domain"
	"github.com/claude-code-hub/cch/internal/routing"
)

// left is the health of a provider whose account has so much left.
func left(headroom, factor float64) domain.ProviderHealth {
	return account(domain.QuotaOutlook{Known: true, Headroom: headroom, Factor: factor})
}

func usedUp(d time.Duration) domain.ProviderHealth {
	return account(domain.QuotaOutlook{Known: true, Factor: 0.1, Until: noon.Add(d)})
}

func account(o ...domain.QuotaOutlook) domain.ProviderHealth {
	return domain.ProviderHealth{
		Breaker: domain.BreakerClosed, At: noon.Add(-time.Hour), Account: &domain.AccountState{Outlooks: o},
	}
}

func told(h health) func(*routing.Input) { return func(in *routing.Input) { in.Health = h } }

// odds are the chances of all candidates.
func odds(t *testing.T, c routing.Choice) map[domain.ProviderID]float64 {
	t.Helper()
	m := map[domain.ProviderID]float64{}
	for _, candidate := range c.Context.Candidates {
		m[candidate.ID] = candidate.Probability
	}
	return m
}

func TestAnAccountThatIsUsedUpIsNotAsked(t *testing.T) {
	t.Parallel()
	p := plan(provider(1), provider(2))
	c := routing.Choose(input(p, told(health{1: usedUp(time.Hour)})), seeded(1))
	require.EqualValues(t, 2, c.Provider.ID)
	require.Equal(t, []domain.FilteredProvider{
		{ID: 1, Name: "p1", Reason: "quota_exhausted", Details: "until 2026-11-02T13:00:00Z"},
	}, c.Context.Filtered)
	c = routing.Choose(input(p, told(health{1: usedUp(-time.Second)})), seeded(1))
	require.Equal(t, map[domain.ProviderID]float64{1: 0, 2: 1}, odds(t, c), "its time is over, but nothing is left: the last resort")
}

func TestWhenAllAccountsAreUsedUpClientsHearWhenTheFirstIsBack(t *testing.T) {
	t.Parallel()
	p := plan(provider(1), provider(2), provider(3, priority(1)))
	c := routing.Choose(input(p, told(health{1: usedUp(3 * time.Hour), 2: usedUp(time.Hour), 3: usedUp(2 * time.Hour)})), seeded(1))
	require.Nil(t, c.Provider)
	require.Equal(t, domain.KindNoProvider, c.Fault.Kind)
	require.Equal(t, domain.CodeAllRateLimited, c.Fault.Code)
	require.Equal(t, time.Hour, c.Fault.RetryAfter)
	require.Contains(t, c.Fault.Detail, "accounts")
}

func TestAnAccountNearlyUsedUpIsTheLastResortOfItsPriority(t *testing.T) {
	t.Parallel()
	p := plan(provider(1), provider(2), provider(3, priority(1)))
	nearly := left(0.04, 0.1)
	c := routing.Choose(input(p, told(health{1: nearly})), seeded(1))
	require.Equal(t, map[domain.ProviderID]float64{1: 0, 2: 1}, odds(t, c))
	require.InDelta(t, 0.04, *c.Context.Candidates[0].Headroom, 1e-9)
	c = routing.Choose(input(p, told(health{1: nearly, 2: nearly})), seeded(1))
	require.Equal(t, map[domain.ProviderID]float64{1: 0.5, 2: 0.5}, odds(t, c), "priority decides first")
	c = routing.Choose(input(p, told(health{1: nearly, 2: full(0)})), seeded(1))
	require.EqualValues(t, 1, c.Provider.ID, "who has a place goes before who has none")
}

// A call is rather converted than sent to an account that is nearly used up,
// but not to another priority.
func TestTheLastResortIsOfAPriorityAndNotOfAFormat(t *testing.T) {
	t.Parallel()
	codex := func(p *domain.Provider) { p.Type, p.Conversion.AcceptAll = domain.TypeCodex, true }
	can := func(in *routing.Input) { in.Lacks = func(*domain.Provider, string) string { return "" } }
	nearly := left(0.04, 0.1)
	for _, test := range []struct {
		name      string
		providers []*domain.Provider
		health    health
		want      domain.ProviderID
	}{
		{"converted instead", []*domain.Provider{provider(1), provider(2, codex)}, health{1: nearly}, 2},
		{"both nearly used up", []*domain.Provider{provider(1), provider(2, codex)}, health{1: nearly, 2: nearly}, 1},
		{"another priority", []*domain.Provider{provider(1), provider(2, codex, priority(1))}, health{1: nearly}, 1},
		{"the converted one", []*domain.Provider{provider(1, codex), provider(2)}, health{1: nearly}, 2},
		{"one of two", []*domain.Provider{provider(1), provider(2, codex), provider(3)}, health{1: nearly}, 3},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			c := routing.Choose(input(plan(test.providers...), can, told(test.health)), seeded(1))
			require.Equal(t, test.want, c.Provider.ID)
		})
	}
}

func TestScarceAccountsAreDrawnLess(t *testing.T) {
	t.Parallel()
	c := routing.Choose(input(plan(provider(1), provider(2), provider(3)), told(health{1: left(0.1, 0.28), 2: left(0.9, 2)})), seeded(1))
	got := odds(t, c)
	require.InDelta(t, 0.28/3.28, got[1], 1e-9)
	require.InDelta(t, 2/3.28, got[2], 1e-9)
	require.InDelta(t, 1/3.28, got[3], 1e-9, "unknown is not zero")
	require.InDelta(t, 0.28, c.Context.Candidates[0].QuotaFactor, 1e-9)
	require.Nil(t, c.Context.Candidates[2].Headroom)
}

// What counts is the model as the provider calls it.
func TestAQuotaOfAModelFamilyBindsThatFamily(t *testing.T) {
	t.Parallel()
	toOpus := func(p *domain.Provider) {
		p.Routing.ModelRedirects = []domain.ModelRedirect{{MatchType: domain.MatchExact, Source: "claude-sonnet-4-5", Target: "claude-opus-4-6"}}
	}
	opusGone := account(domain.QuotaOutlook{Model: "opus", Factor: 0.1, Until: noon.Add(time.Hour)})
	c := routing.Choose(input(plan(provider(1, toOpus), provider(2)), told(health{1: opusGone, 2: opusGone})), seeded(1))
	require.Equal(t, map[domain.ProviderID]float64{2: 1}, odds(t, c))
}

func TestASessionStaysUntilTheAccountIsUsedUp(t *testing.T) {
	t.Parallel()
	p := plan(provider(1), provider(2))
	bound := routing.Bound{Provider: 1, Session: domain.SessionKey{KeyID: 1, ID: "s"}, Messages: 3}
	require.NotNil(t, routing.Reusable(input(p, told(health{1: left(0.01, 0.1)})), bound).Provider)
	gone := input(p, told(health{1: usedUp(time.Hour)}))
	reuse := routing.Reusable(gone, bound)
	require.Nil(t, reuse.Provider)
	require.Equal(t, "quota_exhausted", reuse.Reason)
	require.False(t, reuse.Void)
	b := routing.Rebind(gone, routing.Ending{Bound: 1, Completed: true, Tried: []routing.Try{{Provider: 2, Class: domain.ClassOK}}})
	require.Equal(t, routing.Binding{Change: true, Renew: true, Provider: 2, Reason: domain.BindQuotaFallback}, b)
}

// Whatever accounts have left: nobody who is used up is drawn, nobody nearly
// used up while another of the priority is not, and chances add up to one.
func TestRandomAccountsKeepTheRules(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 8).Draw(t, "providers")
		h, providers := health{}, make([]*domain.Provider, n)
		plenty := map[int]bool{} // priorities with an account that has something left
		for i := range n {
			level := rapid.IntRange(0, 2).Draw(t, "priority")
			providers[i] = provider(i+1, priority(level), weight(rapid.IntRange(1, 9).Draw(t, "weight")))
			switch rapid.SampledFrom([]string{"unknown", "used up", "nearly", "plenty"}).Draw(t, "account") {
			case "unknown":
				plenty[level] = true
			case "used up":
				h[providers[i].ID] = usedUp(time.Hour)
			case "nearly":
				h[providers[i].ID] = left(rapid.Float64Range(0, 0.049).Draw(t, "left"), 0.1)
			case "plenty":
				h[providers[i].ID], plenty[level] = left(rapid.Float64Range(0.05, 1).Draw(t, "left"), 1), true
			}
		}
		c := routing.Choose(input(plan(providers...), told(h)), seeded(rapid.Uint64().Draw(t, "seed")))
		if c.Provider == nil {
			require.Len(t, c.Context.Filtered, n)
			return
		}
		account := h[c.Provider.ID].Account.Outlook("")
		require.False(t, account.Exhausted(noon))
		require.False(t, account.Low() && plenty[c.Priority])
		sum := 0.0
		for _, candidate := range c.Context.Candidates {
			sum += candidate.Probability
		}
		require.InDelta(t, 1, sum, 1e-9)
	})
}
