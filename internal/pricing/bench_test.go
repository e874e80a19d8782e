package pricing_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/internal/domain"
	"github.com/claude-code-hub/cch/internal/pricing"
)

func seedTable(tb testing.TB) *pricing.Table {
	tb.Helper()
	f, err := pricing.Seed()
	require.NoError(tb, err)
	return pricing.NewTable(f.Rows(pricing.SourceSeed), f.VendorFees, time.Time{})
}

func BenchmarkResolve(b *testing.B) {
	table := seedTable(b)
	for _, c := range []struct{ name, model string }{
		{"exact", "claude-opus-4-6"},
		{"alias", "claude-haiku-4-5-20251001"},
		{"decorated", "us.anthropic.claude-sonnet-4-6[1m]"},
		{"unknown", "some-model-nobody-knows"},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				table.Resolve(pricing.Lookup{Requested: c.model, Redirected: c.model})
			}
		})
	}
}

func BenchmarkResolveAndBill(b *testing.B) {
	table := seedTable(b)
	for _, c := range []struct {
		name, model string
		service     pricing.ServiceTier
		usage       pricing.Usage
	}{
		{"claude", "claude-opus-4-6", "", pricing.Usage{Tokens: pricing.Tokens{
			pricing.Input: 12, pricing.CacheRead: 45_210, pricing.CacheWrite5m: 1830, pricing.CacheWrite1h: 4000, pricing.Output: 850,
		}}},
		{"composed", "gpt-5.4", pricing.ServiceFlex, pricing.Usage{Tokens: pricing.Tokens{
			pricing.Input: 200_000, pricing.CacheRead: 100_000, pricing.Output: 1000,
		}, WebSearches: 2}},
	} {
		b.Run(c.name, func(b *testing.B) {
			terms := pricing.StandardTerms()
			terms.Service = c.service
			terms.Provider, terms.Group = 3500, 12_000
			b.ReportAllocs()
			for b.Loop() {
				p := table.Resolve(pricing.Lookup{Requested: c.model, Redirected: c.model})
				pricing.Bill(p, []pricing.Pass{{Usage: c.usage}}, terms)
			}
		})
	}
}

func BenchmarkExpected(b *testing.B) {
	var h pricing.History
	for i := range 70 {
		h.Add(domain.Money(i * 7919 % 101))
	}
	b.ReportAllocs()
	for b.Loop() {
		h.Expected(1, 1_000_000_000)
	}
}

func BenchmarkBounds(b *testing.B) {
	table := seedTable(b)
	demand := pricing.Demand{TextBytes: 76_000, MaxOutput: 32_000}
	b.ReportAllocs()
	for b.Loop() {
		p := table.Resolve(pricing.Lookup{Requested: "claude-sonnet-4-5"})
		if _, upper := p.Bounds(demand, pricing.StandardTerms()); upper == 0 {
			b.Fatal("free")
		}
	}
}

// What the bill of an attempt costs, with the look-up of its price.
func BenchmarkCharge(b *testing.B) {
	row := &domain.ModelPrice{ID: 43, Model: "sold-1", Source: "cloud", Vendor: "anthropic", Data: []byte(
		`{"vendor":"anthropic","nodes":{"maker":{"official":true,"rates":{"input":"3","output":"15","cache_read":"0.3","cache_write_5m":"3.75"}}}}`)}
	for _, c := range []struct {
		name string
		edit func(*pricing.Work)
	}{
		{"vendor", func(*pricing.Work) {}},
		{"marked up", func(w *pricing.Work) {
			w.Provider.Routing.CostMultiplier, w.Group, w.User = 3333, 10_005, 12_000
		}},
		{"reported", func(w *pricing.Work) { w.Metered.ReportedCost = "0.0012345" }},
	} {
		b.Run(c.name, func(b *testing.B) {
			settings := domain.DefaultSettings()
			w := sold(func(w *pricing.Work) {
				w.Requested, w.Sent, w.Provider.Billing.PricingKey = "sold-1", "sold-1", "maker"
				used(w, domain.UsagePass{Input: 12, CacheRead: 45_210, CacheWrite5m: 1830, Output: 850})
				c.edit(w)
			})
			catalog := domain.NewCatalog(domain.Configuration{
				Version: 1, Prices: []*domain.ModelPrice{row}, Providers: []*domain.Provider{w.Provider},
			})
			tariff := pricing.Tariff{Prices: listOf(b, catalog), Settings: &settings}
			b.ReportAllocs()
			for b.Loop() {
				if got := tariff.Charge(w); got.Charge == 0 || got.Rule != string(pricing.HowProvider) {
					b.Fatal(got)
				}
			}
		})
	}
}
