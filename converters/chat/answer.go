package chat

import (
	"strings"
	"unicode/utf8"

	"github.com/claude-code-hub/cch/converters/neutral"
	"github.com/claude-code-hub/cch/converters/rawjson"
)

// AppendAnswer appends a whole answer to dst.
func AppendAnswer(dst []byte, a *neutral.Answer, c *neutral.Client) []byte {
	w := &rawjson.Writer{B: dst}
	w.Obj()
	identity(w, "chat.completion", a.ID, a.Model, a.Created, c)
	w.OpenArr("choices")
	w.Obj()
	w.IntField("index", 0)
	w.OpenObj("message")
	w.StrField("role", "assistant")
	if text := join(a, neutral.TextBlock); text == "" {
		w.RawField("content", "null")
	} else {
		w.StrField("content", text)
	}
	w.OptStr("reasoning_content", join(a, neutral.ThinkBlock))
	w.OptStr("refusal", join(a, neutral.RefusalBlock))
	if a.Has(neutral.CallBlock) {
		wholeCalls(w, a, c)
	}
	wholeAnnotations(w, a)
	w.End()
	w.StrField("finish_reason", finishReason(a.Reason, a.Has(neutral.RefusalBlock)))
	w.End()
	w.EndArr()
	usage(w, a.Usage)
	w.End()
	return w.B
}

func join(a *neutral.Answer, kind neutral.BlockKind) string {
	var b strings.Builder
	for i := range a.Blocks {
		if a.Blocks[i].Kind == kind {
			b.WriteString(a.Blocks[i].Text)
		}
	}
	return b.String()
}

func wholeCalls(w *rawjson.Writer, a *neutral.Answer, client *neutral.Client) {
	var extra carried
	w.OpenArr("tool_calls")
	for i := range a.Blocks {
		b := &a.Blocks[i]
		switch b.Kind {
		case neutral.ThinkBlock:
			extra.add(b.Sig, b.Text)
		case neutral.CallBlock:
			wholeCall(w, b, client.Custom[b.Name])
			extra.print(w, b.Sig)
			w.End()
		case neutral.TextBlock, neutral.RefusalBlock:
		}
	}
	w.EndArr()
}

// wholeCall prints a call up to its extra_content.
func wholeCall(w *rawjson.Writer, b *neutral.Block, custom bool) {
	call := neutral.Part{Args: b.Text, Custom: b.Custom}
	w.Obj()
	w.StrField("id", b.ID)
	if custom {
		w.StrField("type", "custom")
		w.OpenObj("custom")
		w.StrField("name", b.Name)
		w.StrField("input", neutral.Freeform(call.Arguments()))
	} else {
		w.StrField("type", "function")
		w.OpenObj("function")
		w.StrField("name", b.Name)
		w.StrField("arguments", call.Arguments())
	}
	w.End()
}

// wholeAnnotations prints the sources of all texts, offset in the whole content.
func wholeAnnotations(w *rawjson.Writer, a *neutral.Answer) {
	start := 0
	var all []neutral.Citation
	for i := range a.Blocks {
		b := &a.Blocks[i]
		if b.Kind != neutral.TextBlock {
			continue
		}
		for _, c := range b.Cites {
			from, to := c.Span(b.Text)
			all = append(all, neutral.Citation{URL: c.URL, Title: c.Title, From: start + from, To: start + to, Ranged: true})
		}
		start += utf8.RuneCountInString(b.Text)
	}
	if len(all) > 0 {
		annotations(w, all, 0, start)
	}
}
