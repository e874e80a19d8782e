package chat

import (
	"strings"

	"github.com/tidwall/gjson"

	"github.com/claude-code-hub/cch/converters/neutral"
)

// Reader turns an upstream's answer into events. It belongs to one answer.
type Reader struct {
	em        *neutral.Emitter
	requestID string
	base      string // of made-up call ids
	calls     []*call
	usage     neutral.Usage
	known     bool
}

// NewReader returns a Reader that emits to em. requestID stands in for an id
// that the upstream does not give.
func NewReader(em *neutral.Emitter, requestID string) *Reader {
	return &Reader{em: em, requestID: requestID}
}

// Frame takes the data of one stream frame.
func (r *Reader) Frame(data string) {
	if data == "[DONE]" {
		r.finish("")
		r.em.End(r.usage, r.known)
		return
	}
	r.object(gjson.Parse(data), "delta")
}

// Body takes a whole answer.
func (r *Reader) Body(root gjson.Result) {
	r.object(root, "message")
	r.Close()
}

// Close says that the bytes have ended.
func (r *Reader) Close() {
	if r.em.Finished() {
		r.em.End(r.usage, r.known)
		return
	}
	r.em.Truncated()
}

// object reads a chunk or a whole answer, whose choices hold their content
// under the given member. Choices but the first were never asked for.
func (r *Reader) object(root gjson.Result, member string) {
	if neutral.HasError(root.Get("error")) {
		r.em.Fail(neutral.StreamError(root))
		return
	}
	if u, ok := neutral.ChatUsage(root.Get("usage")); ok {
		r.usage, r.known = u, true
	}
	if id := root.Get("id").Str; id != "" && !r.em.Started() {
		r.base = strings.Clone(neutral.BaseID(id, r.requestID)) // the frame goes, calls come later
		r.em.Start(id, root.Get("model").Str, root.Get("created").Int())
	}
	neutral.Objects(root.Get("choices"), func(c gjson.Result) {
		if c.Get("index").Int() != 0 || r.em.Finished() {
			return
		}
		r.delta(c.Get(member))
		if reason := c.Get("finish_reason").Str; reason != "" {
			r.finish(reason)
		}
	})
}

func (r *Reader) delta(d gjson.Result) {
	if s := d.Get("reasoning_content").Str; s != "" {
		r.append(neutral.ThinkBlock, s)
	} else {
		r.append(neutral.ThinkBlock, d.Get("reasoning").Str)
	}
	if content := d.Get("content"); content.IsArray() {
		r.parts(content)
	} else {
		r.append(neutral.TextBlock, content.Str)
	}
	r.append(neutral.RefusalBlock, d.Get("refusal").Str)
	neutral.Objects(d.Get("annotations"), func(a gjson.Result) {
		r.cite(a.Get("url_citation"))
	})
	neutral.Objects(d.Get("tool_calls"), func(c gjson.Result) {
		r.call(c)
	})
}

// parts reads content that is a list, as Mistral sends it.
func (r *Reader) parts(list gjson.Result) {
	neutral.Objects(list, func(p gjson.Result) {
		switch p.Get("type").Str {
		case "text":
			r.append(neutral.TextBlock, p.Get("text").Str)
		case "thinking":
			neutral.Objects(p.Get("thinking"), func(t gjson.Result) {
				r.append(neutral.ThinkBlock, t.Get("text").Str)
			})
		}
	})
}

// append adds text; calls do not go on after it.
func (r *Reader) append(kind neutral.BlockKind, s string) {
	if s == "" {
		return
	}
	for _, c := range r.calls {
		c.closed = true
	}
	r.em.Append(kind, s)
}

func (r *Reader) cite(c gjson.Result) {
	n, ok := r.em.LastText()
	if !ok || c.Get("url").Str == "" {
		return
	}
	r.em.Cite(n, neutral.Citation{
		URL: strings.Clone(c.Get("url").Str), Title: strings.Clone(c.Get("title").Str),
		From: int(c.Get("start_index").Int()), To: int(c.Get("end_index").Int()), Ranged: c.Get("end_index").Exists(),
	})
}

// finish stops everything. An empty reason is that of servers which send only
// [DONE].
func (r *Reader) finish(reason string) {
	switch {
	case r.em.Finished():
		return
	case reason == "" && !r.em.Content():
		r.em.Truncated()
		return
	}
	r.em.Finish(r.finishReason(reason), "")
}

func (r *Reader) finishReason(reason string) neutral.FinishReason {
	switch {
	case reason == "length":
		return neutral.FinishLength
	case reason == "content_filter":
		return neutral.FinishFilter
	case r.em.Calls() > 0:
		return neutral.FinishTool
	case r.em.Refused():
		return neutral.FinishRefusal
	default:
		return neutral.FinishStop
	}
}
