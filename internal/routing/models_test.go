package routing_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/internal/domain"
	"github.com/claude-code-hub/cch/internal/routing"
)

func TestModelsOfAProvider(t *testing.T) {
	t.Parallel()
	rule := func(kind domain.MatchType, pattern string) domain.ModelRule {
		return domain.ModelRule{MatchType: kind, Pattern: pattern}
	}
	redirect := domain.ModelRedirect{MatchType: domain.MatchExact, Source: "alias", Target: "x"}
	for name, c := range map[string]struct {
		rules  []domain.ModelRule
		named  []string
		others bool
	}{
		"no rules":          {nil, []string{"alias"}, true},
		"exact":             {[]domain.ModelRule{rule(domain.MatchExact, "a")}, []string{"a"}, false},
		"exact, alias":      {[]domain.ModelRule{rule(domain.MatchExact, "alias")}, []string{"alias", "alias"}, false},
		"patterns as well":  {[]domain.ModelRule{rule(domain.MatchExact, "a"), rule(domain.MatchPrefix, "b")}, []string{"a"}, true},
		"pattern for alias": {[]domain.ModelRule{rule(domain.MatchPrefix, "al")}, []string{"alias"}, true},
	} {
		p := &domain.Provider{ID: 1, Type: domain.TypeClaude, Enabled: true}
		p.Routing.AllowedModels, p.Routing.ModelRedirects = c.rules, []domain.ModelRedirect{redirect}
		plan := routing.Compile(domain.NewCatalog(domain.Configuration{Providers: []*domain.Provider{p}}))
		named, others := plan.Models(1)
		require.Equal(t, c.named, named, name)
		require.Equal(t, c.others, others, name)
		require.Equal(t, len(c.rules) == 0, plan.Serves(1, "zzz"), name)
	}
	plan := routing.Compile(domain.NewCatalog(domain.Configuration{}))
	named, others := plan.Models(7)
	require.Nil(t, named)
	require.False(t, others)
	require.False(t, plan.Serves(7, "x"))
}

func TestReachable(t *testing.T) {
	t.Parallel()
	plan := routing.Compile(domain.NewCatalog(domain.Configuration{Providers: []*domain.Provider{
		{ID: 1, Type: domain.TypeClaude, Enabled: true},
		{ID: 2, Type: domain.TypeClaudeAuth, Enabled: true, Groups: []string{"a"}},
		{ID: 3, Type: domain.TypeCodex, Enabled: true},
		{ID: 4, Type: domain.TypeClaude},
		{ID: 5, Type: domain.TypeGemini, Enabled: true, Conversion: domain.Conversion{AcceptFormats: []domain.Protocol{domain.ProtocolChat}}},
		{ID: 5, Type: domain.TypeGemini, Enabled: true, Conversion: domain.Conversion{AcceptFormats: []domain.Protocol{domain.ProtocolClaude}}},
	}}))
	ids := func(groups []string, protocols ...domain.Protocol) (out []domain.ProviderID) {
		for _, p := range plan.Reachable(groups, protocols...) {
			out = append(out, p.ID)
		}
		return out
	}
	require.Equal(t, []domain.ProviderID{1, 5}, ids([]string{"default"}, domain.ProtocolClaude))
	require.Equal(t, []domain.ProviderID{3}, ids([]string{"default"}, domain.ProtocolResponses), "5 converts for Claude clients alone")
	require.Equal(t, []domain.ProviderID{1, 2, 3, 5}, ids([]string{domain.GroupAll}, domain.ProtocolClaude, domain.ProtocolResponses))
	require.Empty(t, ids([]string{"b"}, domain.ProtocolClaude))
	require.Equal(t, []domain.ProviderID{5}, ids([]string{"default"}, domain.ProtocolChat), "it converts")
}
