package pricing_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/claude-code-hub/cch/internal/domain"
	"github.com/claude-code-hub/cch/internal/pricing"
)

func TestBoundsOfARequest(t *testing.T) {
	t.Parallel()
	p := price(t, `{"vendor":"anthropic","rates":{"input":"3","output":"15","cache_read":"0.3","cache_write_5m":"3.75","cache_write_1h":"6"},"max_output_tokens":1000}`)
	low, upper := p.Bounds(pricing.Demand{TextBytes: 4001, Images: 1, PDFBytes: 50_001, MaxOutput: 5000}, pricing.StandardTerms())
	require.EqualValues(t, 1001*300+200*15_000, low)
	require.EqualValues(t, (2001+3*1600)*6000+1000*15_000, upper)

	terms := pricing.StandardTerms()
	terms.Group = 5000
	low, upper = p.Bounds(pricing.Demand{TextBytes: 400, MaxOutput: 10}, terms)
	require.EqualValues(t, (100*300+10*15_000)/2, low, "the answer may be no longer than allowed")
	require.EqualValues(t, (200*6000+10*15_000)/2, upper)
}

func TestBoundsWithoutAnyOutputLimit(t *testing.T) {
	t.Parallel()
	p := price(t, `{"rates":{"input":"0","output":"1"},"fees":{"request":"0.5"}}`)
	low, upper := p.Bounds(pricing.Demand{}, pricing.StandardTerms())
	require.EqualValues(t, 500_000_000+200_000, low)
	require.EqualValues(t, 500_000_000+32_000_000, upper)
}

func TestUpperBoundUsesTheLongPrompt(t *testing.T) {
	t.Parallel()
	p := price(t, `{"rates":{"input":"1","output":"1"},"tiers":[{"above_input_tokens":1000,"rates":{"input":"10","output":"10"}}],"max_output_tokens":1}`)
	low, upper := p.Bounds(pricing.Demand{TextBytes: 4000}, pricing.StandardTerms())
	require.EqualValues(t, 1000*1000+1000, low, "exactly at the threshold")
	require.EqualValues(t, 2000*10_000+10_000, upper)
}

func TestExpectedWithoutHistory(t *testing.T) {
	t.Parallel()
	var h pricing.History
	require.EqualValues(t, 1000, h.Expected(0, 1000), "never above the upper bound")
	require.EqualValues(t, 260_000_000, h.Expected(0, domain.NanoPerUSD))
}

func TestExpectedIsTheClampedP90(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		costs := rapid.SliceOfN(rapid.Int64Range(0, 1000), 1, 130).Draw(t, "costs")
		low := rapid.Int64Range(0, 1000).Draw(t, "low")
		upper := rapid.Int64Range(low, 2000).Draw(t, "upper")
		var h pricing.History
		for _, c := range costs {
			h.Add(domain.Money(c))
		}
		last := slices.Clone(costs[max(0, len(costs)-50):])
		slices.Sort(last)
		p90 := last[(9*len(last)+9)/10-1]
		below := 0
		for _, c := range last {
			if c <= p90 {
				below++
			}
		}
		require.GreaterOrEqual(t, 10*below, 9*len(last))
		want := domain.Money(min(max(p90, low), upper))
		require.Equal(t, want, h.Expected(domain.Money(low), domain.Money(upper)))
		restored := pricing.RestoreHistory(h.Costs())
		h.Add(7)
		restored.Add(7)
		require.Equal(t, h.Costs(), restored.Costs())
	})
}
