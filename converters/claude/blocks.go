package claude

import (
	"strings"

	"github.com/claude-code-hub/cch/converters/neutral"
	"github.com/claude-code-hub/cch/converters/rawjson"
)

// messages prints the turns. Anthropic wants results first in a turn and no
// white space at the end of a last assistant text.
func (e *encoder) messages(list []neutral.Message) {
	lastUser := -1
	for i := range list {
		if list[i].Role == neutral.User {
			lastUser = i
		}
	}
	e.w.OpenArr("messages")
	for i := range list {
		e.message(&list[i], i == lastUser, i == len(list)-1)
	}
	e.w.EndArr()
}

func (e *encoder) message(m *neutral.Message, lastUser, last bool) {
	w := &e.w
	w.Obj()
	switch m.Role {
	case neutral.System:
		w.StrField("role", "system")
		w.TextField("content", neutral.Texts(m.Parts, "\n\n"))
		w.End()
		return
	case neutral.Assistant:
		w.StrField("role", "assistant")
	case neutral.User:
		w.StrField("role", "user")
	}
	parts := resultsFirst(m.Parts)
	if last && m.Role == neutral.Assistant {
		parts = trimmed(parts)
	}
	w.OpenArr("content")
	for i := range parts {
		e.part(&parts[i], e.cache(parts[i].Cache, lastUser && i == len(parts)-1))
	}
	w.EndArr()
	w.End()
}

func resultsFirst(parts []neutral.Part) []neutral.Part {
	if !hasResult(parts) {
		return parts
	}
	out := make([]neutral.Part, 0, len(parts))
	for _, results := range []bool{true, false} {
		for i := range parts {
			if (parts[i].Kind == neutral.Result) == results {
				out = append(out, parts[i])
			}
		}
	}
	return out
}

// trimmed cuts white space at the end of a final text, and the text if nothing
// is left of it.
func trimmed(parts []neutral.Part) []neutral.Part {
	last := len(parts) - 1
	if parts[last].Kind != neutral.Text {
		return parts
	}
	whole := parts[last].Text.String()
	text := strings.TrimRight(whole, " \t\r\n")
	if text == whole {
		return parts
	}
	out := append([]neutral.Part(nil), parts...)
	if text == "" {
		return out[:last]
	}
	out[last].Text = rawjson.Plain(text)
	return out
}

func (e *encoder) part(p *neutral.Part, cache string) {
	w := &e.w
	switch p.Kind {
	case neutral.Text:
		e.text(p.Text, cache)
		return
	case neutral.Audio, neutral.Video: // refused before, see neutral.Missing
		return
	case neutral.Image, neutral.Doc, neutral.Think, neutral.Call, neutral.Result:
	}
	w.Obj()
	switch p.Kind {
	case neutral.Image:
		w.StrField("type", "image")
		e.source(p)
	case neutral.Doc:
		w.StrField("type", "document")
		w.OptStr("title", p.Title)
		e.source(p)
	case neutral.Think:
		e.think(p)
		w.End()
		return
	case neutral.Call:
		w.StrField("type", "tool_use")
		w.StrField("id", neutral.CallID(p.ID))
		w.StrField("name", e.names.Print(p.Name))
		w.RawField("input", rawjson.Object(p.Arguments()))
	case neutral.Result:
		e.result(p)
	case neutral.Text, neutral.Audio, neutral.Video:
	}
	w.OptRaw("cache_control", cache)
	w.End()
}

func (e *encoder) source(p *neutral.Part) {
	w := &e.w
	w.OpenObj("source")
	switch {
	case p.URL != "":
		w.StrField("type", "url")
		w.StrField("url", p.URL)
	case !p.Text.Empty():
		w.StrField("type", "text")
		w.StrField("media_type", "text/plain")
		w.TextField("data", p.Text)
	default:
		w.StrField("type", "base64")
		w.StrField("media_type", p.Mime)
		w.StrField("data", p.Data)
	}
	w.End()
}

func (e *encoder) think(p *neutral.Part) {
	w := &e.w
	if p.Sig.Redacted {
		w.StrField("type", "redacted_thinking")
		w.StrField("data", p.Sig.Payload)
		return
	}
	w.StrField("type", "thinking")
	w.TextField("thinking", p.Text)
	w.StrField("signature", p.Sig.Payload)
}

// result prints a tool result; a single text needs no block.
func (e *encoder) result(p *neutral.Part) {
	w := &e.w
	w.StrField("type", "tool_result")
	w.StrField("tool_use_id", neutral.CallID(p.ID))
	switch {
	case len(p.Parts) == 0:
		w.StrField("content", "")
	case len(p.Parts) == 1 && p.Parts[0].Kind == neutral.Text:
		w.TextField("content", p.Parts[0].Text)
	default:
		w.OpenArr("content")
		for i := range p.Parts {
			if p.Parts[i].Kind != neutral.Text || !p.Parts[i].Text.Empty() {
				e.part(&p.Parts[i], p.Parts[i].Cache)
			}
		}
		w.EndArr()
	}
	if p.IsError {
		w.BoolField("is_error", true)
	}
}
