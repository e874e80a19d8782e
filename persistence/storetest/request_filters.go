package storetest

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/internal/domain"
)

func testRequestFilters(t *testing.T, open Open) {
	t.Helper()
	s, ctx := open(t), t.Context()
	r := s.RequestFilters()
	simple := domain.RequestFilter{
		Name: "mask", Enabled: true, Priority: -3, Binding: domain.FilterProviders, Providers: []domain.ProviderID{7, 2},
		Phase: domain.FilterGuard, Mode: domain.FilterSimple, Scope: domain.FilterBody, Action: domain.FilterTextReplace,
		MatchType: domain.MatchRegex, Target: `sk-\w+`, Replacement: json.RawMessage(`"***"`),
	}
	created, v1, err := r.Create(ctx, simple)
	require.NoError(t, err)
	require.Positive(t, v1)
	simple.ID, simple.Version, simple.CreatedAt, simple.UpdatedAt = created.ID, 1, created.CreatedAt, created.UpdatedAt
	require.NotZero(t, created.CreatedAt)
	require.Empty(t, cmp.Diff(simple, created))

	advanced := domain.RequestFilter{
		Name: "house rules", Binding: domain.FilterGroups, Groups: []domain.GroupID{1}, Phase: domain.FilterFinal, Mode: domain.FilterAdvanced,
		Operations: []domain.FilterOperation{
			{Op: domain.OpSet, Scope: domain.FilterHeader, Path: "x-team", Value: json.RawMessage(`"é"`), WriteMode: domain.WriteIfMissing},
			{
				Op: domain.OpInsert, Path: "system", Value: json.RawMessage(`{"type":"text","n":null}`), Position: domain.PositionBefore,
				Anchor: &domain.FilterMatcher{Field: "type", Value: json.RawMessage(`"text"`), MatchType: domain.MatchContains}, OnAnchorMissing: domain.PositionSkip,
				Dedupe: &domain.FilterDedupe{ByFields: []string{"type"}},
			},
		},
	}
	second, v2, err := r.Create(ctx, advanced)
	require.NoError(t, err)
	require.Greater(t, v2, v1)
	require.Empty(t, cmp.Diff(advanced.Operations, second.Operations))
	require.False(t, second.Enabled)
	require.Empty(t, second.Replacement)

	created.Enabled, created.Binding, created.Providers, created.Replacement = false, domain.FilterGlobal, nil, json.RawMessage(`null`)
	updated, v3, err := r.Update(ctx, created, 1)
	require.NoError(t, err)
	require.Greater(t, v3, v2)
	created.Version, created.UpdatedAt = 2, updated.UpdatedAt
	require.Empty(t, cmp.Diff(created, updated))
	_, _, err = r.Update(ctx, created, 1)
	requireFault(t, err, domain.KindStaleVersion)

	list, err := r.List(ctx)
	require.NoError(t, err)
	require.Empty(t, cmp.Diff([]domain.RequestFilter{updated, second}, list))
	c, err := s.Configuration(ctx)
	require.NoError(t, err)
	require.Len(t, domain.NewCatalog(c).Filters(), 2)

	_, err = r.Delete(ctx, created.ID, 1)
	requireFault(t, err, domain.KindStaleVersion)
	_, err = r.Delete(ctx, created.ID, 2)
	require.NoError(t, err)
	_, err = r.Get(ctx, created.ID)
	requireFault(t, err, domain.KindNotFound)
	_, err = r.Delete(ctx, created.ID, 0)
	requireFault(t, err, domain.KindNotFound)

	for range domain.MaxRequestFilters - 1 {
		_, _, err = r.Create(ctx, advanced)
		require.NoError(t, err)
	}
	_, _, err = r.Create(ctx, advanced)
	requireFault(t, err, domain.KindConflict)
}
