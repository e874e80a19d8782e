package chat

import (
	"strings"

	"github.com/claude-code-hub/cch/converters/neutral"
	"github.com/claude-code-hub/cch/converters/rawjson"
)

func (e *encoder) messages(list []neutral.Message) {
	e.w.OpenArr("messages")
	if len(e.r.System) > 0 {
		e.system(e.r.System)
	}
	for i := range list {
		switch parts := list[i].Parts; list[i].Role {
		case neutral.System:
			e.system(parts)
		case neutral.Assistant:
			e.assistant(parts)
		case neutral.User:
			e.user(parts)
		}
	}
	e.w.EndArr()
}

// skipMarks finds how many breakpoints come before those that are honoured.
func (e *encoder) skipMarks(list []neutral.Message) {
	if !e.t.CacheBreakpoints {
		return
	}
	e.skip = marks(e.r.System) - maxBreakpoints
	for i := range list {
		e.skip += marks(list[i].Parts)
	}
}

func marks(parts []neutral.Part) (n int) {
	for i := range parts {
		if marking(&parts[i]) {
			n++
		}
	}
	return n
}

// marking says that a part asks for a breakpoint and is printed as one that can
// carry it.
func marking(p *neutral.Part) bool {
	return p.Cache != "" && p.Kind != neutral.Call && p.Kind != neutral.Result && p.Kind != neutral.Think
}

// breakpoint prints the breakpoint of a part if it is one of the last.
func (e *encoder) breakpoint(p *neutral.Part) {
	if !e.t.CacheBreakpoints || !marking(p) {
		return
	}
	if e.skip--; e.skip < 0 {
		e.w.RawField("prompt_cache_breakpoint", `{"mode":"explicit"}`)
	}
}

// system prints instructions. They are one string unless a breakpoint needs a
// part to stand on.
func (e *encoder) system(parts []neutral.Part) {
	w := &e.w
	w.Obj()
	if e.t.DeveloperRole {
		w.StrField("role", "developer")
	} else {
		w.StrField("role", "system")
	}
	if e.t.CacheBreakpoints && marks(parts) > 0 {
		w.OpenArr("content")
		for i := range parts {
			e.part(&parts[i])
		}
		w.EndArr()
	} else {
		w.TextField("content", neutral.Texts(parts, "\n\n"))
	}
	w.End()
}

// assistant prints one message: its texts joined, then its calls.
func (e *encoder) assistant(parts []neutral.Part) {
	text := neutral.Texts(parts, "")
	calls := 0
	for i := range parts {
		if parts[i].Kind == neutral.Call {
			calls++
		}
	}
	if text.Empty() && calls == 0 {
		return
	}
	w := &e.w
	w.Obj()
	w.StrField("role", "assistant")
	if text.Empty() {
		w.RawField("content", "null")
	} else {
		w.TextField("content", text)
	}
	if calls > 0 {
		w.OpenArr("tool_calls")
		for i := range parts {
			if parts[i].Kind == neutral.Call {
				e.call(&parts[i])
			}
		}
		w.EndArr()
	}
	w.End()
}

func (e *encoder) call(p *neutral.Part) {
	w := &e.w
	w.Obj()
	w.StrField("id", neutral.CallID(p.ID))
	w.StrField("type", "function")
	w.OpenObj("function")
	w.StrField("name", e.names.Print(p.Name))
	w.StrField("arguments", p.Arguments())
	w.End()
	w.End()
}

// user prints the results of a turn as tool messages, then everything else as a
// user message, led by the media that results cannot hold here.
func (e *encoder) user(parts []neutral.Part) {
	var rest []neutral.Part
	for i := range parts {
		if p := &parts[i]; p.Kind == neutral.Result {
			e.result(p)
			rest = append(rest, attachments(p)...)
		}
	}
	for i := range parts {
		if parts[i].Kind != neutral.Result {
			rest = append(rest, parts[i])
		}
	}
	if len(rest) == 0 {
		return
	}
	w := &e.w
	w.Obj()
	w.StrField("role", "user")
	if plain := len(rest) == 1 && rest[0].Kind == neutral.Text; plain && (!e.t.CacheBreakpoints || !marking(&rest[0])) {
		w.TextField("content", rest[0].Text)
	} else {
		w.OpenArr("content")
		for i := range rest {
			e.part(&rest[i])
		}
		w.EndArr()
	}
	w.End()
}

func (e *encoder) result(p *neutral.Part) {
	text := neutral.Texts(p.Parts, "\n")
	if text.Empty() && hasMedia(p.Parts) {
		text = rawjson.Plain("(see attachment)")
	}
	if p.IsError {
		e.drops.Add(neutral.DropIsError)
		text = neutral.ErrorText(text)
	}
	w := &e.w
	w.Obj()
	w.StrField("role", "tool")
	w.StrField("tool_call_id", neutral.CallID(p.ID))
	w.TextField("content", text)
	w.End()
}

func hasMedia(parts []neutral.Part) bool {
	for i := range parts {
		if parts[i].IsMedia() {
			return true
		}
	}
	return false
}

// attachments are the media of a result, led by a line that says whose they
// are.
func attachments(result *neutral.Part) []neutral.Part {
	var out []neutral.Part
	for _, p := range result.Parts {
		if !p.IsMedia() {
			continue
		}
		label := "Attachment returned by tool call " + neutral.CallID(result.ID) + ":"
		out = append(out, neutral.Part{Kind: neutral.Text, Text: rawjson.Plain(label)}, p)
	}
	return out
}

func (e *encoder) part(p *neutral.Part) {
	w := &e.w
	w.Obj()
	switch p.Kind {
	case neutral.Image:
		e.image(p)
	case neutral.Audio:
		w.StrField("type", "input_audio")
		w.OpenObj("input_audio")
		w.StrField("data", p.Data)
		w.StrField("format", audioFormat(p.Mime))
		w.End()
	case neutral.Doc:
		e.doc(p)
	case neutral.Text, neutral.Video, neutral.Think, neutral.Call, neutral.Result:
		w.StrField("type", "text")
		w.TextField("text", p.Text)
	}
	e.breakpoint(p)
	w.End()
}

func (e *encoder) image(p *neutral.Part) {
	w := &e.w
	w.StrField("type", "image_url")
	w.OpenObj("image_url")
	if p.URL != "" {
		w.StrField("url", p.URL)
	} else {
		neutral.DataURLField(w, "url", p.Mime, p.Data)
	}
	w.OptStr("detail", p.Detail)
	w.End()
}

// doc prints a document: files by data only, so an address becomes text.
func (e *encoder) doc(p *neutral.Part) {
	w := &e.w
	switch {
	case !p.Text.Empty():
		w.StrField("type", "text")
		w.TextField("text", p.PlainText())
	case p.URL != "":
		e.drops.Add(neutral.DropDocumentURL)
		w.StrField("type", "text")
		w.StrField("text", "[document: "+p.URL+"]")
	default:
		w.StrField("type", "file")
		w.OpenObj("file")
		w.StrField("filename", p.TitleOr("document.pdf"))
		neutral.DataURLField(w, "file_data", p.Mime, p.Data)
		w.End()
	}
}

func audioFormat(mime string) string {
	switch name := strings.TrimPrefix(mime, "audio/"); name {
	case "mpeg", "mp3":
		return "mp3"
	case "x-wav", "wave", "wav":
		return "wav"
	default:
		return name
	}
}
