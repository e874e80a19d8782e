package claude

import (
	"slices"
	"strings"

	"github.com/claude-code-hub/cch/converters/neutral"
	"github.com/claude-code-hub/cch/converters/rawjson"
)

const (
	defaultMaxTokens = 32000
	minBudget        = 1024
	nameLimit        = 128

	jsonOnly   = "Respond with a single valid JSON object and nothing else."
	schemaOnly = "Respond with a single valid JSON object and nothing else. It must match this JSON schema:\n"
	ephemeral  = `{"type":"ephemeral"}`
)

// Encode prints a request for a target. It returns the body and the tool names
// it had to change, printed to original, and notes what it left out in drops.
func Encode(r *neutral.Request, t *neutral.Target, drops *neutral.Drops) ([]byte, map[string]string, error) {
	shape := neutral.Shape{Vendor: neutral.Anthropic, Reminders: !t.Model.MidSystem, Fill: true, NoBlank: true}
	messages, err := shape.Messages(r)
	if err != nil {
		return nil, nil, err
	}
	e := &encoder{r: r, t: t, drops: drops, names: neutral.NewNamer(nameLimit, false)}
	e.w.B = make([]byte, 0, r.Size+r.Size/8+1024)
	e.plan(messages)
	w := &e.w
	w.Obj()
	w.StrField("model", t.Name(r))
	w.IntField("max_tokens", e.maxTokens)
	e.messages(messages)
	e.system()
	e.tools()
	e.thinking()
	e.sampling()
	if r.User != "" {
		w.OpenObj("metadata")
		w.StrField("user_id", r.User)
		w.End()
	}
	e.rest()
	if t.Streams(r) {
		w.BoolField("stream", true)
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

	maxTokens int64
	mode      thinkingMode
	budget    int64
	effort    string
	autoCache bool
	choice    neutral.Choice
	list      []neutral.Tool
}

// plan settles what depends on the request as a whole.
func (e *encoder) plan(messages []neutral.Message) {
	e.maxTokens = e.r.MaxTokens
	for _, n := range []int64{e.t.Model.MaxOutput, e.t.DefaultMaxTokens, defaultMaxTokens} {
		if e.maxTokens == 0 {
			e.maxTokens = n
		}
	}
	e.list, e.choice = e.r.Subset()
	e.planThinking(messages)
	e.autoCache = e.t.AutoCache && !marked(e.r)
}

// marked says that the client set a cache breakpoint of its own.
func marked(r *neutral.Request) bool {
	return r.AnyCache(func(string) bool { return true })
}

func (e *encoder) system() {
	parts := e.r.System
	switch o := &e.r.Output; {
	case o.Mode == neutral.OutputJSON:
		parts = append(slices.Clip(parts), neutral.Part{Text: rawjson.Plain(jsonOnly)})
	case o.Mode == neutral.OutputSchema && !e.t.Model.StructuredOutput:
		parts = append(slices.Clip(parts), neutral.Part{Text: rawjson.Plain(schemaOnly + o.Schema)})
	}
	if len(parts) == 0 {
		return
	}
	e.w.OpenArr("system")
	for i := range parts {
		e.text(parts[i].Text, e.cache(parts[i].Cache, i == len(parts)-1))
	}
	e.w.EndArr()
}

// cache is the breakpoint to print: the client's, or one of ours on the last
// block of a section.
func (e *encoder) cache(own string, last bool) string {
	if own == "" && last && e.autoCache {
		return ephemeral
	}
	return own
}

func (e *encoder) text(t rawjson.Str, cache string) {
	e.w.Obj()
	e.w.StrField("type", "text")
	e.w.TextField("text", t)
	e.w.OptRaw("cache_control", cache)
	e.w.End()
}

func (e *encoder) tools() {
	if len(e.list) == 0 {
		return
	}
	w := &e.w
	w.OpenArr("tools")
	for i := range e.list {
		e.tool(&e.list[i], i == len(e.list)-1)
	}
	w.EndArr()
	e.toolChoice()
}

func (e *encoder) tool(t *neutral.Tool, last bool) {
	w := &e.w
	w.Obj()
	if t.Kind == neutral.WebSearch {
		w.StrField("type", "web_search_20250305")
		w.StrField("name", "web_search")
		if t.MaxUses > 0 {
			w.IntField("max_uses", t.MaxUses)
		}
		if len(t.Allowed) > 0 {
			w.Strs("allowed_domains", t.Allowed)
		}
		if len(t.Blocked) > 0 {
			w.Strs("blocked_domains", t.Blocked)
		}
		w.OptRaw("user_location", t.Location)
	} else {
		desc, schema := t.AsFunction()
		w.StrField("name", e.names.Print(t.Name))
		w.OptStr("description", desc)
		w.RawField("input_schema", schema)
		if neutral.Is(t.Strict, true) {
			w.BoolField("strict", true)
		}
	}
	w.OptRaw("cache_control", e.cache(t.Cache, last))
	w.End()
}

func (e *encoder) toolChoice() {
	kind := map[neutral.ChoiceMode]string{
		neutral.ChoiceAuto: "auto", neutral.ChoiceAny: "any", neutral.ChoiceNone: "none", neutral.ChoiceTool: "tool",
	}[e.choice.Mode]
	serial := neutral.Is(e.r.Parallel, false)
	if kind == "" {
		if !serial {
			return
		}
		kind = "auto"
	}
	w := &e.w
	w.OpenObj("tool_choice")
	w.StrField("type", kind)
	if kind == "tool" {
		w.StrField("name", e.names.Print(e.choice.Names[0]))
	}
	if serial && kind != "none" {
		w.BoolField("disable_parallel_tool_use", true)
	}
	w.End()
}

// sampling prints what a model takes while it does not think. Recent models
// refuse temperature and top_p together.
func (e *encoder) sampling() {
	r, w := e.r, &e.w
	if e.mode.thinks() || e.t.Model.NoSampling {
		if r.Temperature != "" || r.TopP != "" {
			e.drops.Add(neutral.DropSampling)
		}
		if r.TopK != "" {
			e.drops.Add(neutral.DropTopK)
		}
		return
	}
	switch {
	case r.Temperature != "":
		w.RawField("temperature", e.temperature())
	case r.TopP != "":
		w.RawField("top_p", string(r.TopP))
	}
	w.OptRaw("top_k", string(r.TopK))
}

func (e *encoder) temperature() string {
	if e.r.Temperature.Float() > 1 {
		e.drops.Add(neutral.DropTemperature)
		return "1"
	}
	return string(e.r.Temperature)
}

// rest prints or notes what is left.
func (e *encoder) rest() {
	r, w := e.r, &e.w
	var stop []string
	for _, s := range r.Stop {
		if strings.TrimSpace(s) != "" {
			stop = append(stop, s)
		}
	}
	if len(stop) > 0 {
		w.Strs("stop_sequences", stop)
	}
	switch r.Tier {
	case neutral.TierStandard:
		w.StrField("service_tier", "standard_only")
	case neutral.TierFlex, neutral.TierPriority:
		e.drops.Add(neutral.DropServiceTier)
	}
	if r.Seed != "" {
		e.drops.Add(neutral.DropSeed)
	}
	if r.PresencePenalty != "" || r.FrequencyPenalty != "" {
		e.drops.Add(neutral.DropPenalties)
	}
	if r.Metadata != "" {
		e.drops.Add(neutral.DropMetadata)
	}
	if r.Verbosity != "" {
		e.drops.Add(neutral.DropVerbosity)
	}
}
