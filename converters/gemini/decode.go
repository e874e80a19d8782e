package gemini

import (
	"strings"

	"github.com/tidwall/gjson"

	"github.com/claude-code-hub/cch/converters/neutral"
	"github.com/claude-code-hub/cch/converters/rawjson"
)

// Decode reads a request body, in the envelope or not. model and stream are
// what the path says; a model in an envelope wins. The result holds views of
// the body.
func Decode(body []byte, model string, stream bool) (*neutral.Request, error) {
	root, err := neutral.ParseBody(body)
	if err != nil {
		return nil, err
	}
	d := &decoder{r: &neutral.Request{Size: len(body), Model: model, Stream: stream}}
	if inner := root.Get("request"); inner.IsObject() {
		if m := root.Get("model").Str; m != "" {
			d.r.Model = m
		}
		root = inner
	}
	if inner := root.Get("generateContentRequest"); inner.IsObject() { // of countTokens
		root = inner
	}
	r := d.r
	top := root.Map()  // once: every look-up would walk over the contents
	if r.Model == "" { // token counts of the CLI name it nowhere else
		r.Model = strings.TrimPrefix(top["model"].Str, "models/")
	}
	r.WantUsage = true
	if top["cachedContent"].Str != "" {
		r.Needs |= neutral.NeedCachedContent
	}
	switch t := neutral.Tier(strings.ToLower(top["serviceTier"].Str)); t {
	case neutral.TierStandard, neutral.TierFlex, neutral.TierPriority:
		r.Tier = t
	}
	d.config(first(top["generationConfig"], top["generation_config"]))
	d.tools(top["tools"])
	d.choice(first(top["toolConfig"], top["tool_config"]).Get("functionCallingConfig"))
	d.system(first(top["systemInstruction"], top["system_instruction"]))
	each(top["contents"], d.turn)
	d.conv.Store(r)
	return r, nil
}

// first is the first of two members that exists.
func first(a, b gjson.Result) gjson.Result {
	if a.Exists() {
		return a
	}
	return b
}

// either is the member under the first name that exists: Google takes both
// spellings.
func either(r gjson.Result, camel, snake string) gjson.Result {
	return first(r.Get(camel), r.Get(snake))
}

// each visits the elements of a list, or a lone object in its place.
func each(r gjson.Result, visit func(gjson.Result)) {
	if r.IsObject() {
		visit(r)
		return
	}
	neutral.Objects(r, func(v gjson.Result) {
		visit(v)
	})
}

type decoder struct {
	r     *neutral.Request
	conv  neutral.Conversation
	calls int
	open  []openCall // calls that no response has answered yet
	lead  string     // carriers that were read at the start of the turn
}

type openCall struct {
	name, id string
	made     bool // the id is ours
}

func (d *decoder) config(c gjson.Result) {
	r := d.r
	if c.Get("candidateCount").Int() > 1 {
		r.Needs |= neutral.NeedN
	}
	for _, m := range neutral.StringsOf(c.Get("responseModalities")) {
		if strings.EqualFold(m, "audio") {
			r.Needs |= neutral.NeedAudioOutput
		}
	}
	r.MaxTokens = neutral.CountOf(c.Get("maxOutputTokens"))
	r.Temperature = neutral.NumberOf(c.Get("temperature"))
	r.TopP = neutral.NumberOf(c.Get("topP"))
	r.TopK = neutral.NumberOf(c.Get("topK"))
	r.Seed = neutral.NumberOf(c.Get("seed"))
	r.PresencePenalty = neutral.NumberOf(c.Get("presencePenalty"))
	r.FrequencyPenalty = neutral.NumberOf(c.Get("frequencyPenalty"))
	r.Stop = neutral.StringsOf(c.Get("stopSequences"))
	d.output(c)
	d.thinking(c.Get("thinkingConfig"))
}

func (d *decoder) output(c gjson.Result) {
	if c.Get("responseMimeType").Str != "application/json" {
		return
	}
	o := &d.r.Output
	o.Mode = neutral.OutputJSON
	if s := either(c, "responseJsonSchema", "_responseJsonSchema"); s.IsObject() {
		o.Mode, o.Schema = neutral.OutputSchema, s.Raw
	} else if s := c.Get("responseSchema"); s.IsObject() {
		o.Mode, o.Schema = neutral.OutputSchema, fromOpenAPI(s)
	}
}

func (d *decoder) thinking(c gjson.Result) {
	if !c.IsObject() {
		return
	}
	g := &d.r.Reasoning
	g.Show = neutral.BoolOf(c.Get("includeThoughts"))
	budget := c.Get("thinkingBudget")
	level := neutral.ParseEffort(strings.ToLower(c.Get("thinkingLevel").Str))
	switch {
	case level != "":
		g.Mode, g.Effort = neutral.ReasoningEffort, level
	case budget.Type == gjson.Number && budget.Num == 0:
		g.Mode = neutral.ReasoningOff
	case budget.Type == gjson.Number && budget.Num > 0:
		g.Mode, g.Budget = neutral.ReasoningBudget, int64(budget.Num)
	default:
		g.Mode = neutral.ReasoningAuto
	}
}

func (d *decoder) tools(list gjson.Result) {
	each(list, func(t gjson.Result) {
		t.ForEach(func(key, v gjson.Result) bool {
			switch key.Str {
			case "functionDeclarations", "function_declarations":
				each(v, d.function)
			case "googleSearch", "google_search", "googleSearchRetrieval":
				d.r.Tools = append(d.r.Tools, neutral.Tool{Kind: neutral.WebSearch, Name: "google_search"})
			default:
				d.r.Drops.AddDetail(neutral.DropHostedTool, key.Str)
			}
			return true
		})
	})
}

func (d *decoder) function(f gjson.Result) {
	t := neutral.Tool{Name: f.Get("name").Str, Desc: f.Get("description").Str}
	if s := f.Get("parametersJsonSchema"); s.IsObject() {
		t.Schema = s.Raw
	} else if s := f.Get("parameters"); s.IsObject() {
		t.Schema = fromOpenAPI(s)
	}
	d.r.Tools = append(d.r.Tools, t)
}

func (d *decoder) choice(c gjson.Result) {
	names := neutral.StringsOf(c.Get("allowedFunctionNames"))
	choice := &d.r.Choice
	switch mode := c.Get("mode").Str; {
	case mode == "NONE":
		choice.Mode = neutral.ChoiceNone
	case mode == "ANY" && len(names) == 1:
		*choice = neutral.Choice{Mode: neutral.ChoiceTool, Names: names}
	case mode == "ANY" && len(names) > 1:
		*choice = neutral.Choice{Mode: neutral.ChoiceAllowedAny, Names: names}
	case mode == "ANY":
		choice.Mode = neutral.ChoiceAny
	case mode == "VALIDATED" && len(names) > 0:
		*choice = neutral.Choice{Mode: neutral.ChoiceAllowedAuto, Names: names}
	case mode == "AUTO" || mode == "VALIDATED":
		choice.Mode = neutral.ChoiceAuto
	}
}

func (d *decoder) system(s gjson.Result) {
	if s.Type == gjson.String {
		d.conv.Add(neutral.System, neutral.Part{Kind: neutral.Text, Text: rawjson.StrOf(s)})
		return
	}
	each(s.Get("parts"), func(p gjson.Result) {
		d.conv.Add(neutral.System, neutral.Part{Kind: neutral.Text, Text: rawjson.StrOf(p.Get("text"))})
	})
}
