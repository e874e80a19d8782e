package domain

import (
	"cmp"
	"encoding/json"
	"strings"
)

// Overrides are the values that a provider's requests get in place of the
// client's. Each concerns providers of some types alone; a zero one follows the
// client.
type Overrides struct {
	Context1M        Context1M         `json:"context_1m,omitempty"`          // claude
	MaxTokens        int64             `json:"max_tokens,omitempty"`          // claude
	ThinkingBudget   int64             `json:"thinking_budget,omitempty"`     // claude
	AdaptiveThinking *AdaptiveThinking `json:"adaptive_thinking,omitempty"`   // claude; beats the budget
	ReasoningEffort  string            `json:"reasoning_effort,omitempty"`    // codex
	ReasoningSummary string            `json:"reasoning_summary,omitempty"`   // codex
	TextVerbosity    string            `json:"text_verbosity,omitempty"`      // codex
	ParallelTools    *bool             `json:"parallel_tool_calls,omitempty"` // codex
	ServiceTier      string            `json:"service_tier,omitempty"`        // codex
	ImageGeneration  ToolSwitch        `json:"image_generation,omitempty"`    // codex
	GoogleSearch     ToolSwitch        `json:"google_search,omitempty"`       // gemini
}

// GivenOverride is a value that is not left to the client, by its name in the
// management API.
type GivenOverride struct {
	Name string
	of   Protocol
}

// Means tells whether providers of a protocol take notice of the value.
func (g GivenOverride) Means(p Protocol) bool {
	return g.of == p || g.of == ProtocolGemini && p == ProtocolGeminiCLI
}

// Given lists the values that are not left to the client. Of nil there are none.
func (o *Overrides) Given() (list []GivenOverride) {
	if o == nil {
		return nil
	}
	for _, v := range []struct {
		name  string
		given bool
		of    Protocol
	}{
		{"context1m", o.Context1M != "", ProtocolClaude},
		{"maxTokens", o.MaxTokens != 0, ProtocolClaude},
		{"thinkingBudget", o.ThinkingBudget != 0, ProtocolClaude},
		{"adaptiveThinking", o.AdaptiveThinking != nil, ProtocolClaude},
		{"reasoningEffort", o.ReasoningEffort != "", ProtocolResponses},
		{"reasoningSummary", o.ReasoningSummary != "", ProtocolResponses},
		{"textVerbosity", o.TextVerbosity != "", ProtocolResponses},
		{"parallelToolCalls", o.ParallelTools != nil, ProtocolResponses},
		{"serviceTier", o.ServiceTier != "", ProtocolResponses},
		{"imageGeneration", o.ImageGeneration != "", ProtocolResponses},
		{"googleSearch", o.GoogleSearch != "", ProtocolGemini},
	} {
		if v.given {
			list = append(list, GivenOverride{v.name, v.of})
		}
	}
	return list
}

// AdaptiveThinking has a model decide how much it thinks.
type AdaptiveThinking struct {
	Effort    string        `json:"effort"`
	ModelMode AdaptiveModel `json:"modelMatchMode"`
	Models    []string      `json:"models,omitempty"` // AdaptiveSpecific
}

// AdaptiveModel says which models are meant.
type AdaptiveModel string

// The choices.
const (
	AdaptiveAll      AdaptiveModel = "all"
	AdaptiveSpecific AdaptiveModel = "specific"
)

// Matches tells whether a model is meant: by its name, or by what the name
// begins with before a dash or an at sign, as dates do.
func (a *AdaptiveThinking) Matches(model string) bool {
	if a.ModelMode == AdaptiveAll {
		return true
	}
	for _, m := range a.Models {
		rest, ok := strings.CutPrefix(model, m)
		if ok && (rest == "" || rest[0] == '-' || rest[0] == '@') {
			return true
		}
	}
	return false
}

// Context1M says whether requests ask for the context of a million tokens.
type Context1M string

// The choices.
const (
	Context1MForce    Context1M = "force_enable"
	Context1MDisabled Context1M = "disabled"
)

// ToolSwitch says whether requests have a tool that the provider runs itself.
type ToolSwitch string

// The choices.
const (
	ToolEnabled  ToolSwitch = "enabled"
	ToolDisabled ToolSwitch = "disabled"
)

// CacheTTL is for how long Claude keeps what a request marks to be cached.
type CacheTTL string

// The lifetimes; empty is inherit as well.
const (
	CacheInherit CacheTTL = "inherit"
	Cache5m      CacheTTL = "5m"
	Cache1h      CacheTTL = "1h"
)

// EffectiveCacheTTL is a key's, else the provider's; empty = the client's.
func EffectiveCacheTTL(k *Key, p *Provider) CacheTTL {
	own := func(t CacheTTL) CacheTTL {
		if t == CacheInherit {
			return ""
		}
		return t
	}
	return cmp.Or(own(k.CacheTTL), own(p.CacheTTL))
}

// ParameterChange is a value of a request that a provider's own took the place
// of. Null means that there was, or is, none.
type ParameterChange struct {
	Path   string          `json:"path"`
	Before json.RawMessage `json:"before"`
	After  json.RawMessage `json:"after"`
}
