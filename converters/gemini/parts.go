package gemini

import (
	"encoding/base64"
	"strconv"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/claude-code-hub/cch/converters/neutral"
	"github.com/claude-code-hub/cch/converters/rawjson"
)

func (d *decoder) turn(c gjson.Result) {
	role := neutral.User
	if c.Get("role").Str == "model" {
		role = neutral.Assistant
		d.lead = leadingBundle(c.Get("parts"))
		d.conv.Add(role, unbundle(d.lead)...)
	}
	each(c.Get("parts"), func(p gjson.Result) { d.part(role, p) })
}

// leadingBundle is the bundle of carriers on the first call of a turn, "" if
// there is none. That thinking began the turn, before any text of it: vendors
// refuse it anywhere else.
func leadingBundle(parts gjson.Result) string {
	found, calls := "", 0
	each(parts, func(p gjson.Result) {
		if !p.Get("functionCall").IsObject() {
			return
		}
		if calls++; calls == 1 {
			found = either(p, "thoughtSignature", "thought_signature").Str
		}
	})
	if !strings.HasPrefix(found, neutral.EncodedCarrier) {
		return ""
	}
	return found
}

// part reads one part. Thoughts have no signature of their own and are dropped;
// so are signatures of text, which Google does not insist on.
func (d *decoder) part(role neutral.Role, p gjson.Result) {
	var f [4]gjson.Result
	neutral.Pick(p, f[:], "thought", "text", "functionCall", "functionResponse")
	switch {
	case f[0].Bool():
	case f[1].Type == gjson.String:
		d.conv.Add(role, neutral.Part{Kind: neutral.Text, Text: rawjson.StrOf(f[1])})
	case f[2].IsObject():
		d.call(role, p)
	case f[3].IsObject():
		d.response(f[3])
	default:
		if m, ok := d.media(p); ok {
			d.conv.Add(role, m)
		}
	}
}

func (d *decoder) media(p gjson.Result) (neutral.Part, bool) {
	if in := either(p, "inlineData", "inline_data"); in.IsObject() {
		m := neutral.MediaOf(either(in, "mimeType", "mime_type").Str, in.Get("data").Str, in.Get("displayName").Str)
		d.r.Needs |= m.Needs()
		return m, true
	}
	f := either(p, "fileData", "file_data")
	if !f.IsObject() {
		return neutral.Part{}, false
	}
	m, ok := d.file(either(f, "fileUri", "file_uri").Str, either(f, "mimeType", "mime_type").Str)
	d.r.Needs |= m.Needs()
	return m, ok
}

// file reads an address. What only Google's own servers can open is noted as a
// need.
func (d *decoder) file(uri, mime string) (neutral.Part, bool) {
	google := strings.HasPrefix(uri, "gs://") || strings.Contains(uri, "generativelanguage.googleapis.com/")
	youtube := strings.Contains(uri, "youtube.com/") || strings.Contains(uri, "youtu.be/")
	if mime == "" {
		mime = neutral.MimeByName(uri, "image/jpeg")
	}
	kind, _, _ := strings.Cut(mime, "/")
	switch {
	case youtube || kind == "video":
		return neutral.Part{Kind: neutral.Video, Mime: mime, URL: uri}, true
	case google || kind == "audio":
		d.r.Needs |= neutral.NeedFileURI
		return neutral.Part{}, false
	case kind == "image":
		return neutral.Part{Kind: neutral.Image, Mime: mime, URL: uri}, true
	default:
		return neutral.Part{Kind: neutral.Doc, Mime: mime, URL: uri}, true
	}
}

// call reads a call. Its signature may be a bundle of carriers, which is the
// signed thinking of other vendors that came right before it.
func (d *decoder) call(role neutral.Role, p gjson.Result) {
	f := p.Get("functionCall")
	c := neutral.Part{
		Kind: neutral.Call, ID: f.Get("id").Str, Name: f.Get("name").Str,
		Args: rawjson.Compact(neutral.ObjectOf(f.Get("args"))),
	}
	made := c.ID == ""
	if made {
		c.ID = "call_" + strconv.Itoa(d.calls)
	}
	d.calls++
	d.open = append(d.open, openCall{c.Name, c.ID, made})
	if s := either(p, "thoughtSignature", "thought_signature").Str; strings.HasPrefix(s, neutral.EncodedCarrier) {
		if s != d.lead {
			d.conv.Add(role, unbundle(s)...)
		}
		d.lead = ""
	} else if s != "" && s != skipValidator {
		c.Sig = neutral.Sig{Vendor: neutral.Google, Payload: s}
	}
	d.conv.Add(role, c)
}

// unbundle reads the carriers inside a signature.
func unbundle(s string) []neutral.Part {
	if s == "" {
		return nil
	}
	raw, err := base64.StdEncoding.DecodeString(s)
	if err != nil {
		return nil
	}
	var parts []neutral.Part
	for token := range strings.SplitSeq(string(raw), "\n") {
		if sig, text := neutral.ParseCarrier(token); !sig.Zero() && sig.Vendor != neutral.Google {
			parts = append(parts, neutral.Part{Kind: neutral.Think, Text: rawjson.Plain(text), Sig: sig})
		}
	}
	return parts
}

// response reads a result. Without an id it answers the oldest open call of its
// name.
func (d *decoder) response(f gjson.Result) {
	p := neutral.Part{Kind: neutral.Result, ID: f.Get("id").Str, Name: f.Get("name").Str}
	for i, c := range d.open {
		if p.ID == c.id || p.ID == "" && c.name == p.Name {
			p.ID = c.id
			d.open = append(d.open[:i], d.open[i+1:]...)
			break
		}
	}
	var text rawjson.Str
	text, p.IsError = outcome(f.Get("response"))
	if !text.Empty() {
		p.Parts = append(p.Parts, neutral.Part{Kind: neutral.Text, Text: text})
	}
	each(f.Get("parts"), func(v gjson.Result) {
		if m, ok := d.media(v); ok {
			p.Parts = append(p.Parts, m)
		}
	})
	d.conv.Add(neutral.User, p)
}

// outcome is the text of a result object: the value of its one telling member,
// or the whole object.
func outcome(r gjson.Result) (text rawjson.Str, failed bool) {
	members := r.Map()
	switch {
	case len(members) == 1 && members["error"].Exists():
		return plain(members["error"]), true
	case len(members) == 1 && members["output"].Exists():
		return plain(members["output"]), false
	case len(members) == 1 && members["result"].Exists():
		return plain(members["result"]), false
	case len(members) == 2 && members["name"].Exists() && members["content"].Exists(): // the AI SDK's form
		return plain(members["content"]), false
	default:
		return plain(r), false
	}
}

// plain is a string as it is and any other value as compact JSON.
func plain(v gjson.Result) rawjson.Str {
	if v.Type == gjson.String {
		return rawjson.StrOf(v)
	}
	return rawjson.Plain(rawjson.Compact(v.Raw))
}
