package pricing_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/internal/domain"
	"github.com/claude-code-hub/cch/internal/pricing"
)

var begun = time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)

func stored(id int64, model, data string) *domain.ModelPrice {
	return &domain.ModelPrice{
		ID: id, Model: model, Source: "manual", Data: []byte(data), ValidFrom: begun.Add(time.Duration(id) * time.Hour),
	}
}

func catalogOf(version int64, prices ...*domain.ModelPrice) *domain.Catalog {
	return domain.NewCatalog(domain.Configuration{
		Version: version, Prices: prices,
		Providers: []*domain.Provider{{ID: 1, URL: "https://api.deepseek.com/v1"}, {ID: 2, URL: "http://127.0.0.1:9"}},
	})
}

func TestStoredPricesWinOverTheSeed(t *testing.T) {
	t.Parallel()
	p := newPrices(t)
	bare := p.For(catalogOf(1))
	require.Equal(t, pricing.SourceSeed, bare.Row("claude-haiku-4-5").Source)
	require.Nil(t, bare.Row("acme-1"))
	require.NotEmpty(t, bare.Nodes(1))
	require.Empty(t, bare.Nodes(2))

	l := p.For(catalogOf(2,
		stored(7, "claude-haiku-4-5", `{"vendor":"anthropic","rates":{"input":"9","output":"9"}}`),
		stored(8, "acme-1", `{"rates":{"input":2}}`),
	))
	price := l.Resolve(pricing.Lookup{Requested: "claude-haiku-4-5"})
	require.Equal(t, pricing.HowManual, price.How)
	require.EqualValues(t, 7, price.Row.ID)
	require.Equal(t, "9", price.Rate(pricing.Input).String())
	require.NotNil(t, l.Row("acme-1"))
	require.NotNil(t, l.Row("claude-opus-4-6"), "the seed is still there")
	require.Nil(t, bare.Row("acme-1"), "a list in use does not change")
}

func TestAListIsCompiledOnce(t *testing.T) {
	t.Parallel()
	p := newPrices(t)
	one, acme := catalogOf(1), stored(1, "acme-1", `{"rates":{"input":"2"}}`)
	two, three := catalogOf(2, acme), catalogOf(3, acme)
	first := p.For(one)
	require.Same(t, first, p.For(one))
	second := p.For(two)
	third := p.For(three)
	require.NotSame(t, second, third)
	require.Same(t, second.Table, third.Table, "other configuration changed")
	require.Nil(t, p.For(one).Row("acme-1"), "whoever has an older catalog gets its prices")
	require.Same(t, third, p.For(three), "and does not push out the newest")
}

func TestAnUnreadablePriceStopsNothing(t *testing.T) {
	t.Parallel()
	p := newPrices(t)
	c := catalogOf(1, stored(3, "claude-haiku-4-5", `{"rates":{"input":"-1"}}`), stored(4, "acme-1", `{"rates":{"input":"1"}}`))
	l, err := p.Take(c)
	require.ErrorIs(t, err, pricing.ErrModel)
	require.ErrorContains(t, err, "price 3")
	require.Equal(t, pricing.SourceSeed, l.Row("claude-haiku-4-5").Source)
	require.NotNil(t, l.Row("acme-1"))
	require.Same(t, l, p.For(c))
}

// Prices to come are those of their time, without a new catalog.
func TestPricesToCome(t *testing.T) {
	t.Parallel()
	p, err := pricing.NewPrices()
	require.NoError(t, err)
	now := time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)
	row := func(id int64, input string, from, to time.Time) *domain.ModelPrice {
		return &domain.ModelPrice{ID: id, Model: "acme-1", Source: "manual", Mode: "chat", Data: []byte(`{"rates":{"input":"` + input + `"}}`), ValidFrom: from, ValidTo: to}
	}
	rate := func(l *pricing.List) string {
		r := l.Resolve(pricing.Lookup{Requested: "acme-1"})
		if r == nil {
			return ""
		}
		return r.Rate(pricing.Input).String()
	}
	next, end := now.Add(time.Hour), now.Add(2*time.Hour)
	first := row(1, "1", now.Add(-time.Hour), time.Time{})
	before := p.For(domain.NewCatalog(domain.Configuration{Version: 1, ReadAt: now, Prices: []*domain.ModelPrice{first}}))
	require.Equal(t, "1", rate(before.At(end)))
	require.Same(t, before, before.At(now), "nothing is to come")

	list, err := p.Take(domain.NewCatalog(domain.Configuration{
		Version: 2, ReadAt: now, Prices: []*domain.ModelPrice{row(1, "1", first.ValidFrom, next), row(2, "2", next, end)},
	}))
	require.NoError(t, err)
	require.Same(t, list, list.At(next.Add(-time.Millisecond)))
	for at, want := range map[time.Time]string{now: "1", next: "2", end.Add(-time.Millisecond): "2", end: ""} {
		require.Equal(t, want, rate(list.At(at)), at)
	}
	require.Empty(t, rate(list.At(next).At(end)), "from there on too")
}
