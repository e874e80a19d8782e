package adminapi

import (
	"strings"

	"github.com/claude-code-hub/cch/internal/domain"
)

// overrideFields are the values that a provider's requests get in place of the
// client's.
type overrideFields struct {
	Context1M         field[string]         `json:"context1m,omitzero"         enum:"force_enable,disabled" doc:"Claude: the beta of a million tokens of context"`
	MaxTokens         field[int64]          `json:"maxTokens,omitzero"         minimum:"1" maximum:"1000000" doc:"Claude"`
	ThinkingBudget    field[int64]          `json:"thinkingBudget,omitzero"    minimum:"1024" maximum:"1000000" doc:"Claude: less than maxTokens; kept below the request's max_tokens"`
	AdaptiveThinking  field[adaptiveFields] `json:"adaptiveThinking,omitzero"  doc:"Claude: for the models it names, in place of a budget"`
	ReasoningEffort   field[string]         `json:"reasoningEffort,omitzero"   enum:"none,minimal,low,medium,high,xhigh" doc:"Codex"`
	ReasoningSummary  field[string]         `json:"reasoningSummary,omitzero"  enum:"auto,concise,detailed" doc:"Codex"`
	TextVerbosity     field[string]         `json:"textVerbosity,omitzero"     enum:"low,medium,high" doc:"Codex"`
	ParallelToolCalls field[bool]           `json:"parallelToolCalls,omitzero" doc:"Codex"`
	ServiceTier       field[string]         `json:"serviceTier,omitzero"       enum:"auto,default,flex,priority" doc:"Codex"`
	ImageGeneration   field[string]         `json:"imageGeneration,omitzero"   enum:"enabled,disabled" doc:"Codex: the tool of that name"`
	GoogleSearch      field[string]         `json:"googleSearch,omitzero"      enum:"enabled,disabled" doc:"Gemini: the tool of that name"`
}

type adaptiveFields struct {
	Effort         string   `json:"effort"         enum:"low,medium,high,xhigh,max"`
	ModelMatchMode string   `json:"modelMatchMode" enum:"all,specific"`
	Models         []string `json:"models,omitempty" maxItems:"100" doc:"specific: names, or what they begin with before a dash"`
}

// apply gives the provider overrides of its own to change: others may hold those
// it had.
func (f *overrideFields) apply(p *domain.Provider) {
	if f == nil {
		return
	}
	var o domain.Overrides
	if p.Overrides != nil {
		o = *p.Overrides
	}
	named(f.Context1M, &o.Context1M, "")
	f.MaxTokens.to(&o.MaxTokens, 0)
	f.ThinkingBudget.to(&o.ThinkingBudget, 0)
	if f.AdaptiveThinking.set {
		o.AdaptiveThinking = nil
		if v := f.AdaptiveThinking; v.given() {
			o.AdaptiveThinking = &domain.AdaptiveThinking{
				Effort: v.value.Effort, ModelMode: domain.AdaptiveModel(v.value.ModelMatchMode), Models: v.value.Models,
			}
		}
	}
	f.ReasoningEffort.to(&o.ReasoningEffort, "")
	f.ReasoningSummary.to(&o.ReasoningSummary, "")
	f.TextVerbosity.to(&o.TextVerbosity, "")
	if f.ParallelToolCalls.set {
		o.ParallelTools = nil
		if f.ParallelToolCalls.given() {
			o.ParallelTools = new(f.ParallelToolCalls.value)
		}
	}
	f.ServiceTier.to(&o.ServiceTier, "")
	named(f.ImageGeneration, &o.ImageGeneration, "")
	named(f.GoogleSearch, &o.GoogleSearch, "")
	p.Overrides = nil
	if o != (domain.Overrides{}) {
		p.Overrides = &o
	}
}

// checkOverrides judges what a provider of its type is to override.
func (f *faults) checkOverrides(p *domain.Provider) {
	o := p.Overrides
	if o == nil {
		return
	}
	for _, given := range o.Given() {
		if !given.Means(p.Type.Protocol()) {
			f.add("not_allowed", "means nothing for a provider of type "+string(p.Type), "overrides", given.Name)
		}
	}
	if o.MaxTokens != 0 && o.ThinkingBudget >= o.MaxTokens {
		f.add("too_big", "is not less than maxTokens", "overrides", "thinkingBudget")
	}
	f.checkAdaptive(o.AdaptiveThinking)
}

func (f *faults) checkAdaptive(a *domain.AdaptiveThinking) {
	switch {
	case a == nil:
		return
	case a.ModelMode == domain.AdaptiveSpecific && len(a.Models) == 0:
		f.add("required", "is required for specific", "overrides", "adaptiveThinking", "models")
	case a.ModelMode == domain.AdaptiveAll && len(a.Models) > 0:
		f.add("not_allowed", "is for specific", "overrides", "adaptiveThinking", "models")
	}
	for i, m := range a.Models {
		if strings.TrimSpace(m) == "" || len(m) > 256 {
			f.add("invalid_format", "is not the name of a model", "overrides", "adaptiveThinking", "models", i)
		}
	}
}

// overridesBody is what a provider overrides; null = as the client wants it.
type overridesBody struct {
	Context1M         *string         `json:"context1m"`
	MaxTokens         *int64          `json:"maxTokens"`
	ThinkingBudget    *int64          `json:"thinkingBudget"`
	AdaptiveThinking  *adaptiveFields `json:"adaptiveThinking"`
	ReasoningEffort   *string         `json:"reasoningEffort"`
	ReasoningSummary  *string         `json:"reasoningSummary"`
	TextVerbosity     *string         `json:"textVerbosity"`
	ParallelToolCalls *bool           `json:"parallelToolCalls"`
	ServiceTier       *string         `json:"serviceTier"`
	ImageGeneration   *string         `json:"imageGeneration"`
	GoogleSearch      *string         `json:"googleSearch"`
}

func showOverrides(o *domain.Overrides) overridesBody {
	if o == nil {
		return overridesBody{}
	}
	b := overridesBody{
		Context1M: optional(string(o.Context1M)), MaxTokens: optional(o.MaxTokens), ThinkingBudget: optional(o.ThinkingBudget),
		ReasoningEffort: optional(o.ReasoningEffort), ReasoningSummary: optional(o.ReasoningSummary),
		TextVerbosity: optional(o.TextVerbosity), ParallelToolCalls: o.ParallelTools, ServiceTier: optional(o.ServiceTier),
		ImageGeneration: optional(string(o.ImageGeneration)), GoogleSearch: optional(string(o.GoogleSearch)),
	}
	if a := o.AdaptiveThinking; a != nil {
		b.AdaptiveThinking = &adaptiveFields{Effort: a.Effort, ModelMatchMode: string(a.ModelMode), Models: a.Models}
	}
	return b
}
