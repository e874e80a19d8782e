package gemini

import (
	"slices"

	"github.com/claude-code-hub/cch/converters/neutral"
	"github.com/claude-code-hub/cch/converters/rawjson"
)

// contents prints the turns.
func (e *encoder) contents(list []neutral.Message) {
	names := callNames(list)
	w := &e.w
	w.OpenArr("contents")
	for i := range list {
		w.Obj()
		if list[i].Role == neutral.Assistant {
			w.StrField("role", "model")
			w.OpenArr("parts")
			e.model(list[i].Parts)
		} else {
			w.StrField("role", "user")
			w.OpenArr("parts")
			var calls []neutral.Part
			if i > 0 {
				calls = list[i-1].Parts
			}
			e.user(list[i].Parts, calls, names)
		}
		w.EndArr()
		w.End()
	}
	w.EndArr()
}

// callNames maps the ids of all calls to their tools.
func callNames(list []neutral.Message) map[string]string {
	names := map[string]string{}
	for i := range list {
		for j := range list[i].Parts {
			if p := &list[i].Parts[j]; p.Kind == neutral.Call {
				names[p.ID] = p.Name
			}
		}
	}
	return names
}

// model prints a turn of the model. Its first call needs a signature.
func (e *encoder) model(parts []neutral.Part) {
	first := true
	for i := range parts {
		p := &parts[i]
		switch p.Kind {
		case neutral.Call:
			e.call(p, first)
			first = false
		case neutral.Think: // Google's own thoughts come back as signatures of calls only
		case neutral.Text, neutral.Image, neutral.Doc, neutral.Audio, neutral.Video, neutral.Result:
			e.part(p)
		}
	}
}

func (e *encoder) call(p *neutral.Part, first bool) {
	w := &e.w
	w.Obj()
	w.OpenObj("functionCall")
	if !e.t.NoCallIDs {
		w.StrField("id", neutral.CallID(p.ID))
	}
	w.StrField("name", e.names.Print(p.Name))
	w.RawField("args", rawjson.Object(p.Arguments()))
	w.End()
	switch {
	case p.Sig.Vendor == neutral.Google:
		w.StrField("thoughtSignature", p.Sig.Payload)
	case first:
		w.StrField("thoughtSignature", skipValidator)
	}
	w.End()
}

// user prints the responses of a turn, then media that they cannot hold on this
// model, then everything else.
func (e *encoder) user(parts, calls []neutral.Part, names map[string]string) {
	var responses, rest []neutral.Part
	for _, p := range parts {
		if p.Kind == neutral.Result {
			responses = append(responses, p)
		} else {
			rest = append(rest, p)
		}
	}
	if e.t.NoCallIDs { // without ids they are matched by order
		order := func(p neutral.Part) int {
			return slices.IndexFunc(calls, func(c neutral.Part) bool { return c.Kind == neutral.Call && c.ID == p.ID })
		}
		slices.SortStableFunc(responses, func(a, b neutral.Part) int { return order(a) - order(b) })
	}
	for i := range responses {
		e.response(&responses[i], names)
	}
	if !e.t.Model.MediaInResults {
		for i := range responses {
			e.media(responses[i].Parts)
		}
	}
	for i := range rest {
		e.part(&rest[i])
	}
}

func (e *encoder) response(p *neutral.Part, names map[string]string) {
	w := &e.w
	w.Obj()
	w.OpenObj("functionResponse")
	if !e.t.NoCallIDs {
		w.StrField("id", neutral.CallID(p.ID))
	}
	name, ok := names[p.ID]
	if !ok {
		name = "unknown_tool"
	}
	w.StrField("name", e.names.Print(name))
	w.OpenObj("response")
	member := "output"
	if p.IsError {
		member = "error"
	}
	w.TextField(member, neutral.Texts(p.Parts, "\n"))
	w.End()
	if e.t.Model.MediaInResults && slices.ContainsFunc(p.Parts, func(m neutral.Part) bool { return m.IsMedia() }) {
		w.OpenArr("parts")
		e.media(p.Parts)
		w.EndArr()
	}
	w.End()
	w.End()
}

func (e *encoder) media(parts []neutral.Part) {
	for i := range parts {
		if parts[i].IsMedia() {
			e.part(&parts[i])
		}
	}
}

func (e *encoder) part(p *neutral.Part) {
	w := &e.w
	w.Obj()
	switch {
	case !p.IsMedia():
		w.TextField("text", p.PlainText())
	case p.URL != "":
		mime := p.Mime
		if mime == "" {
			mime = neutral.MimeByName(p.URL, "image/jpeg")
		}
		w.OpenObj("fileData")
		w.StrField("mimeType", mime)
		w.StrField("fileUri", p.URL)
		w.End()
	default:
		w.OpenObj("inlineData")
		w.StrField("mimeType", p.Mime)
		w.StrField("data", p.Data)
		w.End()
	}
	w.End()
}
