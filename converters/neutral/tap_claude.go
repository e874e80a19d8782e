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

func (c *claudeTap) frame(t *Tap, data string) Verdict {
	root := gjson.Parse(data)
	switch root.Get("type").Str {
	case "content_block_delta": // nearly every frame
		return c.delta(t, root.Get("delta"))
	case "message_start":
		m := root.Get("message")
		c.figures(t, m.Get("usage"))
		t.identify(m.Get("id"), m.Get("model"), gjson.Result{})
	case "content_block_start":
		return c.blockStart(t, root)
	case "content_block_stop":
		if i := slices.Index(c.calls, root.Get("index").Int()); i >= 0 {
			c.calls = slices.Delete(c.calls, i, i+1)
			return Content
		}
	case "message_delta":
		c.figures(t, root.Get("usage"))
		return c.stop(root.Get("delta.stop_reason"))
	case "message_stop":
		t.complete = true
		return c.stop(gjson.Result{Type: gjson.String, Str: "end_turn"})
	case "error":
		return Failure
	case "":
		if HasError(root.Get("error")) {
			return Failure
		}
	}
	return Neutral
}

func (c *claudeTap) blockStart(t *Tap, root gjson.Result) Verdict {
	t.alike.counts()
	kind, carries := claudeBlock(t, root.Get("content_block"))
	if claudeCall(kind) {
		c.calls = append(c.calls, root.Get("index").Int())
	}
	if carries {
		return Content
	}
	return Neutral
}

// claudeBlock counts the text of a block and says what it is and whether it
// holds text, redacted data or the result of a server tool. It reads the block
// once: look-ups one by one would pass its text each time.
func claudeBlock(t *Tap, block gjson.Result) (kind string, carries bool) {
	block.ForEach(func(name, v gjson.Result) bool {
		switch name.Str {
		case "type":
			kind = v.Str
		case "text", "thinking":
			carries = t.text(v) || carries
		case "data":
			carries = carries || v.Str != ""
		}
		return true
	})
	return kind, carries || strings.HasSuffix(kind, "_tool_result")
}

func claudeCall(kind string) bool { return kind == "tool_use" || kind == "server_tool_use" }

// delta reads a piece of a block in one pass.
func (c *claudeTap) delta(t *Tap, delta gjson.Result) Verdict {
	content := false
	delta.ForEach(func(name, v gjson.Result) bool {
		switch name.Str {
		case "text", "thinking", "partial_json":
			content = t.text(v) || content
		case "type":
			content = content || v.Str == "citations_delta"
		}
		return true
	})
	if content {
		return Content
	}
	return Neutral
}

// stop judges a stop reason: a plain end is terminal unless it ends a call that
// was left open, any other reason is something the user has to see.
func (c *claudeTap) stop(reason gjson.Result) Verdict {
	switch {
	case reason.Type != gjson.String:
		return Neutral
	case reason.Str == "end_turn" && len(c.calls) == 0:
		return Terminal
	default:
		return Content
	}
}

func (c *claudeTap) body(t *Tap, root gjson.Result) Verdict {
	var m claudeMessage
	m.read(root)
	c.figures(t, m.usage)
	if m.kind == "error" || m.failed {
		return Failure
	}
	t.identify(m.id, m.model, gjson.Result{})
	v := Neutral
	List(m.content).ForEach(func(_, block gjson.Result) bool {
		if kind, carries := claudeBlock(t, block); carries || claudeCall(kind) {
			v = Content
		}
		return true
	})
	if m.stop.Type == gjson.String {
		t.complete = true
		if c.stop(m.stop) == Content {
			v = Content
		}
	}
	return v
}

// claudeMessage are the members of a whole answer that matter here.
type claudeMessage struct {
	kind                            string
	failed                          bool
	id, model, content, stop, usage gjson.Result
}

// read takes them out in one pass over the document.
func (m *claudeMessage) read(root gjson.Result) {
	root.ForEach(func(name, v gjson.Result) bool {
		switch name.Str {
		case "type":
			m.kind = v.Str
		case "error":
			m.failed = HasError(v)
		case "id":
			m.id = v
		case "model":
			m.model = v
		case "content":
			m.content = v
		case "stop_reason":
			m.stop = v
		case "usage":
			m.usage = v
		}
		return true
	})
}

func (c *claudeTap) figures(t *Tap, u gjson.Result) {
	c.meter.Add(u)
	t.identify(gjson.Result{}, gjson.Result{}, u.Get("service_tier"))
}

func (c *claudeTap) usage() ([]Usage, bool) { return c.meter.Passes() }
