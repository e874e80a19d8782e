package chat

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
	top := root.Map() // once: every look-up would walk over the messages
	d := &decoder{r: &neutral.Request{Size: len(body)}}
	r := d.r
	r.Model = top["model"].Str
	r.Stream = top["stream"].Bool()
	r.WantUsage = top["stream_options"].Get("include_usage").Bool()
	r.MaxTokens = neutral.CountOf(top["max_completion_tokens"])
	if r.MaxTokens == 0 {
		r.MaxTokens = neutral.CountOf(top["max_tokens"])
	}
	r.Temperature = neutral.NumberOf(top["temperature"])
	r.TopP = neutral.NumberOf(top["top_p"])
	r.Seed = neutral.NumberOf(top["seed"])
	r.PresencePenalty = neutral.NumberOf(top["presence_penalty"])
	r.FrequencyPenalty = neutral.NumberOf(top["frequency_penalty"])
	r.Stop = neutral.StringsOf(top["stop"])
	r.User = top["safety_identifier"].Str
	if r.User == "" {
		r.User = top["user"].Str
	}
	r.Metadata = neutral.ObjectOf(top["metadata"])
	r.CacheKey = top["prompt_cache_key"].Str
	r.Verbosity = top["verbosity"].Str
	r.Tier = tier(top["service_tier"].Str)
	r.Parallel = neutral.BoolOf(top["parallel_tool_calls"])
	d.needs(top["n"], top["modalities"])
	d.tools(top["tools"])
	d.search(top["web_search_options"])
	d.choice(top["tool_choice"])
	d.reasoning(top["reasoning_effort"])
	d.output(top["response_format"])
	neutral.Objects(top["messages"], func(m gjson.Result) {
		d.message(m)
	})
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
	r    *neutral.Request
	conv neutral.Conversation
}

func (d *decoder) needs(n, modalities gjson.Result) {
	if n.Int() > 1 {
		d.r.Needs |= neutral.NeedN
	}
	for _, m := range neutral.StringsOf(modalities) {
		if m == "audio" {
			d.r.Needs |= neutral.NeedAudioOutput
		}
	}
}

func (d *decoder) message(m gjson.Result) {
	var f [2]gjson.Result
	neutral.Pick(m, f[:], "role", "content")
	content := f[1]
	switch f[0].Str {
	case "system", "developer":
		d.conv.Add(neutral.System, d.content(content)...)
	case "assistant":
		d.assistant(m, content)
	case "tool":
		d.conv.Add(neutral.User, neutral.Part{
			Kind: neutral.Result, ID: m.Get("tool_call_id").Str, Parts: d.content(content),
		})
	default:
		d.conv.Add(neutral.User, d.content(content)...)
	}
}

// assistant reads a turn. Thinking that rode on the first call comes before the
// text, where it was made; reasoning_content has no signature and is dropped.
func (d *decoder) assistant(m, content gjson.Result) {
	calls := m.Get("tool_calls")
	var thinking, rest []neutral.Part
	neutral.Objects(calls, func(c gjson.Result) {
		extra := c.Get("extra_content")
		if rest == nil {
			thinking = returned(extra)
		} else {
			rest = append(rest, returned(extra)...)
		}
		rest = append(rest, historyCall(c, extra))
	})
	d.conv.Add(neutral.Assistant, thinking...)
	d.conv.Add(neutral.Assistant, d.content(content)...)
	d.conv.Add(neutral.Assistant, neutral.Part{Kind: neutral.Text, Text: rawjson.StrOf(m.Get("refusal"))})
	d.conv.Add(neutral.Assistant, rest...)
}

func historyCall(c, extra gjson.Result) neutral.Part {
	p := neutral.Part{Kind: neutral.Call, ID: c.Get("id").Str}
	if custom := c.Get("custom"); custom.IsObject() {
		p.Name, p.Args, p.Custom = custom.Get("name").Str, custom.Get("input").Str, true
	} else {
		p.Name, p.Args = c.Get("function.name").Str, c.Get("function.arguments").Str
	}
	if s := extra.Get("google.thought_signature").Str; s != "" {
		p.Sig = neutral.Sig{Vendor: neutral.Google, Payload: s}
	}
	return p
}

// returned reads the signed thinking of other vendors that rode on a call.
func returned(extra gjson.Result) []neutral.Part {
	var parts []neutral.Part
	neutral.Objects(extra.Get("anthropic.thinking"), func(t gjson.Result) {
		sig := neutral.Sig{Vendor: neutral.Anthropic, Payload: t.Get("signature").Str}
		if t.Get("type").Str == "redacted_thinking" {
			sig.Redacted, sig.Payload = true, t.Get("data").Str
		}
		if sig.Payload != "" {
			parts = append(parts, neutral.Part{Kind: neutral.Think, Text: rawjson.StrOf(t.Get("thinking")), Sig: sig})
		}
	})
	neutral.Objects(extra.Get("openai.reasoning"), func(t gjson.Result) {
		sig := neutral.Sig{Vendor: neutral.OpenAI, ID: t.Get("id").Str, Payload: t.Get("encrypted_content").Str}
		if sig.Payload != "" {
			parts = append(parts, neutral.Part{Kind: neutral.Think, Text: rawjson.StrOf(t.Get("text")), Sig: sig})
		}
	})
	return parts
}

// content reads a string or a list of parts.
func (d *decoder) content(c gjson.Result) []neutral.Part {
	if c.Type == gjson.String {
		return []neutral.Part{{Kind: neutral.Text, Text: rawjson.StrOf(c)}}
	}
	var parts []neutral.Part
	neutral.Objects(c, func(v gjson.Result) {
		if p, ok := d.part(v); ok {
			p.Cache = neutral.ObjectOf(v.Get("cache_control"))
			d.r.Needs |= p.Needs()
			parts = append(parts, p)
		}
	})
	return parts
}

func (d *decoder) part(v gjson.Result) (neutral.Part, bool) {
	var f [2]gjson.Result
	neutral.Pick(v, f[:], "type", "text")
	switch f[0].Str {
	case "text":
		return neutral.Part{Kind: neutral.Text, Text: rawjson.StrOf(f[1])}, true
	case "refusal":
		return neutral.Part{Kind: neutral.Text, Text: rawjson.StrOf(v.Get("refusal"))}, true
	case "image_url":
		return neutral.ImageOf(v.Get("image_url.url").Str, v.Get("image_url.detail").Str), true
	case "input_audio":
		mime := "audio/" + v.Get("input_audio.format").Str
		return neutral.Part{Kind: neutral.Audio, Mime: mime, Data: v.Get("input_audio.data").Str}, true
	case "file":
		return d.file(v.Get("file"))
	}
	return neutral.Part{}, false
}

func (d *decoder) file(f gjson.Result) (neutral.Part, bool) {
	data, name := f.Get("file_data").Str, f.Get("filename").Str
	if data == "" {
		d.r.Needs |= neutral.NeedFileID
		return neutral.Part{}, false
	}
	mime, raw, ok := neutral.CutDataURL(data)
	if !ok {
		mime, raw = neutral.MimeByName(name, "application/pdf"), data
	}
	return neutral.MediaOf(mime, raw, name), true
}

func (d *decoder) tools(list gjson.Result) {
	neutral.Objects(list, func(t gjson.Result) {
		switch kind := t.Get("type").Str; kind {
		case "function":
			f := t.Get("function")
			d.r.Tools = append(d.r.Tools, neutral.Tool{
				Name: f.Get("name").Str, Desc: f.Get("description").Str, Schema: neutral.ObjectOf(f.Get("parameters")),
				Strict: neutral.BoolOf(f.Get("strict")), Cache: neutral.ObjectOf(t.Get("cache_control")),
			})
		case "custom":
			c := t.Get("custom")
			tool := neutral.Tool{Kind: neutral.Custom, Name: c.Get("name").Str, Desc: c.Get("description").Str}
			tool.GrammarSyntax = c.Get("format.grammar.syntax").Str
			tool.Grammar = c.Get("format.grammar.definition").Str
			d.r.Tools = append(d.r.Tools, tool)
			if d.r.Custom == nil {
				d.r.Custom = map[string]bool{}
			}
			d.r.Custom[tool.Name] = true
		default:
			d.r.Drops.AddDetail(neutral.DropHostedTool, kind)
		}
	})
}

func (d *decoder) search(options gjson.Result) {
	if options.IsObject() {
		d.r.Tools = append(d.r.Tools, neutral.Tool{
			Kind: neutral.WebSearch, Name: "web_search", Location: neutral.FlatLocation(options.Get("user_location")),
		})
	}
}

func (d *decoder) choice(c gjson.Result) {
	switch {
	case c.Type == gjson.String:
		d.r.Choice.Mode = map[string]neutral.ChoiceMode{
			"auto": neutral.ChoiceAuto, "required": neutral.ChoiceAny, "none": neutral.ChoiceNone,
		}[c.Str]
	case c.Get("type").Str == "allowed_tools":
		d.r.Choice.Mode = neutral.ChoiceAllowedAuto
		if c.Get("allowed_tools.mode").Str == "required" {
			d.r.Choice.Mode = neutral.ChoiceAllowedAny
		}
		neutral.Objects(c.Get("allowed_tools.tools"), func(t gjson.Result) {
			d.r.Choice.Names = append(d.r.Choice.Names, t.Get("function.name").Str+t.Get("custom.name").Str)
		})
	default:
		if name := c.Get("function.name").Str + c.Get("custom.name").Str; name != "" {
			d.r.Choice = neutral.Choice{Mode: neutral.ChoiceTool, Names: []string{name}}
		}
	}
}

func (d *decoder) reasoning(effort gjson.Result) {
	switch e := neutral.ParseEffort(effort.Str); e {
	case "":
	case "none":
		d.r.Reasoning.Mode = neutral.ReasoningOff
	default:
		d.r.Reasoning.Mode, d.r.Reasoning.Effort = neutral.ReasoningEffort, e
	}
}

func (d *decoder) output(f gjson.Result) {
	switch f.Get("type").Str {
	case "json_object":
		d.r.Output.Mode = neutral.OutputJSON
	case "json_schema":
		s := f.Get("json_schema")
		d.r.Output = neutral.Output{
			Mode: neutral.OutputSchema, Name: s.Get("name").Str, Schema: neutral.ObjectOf(s.Get("schema")),
			Strict: neutral.BoolOf(s.Get("strict")), Desc: s.Get("description").Str,
		}
		if d.r.Output.Schema == "" {
			d.r.Output.Schema = "{}"
		}
	}
}
