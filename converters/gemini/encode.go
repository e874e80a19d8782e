package gemini

import (
	"strings"

	"github.com/claude-code-hub/cch/converters/neutral"
	"github.com/claude-code-hub/cch/converters/rawjson"
)

const (
	nameLimit = 64
	stopLimit = 5
	// answerRoom is left of an output limit when a thinking budget is cut to fit,
	// since thoughts count against it; leastBudget is the least that cut leaves.
	answerRoom  = 1024
	leastBudget = 512
	maxBudget   = 32768

	// skipValidator is what Google documents as the signature of calls that were
	// imported from elsewhere.
	skipValidator = "skip_thought_signature_validator"
)

// Encode prints a request for a target, in the Code Assist envelope for Gemini
// CLI. It returns the body and the tool names it had to change, printed to
// original, and notes what it left out in drops. Model and stream switch belong
// into the path, see Path.
func Encode(r *neutral.Request, t *neutral.Target, drops *neutral.Drops) ([]byte, map[string]string, error) {
	messages, err := neutral.Shape{Vendor: neutral.Google, Reminders: true}.Messages(r)
	if err != nil {
		return nil, nil, err
	}
	e := &encoder{r: r, t: t, drops: drops, names: neutral.NewNamer(nameLimit, true)}
	e.w.B = make([]byte, 0, r.Size+r.Size/8+1024)
	w := &e.w
	w.Obj()
	if t.Format == neutral.GeminiCLI {
		w.StrField("model", t.Name(r))
		w.OptStr("project", t.Project)
		w.OpenObj("request")
	}
	e.contents(messages)
	e.system()
	e.tools()
	e.config()
	e.rest()
	w.End()
	if t.Format == neutral.GeminiCLI {
		w.End()
	}
	return w.B, e.names.Names(), nil
}

// Path is the path and query of a request to a Gemini provider.
func Path(model string, stream bool) string {
	if stream {
		return "/v1beta/models/" + model + ":streamGenerateContent?alt=sse"
	}
	return "/v1beta/models/" + model + ":generateContent"
}

// PathCLI is the path and query of a request to a Code Assist provider.
func PathCLI(stream bool) string {
	if stream {
		return "/v1internal:streamGenerateContent?alt=sse"
	}
	return "/v1internal:generateContent"
}

type encoder struct {
	r     *neutral.Request
	t     *neutral.Target
	drops *neutral.Drops
	names *neutral.Namer
	w     rawjson.Writer
}

func (e *encoder) system() {
	if len(e.r.System) == 0 {
		return
	}
	w := &e.w
	w.OpenObj("systemInstruction")
	w.OpenArr("parts")
	for i := range e.r.System {
		w.Obj()
		w.TextField("text", e.r.System[i].Text)
		w.End()
	}
	w.EndArr()
	w.End()
}

func (e *encoder) tools() {
	search, functions := false, 0
	for i := range e.r.Tools {
		if t := &e.r.Tools[i]; t.Kind != neutral.WebSearch {
			functions++
		} else {
			search = true
			if len(t.Allowed) > 0 || len(t.Blocked) > 0 || t.MaxUses > 0 || t.Location != "" {
				e.drops.Add(neutral.DropWebSearchLimits)
			}
		}
	}
	if search && functions > 0 && !e.t.Model.SearchBesideTools {
		e.drops.Add(neutral.DropWebSearch)
		search = false
	}
	if !search && functions == 0 {
		return
	}
	w := &e.w
	w.OpenArr("tools")
	if functions > 0 {
		w.Obj()
		w.OpenArr("functionDeclarations")
		for i := range e.r.Tools {
			if e.r.Tools[i].Kind != neutral.WebSearch {
				e.function(&e.r.Tools[i])
			}
		}
		w.EndArr()
		w.End()
	}
	if search {
		w.Raw(`{"googleSearch":{}}`)
	}
	w.EndArr()
	if functions > 0 {
		e.choice()
	}
}

func (e *encoder) function(t *neutral.Tool) {
	desc, schema := t.AsFunction()
	w := &e.w
	w.Obj()
	w.StrField("name", e.names.Print(t.Name))
	w.OptStr("description", desc)
	w.RawField("parametersJsonSchema", clean(schema))
	w.End()
}

func (e *encoder) choice() {
	c := &e.r.Choice
	mode := ""
	switch c.Mode {
	case neutral.ChoiceAuto:
		mode = "AUTO"
	case neutral.ChoiceAny, neutral.ChoiceTool, neutral.ChoiceAllowedAny:
		mode = "ANY"
	case neutral.ChoiceNone:
		mode = "NONE"
	case neutral.ChoiceAllowedAuto:
		mode = "VALIDATED"
	case neutral.ChoiceUnset:
	}
	if neutral.Is(e.r.Parallel, false) {
		e.drops.Add(neutral.DropParallel)
	}
	if mode == "" {
		return
	}
	w := &e.w
	w.OpenObj("toolConfig")
	w.OpenObj("functionCallingConfig")
	w.StrField("mode", mode)
	if len(c.Names) > 0 {
		w.OpenArr("allowedFunctionNames")
		for _, name := range c.Names {
			w.Str(e.names.Print(name))
		}
		w.EndArr()
	}
	w.End()
	w.End()
}

// config prints generationConfig, or takes it back if nothing is in it.
func (e *encoder) config() {
	r, w := e.r, &e.w
	start := len(w.B)
	w.OpenObj("generationConfig")
	empty := len(w.B)
	if r.MaxTokens > 0 {
		w.IntField("maxOutputTokens", r.MaxTokens)
	}
	e.sampling()
	stop := r.Stop
	if len(stop) > stopLimit {
		stop = stop[:stopLimit]
		e.drops.Add(neutral.DropStopSequencesCut)
	}
	if len(stop) > 0 {
		w.Strs("stopSequences", stop)
	}
	e.thinking()
	if r.Output.Mode != neutral.OutputText {
		w.StrField("responseMimeType", "application/json")
	}
	if r.Output.Mode == neutral.OutputSchema {
		w.RawField("responseJsonSchema", clean(r.Output.Schema))
	}
	if len(w.B) == empty {
		w.B = w.B[:start]
		return
	}
	w.End()
}

func (e *encoder) sampling() {
	r, w := e.r, &e.w
	if e.t.Model.NoSampling {
		if r.Temperature != "" || r.TopP != "" {
			e.drops.Add(neutral.DropSampling)
		}
		if r.TopK != "" {
			e.drops.Add(neutral.DropTopK)
		}
	} else {
		w.OptRaw("temperature", string(r.Temperature))
		w.OptRaw("topP", string(r.TopP))
		w.OptRaw("topK", string(r.TopK))
	}
	w.OptRaw("seed", string(r.Seed))
	w.OptRaw("presencePenalty", string(r.PresencePenalty))
	w.OptRaw("frequencyPenalty", string(r.FrequencyPenalty))
}

// thinking prints a level or a budget, never both: Google refuses that.
func (e *encoder) thinking() {
	g, m := &e.r.Reasoning, &e.t.Model
	if g.Mode == neutral.ReasoningUnset || m.Thinking == neutral.ThinkingFixed || m.Thinking == neutral.ThinkingNone {
		return
	}
	if g.BetweenTools {
		e.drops.Add(neutral.DropBetweenTools)
	}
	w := &e.w
	start := len(w.B)
	w.OpenObj("thinkingConfig")
	empty := len(w.B)
	if m.Thinking == neutral.ThinkingBudget {
		w.IntField("thinkingBudget", e.budget())
	} else if effort := e.level(); effort != "" {
		w.StrField("thinkingLevel", strings.ToUpper(effort))
	}
	if g.Mode != neutral.ReasoningOff && !neutral.Is(g.Show, false) {
		w.BoolField("includeThoughts", true)
	}
	if len(w.B) == empty {
		w.B = w.B[:start]
		return
	}
	w.End()
}

// level is the thinking level; there is none above high and no off.
func (e *encoder) level() string {
	effort := e.r.Reasoning.Level()
	switch effort {
	case "":
		return ""
	case "none":
		effort = "minimal"
	case "xhigh", "max":
		effort = "high"
		e.drops.Add(neutral.DropEffortClamped)
	}
	effort, moved := e.t.Model.ClampEffort(effort)
	if moved {
		e.drops.Add(neutral.DropEffortClamped)
	}
	return effort
}

// budget is the thinking budget, −1 for one of the model's own choice.
func (e *encoder) budget() int64 {
	g, m := &e.r.Reasoning, &e.t.Model
	want := g.Tokens(-1)
	if want < 0 {
		return want
	}
	if g.Mode == neutral.ReasoningOff && m.CanOff {
		return 0
	}
	limit := m.MaxBudget
	if limit == 0 {
		limit = maxBudget
	}
	if e.r.MaxTokens > 0 {
		limit = min(limit, max(e.r.MaxTokens-answerRoom, leastBudget))
	}
	got := max(min(want, limit), m.MinBudget)
	if got != want {
		e.drops.Add(neutral.DropEffortClamped)
	}
	return got
}

func (e *encoder) rest() {
	r := e.r
	switch {
	case r.Tier == "":
	case e.t.Format == neutral.GeminiCLI:
		e.drops.Add(neutral.DropServiceTier)
	default:
		e.w.StrField("serviceTier", string(r.Tier))
	}
	if r.Metadata != "" {
		e.drops.Add(neutral.DropMetadata)
	}
	if r.User != "" {
		e.drops.Add(neutral.DropUser)
	}
	if r.Verbosity != "" {
		e.drops.Add(neutral.DropVerbosity)
	}
}
