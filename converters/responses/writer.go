package responses

import (
	"strconv"

	"github.com/claude-code-hub/cch/converters/neutral"
	"github.com/claude-code-hub/cch/converters/rawjson"
)

// Writer prints events as a Responses stream. It keeps the text of the answer,
// as every item is said again whole when it is done and at the end. It belongs
// to one answer.
type Writer struct {
	w        rawjson.Writer
	client   *neutral.Client
	answer   envelope
	sequence int64

	open   []*outItem
	done   [][]byte // finished items by output index, nil while unfinished
	reason neutral.FinishReason
	refuse bool
}

// outItem is an output item that is being written.
type outItem struct {
	n, index int
	kind     itemKind
	id       string
	callID   string
	name     string
	text     []byte
	sig      neutral.Sig
	cites    []neutral.Citation
	begun    bool // of a summary: its part was added
	wrap     bool // of a function: freeform input printed inside JSON
	custom   bool // the upstream sends freeform input
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

// KeepAlive prints a sign of life.
func (w *Writer) KeepAlive() { w.w.B = append(w.w.B, ": ping\n\n"...) }

// Event prints one event.
func (w *Writer) Event(e *neutral.Event) {
	switch e.Kind {
	case neutral.Start:
		w.start(e)
	case neutral.BlockStart:
		w.blockStart(e)
	case neutral.Delta, neutral.CustomDelta:
		w.delta(w.find(e.N), e)
	case neutral.SetSig:
		w.find(e.N).sig = e.Sig
	case neutral.Cite:
		it := w.find(e.N)
		it.cites = append(it.cites, e.Citation)
	case neutral.BlockStop:
		w.blockStop(e.N)
	case neutral.Finish:
		w.reason = e.Reason
	case neutral.End:
		w.end(e.Usage)
	case neutral.Fail:
		w.fail(e.Err)
	case neutral.Ping:
		w.KeepAlive()
	case neutral.OutputLoss:
	}
}

func (w *Writer) start(e *neutral.Event) {
	w.answer = newEnvelope(e.ID, e.Model, e.Created, w.client)
	for _, event := range []string{"response.created", "response.in_progress"} {
		w.event(event)
		w.w.Key("response")
		w.answer.print(&w.w, "in_progress", nil, nil, nil)
		w.close()
	}
}

// event begins a frame with its name and number, close ends it.
func (w *Writer) event(name string) {
	w.w.B = append(append(append(w.w.B, "event: "...), name...), "\ndata: {\"type\":\""...)
	w.w.B = append(append(w.w.B, name...), `","sequence_number":`...)
	w.w.B = strconv.AppendInt(w.w.B, w.sequence, 10)
	w.sequence++
}

func (w *Writer) close() { w.w.B = append(w.w.B, "}\n\n"...) }

// place begins a frame about an item; part also names the part of a message or
// summary.
func (w *Writer) place(event string, it *outItem, part string) {
	w.event(event)
	w.w.StrField("item_id", it.id)
	w.w.IntField("output_index", int64(it.index))
	if part != "" {
		w.w.IntField(part, 0)
	}
}

func (w *Writer) find(n int) *outItem {
	for _, it := range w.open {
		if it.n == n {
			return it
		}
	}
	return &outItem{n: n}
}

// add begins a new output item and prints that.
func (w *Writer) add(it *outItem) {
	it.index = len(w.done)
	it.id = w.answer.itemID(it.kind, it.index)
	w.done = append(w.done, nil)
	w.event("response.output_item.added")
	w.w.IntField("output_index", int64(it.index))
	w.w.Key("item")
	it.print(&w.w, w.client, false)
	w.close()
}

// finish prints that an item is done and keeps it for the end.
func (w *Writer) finish(it *outItem) {
	w.event("response.output_item.done")
	w.w.IntField("output_index", int64(it.index))
	w.w.Key("item")
	from := len(w.w.B)
	it.print(&w.w, w.client, true)
	w.done[it.index] = append([]byte(nil), w.w.B[from:]...)
	w.close()
}

func (w *Writer) blockStart(e *neutral.Event) {
	it := &outItem{n: e.N, callID: e.ID, name: e.Name, custom: e.Custom}
	switch e.Block {
	case neutral.TextBlock:
		it.kind = messageItem
	case neutral.RefusalBlock:
		it.kind, w.refuse = refusalItem, true
	case neutral.ThinkBlock:
		it.kind = reasoningItem
	case neutral.CallBlock:
		if e.Sig.Vendor == neutral.Google { // the signature needs an item of its own
			carrier := &outItem{kind: reasoningItem, sig: e.Sig}
			w.add(carrier)
			w.finish(carrier)
		}
		it.kind = callKind(e.Name, w.client)
		it.wrap = e.Custom && it.kind == functionItem
	}
	w.open = append(w.open, it)
	w.add(it)
	switch {
	case it.kind == messageItem || it.kind == refusalItem:
		w.place("response.content_part.added", it, "content_index")
		w.w.Key("part")
		it.printPart(&w.w, false)
		w.close()
	case it.wrap:
		w.arguments(it, `{"input":"`)
	}
}

func (w *Writer) delta(it *outItem, e *neutral.Event) {
	switch it.kind {
	case messageItem:
		it.text = append(it.text, e.Text...)
		w.place("response.output_text.delta", it, "content_index")
		w.w.StrField("delta", e.Text)
		w.w.RawField("logprobs", "[]")
		w.close()
	case refusalItem:
		it.text = append(it.text, e.Text...)
		w.place("response.refusal.delta", it, "content_index")
		w.w.StrField("delta", e.Text)
		w.close()
	case reasoningItem:
		if !it.begun {
			it.begun = true
			w.summaryPart("response.reasoning_summary_part.added", it, "")
		}
		it.text = append(it.text, e.Text...)
		w.place("response.reasoning_summary_text.delta", it, "summary_index")
		w.w.StrField("delta", e.Text)
		w.close()
	case functionItem:
		if it.wrap {
			w.arguments(it, string(rawjson.AppendEscaped(nil, e.Text)))
		} else {
			w.arguments(it, e.Text)
		}
	case customItem, shellItem: // said whole at the end
		it.text = append(it.text, e.Text...)
	}
}

func (w *Writer) arguments(it *outItem, piece string) {
	it.text = append(it.text, piece...)
	w.place("response.function_call_arguments.delta", it, "")
	w.w.StrField("delta", piece)
	w.close()
}

func (w *Writer) summaryPart(event string, it *outItem, text string) {
	w.place(event, it, "summary_index")
	w.w.OpenObj("part")
	w.w.StrField("type", "summary_text")
	w.w.StrField("text", text)
	w.w.End()
	w.close()
}

func (w *Writer) blockStop(n int) {
	it := w.find(n)
	switch it.kind {
	case messageItem:
		w.stopText(it)
	case refusalItem:
		w.place("response.refusal.done", it, "content_index")
		w.w.StrField("refusal", string(it.text))
		w.close()
		w.partDone(it)
	case reasoningItem:
		if it.begun {
			w.place("response.reasoning_summary_text.done", it, "summary_index")
			w.w.StrField("text", string(it.text))
			w.close()
			w.summaryPart("response.reasoning_summary_part.done", it, string(it.text))
		}
	case functionItem:
		w.stopFunction(it)
	case customItem:
		w.stopCustom(it)
	case shellItem:
	}
	w.finish(it)
	for i := range w.open {
		if w.open[i] == it {
			w.open = append(w.open[:i], w.open[i+1:]...)
			break
		}
	}
}

func (w *Writer) stopText(it *outItem) {
	for i := range it.cites {
		w.place("response.output_text.annotation.added", it, "content_index")
		w.w.IntField("annotation_index", int64(i))
		w.w.Key("annotation")
		printCitation(&w.w, it.cites[i], string(it.text))
		w.close()
	}
	w.place("response.output_text.done", it, "content_index")
	w.w.StrField("text", string(it.text))
	w.w.RawField("logprobs", "[]")
	w.close()
	w.partDone(it)
}

func (w *Writer) partDone(it *outItem) {
	w.place("response.content_part.done", it, "content_index")
	w.w.Key("part")
	it.printPart(&w.w, true)
	w.close()
}

func (w *Writer) stopFunction(it *outItem) {
	switch {
	case it.wrap:
		w.arguments(it, `"}`)
	case len(it.text) == 0:
		w.arguments(it, "{}")
	}
	_, name := it.names(w.client)
	w.place("response.function_call_arguments.done", it, "")
	w.w.StrField("name", name)
	w.w.StrField("arguments", string(it.text))
	w.close()
}

func (w *Writer) stopCustom(it *outItem) {
	if !it.custom {
		it.text = []byte(neutral.Freeform(string(it.text)))
	}
	w.place("response.custom_tool_call_input.delta", it, "")
	w.w.StrField("delta", string(it.text))
	w.close()
	w.place("response.custom_tool_call_input.done", it, "")
	w.w.StrField("input", string(it.text))
	w.close()
}

func (w *Writer) end(u *neutral.Usage) {
	if u == nil {
		u = &neutral.Usage{}
	}
	status, incomplete := status(w.reason, w.refuse)
	w.event("response." + status)
	w.w.Key("response")
	w.answer.print(&w.w, status, incomplete, w.done, u)
	w.close()
}

func (w *Writer) fail(err *neutral.Error) {
	w.event("response.failed")
	w.w.Key("response")
	w.answer.printFailed(&w.w, err, w.done)
	w.close()
}
