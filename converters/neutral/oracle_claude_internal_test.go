package neutral

import (
	"slices"
	"strings"

	"github.com/tidwall/gjson"
)

type claudeOracle struct {
	meter oracleMeter
	calls []int64 // indexes of tool blocks that have not stopped
}

func (c *claudeOracle) frame(t *oracle, data string) Verdict {
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
		if oracleHasError(root.Get("error")) {
			return Failure
		}
	}
	return Neutral
}

func (c *claudeOracle) blockStart(t *oracle, root gjson.Result) Verdict {
	kind, carries := oracleBlock(t, root.Get("content_block"))
	if oracleCall(kind) {
		c.calls = append(c.calls, root.Get("index").Int())
	}
	if carries {
		return Content
	}
	return Neutral
}

func oracleBlock(t *oracle, block gjson.Result) (kind string, carries bool) {
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

func oracleCall(kind string) bool { return kind == "tool_use" || kind == "server_tool_use" }

func (c *claudeOracle) delta(t *oracle, delta gjson.Result) Verdict {
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

func (c *claudeOracle) stop(reason gjson.Result) Verdict {
	switch {
	case reason.Type != gjson.String:
		return Neutral
	case reason.Str == "end_turn" && len(c.calls) == 0:
		return Terminal
	default:
		return Content
	}
}

func (c *claudeOracle) body(t *oracle, root gjson.Result) Verdict {
	c.figures(t, oracleLast(root, "usage"))
	if oracleLast(root, "type").Str == "error" || oracleHasError(oracleLast(root, "error")) {
		return Failure
	}
	t.identify(oracleLast(root, "id"), oracleLast(root, "model"), gjson.Result{})
	v := Neutral
	List(oracleLast(root, "content")).ForEach(func(_, block gjson.Result) bool {
		if kind, carries := oracleBlock(t, block); carries || oracleCall(kind) {
			v = Content
		}
		return true
	})
	if stop := oracleLast(root, "stop_reason"); stop.Type == gjson.String {
		t.complete = true
		if c.stop(stop) == Content {
			v = Content
		}
	}
	return v
}

func (c *claudeOracle) figures(t *oracle, u gjson.Result) {
	c.meter.add(u)
	t.identify(gjson.Result{}, gjson.Result{}, u.Get("service_tier"))
}

func (c *claudeOracle) usage() ([]Usage, bool) { return c.meter.Passes() }

// oracleMeter reads usage objects for the sums of a meter.
type oracleMeter struct{ ClaudeMeter }

func (c *oracleMeter) add(u gjson.Result) {
	if !u.IsObject() {
		return
	}
	n, seen := oracleCounts(u)
	c.max.raise(n)
	c.seen = c.seen || seen
	for name, to := range map[string]*string{
		"service_tier": &c.facts.ServiceTier, "speed": &c.facts.Speed, "inference_geo": &c.facts.InferenceGeo,
	} {
		if v := oracleLast(u, name); v.Type == gjson.String && v.Str != "" {
			*to = v.Str
		}
	}
	if cost := oracleCostOf(oracleLast(u, "cost_in_usd_ticks"), oracleLast(u, "cost")); cost != "" {
		c.facts.ReportedCost = cost
	}
	list := oracleLast(u, "iterations")
	if !list.IsArray() {
		return
	}
	c.passes = nil
	list.ForEach(func(_, e gjson.Result) bool {
		if n, seen := oracleCounts(e); seen {
			p := n.usage(c.HourTTL)
			p.Model = oracleLast(e, "model").Str
			c.passes = append(c.passes, p)
		}
		return true
	})
}

func oracleCounts(u gjson.Result) (n claudeCounts, seen bool) {
	get := func(from ...gjson.Result) int64 {
		for _, v := range from {
			if figure, ok := oracleCount(v); ok {
				seen = true
				return figure
			}
		}
		return 0
	}
	last := func(name string) gjson.Result { return oracleLast(u, name) }
	creation := last("cache_creation")
	n.input, n.output = get(last("input_tokens")), get(last("output_tokens"))
	n.read, n.write = get(last("cache_read_input_tokens")), get(last("cache_creation_input_tokens"))
	n.write5m = get(creation.Get("ephemeral_5m_input_tokens"), last("cache_creation_5m_input_tokens"), last("claude_cache_creation_5_m_tokens"))
	n.write1h = get(creation.Get("ephemeral_1h_input_tokens"), last("cache_creation_1h_input_tokens"), last("claude_cache_creation_1_h_tokens"))
	n.thinking, n.thinkingKnown = oracleCount(last("output_tokens_details").Get("thinking_tokens"))
	n.search, _ = oracleCount(last("server_tool_use").Get("web_search_requests"))
	return n, seen
}
