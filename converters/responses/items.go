package responses

import (
	"strings"

	"github.com/tidwall/gjson"

	"github.com/claude-code-hub/cch/converters/neutral"
	"github.com/claude-code-hub/cch/converters/rawjson"
)

// item reads one input item. Items of hosted tools hold nothing that another
// format could carry.
func (d *decoder) item(it gjson.Result) {
	switch it.Get("type").Str {
	case "message", "":
		d.message(it)
	case "reasoning":
		d.thinking(it)
	case "function_call":
		d.call(neutral.Part{ID: it.Get("call_id").Str, Name: flatName(it), Args: it.Get("arguments").Str})
	case "custom_tool_call":
		d.call(neutral.Part{ID: it.Get("call_id").Str, Name: flatName(it), Args: it.Get("input").Str, Custom: true})
	case "local_shell_call":
		d.call(neutral.Part{ID: it.Get("call_id").Str, Name: localShell, Args: shellArguments(it.Get("action"))})
	case "function_call_output", "custom_tool_call_output", "local_shell_call_output":
		id := it.Get("call_id").Str
		if id == "" {
			id = it.Get("id").Str
		}
		d.conv.Add(neutral.User, neutral.Part{Kind: neutral.Result, ID: id, Parts: d.content(it.Get("output"))})
	case "item_reference":
		d.r.Needs |= neutral.NeedItemReference
	}
}

func (d *decoder) call(p neutral.Part) {
	p.Kind, p.Sig = neutral.Call, d.pending
	d.pending = neutral.Sig{}
	d.conv.Add(neutral.Assistant, p)
}

func (d *decoder) message(it gjson.Result) {
	d.pending = neutral.Sig{}
	role := neutral.User
	switch it.Get("role").Str {
	case "assistant":
		role = neutral.Assistant
	case "system", "developer":
		role = neutral.System
	}
	d.conv.Add(role, d.content(it.Get("content"))...)
}

// thinking keeps a reasoning item whose token somebody can read: OpenAI's own
// are bare, others come in a carrier.
func (d *decoder) thinking(it gjson.Result) {
	token := it.Get("encrypted_content").Str
	sig := neutral.Sig{Vendor: neutral.OpenAI, ID: it.Get("id").Str, Payload: token}
	if neutral.IsCarrier(token) {
		sig, _ = neutral.ParseCarrier(token)
	}
	switch {
	case token == "" || sig.Zero():
	case sig.Vendor == neutral.Google:
		d.pending = sig
	default:
		d.conv.Add(neutral.Assistant, neutral.Part{Kind: neutral.Think, Text: rawjson.Plain(summary(it)), Sig: sig})
	}
}

// summary is the text of a reasoning item, its parts joined.
func summary(it gjson.Result) string {
	var parts []string
	neutral.Objects(it.Get("summary"), func(p gjson.Result) {
		parts = append(parts, p.Get("text").Str)
	})
	return strings.Join(parts, "\n\n")
}

// content reads a string or a list of parts.
func (d *decoder) content(c gjson.Result) []neutral.Part {
	if c.Type == gjson.String {
		return []neutral.Part{{Kind: neutral.Text, Text: rawjson.StrOf(c)}}
	}
	var parts []neutral.Part
	neutral.Objects(c, func(v gjson.Result) {
		if p, ok := d.part(v); ok {
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
	case "input_text", "output_text", "text":
		return neutral.Part{Kind: neutral.Text, Text: rawjson.StrOf(f[1])}, true
	case "refusal":
		return neutral.Part{Kind: neutral.Text, Text: rawjson.StrOf(v.Get("refusal"))}, true
	case "input_image":
		if url := v.Get("image_url").Str; url != "" {
			return neutral.ImageOf(url, v.Get("detail").Str), true
		}
		d.r.Needs |= neutral.NeedFileID
	case "input_file":
		return d.file(v)
	case "input_audio":
		mime := "audio/" + v.Get("input_audio.format").Str
		return neutral.Part{Kind: neutral.Audio, Mime: mime, Data: v.Get("input_audio.data").Str}, true
	}
	return neutral.Part{}, false
}

func (d *decoder) file(v gjson.Result) (neutral.Part, bool) {
	name := v.Get("filename").Str
	if url := v.Get("file_url").Str; url != "" {
		return neutral.Part{Kind: neutral.Doc, Mime: "application/pdf", URL: url, Title: name}, true
	}
	data := v.Get("file_data").Str
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
