package gemini

import (
	"encoding/base64"

	"github.com/claude-code-hub/cch/converters/neutral"
	"github.com/claude-code-hub/cch/converters/rawjson"
)

// Writer prints events as a stream of chunks, each a frame or, for a client
// that did not ask for frames, an element of one JSON array. It belongs to one
// answer.
type Writer struct {
	w       rawjson.Writer
	client  *neutral.Client
	base    string
	model   string
	chunks  int
	calls   []wholeCall // those open, gathered because they are printed whole
	carried bundle
	think   []byte
	sig     neutral.Sig
	cites   []neutral.Citation
	reason  neutral.FinishReason
}

type wholeCall struct {
	n    int
	part neutral.Part
	args []byte
}

// bundle is signed thinking of other vendors on its way to the next call, the
// one thing of a turn that Gemini clients give back.
type bundle struct{ tokens []byte }

func (b *bundle) add(sig neutral.Sig, text string) {
	if sig.Zero() || sig.Vendor == neutral.Google {
		return
	}
	if len(b.tokens) > 0 {
		b.tokens = append(b.tokens, '\n')
	}
	b.tokens = append(b.tokens, sig.CarrierWithText(text)...)
}

// signature is what to print on a call, and empties the bundle.
func (b *bundle) signature(own neutral.Sig) string {
	tokens := b.tokens
	b.tokens = nil
	if own.Vendor == neutral.Google {
		return own.Payload
	}
	return base64.StdEncoding.EncodeToString(tokens)
}

// NewWriter returns a Writer for an answer to a client.
func NewWriter(c *neutral.Client) *Writer { return &Writer{client: c} }

// Take returns what was printed since the last Take; it is valid until the
// next event.
func (w *Writer) Take() []byte {
	out := w.w.B
	w.w.B = w.w.B[:0]
	return out
}

// KeepAlive prints nothing: old SDKs stall on frames that are not chunks.
func (w *Writer) KeepAlive() {}

// Event prints one event.
func (w *Writer) Event(e *neutral.Event) {
	switch e.Kind {
	case neutral.Start:
		w.base, w.model = neutral.BaseID(e.ID, w.client.RequestID), w.client.ModelOf(e.Model)
	case neutral.BlockStart:
		w.blockStart(e)
	case neutral.Delta, neutral.CustomDelta:
		w.delta(e)
	case neutral.SetSig:
		w.sig = e.Sig
	case neutral.Cite:
		w.cites = append(w.cites, e.Citation)
	case neutral.BlockStop:
		w.blockStop(e)
	case neutral.Finish:
		w.reason = e.Reason
	case neutral.End:
		w.end(e.Usage)
	case neutral.Fail:
		w.separate()
		_, w.w.B = AppendError(w.w.B, e.Err)
		w.terminate()
		w.last()
	case neutral.Ping, neutral.OutputLoss:
	}
}

func (w *Writer) blockStart(e *neutral.Event) {
	switch e.Block {
	case neutral.ThinkBlock:
		w.think, w.sig = w.think[:0], neutral.Sig{}
	case neutral.CallBlock:
		part := neutral.Part{ID: e.ID, Name: e.Name, Custom: e.Custom, Sig: e.Sig}
		w.calls = append(w.calls, wholeCall{n: e.N, part: part})
	case neutral.TextBlock, neutral.RefusalBlock:
	}
}

func (w *Writer) delta(e *neutral.Event) {
	switch e.Block {
	case neutral.ThinkBlock:
		w.think = append(w.think, e.Text...)
		w.text(e.Text, true)
	case neutral.CallBlock:
		for i := range w.calls {
			if w.calls[i].n == e.N {
				w.calls[i].args = append(w.calls[i].args, e.Text...)
			}
		}
	case neutral.TextBlock, neutral.RefusalBlock:
		w.text(e.Text, false)
	}
}

func (w *Writer) blockStop(e *neutral.Event) {
	if e.Block == neutral.ThinkBlock {
		w.carried.add(w.sig, string(w.think))
		return
	}
	for i := range w.calls {
		if w.calls[i].n != e.N {
			continue
		}
		c := w.calls[i]
		c.part.Args = string(c.args)
		w.calls = append(w.calls[:i], w.calls[i+1:]...)
		w.open()
		printCall(&w.w, &c.part, w.carried.signature(c.part.Sig))
		w.close()
		return
	}
}

// separate begins a frame or an array element, terminate ends it.
func (w *Writer) separate() {
	switch {
	case !w.client.Array:
		w.w.B = append(w.w.B, "data: "...)
	case w.chunks == 0:
		w.w.B = append(w.w.B, '[')
	default:
		w.w.B = append(w.w.B, ",\r\n"...)
	}
	w.chunks++
}

func (w *Writer) terminate() {
	if !w.client.Array {
		w.w.B = append(w.w.B, "\n\n"...)
	}
}

// last closes the array.
func (w *Writer) last() {
	if w.client.Array {
		w.w.B = append(w.w.B, ']')
	}
}

// open begins a chunk up to the parts of its candidate, close ends it.
func (w *Writer) open() {
	w.separate()
	if w.client.Envelope {
		w.w.B = append(w.w.B, `{"response":`...)
	}
	w.w.B = append(w.w.B, `{"candidates":[{"content":{"role":"model","parts":[`...)
}

func (w *Writer) close() {
	w.w.B = append(w.w.B, `]},"index":0}]`...)
	w.foot()
}

// foot ends a chunk after its candidates and usage.
func (w *Writer) foot() {
	identity(&w.w, w.base, w.model, w.client)
	w.terminate()
}

// identity prints the last members of a chunk and closes it and its envelope.
func identity(w *rawjson.Writer, base, model string, c *neutral.Client) {
	w.StrField("modelVersion", model)
	w.StrField("responseId", base)
	w.End()
	if c.Envelope {
		w.StrField("traceId", c.RequestID)
		w.End()
	}
}

func (w *Writer) text(s string, thought bool) {
	w.open()
	printText(&w.w, s, thought)
	w.close()
}

func printText(w *rawjson.Writer, s string, thought bool) {
	w.Obj()
	w.StrField("text", s)
	if thought {
		w.BoolField("thought", true)
	}
	w.End()
}

func printCall(w *rawjson.Writer, p *neutral.Part, signature string) {
	w.Obj()
	w.OpenObj("functionCall")
	w.StrField("id", p.ID)
	w.StrField("name", p.Name)
	w.RawField("args", rawjson.Object(p.Arguments()))
	w.End()
	w.OptStr("thoughtSignature", signature)
	w.End()
}

// end prints the last chunk. Its parts are an empty list: an empty text in
// their place would make Gemini CLI call the turn invalid.
func (w *Writer) end(u *neutral.Usage) {
	w.open()
	w.w.B = append(w.w.B, `]},`...)
	finish(&w.w, w.reason, w.cites)
	w.w.B = append(w.w.B, "}]"...)
	usage(&w.w, u)
	w.foot()
	w.last()
}

// finish prints the members of a candidate that end an answer.
func finish(w *rawjson.Writer, reason neutral.FinishReason, cites []neutral.Citation) {
	w.B = append(append(w.B, `"finishReason":"`...), finishReason(reason)...)
	w.B = append(w.B, `","index":0`...)
	if len(cites) == 0 {
		return
	}
	w.OpenObj("groundingMetadata")
	w.OpenArr("groundingChunks")
	for _, c := range cites {
		w.Obj()
		w.OpenObj("web")
		w.StrField("uri", c.URL)
		w.StrField("title", c.Title)
		w.End()
		w.End()
	}
	w.EndArr()
	w.End()
}

func finishReason(f neutral.FinishReason) string {
	switch f {
	case neutral.FinishLength, neutral.FinishContext:
		return "MAX_TOKENS"
	case neutral.FinishFilter, neutral.FinishRefusal:
		return "SAFETY"
	case neutral.FinishStop, neutral.FinishStopSequence, neutral.FinishTool, neutral.FinishPause:
	}
	return "STOP"
}

func usage(w *rawjson.Writer, u *neutral.Usage) {
	if u == nil {
		u = &neutral.Usage{}
	}
	w.OpenObj("usageMetadata")
	w.IntField("promptTokenCount", u.Prompt())
	w.IntField("candidatesTokenCount", max(0, u.Completion()-u.Reasoning))
	w.IntField("totalTokenCount", u.Prompt()+u.Completion())
	if u.CacheRead > 0 {
		w.IntField("cachedContentTokenCount", u.CacheRead)
	}
	if u.Reasoning > 0 {
		w.IntField("thoughtsTokenCount", u.Reasoning)
	}
	w.End()
}
