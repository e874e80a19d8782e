package storetest

import (
	"testing"

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
