package responses

import (
	"github.com/claude-code-hub/cch/converters/neutral"
	"github.com/claude-code-hub/cch/converters/rawjson"
)

// AppendAnswer appends a whole answer to dst.
func AppendAnswer(dst []byte, a *neutral.Answer, c *neutral.Client) []byte {
	env := newEnvelope(a.ID, a.Model, a.Created, c)
	var output [][]byte
	add := func(it *outItem) {
		it.id = env.itemID(it.kind, len(output))
		if it.sig.Vendor == neutral.OpenAI && it.sig.ID != "" {
			it.id = it.sig.ID
		}
		w := rawjson.Writer{}
		it.print(&w, c, true)
		output = append(output, w.B)
	}
	for i := range a.Blocks {
		b := &a.Blocks[i]
		if b.Kind == neutral.CallBlock && b.Sig.Vendor == neutral.Google {
			add(&outItem{kind: reasoningItem, sig: b.Sig})
		}
		add(wholeItem(b, c))
	}
	u := a.Usage
	if u == nil {
		u = &neutral.Usage{}
	}
	state, incomplete := status(a.Reason, a.Has(neutral.RefusalBlock))
	w := &rawjson.Writer{B: dst}
	env.print(w, state, incomplete, output, u)
	return w.B
}

func wholeItem(b *neutral.Block, c *neutral.Client) *outItem {
	it := &outItem{callID: b.ID, name: b.Name, text: []byte(b.Text), cites: b.Cites}
	switch b.Kind {
	case neutral.TextBlock:
		it.kind = messageItem
	case neutral.RefusalBlock:
		it.kind = refusalItem
	case neutral.ThinkBlock:
		it.kind, it.sig = reasoningItem, b.Sig
	case neutral.CallBlock:
		it.kind = callKind(b.Name, c)
		call := neutral.Part{Args: b.Text, Custom: b.Custom}
		if it.kind == customItem {
			it.text = []byte(neutral.Freeform(call.Arguments()))
		} else {
			it.text = []byte(call.Arguments())
		}
	}
	return it
}
