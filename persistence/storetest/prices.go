package storetest

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/internal/domain"
)

func price(model, data string) domain.ModelPrice {
	return domain.ModelPrice{Model: model, Source: "manual", Vendor: "acme", Mode: "chat", Data: []byte(data)}
}

// A price is replaced by a new row; the old one keeps what it said.
func testModelPrices(t *testing.T, open Open) {
	t.Helper()
	s, ctx := open(t), t.Context()
	prices := s.ModelPrices()
	none, err := prices.List(ctx)
	require.NoError(t, err)
	require.Empty(t, none)

	want := price("acme-1", `{"rates":{"input":"3"}}`)
	want.CreatedBy = 7
	first, v1, err := prices.Put(ctx, want)
	require.NoError(t, err)
	want.ID, want.ValidFrom = first.ID, first.ValidFrom
	require.Empty(t, cmp.Diff(want, first))
	require.False(t, first.ValidFrom.IsZero())
	other, _, err := prices.Put(ctx, price("acme-2", `{}`))
	require.NoError(t, err)

	second, v2, err := prices.Put(ctx, price("acme-1", `{"rates":{"input":"4"}}`))
	require.NoError(t, err)
	require.Greater(t, v2, v1, "a running node must see the change")
	require.NotEqual(t, first.ID, second.ID)
	require.True(t, second.ValidFrom.After(first.ValidFrom), "also within one millisecond")

	old, err := prices.Get(ctx, first.ID)
	require.NoError(t, err)
	want.ValidTo = second.ValidFrom
	require.Empty(t, cmp.Diff(want, old), "only its end was added")
	list, err := prices.List(ctx)
	require.NoError(t, err)
	require.Empty(t, cmp.Diff([]domain.ModelPrice{other, second}, list))

	c, err := s.Configuration(ctx)
	require.NoError(t, err)
	require.Equal(t, v2, c.Version)
	require.Empty(t, cmp.Diff([]*domain.ModelPrice{&other, &second}, c.Prices))

	v3, err := prices.End(ctx, "acme-1", "manual")
	require.NoError(t, err)
	require.Greater(t, v3, v2)
	list, err = prices.List(ctx)
	require.NoError(t, err)
	require.Empty(t, cmp.Diff([]domain.ModelPrice{other}, list))
	for _, model := range []string{"acme-1", "never-there"} {
		_, err = prices.End(ctx, model, "manual")
		requireFault(t, err, domain.KindNotFound)
	}
	_, err = prices.End(ctx, "acme-2", "cloud")
	requireFault(t, err, domain.KindNotFound)
	_, err = prices.Get(ctx, 999)
	requireFault(t, err, domain.KindNotFound)

	ended, err := prices.Get(ctx, second.ID)
	require.NoError(t, err)
	again, _, err := prices.Put(ctx, price("acme-1", `{}`))
	require.NoError(t, err)
	require.False(t, again.ValidFrom.Before(ended.ValidTo), "rows do not overlap")
}

// A price can be set for later, and for a time; what is set from a time on takes
// the place of all that was to come after it.
func testPricesToCome(t *testing.T, open Open) {
	t.Helper()
	s, ctx := open(t), t.Context()
	prices := s.ModelPrices()
	now, _, err := prices.Put(ctx, price("acme-1", `{"n":1}`))
	require.NoError(t, err)
	before, err := s.Configuration(ctx)
	require.NoError(t, err)
	require.Len(t, before.Prices, 1)
	later := price("acme-1", `{"n":2}`)
	later.ValidFrom, later.ValidTo = fromNow(time.Hour), fromNow(2*time.Hour)
	next, _, err := prices.Put(ctx, later)
	require.NoError(t, err)
	require.Equal(t, []time.Time{later.ValidFrom, later.ValidTo}, []time.Time{next.ValidFrom, next.ValidTo})

	list, err := prices.List(ctx)
	require.NoError(t, err)
	now.ValidTo = next.ValidFrom
	require.Empty(t, cmp.Diff([]domain.ModelPrice{now}, list), "it is in force until the next begins")
	c, err := s.Configuration(ctx)
	require.NoError(t, err)
	require.Empty(t, cmp.Diff([]*domain.ModelPrice{&now, &next}, c.Prices))
	require.Zero(t, before.Prices[0].ValidTo, "what was handed out does not change")

	third, _, err := prices.Put(ctx, price("acme-1", `{"n":3}`))
	require.NoError(t, err)
	list, err = prices.List(ctx)
	require.NoError(t, err)
	require.Empty(t, cmp.Diff([]domain.ModelPrice{third}, list))
	c, err = s.Configuration(ctx)
	require.NoError(t, err)
	require.Empty(t, cmp.Diff([]*domain.ModelPrice{&third}, c.Prices))
	never, err := prices.Get(ctx, next.ID)
	require.NoError(t, err)
	require.Equal(t, never.ValidFrom, never.ValidTo)

	later.ValidTo = time.Time{}
	_, _, err = prices.Put(ctx, later)
	require.NoError(t, err)
	_, err = prices.End(ctx, "acme-1", "manual")
	require.NoError(t, err)
	c, err = s.Configuration(ctx)
	require.NoError(t, err)
	require.Empty(t, c.Prices, "those to come end too")
	_, err = prices.End(ctx, "acme-1", "manual")
	requireFault(t, err, domain.KindNotFound)
}

// A list comes into force as a whole, and only what it changes is written.
func testPriceBatches(t *testing.T, open Open) {
	t.Helper()
	s, ctx := open(t), t.Context()
	prices := s.ModelPrices()
	cloud := func(model, data string) domain.ModelPrice {
		p := price(model, data)
		p.Source = "cloud"
		return p
	}
	manual, _, err := prices.Put(ctx, price("acme-1", `{"manual":1}`))
	require.NoError(t, err)

	catalog := domain.PriceCatalog{URL: "http://list", Version: "7", ETag: `"x"`, Models: 2, Refreshed: "2026-11-02", SyncedAt: fromNow(0)}
	v1, err := prices.Apply(ctx, domain.PriceBatch{
		Source: "cloud", Put: []domain.ModelPrice{cloud("acme-1", `{"n":1}`), cloud("acme-2", `{"n":2}`)}, Catalog: &catalog,
		Holds: []domain.PriceHold{{Model: "acme-3", Data: []byte(`{}`), Reason: "why", CreatedAt: fromNow(0)}},
	})
	require.NoError(t, err)
	require.Positive(t, v1)
	stored, err := prices.Catalog(ctx)
	require.NoError(t, err)
	require.Empty(t, cmp.Diff(catalog, stored))
	holds, err := prices.Holds(ctx)
	require.NoError(t, err)
	require.Len(t, holds, 1)
	require.Equal(t, "acme-3", holds[0].Model)

	// At once again, within the same millisecond perhaps.
	v2, err := prices.Apply(ctx, domain.PriceBatch{
		Source: "cloud", Put: []domain.ModelPrice{cloud("acme-1", `{"n":3}`)}, End: []string{"acme-2"}, Unpin: []string{"acme-1"},
		Holds: []domain.PriceHold{},
	})
	require.NoError(t, err)
	require.Greater(t, v2, v1)
	list, err := prices.List(ctx)
	require.NoError(t, err)
	require.Len(t, list, 1, "one model is left, without its manual price")
	require.Equal(t, `{"n":3}`, string(list[0].Data))
	c, err := s.Configuration(ctx)
	require.NoError(t, err)
	require.Equal(t, list[0].ID, c.Prices[0].ID)
	history, err := prices.History(ctx, "acme-1", 10)
	require.NoError(t, err)
	require.Len(t, history, 3)
	for _, row := range history[1:] {
		require.False(t, row.ValidTo.IsZero())
		require.True(t, row.ValidTo.After(row.ValidFrom))
	}
	require.False(t, history[0].ValidFrom.Before(history[1].ValidTo) && history[1].Source == "cloud", "rows do not overlap")
	ended, err := prices.Get(ctx, manual.ID)
	require.NoError(t, err)
	require.False(t, ended.ValidTo.IsZero())
	holds, err = prices.Holds(ctx)
	require.NoError(t, err)
	require.Empty(t, holds)

	// Nothing to change is no change of the configuration.
	v3, err := prices.Apply(ctx, domain.PriceBatch{Source: "cloud", Catalog: &catalog})
	require.NoError(t, err)
	require.Zero(t, v3)
	version, err := s.ConfigVersion(ctx)
	require.NoError(t, err)
	require.Equal(t, v2, version)
}

func testModelAliases(t *testing.T, open Open) {
	t.Helper()
	s, ctx := open(t), t.Context()
	c, err := s.Configuration(ctx)
	require.NoError(t, err)
	require.Empty(t, c.Aliases)
	_, err = s.ModelPrices().PutAlias(ctx, "fast one", "acme-1")
	require.NoError(t, err)
	version, err := s.ModelPrices().PutAlias(ctx, "fast one", "acme-2")
	require.NoError(t, err)
	c, err = s.Configuration(ctx)
	require.NoError(t, err)
	require.Equal(t, version, c.Version)
	require.Equal(t, map[string]string{"fast one": "acme-2"}, c.Aliases)
	_, err = s.ModelPrices().EndAlias(ctx, "fast one")
	require.NoError(t, err)
	_, err = s.ModelPrices().EndAlias(ctx, "fast one")
	requireFault(t, err, domain.KindNotFound)
}

// Configuration loads share the prices that did not change.
func testPricesAreReadOnce(t *testing.T, open Open) {
	t.Helper()
	s, ctx := open(t), t.Context()
	_, _, err := s.ModelPrices().Put(ctx, price("acme-1", `{}`))
	require.NoError(t, err)
	first, err := s.Configuration(ctx)
	require.NoError(t, err)
	_, _, err = s.Users().Create(ctx, user("ann"))
	require.NoError(t, err)
	second, err := s.Configuration(ctx)
	require.NoError(t, err)
	require.Same(t, first.Prices[0], second.Prices[0])
	_, _, err = s.ModelPrices().Put(ctx, price("acme-2", `{}`))
	require.NoError(t, err)
	third, err := s.Configuration(ctx)
	require.NoError(t, err)
	require.Len(t, third.Prices, 2)
	require.Same(t, first.Prices[0], third.Prices[0], "only the new one was read")
	_, err = s.ModelPrices().End(ctx, "acme-2", "manual")
	require.NoError(t, err)
	fourth, err := s.Configuration(ctx)
	require.NoError(t, err)
	require.Len(t, fourth.Prices, 1)
}

// fromNow is a time that a store can keep.
func fromNow(d time.Duration) time.Time {
	return time.UnixMilli(time.Now().Add(d).UnixMilli()).UTC()
}
