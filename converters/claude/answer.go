package claude

import (
	"github.com/claude-code-hub/cch/converters/neutral"
	"github.com/claude-code-hub/cch/converters/rawjson"
)

// AppendAnswer appends a whole answer to dst.
func AppendAnswer(dst []byte, a *neutral.Answer, c *neutral.Client) []byte {
	w := &rawjson.Writer{B: dst}
	w.Obj()
	head(w, neutral.BaseID(a.ID, c.RequestID), c.ModelOf(a.Model))
	w.OpenArr("content")
	for i := range a.Blocks {
		b := &a.Blocks[i]
		switch b.Kind {
		case neutral.ThinkBlock:
			wholeThinking(w, b.Text, ownOrNext(a.Blocks, i))
		case neutral.CallBlock:
			if b.Sig.Vendor == neutral.Google && (i == 0 || !unsigned(&a.Blocks[i-1])) {
				wholeThinking(w, "", b.Sig)
			}
			wholeCall(w, b)
		case neutral.TextBlock, neutral.RefusalBlock:
			w.Obj()
			w.StrField("type", "text")
			w.StrField("text", b.Text)
			w.End()
		}
	}
	w.EndArr()
	stopMembers(w, a.Reason, a.StopSequence)
	if u := a.Usage; u != nil {
		usage(w, u)
	} else {
		usage(w, &neutral.Usage{})
	}
	w.End()
	return w.B
}

func unsigned(b *neutral.Block) bool { return b.Kind == neutral.ThinkBlock && b.Sig.Zero() }

// ownOrNext is the signature a thinking block shows: its own, or that of the
// Gemini call right behind it.
func ownOrNext(blocks []neutral.Block, i int) neutral.Sig {
	if sig := blocks[i].Sig; !sig.Zero() {
		return sig
	}
	if i+1 < len(blocks) && blocks[i+1].Sig.Vendor == neutral.Google {
		return blocks[i+1].Sig
	}
	return neutral.Sig{}
}

func wholeThinking(w *rawjson.Writer, text string, sig neutral.Sig) {
	w.Obj()
	if sig.Redacted {
		w.StrField("type", "redacted_thinking")
		w.StrField("data", sig.Payload)
	} else {
		w.StrField("type", "thinking")
		w.StrField("thinking", text)
		w.StrField("signature", signature(sig))
	}
	w.End()
}

func wholeCall(w *rawjson.Writer, b *neutral.Block) {
	call := neutral.Part{Args: b.Text, Custom: b.Custom}
	w.Obj()
	w.StrField("type", "tool_use")
	w.StrField("id", b.ID)
	w.StrField("name", b.Name)
	w.RawField("input", rawjson.Object(call.Arguments()))
	w.End()
}
