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
	case "message_start":
		m := root.Get("message")
		c.figures(t, m.Get("usage"))
		t.identify(m.Get("id"), m.Get("model"), gjson.Result{})
	case "content_block_start":
		return c.blockStart(t, root)
	case "content_block_delta":
		return c.delta(t, root.Get("delta"))
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
	block := root.Get("content_block")
	kind := block.Get("type").Str
	if kind == "tool_use" || kind == "server_tool_use" {
		c.calls = append(c.calls, root.Get("index").Int())
	}
	if claudeBlockCarries(t, block) {
		return Content
	}
	return Neutral
}

// claudeBlockCarries counts the text of a block and says whether the block
// holds text, redacted data or the result of a server tool.
func claudeBlockCarries(t *Tap, block gjson.Result) bool {
	carries := t.text(block.Get("text"))
	carries = t.text(block.Get("thinking")) || carries
	if block.Get("data").Str != "" {
		return true
	}
	return carries || strings.HasSuffix(block.Get("type").Str, "_tool_result")
}

func (c *claudeTap) delta(t *Tap, delta gjson.Result) Verdict {
	content := false
	switch delta.Get("type").Str {
	case "text_delta":
		content = t.text(delta.Get("text"))
	case "thinking_delta":
		content = t.text(delta.Get("thinking"))
	case "input_json_delta":
		content = t.text(delta.Get("partial_json"))
	case "citations_delta":
		content = true
	}
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
	if root.Get("type").Str == "error" || HasError(root.Get("error")) {
		c.figures(t, root.Get("usage"))
		return Failure
	}
	c.figures(t, root.Get("usage"))
	t.identify(root.Get("id"), root.Get("model"), gjson.Result{})
	v := Neutral
	List(root.Get("content")).ForEach(func(_, block gjson.Result) bool {
		kind := block.Get("type").Str
		if claudeBlockCarries(t, block) || kind == "tool_use" || kind == "server_tool_use" {
			v = Content
		}
		return true
	})
	if reason := root.Get("stop_reason"); reason.Type == gjson.String {
		t.complete = true
		if c.stop(reason) == Content {
			v = Content
		}
	}
	return v
}

func (c *claudeTap) figures(t *Tap, u gjson.Result) {
	c.meter.Add(u)
	t.identify(gjson.Result{}, gjson.Result{}, u.Get("service_tier"))
}

func (c *claudeTap) usage() ([]Usage, bool) { return c.meter.Passes() }
