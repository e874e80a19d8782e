package chat

import (
	"unicode/utf8"

	"github.com/claude-code-hub/cch/converters/neutral"
	"github.com/claude-code-hub/cch/converters/openai"
	"github.com/claude-code-hub/cch/converters/rawjson"
)

// Writer prints events as a stream of chat completion chunks. It belongs to one
// answer.
type Writer struct {
	w      rawjson.Writer
	client *neutral.Client
	head   []byte // of every chunk, up to its choices

	calls   []callState // by block
	carried carried     // signed thinking waiting for the next call
	think   []byte      // text of the thinking block that is open
	sig     neutral.Sig // its signature
	chars   int         // code points of content so far
	block   int         // code points at the start of the text block
	cites   []neutral.Citation
	refused bool
}

type callState struct {
	n, index int
	custom   bool // freeform input that is printed inside JSON
	whole    bool // a custom tool of the client: printed when complete
	bare     bool // no argument came yet
	name, id string
	args     []byte
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
		w.delta(e)
	case neutral.SetSig:
		w.sig = e.Sig
	case neutral.Cite:
		w.cites = append(w.cites, e.Citation)
	case neutral.BlockStop:
		w.blockStop(e)
	case neutral.Finish:
		w.finish(finishReason(e.Reason, w.refused))
	case neutral.End:
		w.end(e.Usage)
	case neutral.Fail:
		w.w.B = append(w.w.B, "data: "...)
		_, w.w.B = openai.AppendError(w.w.B, e.Err)
		w.w.B = append(w.w.B, "\n\n"...)
	case neutral.Ping:
		w.KeepAlive()
	case neutral.OutputLoss:
	}
}

func (w *Writer) start(e *neutral.Event) {
	h := rawjson.Writer{B: []byte("data: ")}
	h.Obj()
	identity(&h, "chat.completion.chunk", e.ID, e.Model, e.Created, w.client)
	w.head = h.B
	w.open()
	w.w.StrField("role", "assistant")
	w.w.StrField("content", "")
	w.close()
}

func identity(w *rawjson.Writer, object, id, model string, created int64, c *neutral.Client) {
	if created == 0 {
		created = c.Now
	}
	w.StrField("id", "chatcmpl-"+neutral.BaseID(id, c.RequestID))
	w.StrField("object", object)
	w.IntField("created", created)
	w.StrField("model", c.ModelOf(model))
}

// open begins a chunk up to the members of its delta, close ends it.
func (w *Writer) open() {
	w.w.B = append(append(w.w.B, w.head...), `,"choices":[{"index":0,"delta":{`...)
}

func (w *Writer) close() { w.w.B = append(w.w.B, `},"finish_reason":null}]}`+"\n\n"...) }

// text prints a delta with a single member.
func (w *Writer) text(member, s string) {
	w.open()
	w.w.StrField(member, s)
	w.close()
}

func (w *Writer) blockStart(e *neutral.Event) {
	switch e.Block {
	case neutral.TextBlock:
		w.block = w.chars
	case neutral.ThinkBlock:
		w.think, w.sig = w.think[:0], neutral.Sig{}
	case neutral.RefusalBlock:
		w.refused = true
	case neutral.CallBlock:
		w.callStart(e)
	}
}

func (w *Writer) delta(e *neutral.Event) {
	switch e.Block {
	case neutral.TextBlock:
		w.chars += utf8.RuneCountInString(e.Text)
		w.text("content", e.Text)
	case neutral.ThinkBlock:
		w.think = append(w.think, e.Text...)
		w.text("reasoning_content", e.Text)
	case neutral.RefusalBlock:
		w.text("refusal", e.Text)
	case neutral.CallBlock:
		c := w.call(e.N)
		c.bare = false
		switch {
		case c.whole:
			c.args = append(c.args, e.Text...)
		case e.Kind == neutral.CustomDelta:
			w.arguments(c, string(rawjson.AppendEscaped(nil, e.Text)))
		default:
			w.arguments(c, e.Text)
		}
	}
}

func (w *Writer) blockStop(e *neutral.Event) {
	switch e.Block {
	case neutral.TextBlock:
		if len(w.cites) > 0 {
			w.open()
			annotations(&w.w, w.cites, w.block, w.chars)
			w.close()
			w.cites = w.cites[:0]
		}
	case neutral.ThinkBlock:
		w.carried.add(w.sig, string(w.think))
	case neutral.CallBlock:
		w.callStop(w.call(e.N))
	case neutral.RefusalBlock:
	}
}

// annotations prints the sources of a text that takes up the code points from
// start to end of the whole content.
func annotations(w *rawjson.Writer, cites []neutral.Citation, start, end int) {
	w.OpenArr("annotations")
	for _, c := range cites {
		from, to := start, end
		if c.Ranged {
			from, to = start+c.From, start+c.To
		}
		w.Obj()
		w.StrField("type", "url_citation")
		w.OpenObj("url_citation")
		w.StrField("url", c.URL)
		w.StrField("title", c.Title)
		w.IntField("start_index", int64(from))
		w.IntField("end_index", int64(to))
		w.End()
		w.End()
	}
	w.EndArr()
}

func (w *Writer) finish(reason string) {
	w.w.B = append(append(w.w.B, w.head...), `,"choices":[{"index":0,"delta":{},"finish_reason":"`...)
	w.w.B = append(append(w.w.B, reason...), "\"}]}\n\n"...)
}

// end prints the usage if the client wants it. [DONE] comes only here: after an
// error it would look like success.
func (w *Writer) end(u *neutral.Usage) {
	if w.client.WantUsage {
		w.w.B = append(append(w.w.B, w.head...), `,"choices":[]`...)
		usage(&w.w, u)
		w.w.B = append(w.w.B, "}\n\n"...)
	}
	w.w.B = append(w.w.B, "data: [DONE]\n\n"...)
}

func usage(w *rawjson.Writer, u *neutral.Usage) {
	if u == nil {
		u = &neutral.Usage{}
	}
	w.OpenObj("usage")
	w.IntField("prompt_tokens", u.Prompt())
	w.IntField("completion_tokens", u.Completion())
	w.IntField("total_tokens", u.Prompt()+u.Completion())
	w.OpenObj("prompt_tokens_details")
	w.IntField("cached_tokens", u.CacheRead)
	if n := u.CacheWrite(); n > 0 {
		w.IntField("cache_write_tokens", n)
	}
	w.End()
	if u.ReasoningKnown {
		w.OpenObj("completion_tokens_details")
		w.IntField("reasoning_tokens", u.Reasoning)
		w.End()
	}
	w.End()
}

func finishReason(f neutral.FinishReason, refused bool) string {
	switch f {
	case neutral.FinishLength, neutral.FinishContext:
		return "length"
	case neutral.FinishTool:
		return "tool_calls"
	case neutral.FinishFilter:
		return "content_filter"
	case neutral.FinishRefusal:
		if !refused {
			return "content_filter"
		}
	case neutral.FinishStop, neutral.FinishStopSequence, neutral.FinishPause:
	}
	return "stop"
}
