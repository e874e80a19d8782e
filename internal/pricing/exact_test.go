package pricing_test

import (
	"fmt"
	"math"
	"testing"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/claude-code-hub/cch/internal/domain"
	"github.com/claude-code-hub/cch/internal/pricing"
)

// listedRate draws a price as lists write it, from next to nothing to absurd.
func listedRate(t *rapid.T, name string) string {
	n := rapid.Int64Range(0, 999_999_999_999).Draw(t, name)
	return fmt.Sprintf("%de%d", n, rapid.IntRange(-30, 11).Draw(t, name+" exponent"))
}

// count draws tokens: those of people, and those of a broken upstream.
func count(t *rapid.T, name string) int64 {
	return rapid.OneOf(rapid.Int64Range(0, 2_000_000), rapid.Int64Range(-5, math.MaxInt64)).Draw(t, name)
}

func multiplier(t *rapid.T, name string) domain.Multiplier {
	return domain.Multiplier(rapid.Int32Range(-1, 100_000_000).Draw(t, name))
}

func anyTerms(t *rapid.T) pricing.Terms {
	return pricing.Terms{
		Fast: rapid.Bool().Draw(t, "fast"), GeoUS: rapid.Bool().Draw(t, "us"), Failed: rapid.Bool().Draw(t, "failed"),
		Provider: multiplier(t, "provider"), Group: multiplier(t, "group"), User: multiplier(t, "user"),
	}
}

// anyPrice draws a price with all rates derived from two, or listed.
func anyPrice(t *rapid.T) *pricing.Price {
	entry := fmt.Sprintf(`{"vendor":"anthropic","rates":{"input":%q,"output":%q`, listedRate(t, "input"), listedRate(t, "output"))
	for _, b := range []string{"cache_read", "cache_write_1h", "input_image", "reasoning"} {
		if rapid.Bool().Draw(t, b+" listed") {
			entry += fmt.Sprintf(",%q:%q", b, listedRate(t, b))
		}
	}
	return price(t, entry+fmt.Sprintf(`},"multipliers":{"speed_fast":"2.5","geo_us":"1.1"},"fees":{"request":%q,"web_search_call":"0.01"}}`,
		listedRate(t, "request fee")))
}

func byMultiplier(d decimal.Decimal, m domain.Multiplier) decimal.Decimal {
	if m < 0 {
		m = domain.MultiplierOne
	}
	return d.Mul(decimal.New(int64(m), -4))
}

// rounded is the rule of the specification for what is stored.
func rounded(d decimal.Decimal) domain.Money {
	if d = d.Shift(9).RoundBank(0); d.GreaterThan(decimal.NewFromInt(math.MaxInt64)) {
		return math.MaxInt64
	}
	return domain.Money(d.IntPart())
}

// A bill is what plain decimals give for the formula, to the last digit.
func TestABillIsTheFormulaInDecimals(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		p, terms := anyPrice(t), anyTerms(t)
		u := pricing.Usage{WebSearches: count(t, "searches")}
		base := decimal.New(max(u.WebSearches, 0), -2)
		if !terms.Failed {
			base = base.Add(p.Sheet().Fees[pricing.FeeRequest].Decimal)
		}
		for _, b := range []pricing.Bucket{pricing.Input, pricing.CacheRead, pricing.CacheWrite5m, pricing.CacheWrite1h, pricing.InputImage, pricing.Output} {
			u.Tokens[b] = count(t, b.String())
			amount := p.Rate(b).Mul(decimal.New(max(u.Tokens[b], 0), -6))
			if terms.Fast {
				amount = amount.Mul(decimal.New(25, -1))
			}
			if terms.GeoUS {
				amount = amount.Mul(decimal.New(11, -1))
			}
			base = base.Add(amount)
		}
		net := byMultiplier(base, terms.Provider)
		charge := byMultiplier(byMultiplier(net, terms.Group), terms.User)
		passes := []pricing.Pass{{Usage: u}}
		exact, cost := pricing.BillExact(p, passes, terms), pricing.Bill(p, passes, terms)
		require.Equal(t, base.String(), exact.Base().String())
		require.Equal(t, net.String(), exact.ProviderCost().String())
		require.Equal(t, charge.String(), exact.Charge().String())
		require.Equal(t, [3]domain.Money{rounded(base), rounded(net), rounded(charge)}, [3]domain.Money{cost.Base, cost.ProviderCost, cost.Charge})

		stored := domain.CostBreakdown{Lines: cost.Lines, ByProvider: terms.Provider, ByGroup: terms.Group, ByUser: terms.User}
		again, againNet, againCharge, err := pricing.Recompute(&stored)
		require.NoError(t, err)
		require.Equal(t, [3]domain.Money{cost.Base, cost.ProviderCost, cost.Charge}, [3]domain.Money{again, againNet, againCharge})
	})
}

// The bounds are bills: of the dearest way to fill the prompt, and the cheapest.
func TestBoundsAreBills(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		p, terms := anyPrice(t), anyTerms(t)
		d := pricing.Demand{
			TextBytes: rapid.Int64Range(0, 1<<40).Draw(t, "bytes"), MaxOutput: rapid.Int64Range(1, 1<<40).Draw(t, "output"),
			Images: rapid.Int64Range(0, 2).Draw(t, "images"),
		}
		bill := func(b pricing.Bucket, prompt, output int64) domain.Money {
			var u pricing.Usage
			u.Tokens[b], u.Tokens[pricing.Output] = prompt, output
			return pricing.Bill(p, []pricing.Pass{{Usage: u}}, terms).Charge
		}
		last, prompt := pricing.CacheWrite1h, (d.TextBytes+1)/2+1600*d.Images
		if d.Images > 0 {
			last = pricing.InputImage
		}
		var dearest domain.Money
		for b := pricing.Input; b <= last; b++ {
			dearest = max(dearest, bill(b, prompt, d.MaxOutput))
		}
		low, upper := p.Bounds(d, terms)
		require.Equal(t, dearest, upper)
		require.Equal(t, min(bill(pricing.CacheRead, (d.TextBytes+3)/4, min(200, d.MaxOutput)), upper), low)
	})
}

func TestTwoPassesOfABrokenUpstreamStayInRange(t *testing.T) {
	t.Parallel()
	p := price(t, `{"rates":{"input":"1"}}`)
	pass := tokens(pricing.Tokens{pricing.Input: math.MaxInt64})[0]
	got := pricing.Bill(p, []pricing.Pass{pass, pass}, pricing.StandardTerms())
	require.EqualValues(t, math.MaxInt64, got.Charge)
	require.EqualValues(t, math.MaxInt64, got.Lines[0].Units)
}

// A bill allocates its lines, and an estimate nothing: every request needs both.
func TestBillsDoNotAllocate(t *testing.T) {
	p := price(t, `{"vendor":"anthropic","rates":{"input":"3","output":"15"},"tiers":[{"above_input_tokens":100,"rates":{"input":"7"}}]}`)
	terms := pricing.StandardTerms()
	terms.Provider, terms.Group = 3333, 10_005
	passes := tokens(pricing.Tokens{pricing.Input: 101, pricing.CacheRead: 45_210, pricing.CacheWrite5m: 18, pricing.Output: 850})
	require.InDelta(t, 1, testing.AllocsPerRun(100, func() { pricing.Bill(p, passes, terms) }), 0)
	require.Zero(t, testing.AllocsPerRun(100, func() { p.Bounds(pricing.Demand{TextBytes: 76_000, Images: 1}, terms) }))
}
