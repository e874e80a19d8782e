package claude

import "github.com/claude-code-hub/cch/converters/neutral"

// thinkingMode is the thinking setting that will be printed.
type thinkingMode uint8

const (
	thinkUnset thinkingMode = iota
	thinkDisabled
	thinkAdaptive
	thinkBudget
)

func (m thinkingMode) thinks() bool { return m == thinkAdaptive || m == thinkBudget }

// planThinking turns the request's reasoning into what this model takes.
func (e *encoder) planThinking(messages []neutral.Message) {
	g, m := &e.r.Reasoning, &e.t.Model
	switch {
	case g.Mode == neutral.ReasoningUnset || m.Thinking == neutral.ThinkingFixed || m.Thinking == neutral.ThinkingNone:
		return
	case g.Mode == neutral.ReasoningOff:
		e.planOff()
		return
	case m.Thinking == neutral.ThinkingBudget:
		e.planBudget()
	default:
		e.mode = thinkAdaptive
		if effort := g.Level(); effort != "" {
			e.effort = e.clamp(effort)
		}
	}
	if g.BetweenTools {
		e.drops.Add(neutral.DropBetweenTools)
	}
	forced := len(e.list) > 0 && (e.choice.Mode == neutral.ChoiceAny || e.choice.Mode == neutral.ChoiceTool)
	if forced || e.mode == thinkBudget && openLoop(messages) {
		e.mode, e.effort = thinkUnset, ""
		e.drops.Add(neutral.DropThinkingOff)
	}
}

// planOff switches thinking off, or down on a model that cannot be off.
func (e *encoder) planOff() {
	switch m := &e.t.Model; {
	case m.CanOff:
		e.mode = thinkDisabled
	case m.Thinking == neutral.ThinkingBudget:
		e.drops.Add(neutral.DropEffortClamped)
		e.setBudget(max(m.MinBudget, minBudget))
	default:
		e.mode, e.effort = thinkAdaptive, e.clamp("low")
		e.drops.Add(neutral.DropEffortClamped)
	}
}

func (e *encoder) planBudget() {
	want := e.r.Reasoning.Tokens(neutral.BudgetOf("high"))
	if e.r.Reasoning.Mode == neutral.ReasoningBudget && want < minBudget {
		e.drops.Add(neutral.DropEffortClamped)
	}
	e.setBudget(max(want, minBudget, e.t.Model.MinBudget))
}

// setBudget keeps room for an answer; thinking that would leave none is left
// out.
func (e *encoder) setBudget(n int64) {
	if room := e.maxTokens - minBudget; n > room {
		n = room
	}
	if n < minBudget {
		e.drops.Add(neutral.DropThinkingOff)
		return
	}
	e.mode, e.budget = thinkBudget, n
}

// clamp moves an effort to one the model knows; Anthropic has none below low.
func (e *encoder) clamp(effort string) string {
	if effort == "minimal" || effort == "none" {
		effort = "low"
	}
	effort, moved := e.t.Model.ClampEffort(effort)
	if moved {
		e.drops.Add(neutral.DropEffortClamped)
	}
	return effort
}

// openLoop says that the conversation waits on tool results after a turn that
// does not begin with thinking, which budget models refuse to think on.
func openLoop(messages []neutral.Message) bool {
	for i := len(messages) - 1; i >= 0; i-- {
		m := &messages[i]
		switch {
		case m.Role == neutral.Assistant:
			return m.Parts[0].Kind != neutral.Think && hasCall(m.Parts)
		case m.Role == neutral.User && m.Parts[0].Kind != neutral.Result && !hasResult(m.Parts):
			return false
		}
	}
	return false
}

func hasCall(parts []neutral.Part) bool   { return hasKind(parts, neutral.Call) }
func hasResult(parts []neutral.Part) bool { return hasKind(parts, neutral.Result) }

func hasKind(parts []neutral.Part, kind neutral.PartKind) bool {
	for i := range parts {
		if parts[i].Kind == kind {
			return true
		}
	}
	return false
}

// thinking prints the thinking setting and output_config, which holds the
// effort and the output format.
func (e *encoder) thinking() {
	w := &e.w
	switch e.mode {
	case thinkDisabled:
		w.RawField("thinking", `{"type":"disabled"}`)
	case thinkAdaptive:
		w.RawField("thinking", `{"type":"adaptive"}`)
	case thinkBudget:
		w.OpenObj("thinking")
		w.StrField("type", "enabled")
		w.IntField("budget_tokens", e.budget)
		w.End()
	case thinkUnset:
	}
	schema := e.r.Output.Mode == neutral.OutputSchema && e.t.Model.StructuredOutput
	if e.effort == "" && !schema {
		return
	}
	w.OpenObj("output_config")
	w.OptStr("effort", e.effort)
	if schema {
		w.OpenObj("format")
		w.StrField("type", "json_schema")
		w.RawField("schema", e.r.Output.Schema)
		w.End()
	}
	w.End()
}
