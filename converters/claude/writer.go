package claude

import (
	"github.com/claude-code-hub/cch/converters/neutral"
	"github.com/claude-code-hub/cch/converters/rawjson"
)

// Writer prints events as an Anthropic stream. It belongs to one answer.
type Writer struct {
	w      rawjson.Writer
	client *neutral.Client

	base   string
	index  []int // printed index of each block
	next   int   // index of the next block
	think  int   // a thinking block whose start is not printed yet, or -1
	held   int   // printed index of an unsigned thinking block kept open, or -1
	custom map[int]bool

	reason neutral.FinishReason
	stop   string
}

// NewWriter returns a Writer for an answer to a client.
func NewWriter(c *neutral.Client) *Writer { return &Writer{client: c, think: -1, held: -1} }

// Take returns what was printed since the last Take; it is valid until the
// next event.
func (w *Writer) Take() []byte {
	out := w.w.B
	w.w.B = w.w.B[:0]
	return out
}

// KeepAlive prints a sign of life.
func (w *Writer) KeepAlive() {
	w.open("ping")
	w.close()
}

// Event prints one event.
func (w *Writer) Event(e *neutral.Event) {
	if e.Kind != neutral.Ping && e.Kind != neutral.BlockStart && w.held >= 0 {
		w.release(neutral.Sig{})
	}
	switch e.Kind {
	case neutral.Start:
		w.start(e)
	case neutral.BlockStart:
		w.blockStart(e)
	case neutral.Delta:
		w.delta(e)
	case neutral.CustomDelta:
		w.customDelta(e)
	case neutral.SetSig:
		w.sign(e)
	case neutral.BlockStop:
		w.blockStop(e)
	case neutral.Finish:
		w.reason, w.stop = e.Reason, e.StopSequence
	case neutral.End:
		w.end(e.Usage)
	case neutral.Fail:
		w.w.B = append(w.w.B, "event: error\ndata: "...)
		appendErrorTo(&w.w, e.Err, "")
		w.w.B = append(w.w.B, "\n\n"...)
	case neutral.Ping:
		w.KeepAlive()
	case neutral.Cite, neutral.OutputLoss: // citations need an index only Anthropic can make
	}
}

// open begins a frame of an event, close ends it.
func (w *Writer) open(event string) {
	w.w.B = append(append(append(w.w.B, "event: "...), event...), "\ndata: {\"type\":\""...)
	w.w.B = append(append(w.w.B, event...), '"')
}

func (w *Writer) close() { w.w.B = append(w.w.B, "}\n\n"...) }

func (w *Writer) start(e *neutral.Event) {
	w.base = neutral.BaseID(e.ID, w.client.RequestID)
	w.open("message_start")
	w.w.OpenObj("message")
	head(&w.w, w.base, w.client.ModelOf(e.Model))
	w.w.RawField("content", "[]")
	w.w.RawField("stop_reason", "null")
	w.w.RawField("stop_sequence", "null")
	usage(&w.w, &neutral.Usage{})
	w.w.End()
	w.close()
}

func head(w *rawjson.Writer, base, model string) {
	w.StrField("id", "msg_"+base)
	w.StrField("type", "message")
	w.StrField("role", "assistant")
	w.StrField("model", model)
}

func usage(w *rawjson.Writer, u *neutral.Usage) {
	w.OpenObj("usage")
	w.IntField("input_tokens", u.Input+u.InputImage+u.InputAudio)
	w.IntField("cache_creation_input_tokens", u.CacheWrite())
	w.IntField("cache_read_input_tokens", u.CacheRead)
	w.IntField("output_tokens", u.Completion())
	if u.ReasoningKnown {
		w.OpenObj("output_tokens_details")
		w.IntField("thinking_tokens", u.Reasoning)
		w.End()
	}
	w.End()
}

// begin prints the start of the next block up to its own members.
func (w *Writer) begin(kind string) int {
	index := w.next
	w.next++
	w.open("content_block_start")
	w.w.IntField("index", int64(index))
	w.w.OpenObj("content_block")
	w.w.StrField("type", kind)
	return index
}

func (w *Writer) begun() {
	w.w.End()
	w.close()
}

func (w *Writer) blockStart(e *neutral.Event) {
	if w.held >= 0 {
		w.release(e.Sig)
	} else if e.Block == neutral.CallBlock && e.Sig.Vendor == neutral.Google {
		w.emptyThinking(e.Sig)
	}
	switch e.Block {
	case neutral.ThinkBlock: // printed when it is known whether it is redacted
		w.think = e.N
		w.place(e.N, w.next)
	case neutral.CallBlock:
		index := w.begin("tool_use")
		w.w.StrField("id", e.ID)
		w.w.StrField("name", e.Name)
		w.w.RawField("input", "{}")
		w.begun()
		w.place(e.N, index)
		if e.Custom {
			if w.custom == nil {
				w.custom = map[int]bool{}
			}
			w.custom[e.N] = true
			w.piece(index, "input_json_delta", "partial_json", `{"input":"`)
		}
	case neutral.TextBlock, neutral.RefusalBlock:
		index := w.begin("text")
		w.w.StrField("text", "")
		w.begun()
		w.place(e.N, index)
	}
}

func (w *Writer) place(n, index int) {
	for len(w.index) <= n {
		w.index = append(w.index, 0)
	}
	w.index[n] = index
}

// startThinking prints the start of a thinking block that was waiting.
func (w *Writer) startThinking() {
	if w.think < 0 {
		return
	}
	w.think = -1
	w.begin("thinking")
	w.w.StrField("thinking", "")
	w.w.StrField("signature", "")
	w.begun()
}

func (w *Writer) emptyThinking(sig neutral.Sig) {
	w.think, w.held = 0, w.next
	w.startThinking()
	w.release(sig)
}

// release ends the thinking block that was kept open. A Gemini signature of the
// call that follows belongs to it; else it gets the marker.
func (w *Writer) release(sig neutral.Sig) {
	if sig.Vendor != neutral.Google {
		sig = neutral.Sig{}
	}
	index := w.held
	w.held = -1
	w.piece(index, "signature_delta", "signature", sig.Carrier())
	w.stopBlock(index)
}

func (w *Writer) piece(index int, kind, member, text string) {
	w.open("content_block_delta")
	w.w.IntField("index", int64(index))
	w.w.OpenObj("delta")
	w.w.StrField("type", kind)
	w.w.StrField(member, text)
	w.w.End()
	w.close()
}

func (w *Writer) stopBlock(index int) {
	w.open("content_block_stop")
	w.w.IntField("index", int64(index))
	w.close()
}

func (w *Writer) delta(e *neutral.Event) {
	switch e.Block {
	case neutral.ThinkBlock:
		w.startThinking()
		w.piece(w.index[e.N], "thinking_delta", "thinking", e.Text)
	case neutral.CallBlock:
		w.piece(w.index[e.N], "input_json_delta", "partial_json", e.Text)
	case neutral.TextBlock, neutral.RefusalBlock:
		w.piece(w.index[e.N], "text_delta", "text", e.Text)
	}
}

// customDelta prints a piece of freeform input as a piece of a JSON string.
func (w *Writer) customDelta(e *neutral.Event) {
	w.piece(w.index[e.N], "input_json_delta", "partial_json", string(rawjson.AppendEscaped(nil, e.Text)))
}

func (w *Writer) sign(e *neutral.Event) {
	if e.Sig.Redacted && e.Sig.Vendor == neutral.Anthropic && w.think == e.N {
		w.think = -1
		w.begin("redacted_thinking")
		w.w.StrField("data", e.Sig.Payload)
		w.begun()
	} else {
		w.startThinking()
		w.piece(w.index[e.N], "signature_delta", "signature", signature(e.Sig))
	}
	w.index[e.N] |= signed
}

// signed flags the printed index of a thinking block that has its signature.
const signed = 1 << 30

// signature is what a thinking block of a Claude client holds: Anthropic's own
// tokens bare, others in a carrier.
func signature(s neutral.Sig) string {
	if s.Vendor == neutral.Anthropic {
		return s.Payload
	}
	return s.Carrier()
}

func (w *Writer) blockStop(e *neutral.Event) {
	index := w.index[e.N]
	switch {
	case e.Block == neutral.ThinkBlock && index&signed == 0:
		w.startThinking()
		w.held = index
		return
	case w.custom[e.N]:
		w.piece(index, "input_json_delta", "partial_json", `"}`)
	}
	w.stopBlock(index &^ signed)
}

// end prints the reason together with the whole usage, as message_start had
// none.
func (w *Writer) end(u *neutral.Usage) {
	if u == nil {
		u = &neutral.Usage{}
	}
	w.open("message_delta")
	w.w.OpenObj("delta")
	stopMembers(&w.w, w.reason, w.stop)
	w.w.End()
	usage(&w.w, u)
	w.close()
	w.open("message_stop")
	w.close()
}

func stopMembers(w *rawjson.Writer, reason neutral.FinishReason, sequence string) {
	w.StrField("stop_reason", stopReason(reason))
	if reason == neutral.FinishStopSequence && sequence != "" {
		w.StrField("stop_sequence", sequence)
	} else {
		w.RawField("stop_sequence", "null")
	}
}
