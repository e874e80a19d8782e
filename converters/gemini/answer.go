package gemini

import (
	"github.com/claude-code-hub/cch/converters/neutral"
	"github.com/claude-code-hub/cch/converters/rawjson"
)

// AppendAnswer appends a whole answer to dst.
func AppendAnswer(dst []byte, a *neutral.Answer, c *neutral.Client) []byte {
	w := &rawjson.Writer{B: dst}
	if c.Envelope {
		w.Obj()
		w.Key("response")
	}
	w.B = append(w.B, `{"candidates":[{"content":{"role":"model","parts":[`...)
	var carried bundle
	var cites []neutral.Citation
	for i := range a.Blocks {
		b := &a.Blocks[i]
		switch b.Kind {
		case neutral.ThinkBlock:
			carried.add(b.Sig, b.Text)
			if b.Text != "" {
				printText(w, b.Text, true)
			}
		case neutral.CallBlock:
			p := neutral.Part{ID: b.ID, Name: b.Name, Args: b.Text, Custom: b.Custom}
			printCall(w, &p, carried.signature(b.Sig))
		case neutral.TextBlock, neutral.RefusalBlock:
			cites = append(cites, b.Cites...)
			if b.Text != "" {
				printText(w, b.Text, false)
			}
		}
	}
	w.B = append(w.B, "]},"...)
	finish(w, a.Reason, cites)
	w.B = append(w.B, "}]"...)
	usage(w, a.Usage)
	identity(w, neutral.BaseID(a.ID, c.RequestID), c.ModelOf(a.Model), c)
	return w.B
}
