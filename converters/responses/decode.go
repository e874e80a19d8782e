package responses

import (
	"github.com/tidwall/gjson"

	"github.com/claude-code-hub/cch/converters/neutral"
	"github.com/claude-code-hub/cch/converters/rawjson"
)

// Decode reads a request body. The result holds views of it.
func Decode(body []byte) (*neutral.Request, error) {
	root, err := neutral.ParseBody(body)
	if err != nil {
		return nil, err
	}
	top := root.Map() // once: every look-up would walk over the input
	d := &decoder{r: &neutral.Request{Size: len(body)}}
	r := d.r
	r.Model = top["model"].Str
	r.Stream = top["stream"].Bool()
	r.MaxTokens = neutral.CountOf(top["max_output_tokens"])
	r.Temperature = neutral.NumberOf(top["temperature"])
	r.TopP = neutral.NumberOf(top["top_p"])
	r.User = top["safety_identifier"].Str
	if r.User == "" {
		r.User = top["user"].Str
	}
	r.Metadata = neutral.ObjectOf(top["metadata"])
	r.CacheKey = top["prompt_cache_key"].Str
	r.Verbosity = top["text"].Get("verbosity").Str
	r.Tier = tier(top["service_tier"].Str)
	r.Parallel = neutral.BoolOf(top["parallel_tool_calls"])
	d.needs(top)
	d.tools(top["tools"], "")
	d.choice(top["tool_choice"])
	d.reasoning(top["reasoning"])
	d.output(top["text"].Get("format"))
	d.conv.Add(neutral.System, neutral.Part{Kind: neutral.Text, Text: rawjson.StrOf(top["instructions"])})
	if input := top["input"]; input.Type == gjson.String {
		d.conv.Add(neutral.User, neutral.Part{Kind: neutral.Text, Text: rawjson.StrOf(input)})
	} else {
		neutral.Objects(input, func(item gjson.Result) {
			d.item(item)
		})
	}
	d.conv.Store(r)
	return r, nil
}

func tier(s string) neutral.Tier {
	switch s {
	case "default":
		return neutral.TierStandard
	case "flex":
		return neutral.TierFlex
	case "priority":
		return neutral.TierPriority
	}
	return ""
}

type decoder struct {
	r       *neutral.Request
	conv    neutral.Conversation
	pending neutral.Sig // a Gemini signature waiting for its call
}

// needs notes what only OpenAI's own servers could resolve.
func (d *decoder) needs(top map[string]gjson.Result) {
	for _, n := range []struct {
		name string
		need neutral.Caps
	}{
		{"previous_response_id", neutral.NeedPreviousResponseID},
		{"conversation", neutral.NeedConversation},
		{"prompt", neutral.NeedPrompt},
		{"background", neutral.NeedBackground},
	} {
		switch v := top[n.name]; v.Type {
		case gjson.True, gjson.JSON:
			d.r.Needs |= n.need
		case gjson.String:
			if v.Str != "" {
				d.r.Needs |= n.need
			}
		case gjson.Null, gjson.False, gjson.Number:
		}
	}
}

func (d *decoder) choice(c gjson.Result) {
	switch kind := c.Get("type").Str; {
	case c.Type == gjson.String:
		d.r.Choice.Mode = map[string]neutral.ChoiceMode{
			"auto": neutral.ChoiceAuto, "required": neutral.ChoiceAny, "none": neutral.ChoiceNone,
		}[c.Str]
	case kind == "function" || kind == "custom":
		d.r.Choice = neutral.Choice{Mode: neutral.ChoiceTool, Names: []string{flatName(c)}}
	case kind == "allowed_tools":
		d.r.Choice.Mode = neutral.ChoiceAllowedAuto
		if c.Get("mode").Str == "required" {
			d.r.Choice.Mode = neutral.ChoiceAllowedAny
		}
		neutral.Objects(c.Get("tools"), func(t gjson.Result) {
			d.r.Choice.Names = append(d.r.Choice.Names, allowedName(t))
		})
	case kind == "local_shell":
		d.r.Choice = neutral.Choice{Mode: neutral.ChoiceTool, Names: []string{localShell}}
	case kind != "":
		d.r.Needs |= neutral.NeedHostedToolChoice
	}
}

// allowedName is the name of an entry of allowed_tools; hosted tools have none
// of their own.
func allowedName(t gjson.Result) string {
	if name := flatName(t); name != "" {
		return name
	}
	if isSearch(t.Get("type").Str) {
		return webSearch
	}
	return t.Get("type").Str
}

// reasoning reads the settings; an object without an effort asks for thinking
// of the model's own choice.
func (d *decoder) reasoning(o gjson.Result) {
	if !o.IsObject() {
		return
	}
	g := &d.r.Reasoning
	switch effort := neutral.ParseEffort(o.Get("effort").Str); effort {
	case "":
		g.Mode = neutral.ReasoningAuto
	case "none":
		g.Mode = neutral.ReasoningOff
	default:
		g.Mode, g.Effort = neutral.ReasoningEffort, effort
	}
	summary := o.Get("summary").Str
	show := summary != "" && summary != "none"
	g.Show = &show
}

func (d *decoder) output(f gjson.Result) {
	switch f.Get("type").Str {
	case "json_object":
		d.r.Output.Mode = neutral.OutputJSON
	case "json_schema":
		d.r.Output = neutral.Output{
			Mode: neutral.OutputSchema, Name: f.Get("name").Str, Schema: neutral.ObjectOf(f.Get("schema")),
			Strict: neutral.BoolOf(f.Get("strict")), Desc: f.Get("description").Str,
		}
		if d.r.Output.Schema == "" {
			d.r.Output.Schema = "{}"
		}
	}
}
