package override_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/internal/domain"
	"github.com/claude-code-hub/cch/internal/override"
)

// Only what a provider of its type takes notice of is in force, and of thinking
// budget and adaptive thinking the one that counts for the model.
func TestNames(t *testing.T) {
	t.Parallel()
	adaptive := &domain.AdaptiveThinking{Effort: "high", ModelMode: domain.AdaptiveSpecific, Models: []string{"opus"}}
	for name, c := range map[string]struct {
		kind  domain.ProviderType
		of    *domain.Overrides
		model string
		ttl   domain.CacheTTL
		want  []string
	}{
		"none":         {domain.TypeClaude, nil, "m", "", []string{}},
		"claude":       {domain.TypeClaude, &domain.Overrides{MaxTokens: 1, ServiceTier: "flex"}, "m", domain.Cache1h, []string{"maxTokens", "cacheTtl"}},
		"adaptive":     {domain.TypeClaude, &domain.Overrides{ThinkingBudget: 2000, AdaptiveThinking: adaptive}, "opus-5", "", []string{"adaptiveThinking"}},
		"not adaptive": {domain.TypeClaude, &domain.Overrides{ThinkingBudget: 2000, AdaptiveThinking: adaptive}, "m", "", []string{"thinkingBudget"}},
		"codex":        {domain.TypeCodex, &domain.Overrides{ReasoningEffort: "low", ParallelTools: new(false)}, "m", domain.Cache1h, []string{"reasoningEffort", "parallelToolCalls"}},
		"gemini-cli":   {domain.TypeGeminiCLI, &domain.Overrides{GoogleSearch: domain.ToolDisabled}, "m", "", []string{"googleSearch"}},
	} {
		r := override.Request{Provider: &domain.Provider{Type: c.kind, Overrides: c.of}, Model: c.model, CacheTTL: c.ttl}
		require.Equal(t, c.want, r.Names(), name)
	}
}
