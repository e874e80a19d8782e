package responses

import (
	"github.com/claude-code-hub/cch/converters/neutral"
	"github.com/claude-code-hub/cch/converters/rawjson"
)

// input prints the turns as items. inline says that the system text travels as
// a message, because instructions cannot hold cache breakpoints.
func (e *encoder) input(list []neutral.Message, inline bool) {
	e.w.OpenArr("input")
	if inline {
		e.message("developer", e.r.System)
	}
	for i := range list {
		switch parts := list[i].Parts; list[i].Role {
		case neutral.System:
			e.message("developer", parts)
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
		if list[i].Role != neutral.Assistant {
			e.skip += marks(list[i].Parts)
		}
	}
}

func marks(parts []neutral.Part) (n int) {
	for i := range parts {
		if parts[i].Cache != "" && parts[i].Kind != neutral.Result {
			n++
		}
	}
	return n
}

func (e *encoder) message(role string, parts []neutral.Part) {
	w := &e.w
	w.Obj()
	w.StrField("type", "message")
	w.StrField("role", role)
	w.OpenArr("content")
	for i := range parts {
		e.part(&parts[i], true)
	}
	w.EndArr()
	w.End()
}

// assistant prints a turn in its order: reasoning, runs of text, calls.
func (e *encoder) assistant(parts []neutral.Part) {
	for i := 0; i < len(parts); i++ {
		switch p := &parts[i]; p.Kind {
		case neutral.Think:
			e.thinking(p)
		case neutral.Call:
			e.call(p)
		case neutral.Text:
			end := i
			for end < len(parts) && parts[end].Kind == neutral.Text {
				end++
			}
			e.said(parts[i:end])
			i = end - 1
		case neutral.Image, neutral.Doc, neutral.Audio, neutral.Video, neutral.Result: // no assistant says these
		}
	}
}

func (e *encoder) said(texts []neutral.Part) {
	w := &e.w
	w.Obj()
	w.StrField("type", "message")
	w.StrField("role", "assistant")
	w.OpenArr("content")
	for i := range texts {
		w.Obj()
		w.StrField("type", "output_text")
		w.TextField("text", texts[i].Text)
		w.End()
	}
	w.EndArr()
	w.End()
}

func (e *encoder) thinking(p *neutral.Part) {
	w := &e.w
	w.Obj()
	w.StrField("type", "reasoning")
	w.StrField("id", p.Sig.ID)
	w.OpenArr("summary")
	if !p.Text.Empty() {
		w.Obj()
		w.StrField("type", "summary_text")
		w.TextField("text", p.Text)
		w.End()
	}
	w.EndArr()
	w.StrField("encrypted_content", p.Sig.Payload)
	w.End()
}

func (e *encoder) call(p *neutral.Part) {
	w := &e.w
	w.Obj()
	if p.Custom {
		if e.custom == nil {
			e.custom = map[string]bool{}
		}
		e.custom[p.ID] = true
		w.StrField("type", "custom_tool_call")
	} else {
		w.StrField("type", "function_call")
	}
	w.StrField("call_id", neutral.CallID(p.ID))
	w.StrField("name", e.names.Print(p.Name))
	if p.Custom {
		w.StrField("input", p.Args)
	} else {
		w.StrField("arguments", p.Arguments())
	}
	w.End()
}

// user prints the results of a turn, then everything else as a message.
func (e *encoder) user(parts []neutral.Part) {
	var rest []neutral.Part
	for i := range parts {
		if parts[i].Kind == neutral.Result {
			e.result(&parts[i])
		} else {
			rest = append(rest, parts[i])
		}
	}
	if len(rest) > 0 {
		e.message("user", rest)
	}
}

// result prints an output; a single text or none needs no list.
func (e *encoder) result(p *neutral.Part) {
	w := &e.w
	w.Obj()
	if e.custom[p.ID] {
		w.StrField("type", "custom_tool_call_output")
	} else {
		w.StrField("type", "function_call_output")
	}
	w.StrField("call_id", neutral.CallID(p.ID))
	parts := p.Parts
	if p.IsError {
		parts = e.failed(parts)
	}
	switch {
	case len(parts) == 0:
		w.StrField("output", "")
	case len(parts) == 1 && parts[0].Kind == neutral.Text:
		w.TextField("output", parts[0].Text)
	default:
		w.OpenArr("output")
		for i := range parts {
			if parts[i].Kind != neutral.Text || !parts[i].Text.Empty() {
				e.part(&parts[i], false)
			}
		}
		w.EndArr()
	}
	w.End()
}

// failed marks the first text of a failed result, as there is no flag for it.
func (e *encoder) failed(parts []neutral.Part) []neutral.Part {
	e.drops.Add(neutral.DropIsError)
	if len(parts) == 0 || parts[0].Kind != neutral.Text {
		return append([]neutral.Part{{Kind: neutral.Text, Text: neutral.ErrorText(rawjson.Str{})}}, parts...)
	}
	out := append([]neutral.Part(nil), parts...)
	out[0].Text = neutral.ErrorText(out[0].Text)
	return out
}

func (e *encoder) part(p *neutral.Part, breakpoints bool) {
	w := &e.w
	w.Obj()
	switch p.Kind {
	case neutral.Image:
		w.StrField("type", "input_image")
		if p.URL != "" {
			w.StrField("image_url", p.URL)
		} else {
			neutral.DataURLField(w, "image_url", p.Mime, p.Data)
		}
		detail := p.Detail
		if detail == "" {
			detail = "auto"
		}
		w.StrField("detail", detail)
	case neutral.Doc:
		e.doc(p)
	case neutral.Text, neutral.Audio, neutral.Video, neutral.Think, neutral.Call, neutral.Result:
		w.StrField("type", "input_text")
		w.TextField("text", p.Text)
	}
	if breakpoints && e.t.CacheBreakpoints && p.Cache != "" {
		if e.skip--; e.skip < 0 {
			w.RawField("prompt_cache_breakpoint", `{"mode":"explicit"}`)
		}
	}
	w.End()
}

func (e *encoder) doc(p *neutral.Part) {
	w := &e.w
	switch {
	case !p.Text.Empty():
		w.StrField("type", "input_text")
		w.TextField("text", p.PlainText())
	case p.URL != "":
		w.StrField("type", "input_file")
		w.StrField("file_url", p.URL)
	default:
		w.StrField("type", "input_file")
		w.StrField("filename", p.TitleOr("document.pdf"))
		neutral.DataURLField(w, "file_data", p.Mime, p.Data)
	}
}
