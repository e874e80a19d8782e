package chat

import (
	"regexp"

	"github.com/claude-code-hub/cch/converters/neutral"
	"github.com/claude-code-hub/cch/converters/rawjson"
)

const (
	nameLimit = 64
	stopLimit = 4
	// maxBreakpoints is how many explicit cache breakpoints OpenAI honours.
	maxBreakpoints = 4
)

// completionModels take max_completion_tokens only.
var completionModels = regexp.MustCompile(`^(?:o[1-9]|gpt-(?:[5-9]|[1-9]\d))`)

// Encode prints a request for a target. It returns the body and the tool names
// it had to change, printed to original, and notes what it left out in drops.
func Encode(r *neutral.Request, t *neutral.Target, drops *neutral.Drops) ([]byte, map[string]string, error) {
	messages, err := neutral.Shape{}.Messages(r)
	if err != nil {
		return nil, nil, err
	}
	e := &encoder{r: r, t: t, drops: drops, names: neutral.NewNamer(nameLimit, false)}
	e.w.B = make([]byte, 0, r.Size+r.Size/8+1024)
	e.skipMarks(messages)
	w := &e.w
	w.Obj()
	w.StrField("model", t.Name(r))
	e.messages(messages)
	e.tools()
	e.limits()
	e.reasoning()
	e.output()
	e.rest()
	if t.Streams(r) {
		w.BoolField("stream", true)
		if !t.NoStreamOptions {
			w.RawField("stream_options", `{"include_usage":true}`)
		}
	}
	w.End()
	return w.B, e.names.Names(), nil
}

type encoder struct {
	r     *neutral.Request
	t     *neutral.Target
	drops *neutral.Drops
	names *neutral.Namer
	w     rawjson.Writer
	skip  int // cache breakpoints to leave out before the last ones
}

func (e *encoder) tools() {
	list, choice := e.r.Subset()
	search, functions := split(list)
	if search != nil {
		e.search(search)
	}
	if len(functions) == 0 {
		return
	}
	w := &e.w
	w.OpenArr("tools")
	for i := range functions {
		e.tool(&functions[i])
	}
	w.EndArr()
	switch choice.Mode {
	case neutral.ChoiceAuto:
		w.StrField("tool_choice", "auto")
	case neutral.ChoiceAny:
		w.StrField("tool_choice", "required")
	case neutral.ChoiceNone:
		w.StrField("tool_choice", "none")
	case neutral.ChoiceTool:
		w.OpenObj("tool_choice")
		w.StrField("type", "function")
		w.OpenObj("function")
		w.StrField("name", e.names.Print(choice.Names[0]))
		w.End()
		w.End()
	case neutral.ChoiceUnset, neutral.ChoiceAllowedAny, neutral.ChoiceAllowedAuto:
	}
	if e.r.Parallel != nil {
		w.BoolField("parallel_tool_calls", *e.r.Parallel)
	}
}

// split takes the hosted search out of a tool list.
func split(list []neutral.Tool) (search *neutral.Tool, functions []neutral.Tool) {
	for i := range list {
		if list[i].Kind == neutral.WebSearch {
			search = &list[i]
		} else {
			functions = append(functions, list[i])
		}
	}
	return search, functions
}

// search prints the hosted search where the model takes it; others answer 400.
func (e *encoder) search(t *neutral.Tool) {
	if !e.t.Model.WebSearch {
		e.drops.Add(neutral.DropWebSearch)
		return
	}
	if len(t.Allowed) > 0 || len(t.Blocked) > 0 || t.MaxUses > 0 {
		e.drops.Add(neutral.DropWebSearchLimits)
	}
	e.w.OpenObj("web_search_options")
	if t.Location != "" {
		e.w.RawField("user_location", neutral.NestedLocation(t.Location))
	}
	e.w.End()
}

func (e *encoder) tool(t *neutral.Tool) {
	w := &e.w
	desc, schema := t.AsFunction()
	w.Obj()
	w.StrField("type", "function")
	w.OpenObj("function")
	w.StrField("name", e.names.Print(t.Name))
	w.OptStr("description", desc)
	w.RawField("parameters", schema)
	if neutral.Is(t.Strict, true) {
		w.BoolField("strict", true)
	}
	w.End()
	w.End()
}

func (e *encoder) limits() {
	r, w := e.r, &e.w
	if r.MaxTokens > 0 {
		name := "max_tokens"
		if e.t.MaxCompletionTokens || completionModels.MatchString(e.t.Name(r)) {
			name = "max_completion_tokens"
		}
		w.IntField(name, r.MaxTokens)
	}
	if e.t.Model.NoSampling {
		if r.Temperature != "" || r.TopP != "" {
			e.drops.Add(neutral.DropSampling)
		}
	} else {
		w.OptRaw("temperature", string(r.Temperature))
		w.OptRaw("top_p", string(r.TopP))
	}
	w.OptRaw("seed", string(r.Seed))
	w.OptRaw("presence_penalty", string(r.PresencePenalty))
	w.OptRaw("frequency_penalty", string(r.FrequencyPenalty))
	if r.TopK != "" {
		e.drops.Add(neutral.DropTopK)
	}
	stop := r.Stop
	if len(stop) > stopLimit {
		stop = stop[:stopLimit]
		e.drops.Add(neutral.DropStopSequencesCut)
	}
	if len(stop) > 0 {
		w.Strs("stop", stop)
	}
}

func (e *encoder) reasoning() {
	effort := e.r.Reasoning.Level()
	m := &e.t.Model
	if effort == "" || m.Thinking == neutral.ThinkingFixed || m.Thinking == neutral.ThinkingNone {
		return
	}
	effort, moved := m.ClampEffort(effort)
	if moved {
		e.drops.Add(neutral.DropEffortClamped)
	}
	if e.r.Reasoning.BetweenTools {
		e.drops.Add(neutral.DropBetweenTools)
	}
	e.w.StrField("reasoning_effort", effort)
}

func (e *encoder) output() {
	w, o := &e.w, &e.r.Output
	switch o.Mode {
	case neutral.OutputJSON:
		w.RawField("response_format", `{"type":"json_object"}`)
	case neutral.OutputSchema:
		w.OpenObj("response_format")
		w.StrField("type", "json_schema")
		w.OpenObj("json_schema")
		w.StrField("name", o.NameOr("response"))
		w.OptStr("description", o.Desc)
		w.RawField("schema", o.Schema)
		if o.Strict != nil {
			w.BoolField("strict", *o.Strict)
		}
		w.End()
		w.End()
	case neutral.OutputText:
	}
}

func (e *encoder) rest() {
	r, w := e.r, &e.w
	w.OptStr("verbosity", r.Verbosity)
	w.OptStr("user", neutral.OpenAIUser(r.User))
	w.OptRaw("metadata", r.Metadata)
	w.OptStr("prompt_cache_key", e.t.CacheKeyFor(r))
	switch r.Tier {
	case neutral.TierStandard:
		w.StrField("service_tier", "default")
	case neutral.TierFlex, neutral.TierPriority:
		w.StrField("service_tier", string(r.Tier))
	}
}
