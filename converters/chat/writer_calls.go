package chat

import (
	"github.com/claude-code-hub/cch/converters/neutral"
	"github.com/claude-code-hub/cch/converters/rawjson"
)

// carried is signed thinking of other vendors on its way to a call, the one
// thing of a turn that chat clients give back.
type carried struct {
	anthropic, openai rawjson.Writer
}

// add packs one thinking block; without a signature there is nothing to carry.
func (c *carried) add(sig neutral.Sig, text string) {
	switch sig.Vendor {
	case neutral.Anthropic:
		w := &c.anthropic
		w.Obj()
		if sig.Redacted {
			w.StrField("type", "redacted_thinking")
			w.StrField("data", sig.Payload)
		} else {
			w.StrField("type", "thinking")
			w.StrField("thinking", text)
			w.StrField("signature", sig.Payload)
		}
		w.End()
	case neutral.OpenAI:
		w := &c.openai
		w.Obj()
		w.StrField("id", sig.ID)
		w.StrField("text", text)
		w.StrField("encrypted_content", sig.Payload)
		w.End()
	case neutral.NoVendor, neutral.Google:
	}
}

// print writes extra_content for a call with a signature of its own, and
// forgets what it carried.
func (c *carried) print(w *rawjson.Writer, sig neutral.Sig) {
	google := sig.Vendor == neutral.Google
	if !google && len(c.anthropic.B) == 0 && len(c.openai.B) == 0 {
		return
	}
	w.OpenObj("extra_content")
	if google {
		w.OpenObj("google")
		w.StrField("thought_signature", sig.Payload)
		w.End()
	}
	carry(w, "anthropic", "thinking", c.anthropic.B)
	carry(w, "openai", "reasoning", c.openai.B)
	w.End()
	c.anthropic.B, c.openai.B = nil, nil
}

func carry(w *rawjson.Writer, vendor, member string, list []byte) {
	if len(list) == 0 {
		return
	}
	w.OpenObj(vendor)
	w.OpenArr(member)
	w.Raw(string(list))
	w.EndArr()
	w.End()
}

func (w *Writer) call(n int) *callState {
	for i := range w.calls {
		if w.calls[i].n == n {
			return &w.calls[i]
		}
	}
	w.calls = append(w.calls, callState{n: n, index: len(w.calls)})
	return &w.calls[len(w.calls)-1]
}

func (w *Writer) callStart(e *neutral.Event) {
	c := w.call(e.N)
	c.id, c.name, c.custom, c.bare = e.ID, e.Name, e.Custom, true
	c.whole = w.client.Custom[e.Name]
	kind, member, args := "function", "function", "arguments"
	if c.whole {
		kind, member, args = "custom", "custom", "input"
	}
	w.entry(c)
	w.w.StrField("id", e.ID)
	w.w.StrField("type", kind)
	w.w.OpenObj(member)
	w.w.StrField("name", e.Name)
	w.w.StrField(args, "")
	w.w.End()
	w.carried.print(&w.w, e.Sig)
	w.closeEntry()
	if c.custom && !c.whole {
		w.arguments(c, `{"input":"`)
	}
}

// entry begins a chunk with one entry of tool_calls, closeEntry ends it.
func (w *Writer) entry(c *callState) {
	w.open()
	w.w.OpenArr("tool_calls")
	w.w.Obj()
	w.w.IntField("index", int64(c.index))
}

func (w *Writer) closeEntry() {
	w.w.End()
	w.w.EndArr()
	w.close()
}

func (w *Writer) arguments(c *callState, piece string) {
	w.entry(c)
	w.w.OpenObj("function")
	w.w.StrField("arguments", piece)
	w.w.End()
	w.closeEntry()
}

// callStop ends a call. Clients parse the arguments, so a call without any gets
// an empty object.
func (w *Writer) callStop(c *callState) {
	switch {
	case c.whole:
		input := string(c.args)
		if !c.custom {
			input = neutral.Freeform(input)
		}
		w.entry(c)
		w.w.OpenObj("custom")
		w.w.StrField("input", input)
		w.w.End()
		w.closeEntry()
	case c.custom:
		w.arguments(c, `"}`)
	case c.bare:
		w.arguments(c, "{}")
	}
}
