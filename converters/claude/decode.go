package claude

import (
	"strings"

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
	r.MaxTokens = neutral.CountOf(top["max_tokens"])
	r.Temperature = neutral.NumberOf(top["temperature"])
	r.TopP = neutral.NumberOf(top["top_p"])
	r.TopK = neutral.NumberOf(top["top_k"])
	r.Stop = neutral.StringsOf(top["stop_sequences"])
	r.User = top["metadata"].Get("user_id").Str
	if top["service_tier"].Str == "standard_only" {
		r.Tier = neutral.TierStandard
	}
	if top["mcp_servers"].Get("0").Exists() {
		r.Drops.AddDetail(neutral.DropHostedTool, "mcp")
	}
	d.tools(top["tools"])
	d.choice(top["tool_choice"])
	d.reasoning(top["thinking"], top["output_config"].Get("effort").Str)
	d.output(top["output_config"].Get("format"), top["output_format"])
	d.conv.Add(neutral.System, d.content(top["system"])...)
	neutral.Objects(top["messages"], func(m gjson.Result) {
		d.message(m)
	})
	d.conv.Store(r)
	return r, nil
}

type decoder struct {
	r       *neutral.Request
	conv    neutral.Conversation
	pending neutral.Sig // a Gemini signature waiting for its call
	hosted  map[string]bool
	search  string // name of the web search tool
}

func (d *decoder) message(m gjson.Result) {
	var f [2]gjson.Result
	neutral.Pick(m, f[:], "role", "content")
	role := neutral.User
	switch f[0].Str {
	case "assistant":
		role = neutral.Assistant
	case "system":
		role = neutral.System
	}
	d.pending = neutral.Sig{}
	d.conv.Add(role, d.content(f[1])...)
}

// content reads a string or a list of blocks.
func (d *decoder) content(c gjson.Result) []neutral.Part {
	if c.Type == gjson.String {
		return []neutral.Part{{Kind: neutral.Text, Text: rawjson.StrOf(c)}}
	}
	var parts []neutral.Part
	neutral.Objects(c, func(block gjson.Result) {
		parts = d.block(parts, block)
	})
	return parts
}

// block appends what a block holds. Blocks of server tools and unknown ones
// hold nothing that another format could carry.
func (d *decoder) block(parts []neutral.Part, b gjson.Result) []neutral.Part {
	var f [7]gjson.Result
	neutral.Pick(b, f[:], "type", "text", "source", "title", "content", "cache_control", "is_error")
	text, source, title, content, cache := f[1], f[2], f[3], f[4], neutral.ObjectOf(f[5])
	switch f[0].Str {
	case "text":
		return append(parts, neutral.Part{Kind: neutral.Text, Text: rawjson.StrOf(text), Cache: cache})
	case "image":
		return d.source(parts, neutral.Part{Kind: neutral.Image, Cache: cache}, source)
	case "document":
		return d.source(parts, neutral.Part{Kind: neutral.Doc, Title: title.Str, Cache: cache}, source)
	case "search_result":
		found := neutral.Part{Kind: neutral.Doc, Text: neutral.Texts(d.content(content), "\n"), Cache: cache}
		found.Title = strings.TrimSpace(title.Str + " " + source.Str)
		return append(parts, found)
	case "tool_result":
		return append(parts, neutral.Part{
			Kind: neutral.Result, ID: b.Get("tool_use_id").Str, IsError: f[6].Bool(), Parts: d.content(content), Cache: cache,
		})
	case "tool_use":
		p := d.call(b)
		p.Cache = cache
		return append(parts, p)
	case "thinking":
		return d.thinking(parts, b.Get("thinking"), b.Get("signature").Str)
	case "redacted_thinking":
		sig := neutral.Sig{Vendor: neutral.Anthropic, Redacted: true, Payload: b.Get("data").Str}
		return append(parts, neutral.Part{Kind: neutral.Think, Sig: sig})
	case "container_upload":
		d.r.Needs |= neutral.NeedFileID
	}
	return parts
}

func (d *decoder) call(b gjson.Result) neutral.Part {
	p := neutral.Part{
		Kind: neutral.Call, ID: b.Get("id").Str, Name: b.Get("name").Str,
		Args: rawjson.Compact(neutral.ObjectOf(b.Get("input"))), Sig: d.pending,
	}
	d.pending = neutral.Sig{}
	return p
}

// thinking keeps a thinking block whose signature somebody can read.
func (d *decoder) thinking(parts []neutral.Part, text gjson.Result, signature string) []neutral.Part {
	sig := neutral.Sig{Vendor: neutral.Anthropic, Payload: signature}
	if neutral.IsCarrier(signature) {
		sig, _ = neutral.ParseCarrier(signature)
	}
	switch {
	case signature == "" || sig.Zero():
		return parts
	case sig.Vendor == neutral.Google:
		d.pending = sig
		return parts
	default:
		return append(parts, neutral.Part{Kind: neutral.Think, Text: rawjson.StrOf(text), Sig: sig})
	}
}

// source reads where an image or a document comes from.
func (d *decoder) source(parts []neutral.Part, p neutral.Part, src gjson.Result) []neutral.Part {
	switch src.Get("type").Str {
	case "base64":
		p.Mime, p.Data = src.Get("media_type").Str, src.Get("data").Str
	case "url":
		p.URL = src.Get("url").Str
		if p.Kind == neutral.Doc {
			p.Mime = "application/pdf"
		}
	case "text":
		p.Text = rawjson.StrOf(src.Get("data"))
	case "content":
		p.Text = neutral.Texts(d.content(src.Get("content")), "\n")
	default:
		d.r.Needs |= neutral.NeedFileID
		return parts
	}
	if p.Kind == neutral.Image {
		d.r.Needs |= neutral.NeedImage
	} else if p.Text.Empty() {
		d.r.Needs |= neutral.NeedPDF
	}
	return append(parts, p)
}

func (d *decoder) tools(list gjson.Result) {
	neutral.Objects(list, func(t gjson.Result) {
		kind, name := t.Get("type").Str, t.Get("name").Str
		switch {
		case kind == "" || kind == "custom":
			d.r.Tools = append(d.r.Tools, neutral.Tool{
				Name: name, Desc: t.Get("description").Str, Schema: neutral.ObjectOf(t.Get("input_schema")),
				Strict: neutral.BoolOf(t.Get("strict")), Cache: neutral.ObjectOf(t.Get("cache_control")),
			})
		case strings.HasPrefix(kind, "web_search_"):
			d.search = name
			d.r.Tools = append(d.r.Tools, neutral.Tool{
				Kind: neutral.WebSearch, Name: name, MaxUses: neutral.CountOf(t.Get("max_uses")),
				Allowed: neutral.StringsOf(t.Get("allowed_domains")), Blocked: neutral.StringsOf(t.Get("blocked_domains")),
				Location: neutral.ObjectOf(t.Get("user_location")),
			})
		default:
			if d.hosted == nil {
				d.hosted = map[string]bool{}
			}
			d.hosted[name] = true
			d.r.Drops.AddDetail(neutral.DropHostedTool, kind)
		}
	})
}

func (d *decoder) choice(c gjson.Result) {
	switch c.Get("type").Str {
	case "auto":
		d.r.Choice.Mode = neutral.ChoiceAuto
	case "any":
		d.r.Choice.Mode = neutral.ChoiceAny
	case "none":
		d.r.Choice.Mode = neutral.ChoiceNone
	case "tool":
		name := c.Get("name").Str
		if d.hosted[name] || d.search != "" && name == d.search {
			d.r.Needs |= neutral.NeedHostedToolChoice
		}
		d.r.Choice = neutral.Choice{Mode: neutral.ChoiceTool, Names: []string{name}}
	}
	if c.Get("disable_parallel_tool_use").Bool() {
		no := false
		d.r.Parallel = &no
	}
}

// reasoning reads thinking and effort; an effort without thinking counts too.
func (d *decoder) reasoning(thinking gjson.Result, level string) {
	g := &d.r.Reasoning
	kind := thinking.Get("type").Str
	budget := neutral.CountOf(thinking.Get("budget_tokens"))
	effort := neutral.ParseEffort(level)
	switch {
	case kind == "disabled":
		g.Mode = neutral.ReasoningOff
		return
	case budget > 0:
		g.Mode, g.Budget = neutral.ReasoningBudget, budget
	case effort != "":
		g.Mode, g.Effort = neutral.ReasoningEffort, effort
	case kind != "":
		g.Mode = neutral.ReasoningAuto
	default:
		return
	}
	g.BetweenTools = kind == "between_tools"
	if kind != "" {
		show := thinking.Get("display").Str != "omitted"
		g.Show = &show
	}
}

// output reads the output format, under its name or its older one.
func (d *decoder) output(format, older gjson.Result) {
	if !format.Exists() {
		format = older
	}
	if format.Get("type").Str == "json_schema" {
		yes := true
		d.r.Output = neutral.Output{Mode: neutral.OutputSchema, Schema: neutral.ObjectOf(format.Get("schema")), Strict: &yes}
		if d.r.Output.Schema == "" {
			d.r.Output.Schema = "{}"
		}
	}
}
