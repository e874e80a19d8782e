package gemini

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/tidwall/gjson"

	"github.com/claude-code-hub/cch/converters/neutral"
	"github.com/claude-code-hub/cch/converters/rawjson"
)

// Reader turns an upstream's answer into events. It belongs to one answer.
type Reader struct {
	em        *neutral.Emitter
	requestID string
	base      string // of made-up call ids

	usage   neutral.Usage
	known   bool
	reason  string
	blocked bool
	text    []byte // of the open text block; sources count its bytes
	partial partialCall
}

// NewReader returns a Reader that emits to em. requestID stands in for an id
// that the upstream does not give.
func NewReader(em *neutral.Emitter, requestID string) *Reader {
	return &Reader{em: em, requestID: requestID}
}

// Frame takes one chunk.
func (r *Reader) Frame(data string) { r.chunk(gjson.Parse(data)) }

// Body takes a whole answer, or the list of a stream's chunks.
func (r *Reader) Body(root gjson.Result) {
	if root.IsArray() {
		neutral.List(root).ForEach(func(_, c gjson.Result) bool {
			r.chunk(c)
			return !r.em.Over()
		})
	} else {
		r.chunk(root)
	}
	r.Close()
}

// Close says that the bytes have ended, which is the only end a Gemini stream
// has: usage may follow the finish reason until then.
func (r *Reader) Close() {
	if r.em.Over() {
		return
	}
	reason, ok := r.finishReason()
	if !ok {
		return
	}
	r.em.Finish(reason, "")
	r.em.End(r.usage, r.known)
}

func (r *Reader) chunk(root gjson.Result) {
	if inner := root.Get("response"); inner.IsObject() {
		root = inner
	}
	if neutral.HasError(root.Get("error")) {
		r.em.Fail(neutral.StreamError(root))
		return
	}
	if u, ok := neutral.GeminiUsage(root.Get("usageMetadata")); ok {
		r.usage, r.known = u, true
	}
	if !r.em.Started() {
		id := root.Get("responseId").Str
		r.base = strings.Clone(neutral.BaseID(id, r.requestID)) // the frame goes, calls come later
		r.em.Start(id, root.Get("modelVersion").Str, 0)
	}
	if root.Get("promptFeedback.blockReason").Str != "" {
		r.blocked = true
	}
	neutral.Objects(root.Get("candidates"), func(c gjson.Result) {
		if c.Get("index").Int() == 0 {
			r.candidate(c)
		}
	})
}

func (r *Reader) candidate(c gjson.Result) {
	neutral.Objects(c.Get("content.parts"), func(p gjson.Result) {
		r.part(p)
	})
	if g := c.Get("groundingMetadata"); g.IsObject() {
		r.grounding(g)
	}
	if reason := c.Get("finishReason").Str; reason != "" && reason != "FINISH_REASON_UNSPECIFIED" {
		r.reason = strings.Clone(reason)
	}
}

func (r *Reader) part(p gjson.Result) {
	if t := p.Get("text"); t.Type == gjson.String {
		switch {
		case t.Str == "":
		case p.Get("thought").Bool():
			r.em.Append(neutral.ThinkBlock, t.Str)
		default:
			if _, open := r.em.LastText(); !open {
				r.text = r.text[:0]
			}
			r.text = append(r.text, t.Str...)
			r.em.Append(neutral.TextBlock, t.Str)
		}
		return
	}
	switch {
	case p.Get("functionCall").IsObject():
		r.call(p)
	case p.Get("inlineData").IsObject():
		r.em.Lose(neutral.DropOutputMedia, strings.Clone(p.Get("inlineData.mimeType").Str))
	}
}

func (r *Reader) call(p gjson.Result) {
	f := p.Get("functionCall")
	if r.partial.take(f, p.Get("thoughtSignature").Str) {
		if c, done := r.partial.done(f); done {
			r.emit(c.id, c.name, c.args, c.sig)
		}
		return
	}
	args := "{}"
	if a := f.Get("args"); a.IsObject() {
		args = rawjson.Compact(a.Raw)
	}
	r.emit(f.Get("id").Str, f.Get("name").Str, args, p.Get("thoughtSignature").Str)
}

// emit sends a call whole, since its arguments come whole.
func (r *Reader) emit(id, name, args, signature string) {
	sig := neutral.Sig{}
	if signature != "" {
		sig = neutral.Sig{Vendor: neutral.Google, Payload: strings.Clone(signature)}
	}
	if id == "" {
		id = "call_" + r.base + "_" + strconv.Itoa(r.em.Calls())
	}
	n := r.em.OpenCall(id, name, false, sig)
	r.em.Delta(n, neutral.CallBlock, args)
	r.em.Close(n)
}

// grounding passes the sources of a search on: by the ranges they support, or
// for the whole text.
func (r *Reader) grounding(g gjson.Result) {
	n, ok := r.em.LastText()
	if !ok {
		return
	}
	chunks := g.Get("groundingChunks").Array()
	source := func(i int) (neutral.Citation, bool) {
		if i < 0 || i >= len(chunks) || chunks[i].Get("web.uri").Str == "" {
			return neutral.Citation{}, false
		}
		web := chunks[i].Get("web")
		return neutral.Citation{URL: strings.Clone(web.Get("uri").Str), Title: strings.Clone(web.Get("title").Str)}, true
	}
	supports := g.Get("groundingSupports")
	if !supports.IsArray() {
		for i := range chunks {
			if c, ok := source(i); ok {
				r.em.Cite(n, c)
			}
		}
		return
	}
	neutral.Objects(supports, func(s gjson.Result) {
		from, to := r.runes(s.Get("segment.startIndex")), r.runes(s.Get("segment.endIndex"))
		neutral.List(s.Get("groundingChunkIndices")).ForEach(func(_, i gjson.Result) bool {
			if c, ok := source(int(i.Int())); ok {
				c.From, c.To, c.Ranged = from, to, true
				r.em.Cite(n, c)
			}
			return true
		})
	})
}

// runes turns an offset in bytes of the text into one in code points.
func (r *Reader) runes(offset gjson.Result) int {
	n := min(max(int(offset.Int()), 0), len(r.text))
	return utf8.RuneCount(r.text[:n])
}

// finishReason is the reason to finish with. It fails the answer and returns
// false when there is none, or when an abnormal one came before any content, as
// another try may go better.
func (r *Reader) finishReason() (neutral.FinishReason, bool) {
	switch reason := r.reason; {
	case reason == "" && r.blocked:
		return neutral.FinishFilter, true
	case reason == "":
		r.em.Truncated()
		return 0, false
	case reason == "STOP" && r.em.Calls() > 0:
		return neutral.FinishTool, true
	case reason == "STOP":
		return neutral.FinishStop, true
	case reason == "MAX_TOKENS":
		return neutral.FinishLength, true
	case filtered(reason):
		return neutral.FinishFilter, true
	case !r.em.Content():
		r.em.Fail(&neutral.Error{Kind: neutral.Upstream, Status: 502, Message: "upstream answer ended with " + reason})
		return 0, false
	default:
		r.em.Lose(neutral.DropFinishReason, reason)
		if r.em.Calls() > 0 {
			return neutral.FinishTool, true
		}
		return neutral.FinishStop, true
	}
}

func filtered(reason string) bool {
	switch reason {
	case "SAFETY", "RECITATION", "LANGUAGE", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII":
		return true
	}
	return strings.HasPrefix(reason, "IMAGE_")
}
