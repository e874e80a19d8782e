package override_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/internal/domain"
	"github.com/claude-code-hub/cch/internal/override"
)

func TestBody(t *testing.T) {
	t.Parallel()
	adaptive := &domain.AdaptiveThinking{Effort: "high", ModelMode: domain.AdaptiveSpecific, Models: []string{"claude-opus-5"}}
	image := `{"type":"image_generation"}`
	for name, c := range map[string]struct {
		kind      domain.ProviderType
		overrides domain.Overrides
		ttl       domain.CacheTTL
		doc, want string // want empty = untouched
		changes   string // path before after, …
	}{
		"max tokens":          {domain.TypeClaude, domain.Overrides{MaxTokens: 5}, "", `{ "max_tokens": 9 }`, `{ "max_tokens": 5 }`, `max_tokens 9 5, `},
		"max tokens, same":    {domain.TypeClaude, domain.Overrides{MaxTokens: 9}, "", `{ "max_tokens": 9 }`, "", ""},
		"max tokens, budget":  {domain.TypeClaude, domain.Overrides{MaxTokens: 3000}, "", `{"max_tokens":9000,"thinking":{"type":"enabled","budget_tokens":8000}}`, `{"max_tokens":3000,"thinking":{"type":"enabled","budget_tokens":2999}}`, `max_tokens 9000 3000, thinking.budget_tokens 8000 2999, `},
		"max tokens, no room": {domain.TypeClaudeAuth, domain.Overrides{MaxTokens: 100}, "", `{"max_tokens":9000,"thinking":{"budget_tokens":8000}}`, `{"max_tokens":100}`, `max_tokens 9000 100, thinking {"budget_tokens":8000} null, `},
		"budget":              {domain.TypeClaude, domain.Overrides{ThinkingBudget: 2000}, "", `{"max_tokens":4000}`, `{"max_tokens":4000,"thinking":{"type":"enabled","budget_tokens":2000}}`, `thinking.type null "enabled", thinking.budget_tokens null 2000, `},
		"budget, cut":         {domain.TypeClaude, domain.Overrides{ThinkingBudget: 4000}, "", `{"thinking":{"type":"adaptive"},"max_tokens":4000}`, `{"thinking":{"type":"enabled","budget_tokens":3999},"max_tokens":4000}`, `thinking.type "adaptive" "enabled", thinking.budget_tokens null 3999, `},
		"budget, no room":     {domain.TypeClaude, domain.Overrides{ThinkingBudget: 4000}, "", `{"max_tokens":1000}`, "", ""},
		"adaptive": {
			domain.TypeClaude,
			domain.Overrides{ThinkingBudget: 2000, AdaptiveThinking: adaptive},
			"",
			`{"thinking":{"type":"enabled", "budget_tokens":5},"output_config":{"format":1}}`, `{"thinking":{"type":"adaptive"},"output_config":{"format":1,"effort":"high"}}`,
			`thinking.type "enabled" "adaptive", thinking.budget_tokens 5 null, output_config.effort null "high", `,
		},
		"adaptive, other model": {domain.TypeClaude, domain.Overrides{AdaptiveThinking: &domain.AdaptiveThinking{Effort: "low", ModelMode: domain.AdaptiveSpecific, Models: []string{"claude-opus"}}}, "", `{}`, `{"thinking":{"type":"adaptive"},"output_config":{"effort":"low"}}`, `thinking.type null "adaptive", output_config.effort null "low", `},
		"one hour": {
			domain.TypeClaude,
			domain.Overrides{},
			domain.Cache1h,
			`{"system":[{"cache_control":{"type":"ephemeral"}}],"tools":[{"cache_control":{ "type":"ephemeral","ttl" : "5m"},"input_schema":{"cache_control":{"type":"ephemeral"}}}],"messages":[{"content":"x"},{"content":[{"content":[{"cache_control":{"type":"ephemeral","ttl":"1h"}}],"input":{"cache_control":{"type":"ephemeral"}}}]}]}`,
			`{"system":[{"cache_control":{"type":"ephemeral","ttl":"1h"}}],"tools":[{"cache_control":{ "type":"ephemeral","ttl" : "1h"},"input_schema":{"cache_control":{"type":"ephemeral"}}}],"messages":[{"content":"x"},{"content":[{"content":[{"cache_control":{"type":"ephemeral","ttl":"1h"}}],"input":{"cache_control":{"type":"ephemeral"}}}]}]}`,
			`cache_control.ttl "5m" "1h", `,
		},
		"five minutes":         {domain.TypeClaude, domain.Overrides{}, domain.Cache5m, `{"cache_control":{"type":"ephemeral","ttl":"1h"}}`, `{"cache_control":{"type":"ephemeral","ttl":"5m"}}`, `cache_control.ttl "1h" "5m", `},
		"five minutes already": {domain.TypeClaude, domain.Overrides{}, domain.Cache5m, `{"cache_control":{"type":"ephemeral"}}`, "", ""},
		"no caches elsewhere":  {domain.TypeCodex, domain.Overrides{}, domain.Cache1h, `{"cache_control":{"type":"ephemeral"}}`, "", ""},
		"codex": {
			domain.TypeCodex,
			domain.Overrides{ReasoningEffort: "low", ReasoningSummary: "auto", TextVerbosity: "high", ParallelTools: new(false), ServiceTier: "flex", MaxTokens: 5},
			"", `{"reasoning":{"effort":"high" },"text":null,"parallel_tool_calls":true}`,
			`{"reasoning":{"effort":"low" ,"summary":"auto"},"text":{"verbosity":"high"},"parallel_tool_calls":false,"service_tier":"flex"}`,
			`reasoning.effort "high" "low", reasoning.summary null "auto", text.verbosity null "high", parallel_tool_calls true false, service_tier null "flex", `,
		},
		"codex, no object": {domain.TypeCodex, domain.Overrides{ReasoningEffort: "low"}, "", `{"reasoning":"x"}`, "", ""},
		"image, in":        {domain.TypeCodex, domain.Overrides{ImageGeneration: domain.ToolEnabled}, "", `{"tools":[ {"type":"x"} ]}`, `{"tools":[ {"type":"x"} ,` + image + `]}`, "tools null " + image + ", "},
		"image, made":      {domain.TypeCodex, domain.Overrides{ImageGeneration: domain.ToolEnabled}, "", `{}`, `{"tools":[` + image + `]}`, "tools null " + image + ", "},
		"image, there":     {domain.TypeCodex, domain.Overrides{ImageGeneration: domain.ToolEnabled}, "", `{"tools":[{"type":"image_generation","size":"x"}]}`, "", ""},
		"image, out":       {domain.TypeCodex, domain.Overrides{ImageGeneration: domain.ToolDisabled}, "", `{"tools":[{"a":1}, ` + image + `],"tool_choice":` + image + `}`, `{"tools":[{"a":1}]}`, `tools [{"a":1}, ` + image + `] null, tool_choice ` + image + ` null, `},
		"image, the last":  {domain.TypeCodex, domain.Overrides{ImageGeneration: domain.ToolDisabled}, "", `{"a":1,"tools":[` + image + `]}`, `{"a":1}`, `tools [` + image + `] null, `},
		"search, in":       {domain.TypeGemini, domain.Overrides{GoogleSearch: domain.ToolEnabled}, "", `{"tools":[]}`, `{"tools":[{"googleSearch":{}}]}`, `tools null {"googleSearch":{}}, `},
		"search, envelope": {domain.TypeGeminiCLI, domain.Overrides{GoogleSearch: domain.ToolEnabled}, "", `{"request":{}}`, `{"request":{"tools":[{"googleSearch":{}}]}}`, `request.tools null {"googleSearch":{}}, `},
		"search, there":    {domain.TypeGemini, domain.Overrides{GoogleSearch: domain.ToolEnabled}, "", `{"tools":[{"google_search":{}}]}`, "", ""},
		"search, out":      {domain.TypeGemini, domain.Overrides{GoogleSearch: domain.ToolDisabled}, "", `{"tools":[{"googleSearch":{},"f":1},{"google_search":{}}]}`, `{"tools":[{"f":1}]}`, `tools [{"googleSearch":{},"f":1},{"google_search":{}}] null, tools [{"f":1},{"google_search":{}}] null, `},
		"nothing for chat": {domain.TypeOpenAICompatible, domain.Overrides{MaxTokens: 1, ReasoningEffort: "low"}, "", `{"max_tokens":9}`, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := override.Request{Provider: &domain.Provider{Type: c.kind, Overrides: &c.overrides}, Model: "claude-opus-5-20261101", CacheTTL: c.ttl}
			got, done := override.Body(c.doc, &r)
			if c.want == "" {
				c.want = c.doc
			}
			require.Equal(t, c.want, got)
			require.True(t, json.Valid([]byte(got)))
			told := ""
			for _, change := range done.Changes {
				told += change.Path + " " + string(change.Before) + " " + string(change.After) + ", "
			}
			require.Equal(t, c.changes, told)
			require.Equal(t, c.ttl != "" && c.changes != "", done.Cached)
			require.Equal(t, c.overrides.GoogleSearch != "" && c.changes != "", done.Search)
			again, _ := override.Body(got, &r)
			require.Equal(t, got, again, "a second time there is nothing to do")
		})
	}
}

func TestAdaptiveThinkingKnowsModels(t *testing.T) {
	t.Parallel()
	a := domain.AdaptiveThinking{ModelMode: domain.AdaptiveSpecific, Models: []string{"claude-opus-5"}}
	require.True(t, a.Matches("claude-opus-5"))
	require.True(t, a.Matches("claude-opus-5-20261101"))
	require.False(t, a.Matches("claude-opus-50"))
	require.False(t, a.Matches("claude-opus"))
	a.ModelMode = domain.AdaptiveAll
	require.True(t, a.Matches("x"))
}
