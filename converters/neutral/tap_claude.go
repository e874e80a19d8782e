package neutral

import (
	"slices"
	"strings"

	"github.com/tidwall/gjson"
)

// claudeTap reads Anthropic messages.
type claudeTap struct {
	meter ClaudeMeter
	calls []int64 // indexes of tool blocks that have not stopped
}

// claudeEvent are the members of a stream event that matter here.
type claudeEvent struct {
	kind, delta, message, block, index, usage, err piece
}

func (e *claudeEvent) read(root piece) {
	w := root.walk()
	for name := range w.members() {
		switch name {
		case "type":
			w.first(&e.kind)
		case "delta":
			w.first(&e.delta)
		case "message":
			w.first(&e.message)
		case "content_block":
			w.first(&e.block)
		case "index":
			w.first(&e.index)
		case "usage":
			w.first(&e.usage)
		case "error":
			w.first(&e.err)
		}
	}
}

func (c *claudeTap) frame(t *Tap, root piece) Verdict {
	var e claudeEvent
	e.read(root)
	switch e.kind.str() {
	case "content_block_delta": // nearly every frame
		return c.delta(t, e.delta)
	case "message_start":
		c.start(t, e.message)
	case "content_block_start":
		return c.blockStart(t, &e)
	case "content_block_stop":
		if i := slices.Index(c.calls, e.blockIndex()); i >= 0 {
			c.calls = slices.Delete(c.calls, i, i+1)
			return Content
		}
	case "message_delta":
		c.figures(t, e.usage)
		return c.stop(stopReason(root))
	case "message_stop":
		t.complete = true
		return c.stop(piece{raw: `"end_turn"`})
	case "error":
		return Failure
	case "":
		if e.err.isError() {
			return Failure
		}
	}
	return Neutral
}

func (e *claudeEvent) blockIndex() int64 { return gjson.Parse(e.index.raw).Int() }

// stopReason is the first in any delta of an event.
func stopReason(event piece) (reason piece) {
	w := event.walk()
	for name := range w.members() {
		if name == "delta" {
			w.firstIn("stop_reason", &reason)
		}
	}
	return reason
}

func (c *claudeTap) start(t *Tap, message piece) {
	var id, model, usage piece
	w := message.walk()
	for name := range w.members() {
		switch name {
		case "id":
			w.first(&id)
		case "model":
			w.first(&model)
		case "usage":
			w.first(&usage)
		}
	}
	c.figures(t, usage)
	t.identify(id, model)
}

func (c *claudeTap) blockStart(t *Tap, e *claudeEvent) Verdict {
	t.alike.counts()
	w := e.block.walk()
	kind, carries := claudeBlock(t, &w)
	if claudeCall(kind) {
		c.calls = append(c.calls, e.blockIndex())
	}
	if carries {
		return Content
	}
	return Neutral
}

// claudeBlock counts the text of the block that the walk stands before, and says
// what it is and whether it holds text, redacted data or the result of a server
// tool.
func claudeBlock(t *Tap, w *walk) (kind string, carries bool) {
	for name := range w.members() {
		switch name {
		case "type":
			kind = w.take().str()
		case "text", "thinking":
			carries = t.text(w.take()) || carries
		case "data":
			carries = w.take().says() || carries
		}
	}
	return kind, carries || strings.HasSuffix(kind, "_tool_result")
}

func claudeCall(kind string) bool { return kind == "tool_use" || kind == "server_tool_use" }

func (c *claudeTap) delta(t *Tap, delta piece) Verdict {
	content, w := false, delta.walk()
	for name := range w.members() {
		switch name {
		case "text", "thinking", "partial_json":
			content = t.text(w.take()) || content
		case "type":
			content = w.take().str() == "citations_delta" || content
		}
	}
	if content {
		return Content
	}
	return Neutral
}

// stop judges a stop reason: a plain end is terminal unless it ends a call that
// was left open, any other reason is something the user has to see.
func (c *claudeTap) stop(reason piece) Verdict {
	switch {
	case !reason.isString():
		return Neutral
	case reason.str() == "end_turn" && len(c.calls) == 0:
		return Terminal
	default:
		return Content
	}
}

func (c *claudeTap) body(t *Tap, root piece) Verdict {
	var m claudeMessage
	m.read(root)
	c.figures(t, m.usage)
	if m.kind.str() == "error" || m.err.isError() {
		return Failure
	}
	t.identify(m.id, m.model)
	v, w := Neutral, m.content.walk()
	for range w.elements() {
		if kind, carries := claudeBlock(t, &w); carries || claudeCall(kind) {
			v = Content
		}
	}
	if m.stop.isString() {
		t.complete = true
		if c.stop(m.stop) == Content {
			v = Content
		}
	}
	return v
}

// claudeMessage are the members of a whole answer that matter here. Of several
// of one name the last counts.
type claudeMessage struct {
	kind, err, id, model, content, stop, usage piece
}

func (m *claudeMessage) read(root piece) {
	w := root.walk()
	for name := range w.members() {
		switch name {
		case "type":
			m.kind = w.take()
		case "error":
			m.err = w.take()
		case "id":
			m.id = w.take()
		case "model":
			m.model = w.take()
		case "content":
			m.content = w.take()
		case "stop_reason":
			m.stop = w.take()
		case "usage":
			m.usage = w.take()
		}
	}
}

func (c *claudeTap) figures(t *Tap, usage piece) {
	var m claudeUsage
	m.take(usage)
	c.meter.add(&m)
	t.served(m.firstTier)
}

func (c *claudeTap) usage() ([]Usage, bool) { return c.meter.Passes() }
