package storetest

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/internal/domain"
	"github.com/claude-code-hub/cch/persistence/store"
)

func defaultRules() []domain.ErrorRule {
	return []domain.ErrorRule{
		{Pattern: "too long", MatchType: domain.MatchContains, Category: "prompt_limit", Description: "d", Priority: 9, Enabled: true, Default: true},
		{Pattern: "bad.*id", MatchType: domain.MatchRegex, Category: "validation_error", Enabled: true, Default: true},
	}
}

func testErrorRules(t *testing.T, open Open) {
	t.Helper()
	s, ctx := open(t), t.Context()
	rules := s.ErrorRules()
	require.NoError(t, rules.Seed(ctx, defaultRules()))
	version, err := s.ConfigVersion(ctx)
	require.NoError(t, err)
	require.NoError(t, rules.Seed(ctx, defaultRules()))
	again, err := s.ConfigVersion(ctx)
	require.NoError(t, err)
	require.Equal(t, version, again, "nothing was missing")

	want := domain.ErrorRule{
		Pattern: "Mine?", MatchType: domain.MatchExact, Category: "own", Priority: -3,
		Override: domain.ErrorOverride{Status: 418, Response: []byte(`{"error":{"message":"no"}}`)},
		Default:  true, // not for an operator to say
	}
	created, _, err := rules.Create(ctx, want)
	require.NoError(t, err)
	want.ID, want.Version, want.Default, want.CreatedAt, want.UpdatedAt = created.ID, 1, false, created.CreatedAt, created.UpdatedAt
	require.Empty(t, cmp.Diff(want, created))
	got, err := rules.Get(ctx, created.ID)
	require.NoError(t, err)
	require.Empty(t, cmp.Diff(want, got))
	_, _, err = rules.Create(ctx, want)
	requireFault(t, err, domain.KindConflict)
	c, err := s.Configuration(ctx)
	require.NoError(t, err)
	require.Len(t, c.Rules, 3)

	got.Override, got.Enabled, got.Pattern = domain.ErrorOverride{}, true, "mine"
	got, _, err = rules.Update(ctx, got, 1)
	require.NoError(t, err)
	require.Equal(t, 2, got.Version)
	require.Empty(t, got.Override)
	_, _, err = rules.Update(ctx, got, 1)
	requireFault(t, err, domain.KindStaleVersion)
	_, err = rules.Delete(ctx, got.ID, 1)
	requireFault(t, err, domain.KindStaleVersion)
	testDefaultRules(t, s)
	_, err = rules.Delete(ctx, got.ID, 2)
	require.NoError(t, err)
	_, err = rules.Delete(ctx, got.ID, 0)
	requireFault(t, err, domain.KindNotFound)
	_, _, err = rules.Update(ctx, got, 0)
	requireFault(t, err, domain.KindNotFound)
	testRuleBound(t, s)
}

// What came with the program can be disabled and given another answer, and put
// back; it is neither changed otherwise nor deleted.
func testDefaultRules(t *testing.T, s *store.Store) {
	t.Helper()
	ctx, rules := t.Context(), s.ErrorRules()
	list, err := rules.List(ctx)
	require.NoError(t, err)
	first := list[0]
	require.True(t, first.Default)
	_, err = rules.Delete(ctx, first.ID, 0)
	requireFault(t, err, domain.KindConflict)
	changed := first
	changed.Pattern = "else"
	_, _, err = rules.Update(ctx, changed, 0)
	requireFault(t, err, domain.KindConflict)
	changed = first
	changed.Enabled, changed.Priority, changed.Override.Status = false, 1, 499
	_, _, err = rules.Update(ctx, changed, 0)
	require.NoError(t, err)
	require.NoError(t, rules.Seed(ctx, defaultRules()))
	got, err := rules.Get(ctx, first.ID)
	require.NoError(t, err)
	require.False(t, got.Enabled, "a start leaves it as it is")

	_, err = rules.RestoreDefaults(ctx, defaultRules())
	require.NoError(t, err)
	got, err = rules.Get(ctx, first.ID)
	require.NoError(t, err)
	require.Equal(t, 3, got.Version)
	got.Version, got.UpdatedAt = first.Version, first.UpdatedAt
	require.Empty(t, cmp.Diff(first, got))
	list, err = rules.List(ctx)
	require.NoError(t, err)
	require.Len(t, list, 3, "the operator's own stays")
}

func testRuleBound(t *testing.T, s *store.Store) {
	t.Helper()
	ctx, rules := t.Context(), s.ErrorRules()
	var many []domain.ErrorRule
	for i := range domain.MaxErrorRules {
		many = append(many, domain.ErrorRule{Pattern: fmt.Sprint("p", i), MatchType: domain.MatchContains, Category: "c"})
	}
	require.NoError(t, rules.Seed(ctx, many))
	_, _, err := rules.Create(ctx, domain.ErrorRule{Pattern: "one more", MatchType: domain.MatchContains, Category: "c"})
	requireFault(t, err, domain.KindConflict)
}
