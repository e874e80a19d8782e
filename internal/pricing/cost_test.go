package pricing_test

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/claude-code-hub/cch/internal/domain"
	"github.com/claude-code-hub/cch/internal/pricing"
)

// price makes a table of one entry and resolves it.
func price(tb rapid.TB, entry string) *pricing.Price {
	tb.Helper()
	m, err := pricing.ParseModel("m", []byte(entry))
	require.NoError(tb, err)
	table := pricing.NewTable([]*pricing.Row{{Source: pricing.SourceManual, Model: m}}, nil, time.Time{})
	p := table.Resolve(pricing.Lookup{Requested: "m"})
	require.NotNil(tb, p)
	return p
}

func tokens(t pricing.Tokens) []pricing.Pass {
	return []pricing.Pass{{Usage: pricing.Usage{Tokens: t}}}
}

func TestSwappedCacheLifetimesAreExchanged(t *testing.T) {
	t.Parallel()
	p := price(t, `{"vendor":"anthropic","rates":{"input":"4","output":"20"}}`)
	passes := tokens(pricing.Tokens{pricing.CacheWrite5m: 1000, pricing.CacheWrite1h: 10})
	terms := pricing.StandardTerms()
	plain := pricing.Bill(p, passes, terms)
	terms.SwapCacheTTL = true
	swapped := pricing.Bill(p, passes, terms)
	require.EqualValues(t, 1000*5_000+10*8_000, plain.Charge)
	require.EqualValues(t, 10*5_000+1000*8_000, swapped.Charge)
}

func TestCacheRatiosForOtherVendorsOnDemand(t *testing.T) {
	t.Parallel()
	p := price(t, `{"vendor":"other","rates":{"input":"2","output":"8"}}`)
	passes := tokens(pricing.Tokens{pricing.CacheRead: 1000, pricing.CacheWrite5m: 1000, pricing.CacheWrite1h: 1000})
	terms := pricing.StandardTerms()
	require.EqualValues(t, 3*1000*2000, pricing.Bill(p, passes, terms).Charge)
	terms.CacheRatios = true
	require.EqualValues(t, 1000*(200+2500+4000), pricing.Bill(p, passes, terms).Charge)
}

func TestRequestFeeIsTakenOnceAndOnlyForSuccess(t *testing.T) {
	t.Parallel()
	p := price(t, `{"rates":{"input":"1"},"fees":{"request":"0.01"}}`)
	terms := pricing.StandardTerms()
	one := pricing.Pass{Usage: pricing.Usage{Tokens: pricing.Tokens{pricing.Input: 1_000_000}}}
	require.EqualValues(t, 2_010_000_000, pricing.Bill(p, []pricing.Pass{one, one}, terms).Charge)
	require.EqualValues(t, 10_000_000, pricing.Bill(p, nil, terms).Charge, "also when no usage was reported")
	terms.Failed = true
	require.EqualValues(t, 1_000_000_000, pricing.Bill(p, []pricing.Pass{one}, terms).Charge)
}

func TestSearchPerPromptIsTakenOncePerAnswer(t *testing.T) {
	t.Parallel()
	p := price(t, `{"rates":{"input":"0"},"fees":{"web_search_call":"0.035"},"web_search_unit":"prompt"}`)
	pass := pricing.Pass{Usage: pricing.Usage{WebSearches: 3}}
	got := pricing.Bill(p, []pricing.Pass{{}, pass, pass}, pricing.StandardTerms())
	require.EqualValues(t, 35_000_000, got.Charge)
}

func TestFastModeWithoutAFactorIsFlagged(t *testing.T) {
	t.Parallel()
	p := price(t, `{"rates":{"input":"1"}}`)
	terms := pricing.StandardTerms()
	terms.Fast, terms.GeoUS = true, true
	got := pricing.Bill(p, tokens(pricing.Tokens{pricing.Input: 1000}), terms)
	require.True(t, got.FastUnpriced)
	require.EqualValues(t, 1_000_000, got.Charge)
}

func TestServiceTierWithOwnLengthFigures(t *testing.T) {
	t.Parallel()
	p := price(t, `{"rates":{"input":"2","output":"12","cache_read":"0.2"},
		"service_tiers":{"priority":{"rates":{"input":"4","output":"24"},
			"tiers":[{"above_input_tokens":100,"rates":{"input":"6","output":"30"}}]}}}`)
	terms := pricing.StandardTerms()
	terms.Service = pricing.ServicePriority
	short := pricing.Bill(p, tokens(pricing.Tokens{pricing.Input: 50, pricing.CacheRead: 50}), terms)
	require.EqualValues(t, 50*4000+50*400, short.Charge, "cache read in the ratio of the tier's input")
	long := pricing.Bill(p, tokens(pricing.Tokens{pricing.Input: 51, pricing.CacheRead: 50, pricing.Output: 1}), terms)
	require.EqualValues(t, 51*6000+50*600+30_000, long.Charge)
}

func TestServiceTierOverAFreeBaseTakesTheLengthTier(t *testing.T) {
	t.Parallel()
	p := price(t, `{"rates":{"input":"0","output":"1"},"tiers":[{"above_input_tokens":10,"rates":{"input":"3","output":"2"}}],
		"service_tiers":{"flex":{"rates":{"input":"0","output":"0.5"}}}}`)
	terms := pricing.StandardTerms()
	terms.Service = pricing.ServiceFlex
	got := pricing.Bill(p, tokens(pricing.Tokens{pricing.Input: 11, pricing.Output: 1}), terms)
	require.EqualValues(t, 11*3000+1000, got.Charge)
}

func TestARatioThatDoesNotEndIsStillRoundedOnce(t *testing.T) {
	t.Parallel()
	p := price(t, `{"rates":{"input":"0.3","cache_read":"0.1"},"tiers":[{"above_input_tokens":1,"rates":{"input":"0.7"}}]}`)
	got := pricing.Bill(p, tokens(pricing.Tokens{pricing.CacheRead: 3_000_000}), pricing.StandardTerms())
	require.EqualValues(t, 700_000_000, got.Charge, "3M × 0.1 × 7/3")
}

func TestCountsOfABrokenUpstreamStayInRange(t *testing.T) {
	t.Parallel()
	p := price(t, `{"rates":{"input":"1000","output":"1000"},"tiers":[{"above_input_tokens":10,"rates":{"input":"2000"}}]}`)
	got := pricing.Bill(p, tokens(pricing.Tokens{pricing.Input: math.MaxInt64, pricing.CacheRead: math.MaxInt64, pricing.Output: -5}), pricing.StandardTerms())
	require.EqualValues(t, math.MaxInt64, got.Charge)
	none := pricing.Bill(p, tokens(pricing.Tokens{pricing.Input: -1, pricing.Output: math.MinInt64}), pricing.StandardTerms())
	require.Zero(t, none.Charge)
	require.Empty(t, none.Lines)
}

func TestANegativeMultiplierIsNone(t *testing.T) {
	t.Parallel()
	p := price(t, `{"rates":{"input":"1"}}`)
	got := pricing.Bill(p, tokens(pricing.Tokens{pricing.Input: 1000}), pricing.Terms{Provider: -1, Group: -1, User: 5000})
	require.EqualValues(t, 1_000_000, got.ProviderCost)
	require.EqualValues(t, 500_000, got.Charge)
}

func TestABillIsTheSumOfItsTokens(t *testing.T) {
	t.Parallel()
	p := price(t, `{"rates":{"input":"1.25","output":"10","cache_read":"0.125","cache_write_5m":"1.5","cache_write_1h":"3"}}`)
	rate := map[pricing.Bucket]int64{ // nano-USD per 1000 tokens
		pricing.Input: 1_250_000, pricing.Output: 10_000_000, pricing.CacheRead: 125_000,
		pricing.CacheWrite5m: 1_500_000, pricing.CacheWrite1h: 3_000_000,
	}
	rapid.Check(t, func(t *rapid.T) {
		var counts pricing.Tokens
		want := int64(0)
		for b, r := range rate {
			counts[b] = rapid.Int64Range(0, 5_000_000).Draw(t, b.String()) / 8 * 8
			want += counts[b] * r / 1000
		}
		require.EqualValues(t, want, pricing.Bill(p, tokens(counts), pricing.StandardTerms()).Charge)
	})
}

func TestServiceOf(t *testing.T) {
	t.Parallel()
	require.Equal(t, pricing.ServiceStandard, pricing.ServiceOf(domain.ServiceActual, "priority", "default"))
	require.Equal(t, pricing.ServicePriority, pricing.ServiceOf(domain.ServiceActual, "priority", ""))
	require.Equal(t, pricing.ServicePriority, pricing.ServiceOf(domain.ServiceRequested, "priority", "default"))
	require.Equal(t, pricing.ServiceFlex, pricing.ServiceOf("", "auto", "flex"))
	require.Equal(t, pricing.ServiceStandard, pricing.ServiceOf("", "scale", "turbo"))
}

func TestGroupMultiplier(t *testing.T) {
	t.Parallel()
	c := domain.NewCatalog(domain.Configuration{Groups: []*domain.Group{
		{Name: "a", CostMultiplier: 20_000}, {Name: "b", CostMultiplier: 0}, {Name: "default", CostMultiplier: 11_000},
	}})
	in := func(groups ...string) *domain.Provider { return &domain.Provider{Groups: groups} }
	for _, tt := range []struct {
		name     string
		groups   []string
		provider *domain.Provider
		want     domain.Multiplier
	}{
		{"first group the provider is in", []string{"x", "b", "a"}, in("a", "b"), 0},
		{"order is the request's", []string{"a", "b"}, in("b", "a"), 20_000},
		{"all: the provider's first", []string{domain.GroupAll}, in("a", "b"), 20_000},
		{"no group of its own is default", []string{"default"}, in(), 11_000},
		{"not in any", []string{"x"}, in("a"), domain.MultiplierOne},
		{"a group without a row", []string{"gone"}, in("gone"), domain.MultiplierOne},
	} {
		require.Equal(t, tt.want, pricing.GroupMultiplier(tt.groups, tt.provider, c), tt.name)
	}
}

func TestStateOf(t *testing.T) {
	t.Parallel()
	p := price(t, `{"rates":{"input":"1"}}`)
	free := pricing.StandardTerms()
	free.Provider = 0
	used := tokens(pricing.Tokens{pricing.Input: 1000})
	for _, tt := range []struct {
		price  *pricing.Price
		passes []pricing.Pass
		terms  pricing.Terms
		by     pricing.Evidence
		want   pricing.State
	}{
		{p, used, pricing.StandardTerms(), pricing.EvidenceReported, pricing.StateBilled},
		{p, used, free, pricing.EvidenceReported, pricing.StateFree},
		{p, used, pricing.StandardTerms(), pricing.EvidenceEstimated, pricing.StateEstimated},
		{p, nil, pricing.StandardTerms(), pricing.EvidenceNone, pricing.StateMissingUsage},
		{nil, used, pricing.StandardTerms(), pricing.EvidenceReported, pricing.StateUnpriced},
	} {
		var c pricing.Cost
		if tt.price != nil {
			c = pricing.Bill(tt.price, tt.passes, tt.terms)
		}
		require.Equal(t, tt.want, pricing.StateOf(tt.price, &c, tt.by))
	}
	fee := price(t, `{"fees":{"request":"0.01"}}`)
	c := pricing.Bill(fee, nil, pricing.StandardTerms())
	require.Equal(t, pricing.StateBilled, pricing.StateOf(fee, &c, pricing.EvidenceNone))
}
