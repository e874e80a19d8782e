package responses

import (
	"github.com/claude-code-hub/cch/converters/neutral"
	"github.com/claude-code-hub/cch/converters/rawjson"
)

const (
	nameLimit      = 64
	minOutput      = 16 // OpenAI refuses less
	maxBreakpoints = 4  // explicit cache breakpoints that are honoured
)

// Encode prints a request for a target. It returns the body and the tool names
// it had to change, printed to original, and notes what it left out in drops.
func Encode(r *neutral.Request, t *neutral.Target, drops *neutral.Drops) ([]byte, map[string]string, error) {
	messages, err := neutral.Shape{Vendor: neutral.OpenAI}.Messages(r)
	if err != nil {
		return nil, nil, err
	}
	e := &encoder{r: r, t: t, drops: drops, names: neutral.NewNamer(nameLimit, false)}
	e.w.B = make([]byte, 0, r.Size+r.Size/8+1024)
	e.skipMarks(messages)
	w := &e.w
	w.Obj()
	w.StrField("model", t.Name(r))
	inline := t.CacheBreakpoints && marks(r.System) > 0
	if len(r.System) > 0 && !inline {
		w.TextField("instructions", neutral.Texts(r.System, "\n\n"))
	}
	e.input(messages, inline)
	e.tools()
	e.limits()
	e.reasoning()
	e.text()
	e.rest()
	w.BoolField("store", false)
	if t.Streams(r) {
		w.BoolField("stream", true)
	}
	w.End()
	return w.B, e.names.Names(), nil
}

type encoder struct {
	r      *neutral.Request
	t      *neutral.Target
	drops  *neutral.Drops
	names  *neutral.Namer
	w      rawjson.Writer
	skip   int             // cache breakpoints to leave out before the last ones
	custom map[string]bool // ids of custom calls
}

func (e *encoder) tools() {
	if len(e.r.Tools) == 0 {
		return
	}
	w := &e.w
	w.OpenArr("tools")
	for i := range e.r.Tools {
		e.tool(&e.r.Tools[i])
	}
	w.EndArr()
	e.choice()
	if e.r.Parallel != nil {
		w.BoolField("parallel_tool_calls", *e.r.Parallel)
	}
}

// tool prints one tool. strict is always said, as true is the default here.
func (e *encoder) tool(t *neutral.Tool) {
	w := &e.w
	w.Obj()
	switch t.Kind {
	case neutral.Function:
		_, schema := t.AsFunction()
		w.StrField("type", "function")
		w.StrField("name", e.names.Print(t.Name))
		w.OptStr("description", t.Desc)
		w.RawField("parameters", schema)
		w.BoolField("strict", neutral.Is(t.Strict, true))
	case neutral.Custom:
		w.StrField("type", "custom")
		w.StrField("name", e.names.Print(t.Name))
		w.OptStr("description", t.Desc)
		if t.Grammar != "" {
			w.OpenObj("format")
			w.StrField("type", "grammar")
			w.StrField("syntax", t.GrammarSyntax)
			w.StrField("definition", t.Grammar)
			w.End()
		}
	case neutral.WebSearch:
		w.StrField("type", webSearch)
		if len(t.Allowed) > 0 {
			w.OpenObj("filters")
			w.Strs("allowed_domains", t.Allowed)
			w.End()
		}
		w.OptRaw("user_location", t.Location)
		if len(t.Blocked) > 0 || t.MaxUses > 0 {
			e.drops.Add(neutral.DropWebSearchLimits)
		}
	}
	w.End()
}

func (e *encoder) choice() {
	w, c := &e.w, &e.r.Choice
	switch c.Mode {
	case neutral.ChoiceAuto:
		w.StrField("tool_choice", "auto")
	case neutral.ChoiceAny:
		w.StrField("tool_choice", "required")
	case neutral.ChoiceNone:
		w.StrField("tool_choice", "none")
	case neutral.ChoiceTool:
		w.Key("tool_choice")
		e.named(c.Names[0])
	case neutral.ChoiceAllowedAny, neutral.ChoiceAllowedAuto:
		w.OpenObj("tool_choice")
		w.StrField("type", "allowed_tools")
		mode := "auto"
		if c.Mode == neutral.ChoiceAllowedAny {
			mode = "required"
		}
		w.StrField("mode", mode)
		w.OpenArr("tools")
		for _, name := range c.Names {
			e.named(name)
		}
		w.EndArr()
		w.End()
	case neutral.ChoiceUnset:
	}
}

// named prints a reference to a tool of the request.
func (e *encoder) named(name string) {
	kind := "function"
	for i := range e.r.Tools {
		if t := &e.r.Tools[i]; t.Name == name && t.Kind == neutral.Custom {
			kind = "custom"
		} else if t.Name == name && t.Kind == neutral.WebSearch {
			e.w.Obj()
			e.w.StrField("type", webSearch)
			e.w.End()
			return
		}
	}
	e.w.Obj()
	e.w.StrField("type", kind)
	e.w.StrField("name", e.names.Print(name))
	e.w.End()
}

func (e *encoder) limits() {
	r, w := e.r, &e.w
	if n := r.MaxTokens; n > 0 {
		if n < minOutput {
			n = minOutput
			e.drops.Add(neutral.DropMaxTokensRaised)
		}
		w.IntField("max_output_tokens", n)
	}
	if e.t.Model.NoSampling {
		if r.Temperature != "" || r.TopP != "" {
			e.drops.Add(neutral.DropSampling)
		}
	} else {
		w.OptRaw("temperature", string(r.Temperature))
		w.OptRaw("top_p", string(r.TopP))
	}
	for _, lost := range []struct {
		is   bool
		code neutral.Drop
	}{
		{len(r.Stop) > 0, neutral.DropStopSequences},
		{r.TopK != "", neutral.DropTopK},
		{r.Seed != "", neutral.DropSeed},
		{r.PresencePenalty != "" || r.FrequencyPenalty != "", neutral.DropPenalties},
	} {
		if lost.is {
			e.drops.Add(lost.code)
		}
	}
}

// reasoning prints the effort, and asks for the encrypted content that has to
// travel back unless thinking is off. Models that do not reason refuse both.
func (e *encoder) reasoning() {
	g, m, w := &e.r.Reasoning, &e.t.Model, &e.w
	if g.Mode == neutral.ReasoningUnset || m.Thinking == neutral.ThinkingFixed || m.Thinking == neutral.ThinkingNone {
		return
	}
	effort := g.Level()
	if effort != "" {
		var moved bool
		if effort, moved = m.ClampEffort(effort); moved {
			e.drops.Add(neutral.DropEffortClamped)
		}
	}
	if g.BetweenTools {
		e.drops.Add(neutral.DropBetweenTools)
	}
	show := neutral.Is(g.Show, true) && g.Mode != neutral.ReasoningOff
	if effort == "" && !show {
		w.RawField("include", `["reasoning.encrypted_content"]`)
		return
	}
	w.OpenObj("reasoning")
	w.OptStr("effort", effort)
	if show {
		w.StrField("summary", "auto")
	}
	w.End()
	if effort != "none" {
		w.RawField("include", `["reasoning.encrypted_content"]`)
	}
}

func (e *encoder) text() {
	w, o := &e.w, &e.r.Output
	if o.Mode == neutral.OutputText && e.r.Verbosity == "" {
		return
	}
	w.OpenObj("text")
	switch o.Mode {
	case neutral.OutputJSON:
		w.RawField("format", `{"type":"json_object"}`)
	case neutral.OutputSchema:
		w.OpenObj("format")
		w.StrField("type", "json_schema")
		w.StrField("name", o.NameOr("response"))
		w.OptStr("description", o.Desc)
		w.RawField("schema", o.Schema)
		if o.Strict != nil {
			w.BoolField("strict", *o.Strict)
		}
		w.End()
	case neutral.OutputText:
	}
	w.OptStr("verbosity", e.r.Verbosity)
	w.End()
}

func (e *encoder) rest() {
	r, w := e.r, &e.w
	w.OptStr("safety_identifier", neutral.OpenAIUser(r.User))
	w.OptRaw("metadata", r.Metadata)
	w.OptStr("prompt_cache_key", e.t.CacheKeyFor(r))
	switch r.Tier {
	case neutral.TierStandard:
		w.StrField("service_tier", "default")
	case neutral.TierFlex, neutral.TierPriority:
		w.StrField("service_tier", string(r.Tier))
	}
}
