package pricing_test

import (
	"fmt"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/internal/domain"
	"github.com/claude-code-hub/cch/internal/pricing"
)

// cloud is a list as large as the public ones: each model sold by three, with a
// step by length.
func cloud(n int) []*domain.ModelPrice {
	out := make([]*domain.ModelPrice, n)
	for i := range out {
		data := fmt.Sprintf(`{"id":"vendor-%d-model-%d","vendor":"vendor-%d","mode":"chat","display_name":"Model %d","aliases":["m%d"],"nodes":{`,
			i%40, i, i%40, i, i)
		for s := range 3 {
			if s > 0 {
				data += ","
			}
			data += fmt.Sprintf(`"seller-%d":{"official":%t,"rates":{"input":"%d.5","output":"15","cache_read":"0.3","cache_write_5m":"3.75"},`+
				`"tiers":[{"above_input_tokens":200000,"rates":{"input":"6","output":"22.5"}}]}`, s, s == 0, i%7)
		}
		out[i] = &domain.ModelPrice{
			ID: int64(i + 1), Model: fmt.Sprintf("vendor-%d-model-%d", i%40, i), Source: "cloud", Vendor: fmt.Sprintf("vendor-%d", i%40),
			Data: []byte(data + "}}"),
		}
	}
	return out
}

func largeList(t testing.TB, p *pricing.Prices, version int64, prices []*domain.ModelPrice) *pricing.List {
	t.Helper()
	l, err := p.Take(domain.NewCatalog(domain.Configuration{Version: version, Prices: prices}))
	require.NoError(t, err)
	return l
}

func newPrices(t testing.TB) *pricing.Prices {
	t.Helper()
	p, err := pricing.NewPrices()
	require.NoError(t, err)
	return p
}

// What a catalog with other prices costs when all but one were read before.
func BenchmarkReloadOfFiveThousandWithOneChange(b *testing.B) {
	p, prices := newPrices(b), cloud(5000)
	largeList(b, p, 1, prices)
	b.ReportAllocs()
	for version := int64(2); b.Loop(); version++ {
		next := append([]*domain.ModelPrice(nil), prices...)
		changed := *prices[17]
		changed.ID = 10_000 + version
		next[17] = &changed
		largeList(b, p, version, next)
	}
}

// What a catalog costs whose prices did not change.
func BenchmarkReloadOfFiveThousandUnchanged(b *testing.B) {
	p, prices := newPrices(b), cloud(5000)
	largeList(b, p, 1, prices)
	b.ReportAllocs()
	for version := int64(2); b.Loop(); version++ {
		largeList(b, p, version, prices)
	}
}

func BenchmarkListOfFiveThousand(b *testing.B) {
	l := largeList(b, newPrices(b), 1, cloud(5000))
	for name, f := range map[string]pricing.Filter{
		"search":  {Query: "MODEL-49", Sort: pricing.SortName},
		"by rate": {Sort: pricing.SortInput, Reverse: true},
		"newest":  {Sort: pricing.SortUpdated, Reverse: true},
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if len(l.Entries(f)) == 0 {
					b.Fatal("nothing")
				}
			}
		})
	}
}

func BenchmarkResolveAmongFiveThousand(b *testing.B) {
	l := largeList(b, newPrices(b), 1, cloud(5000))
	for name, model := range map[string]string{
		"exact": "vendor-1-model-4001", "decorated": "relay/vendor-1-model-4001[1m]", "alias": "m4001", "stranger": "nobody-knows-it",
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if p := l.Resolve(pricing.Lookup{Requested: model}); (p == nil) != (name == "stranger") {
					b.Fatal(p)
				}
			}
		})
	}
}

// A list as large as the public ones stays small in memory.
func TestFiveThousandModelsStaySmall(t *testing.T) {
	var before, after runtime.MemStats
	p := newPrices(t)
	runtime.GC()
	runtime.ReadMemStats(&before)
	prices := cloud(5000)
	l := largeList(t, p, 1, prices)
	runtime.GC()
	runtime.ReadMemStats(&after)
	used := (int64(after.HeapAlloc) - int64(before.HeapAlloc)) >> 20
	t.Logf("%d MiB for %d models of three sellers", used, len(prices))
	require.Less(t, used, int64(64))
	runtime.KeepAlive(l)
	runtime.KeepAlive(p)
}
