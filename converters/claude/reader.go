package claude

import (
	"strings"

	"github.com/tidwall/gjson"

	"github.com/claude-code-hub/cch/converters/neutral"
	"github.com/claude-code-hub/cch/converters/rawjson"
)

// Reader turns an upstream's answer into events. It belongs to one answer.
type Reader struct {
	em     *neutral.Emitter
	meter  neutral.ClaudeMeter
	blocks []block // open blocks, by the upstream's index
}

type block struct {
	index int64
	n     int
	kind  neutral.BlockKind
	sig   []byte // signature gathered so far
	input string // of a call: arguments that came with its start
	bare  bool   // of a call: no argument delta was seen
}

// NewReader returns a Reader that emits to em.
func NewReader(em *neutral.Emitter) *Reader { return &Reader{em: em} }

// Frame takes the data of one stream frame.
func (r *Reader) Frame(data string) {
	root := gjson.Parse(data)
	switch root.Get("type").Str {
	case "message_start":
		m := root.Get("message")
		r.meter.Add(m.Get("usage"))
		r.em.Start(m.Get("id").Str, m.Get("model").Str, 0)
	case "content_block_start":
		r.blockStart(root.Get("index").Int(), root.Get("content_block"))
	case "content_block_delta":
		r.delta(root.Get("index").Int(), root.Get("delta"))
	case "content_block_stop":
		r.blockStop(root.Get("index").Int())
	case "message_delta":
		r.meter.Add(root.Get("usage"))
		if reason := root.Get("delta.stop_reason"); reason.Type == gjson.String {
			r.finish(reason.Str, root.Get("delta.stop_sequence").Str)
		}
	case "message_stop":
		r.finish("end_turn", "")
		r.em.End(r.meter.Total())
	case "ping":
		r.em.Ping()
	case "error":
		r.em.Fail(neutral.StreamError(root))
	case "":
		if neutral.HasError(root.Get("error")) {
			r.em.Fail(neutral.StreamError(root))
		}
	}
}

// Body takes a whole answer.
func (r *Reader) Body(root gjson.Result) {
	if root.Get("type").Str == "error" || neutral.HasError(root.Get("error")) {
		r.em.Fail(neutral.StreamError(root))
		return
	}
	r.meter.Add(root.Get("usage"))
	r.em.Start(root.Get("id").Str, root.Get("model").Str, 0)
	index := int64(0)
	neutral.Objects(root.Get("content"), func(b gjson.Result) {
		r.blockStart(index, b)
		if cites := b.Get("citations"); cites.IsArray() {
			neutral.Objects(cites, func(c gjson.Result) {
				r.cite(index, c)
			})
		}
		r.blockStop(index)
		index++
	})
	if reason := root.Get("stop_reason"); reason.Type == gjson.String {
		r.finish(reason.Str, root.Get("stop_sequence").Str)
	}
	r.Close()
}

// Close says that the bytes have ended.
func (r *Reader) Close() {
	if r.em.Finished() {
		r.em.End(r.meter.Total())
		return
	}
	r.em.Truncated()
}

// blockStart opens a block. Blocks of server tools are not shown to other
// formats: their index is ignored.
func (r *Reader) blockStart(index int64, b gjson.Result) {
	next := block{index: index}
	switch b.Get("type").Str {
	case "text":
		next.kind, next.n = neutral.TextBlock, r.em.Open(neutral.TextBlock)
		r.em.Delta(next.n, neutral.TextBlock, b.Get("text").Str)
	case "thinking":
		next.kind, next.n = neutral.ThinkBlock, r.em.Open(neutral.ThinkBlock)
		r.em.Delta(next.n, neutral.ThinkBlock, b.Get("thinking").Str)
		next.sig = append(next.sig, b.Get("signature").Str...)
	case "redacted_thinking":
		next.kind, next.n = neutral.ThinkBlock, r.em.Open(neutral.ThinkBlock)
		payload := strings.Clone(b.Get("data").Str)
		r.em.Sign(next.n, neutral.Sig{Vendor: neutral.Anthropic, Redacted: true, Payload: payload})
	case "tool_use":
		next.kind, next.bare = neutral.CallBlock, true
		next.n = r.em.OpenCall(b.Get("id").Str, b.Get("name").Str, false, neutral.Sig{})
		if input := rawjson.Compact(neutral.ObjectOf(b.Get("input"))); input != "{}" {
			next.input = strings.Clone(input)
		}
	default:
		return
	}
	r.blocks = append(r.blocks, next)
}

func (r *Reader) find(index int64) *block {
	for i := range r.blocks {
		if r.blocks[i].index == index {
			return &r.blocks[i]
		}
	}
	return nil
}

func (r *Reader) delta(index int64, d gjson.Result) {
	b := r.find(index)
	if b == nil {
		return
	}
	switch d.Get("type").Str {
	case "text_delta":
		r.em.Delta(b.n, neutral.TextBlock, d.Get("text").Str)
	case "thinking_delta":
		r.em.Delta(b.n, neutral.ThinkBlock, d.Get("thinking").Str)
	case "signature_delta":
		b.sig = append(b.sig, d.Get("signature").Str...)
	case "input_json_delta":
		if piece := d.Get("partial_json").Str; piece != "" {
			b.bare = false
			r.em.Delta(b.n, neutral.CallBlock, piece)
		}
	case "citations_delta":
		r.cite(index, d.Get("citation"))
	}
}

// cite passes sources on that have an address; places in documents have none.
func (r *Reader) cite(index int64, c gjson.Result) {
	if b, url := r.find(index), c.Get("url").Str; b != nil && url != "" {
		r.em.Cite(b.n, neutral.Citation{URL: strings.Clone(url), Title: strings.Clone(c.Get("title").Str)})
	}
}

func (r *Reader) blockStop(index int64) {
	for i := range r.blocks {
		b := &r.blocks[i]
		if b.index != index {
			continue
		}
		if len(b.sig) > 0 {
			r.em.Sign(b.n, neutral.Sig{Vendor: neutral.Anthropic, Payload: string(b.sig)})
		}
		if b.kind == neutral.CallBlock && b.bare {
			r.em.Delta(b.n, neutral.CallBlock, b.input)
		}
		r.em.Close(b.n)
		r.blocks = append(r.blocks[:i], r.blocks[i+1:]...)
		return
	}
}

func (r *Reader) finish(reason, sequence string) {
	if r.em.Finished() {
		return
	}
	for len(r.blocks) > 0 {
		r.blockStop(r.blocks[0].index)
	}
	r.em.Finish(finishReason(reason), sequence)
}

func finishReason(s string) neutral.FinishReason {
	switch s {
	case "max_tokens":
		return neutral.FinishLength
	case "stop_sequence":
		return neutral.FinishStopSequence
	case "tool_use":
		return neutral.FinishTool
	case "refusal":
		return neutral.FinishRefusal
	case "pause_turn":
		return neutral.FinishPause
	case "model_context_window_exceeded":
		return neutral.FinishContext
	default:
		return neutral.FinishStop
	}
}

func stopReason(f neutral.FinishReason) string {
	switch f {
	case neutral.FinishLength:
		return "max_tokens"
	case neutral.FinishStopSequence:
		return "stop_sequence"
	case neutral.FinishTool:
		return "tool_use"
	case neutral.FinishFilter, neutral.FinishRefusal:
		return "refusal"
	case neutral.FinishPause:
		return "pause_turn"
	case neutral.FinishContext:
		return "model_context_window_exceeded"
	case neutral.FinishStop:
	}
	return "end_turn"
}
