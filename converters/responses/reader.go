package responses

import (
	"strings"

	"github.com/tidwall/gjson"

	"github.com/claude-code-hub/cch/converters/neutral"
)

// Reader turns an upstream's answer into events. It belongs to one answer.
type Reader struct {
	em    *neutral.Emitter
	items []item // those seen, by the upstream's index
	usage neutral.Usage
	known bool
}

type item struct {
	index  int64
	n      int // open block, -1 if there is none
	filled bool
	done   bool
}

// NewReader returns a Reader that emits to em.
func NewReader(em *neutral.Emitter) *Reader { return &Reader{em: em} }

// Frame takes the data of one stream frame.
func (r *Reader) Frame(data string) {
	root := gjson.Parse(data)
	switch kind := root.Get("type").Str; kind {
	case "response.created", "response.in_progress":
		r.start(root.Get("response"))
	case "response.output_item.added":
		r.added(root)
	case "response.content_part.added":
		r.partAdded(root)
	case "response.reasoning_summary_part.added":
		r.summaryAdded(root)
	case "response.output_text.delta":
		r.delta(root, neutral.TextBlock)
	case "response.refusal.delta":
		r.delta(root, neutral.RefusalBlock)
	case "response.reasoning_summary_text.delta", "response.reasoning_text.delta":
		r.delta(root, neutral.ThinkBlock)
	case "response.function_call_arguments.delta":
		r.callDelta(root, false)
	case "response.custom_tool_call_input.delta":
		r.callDelta(root, true)
	case "response.output_text.annotation.added":
		if it := r.find(root); it.n >= 0 {
			r.cite(it.n, root.Get("annotation"))
		}
	case "response.output_item.done":
		r.itemDone(r.find(root), root.Get("item"))
	case "response.completed", "response.incomplete":
		r.end(root.Get("response"))
	case "response.failed", "error":
		r.em.Fail(neutral.StreamError(root))
	case "":
		if neutral.HasError(root.Get("error")) {
			r.em.Fail(neutral.StreamError(root))
		}
	}
}

// Body takes a whole answer.
func (r *Reader) Body(root gjson.Result) {
	if root.Get("status").Str == "failed" || neutral.HasError(root.Get("error")) {
		r.em.Fail(neutral.StreamError(root))
		return
	}
	r.start(root)
	if root.Get("status").Str == "" && !root.Get("output").IsArray() {
		r.em.Truncated()
		return
	}
	r.end(root)
}

// Close says that the bytes have ended.
func (r *Reader) Close() { r.em.Truncated() }

func (r *Reader) start(response gjson.Result) {
	r.em.Start(response.Get("id").Str, response.Get("model").Str, response.Get("created_at").Int())
}

func (r *Reader) find(root gjson.Result) *item {
	return r.at(root.Get("output_index").Int())
}

func (r *Reader) at(index int64) *item {
	for i := range r.items {
		if r.items[i].index == index {
			return &r.items[i]
		}
	}
	r.items = append(r.items, item{index: index, n: -1})
	return &r.items[len(r.items)-1]
}

func (r *Reader) added(root gjson.Result) {
	it, o := r.find(root), root.Get("item")
	if kind := o.Get("type").Str; kind == "function_call" || kind == "custom_tool_call" {
		r.openCall(it, o)
	}
}

func (r *Reader) openCall(it *item, o gjson.Result) {
	custom := o.Get("type").Str == "custom_tool_call"
	it.n = r.em.OpenCall(o.Get("call_id").Str, flatName(o), custom, neutral.Sig{})
}

func (r *Reader) partAdded(root gjson.Result) {
	it := r.find(root)
	switch root.Get("part.type").Str {
	case "output_text":
		it.n = r.em.Open(neutral.TextBlock)
	case "refusal":
		it.n = r.em.Open(neutral.RefusalBlock)
	}
}

// summaryAdded opens thinking at the first part of a summary and sets further
// parts off.
func (r *Reader) summaryAdded(root gjson.Result) {
	it := r.find(root)
	if it.n < 0 {
		it.n = r.em.Open(neutral.ThinkBlock)
	} else if root.Get("summary_index").Int() > 0 {
		r.em.Delta(it.n, neutral.ThinkBlock, "\n\n")
	}
}

func (r *Reader) delta(root gjson.Result, kind neutral.BlockKind) {
	it := r.find(root)
	if it.done {
		return
	}
	if it.n < 0 {
		it.n = r.em.Open(kind)
	}
	it.filled = true
	r.em.Delta(it.n, kind, root.Get("delta").Str)
}

func (r *Reader) callDelta(root gjson.Result, custom bool) {
	it := r.find(root)
	piece := root.Get("delta").Str
	if it.n < 0 || it.done || piece == "" {
		return
	}
	it.filled = true
	if custom {
		r.em.CustomDelta(it.n, piece)
	} else {
		r.em.Delta(it.n, neutral.CallBlock, piece)
	}
}

func (r *Reader) cite(n int, a gjson.Result) {
	if url := a.Get("url").Str; url != "" {
		r.em.Cite(n, neutral.Citation{
			URL: strings.Clone(url), Title: strings.Clone(a.Get("title").Str),
			From: int(a.Get("start_index").Int()), To: int(a.Get("end_index").Int()), Ranged: a.Get("end_index").Exists(),
		})
	}
}

// itemDone ends an item. What no delta brought is emitted whole from it, as
// some relays send nothing but this event. Items of hosted tools are not shown
// to other formats.
func (r *Reader) itemDone(it *item, o gjson.Result) {
	if it.done {
		return
	}
	it.done = true
	switch o.Get("type").Str {
	case "message":
		r.messageDone(it, o)
	case "reasoning":
		r.reasoningDone(it, o)
	case "function_call":
		if it.n < 0 {
			r.openCall(it, o)
		}
		if !it.filled {
			r.em.Delta(it.n, neutral.CallBlock, o.Get("arguments").Str)
		}
	case "custom_tool_call":
		if it.n < 0 {
			r.openCall(it, o)
		}
		if !it.filled {
			r.em.CustomDelta(it.n, o.Get("input").Str)
		}
	case "image_generation_call":
		r.em.Lose(neutral.DropOutputMedia, "image")
	}
	if it.n >= 0 {
		r.em.Close(it.n)
	}
}

func (r *Reader) messageDone(it *item, o gjson.Result) {
	if it.filled {
		return
	}
	neutral.Objects(o.Get("content"), func(part gjson.Result) {
		kind, text := neutral.TextBlock, part.Get("text").Str
		if part.Get("type").Str == "refusal" {
			kind, text = neutral.RefusalBlock, part.Get("refusal").Str
		}
		if text == "" {
			return
		}
		if it.n < 0 || it.filled {
			it.n = r.em.Open(kind)
		}
		it.filled = true
		r.em.Delta(it.n, kind, text)
		neutral.Objects(part.Get("annotations"), func(a gjson.Result) {
			r.cite(it.n, a)
		})
	})
}

func (r *Reader) reasoningDone(it *item, o gjson.Result) {
	token := o.Get("encrypted_content").Str
	text := ""
	if !it.filled {
		text = summary(o)
	}
	if it.n < 0 && (text != "" || token != "") {
		it.n = r.em.Open(neutral.ThinkBlock)
	}
	if it.n < 0 {
		return
	}
	r.em.Delta(it.n, neutral.ThinkBlock, text)
	if token != "" {
		r.em.Sign(it.n, neutral.Sig{Vendor: neutral.OpenAI, ID: strings.Clone(o.Get("id").Str), Payload: strings.Clone(token)})
	}
}

// end takes the terminal response: items that were seen nowhere else, usage and
// the reason.
func (r *Reader) end(response gjson.Result) {
	r.start(response)
	index := int64(0)
	neutral.Objects(response.Get("output"), func(o gjson.Result) {
		r.itemDone(r.at(index), o)
		index++
	})
	if u, ok := neutral.ResponsesUsage(response.Get("usage")); ok {
		r.usage, r.known = u, true
	}
	r.em.Finish(r.reason(response), "")
	r.em.End(r.usage, r.known)
}

func (r *Reader) reason(response gjson.Result) neutral.FinishReason {
	switch {
	case response.Get("status").Str == "incomplete" && response.Get("incomplete_details.reason").Str == "content_filter":
		return neutral.FinishFilter
	case response.Get("status").Str == "incomplete":
		return neutral.FinishLength
	case r.em.Calls() > 0:
		return neutral.FinishTool
	case r.em.Refused():
		return neutral.FinishRefusal
	default:
		return neutral.FinishStop
	}
}
