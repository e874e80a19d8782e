package neutral

import (
	"slices"
	"strings"

	"github.com/tidwall/gjson"
)

type chatOracle struct {
	last  Usage
	seen  bool
	calls bool // a tool call was opened
}

func (c *chatOracle) frame(t *oracle, data string) Verdict {
	return c.object(t, gjson.Parse(data), "delta")
}

func (c *chatOracle) body(t *oracle, root gjson.Result) Verdict {
	return c.object(t, root, "message")
}

func (c *chatOracle) object(t *oracle, root gjson.Result, member string) Verdict {
	if u, ok := oracleChatUsage(root.Get("usage")); ok {
		c.last, c.seen = u, true
	}
	if oracleHasError(root.Get("error")) {
		return Failure
	}
	t.identify(root.Get("id"), root.Get("model"), root.Get("service_tier"))
	v := Neutral
	List(root.Get("choices")).ForEach(func(_, choice gjson.Result) bool {
		if c.content(t, choice.Get(member)) {
			v = Content
		}
		reason := choice.Get("finish_reason")
		if reason.Type != gjson.String || reason.Str == "" {
			return true
		}
		t.complete = true
		if reason.Str != "stop" || c.calls {
			v = Content
		} else if v == Neutral {
			v = Terminal
		}
		return true
	})
	return v
}

func (c *chatOracle) content(t *oracle, delta gjson.Result) bool {
	found := false
	delta.ForEach(func(key, value gjson.Result) bool {
		switch key.Str {
		case "content", "reasoning_content", "reasoning", "refusal":
			found = t.text(value) || value.IsArray() && len(value.Raw) > 2 || found
		case "audio":
			found = found || value.IsObject()
		case "tool_calls":
			List(value).ForEach(func(_, call gjson.Result) bool {
				c.calls = true
				found = t.text(call.Get("function.arguments")) || t.text(call.Get("custom.input")) || found
				return true
			})
		case "function_call":
			c.calls = c.calls || value.IsObject()
			found = t.text(value.Get("arguments")) || found
		}
		return true
	})
	return found
}

func (c *chatOracle) usage() ([]Usage, bool) { return []Usage{c.last}, c.seen }

func oracleChatUsage(u gjson.Result) (Usage, bool) {
	if !u.IsObject() {
		return Usage{}, false
	}
	hit, hasHit := oracleFirstCount(u, "prompt_tokens_details.cached_tokens", "prompt_cache_hit_tokens", "cached_tokens")
	miss, hasMiss := oracleCount(u.Get("prompt_cache_miss_tokens"))
	prompt, hasPrompt := oracleCount(u.Get("prompt_tokens"))
	if !hasPrompt && (hasHit || hasMiss) {
		prompt = hit + miss
	}
	output, hasOutput := oracleCount(u.Get("completion_tokens"))
	if !hasPrompt && !hasOutput && !hasHit && !hasMiss {
		return Usage{}, false
	}
	var out Usage
	out.CacheRead = hit
	out.CacheWrite5m, _ = oracleCount(u.Get("prompt_tokens_details.cache_write_tokens"))
	out.InputAudio, _ = oracleCount(u.Get("prompt_tokens_details.audio_tokens"))
	out.Input = max(0, prompt-out.CacheRead-out.CacheWrite5m-out.InputAudio)
	out.Reasoning, out.ReasoningKnown = oracleCount(u.Get("completion_tokens_details.reasoning_tokens"))
	if total, ok := oracleCount(u.Get("total_tokens")); ok && total == prompt+output+out.Reasoning {
		output = total - prompt
	}
	out.OutputAudio, _ = oracleCount(u.Get("completion_tokens_details.audio_tokens"))
	out.Output = max(0, output-out.OutputAudio)
	out.ReportedCost = oracleCost(u)
	return out, true
}

func oracleCost(u gjson.Result) string {
	return oracleCostOf(u.Get("cost_in_usd_ticks"), u.Get("cost"))
}

func oracleCostOf(ticks, cost gjson.Result) string {
	if ticks.Type == gjson.Number {
		if _, ok := oracleCount(ticks); ok && strings.Trim(ticks.Raw, "0123456789") == "" {
			return shift10(ticks.Raw)
		}
	}
	if cost.Type == gjson.Number && cost.Num >= 0 {
		return strings.Clone(cost.Raw)
	}
	return ""
}

type responsesOracle struct {
	last   Usage
	seen   bool
	stream oracleItems
	final  oracleItems
}

func (r *responsesOracle) frame(t *oracle, data string) Verdict {
	root := gjson.Parse(data)
	kind := root.Get("type").Str
	switch kind {
	case "response.created", "response.in_progress", "response.queued":
		r.response(t, root.Get("response"))
		return Echo
	case "response.output_item.done":
		item := root.Get("item")
		r.stream.add(item)
		if oracleItemCarries(item) {
			return Content
		}
	case "response.completed", "response.incomplete", "response.failed":
		return r.end(t, kind, root.Get("response"))
	case "error":
		return Failure
	case "":
		if oracleHasError(root.Get("error")) {
			return Failure
		}
	default:
		return r.delta(t, kind, root)
	}
	return Neutral
}

func (r *responsesOracle) delta(t *oracle, kind string, root gjson.Result) Verdict {
	switch {
	case strings.HasSuffix(kind, ".partial_image"):
		return Content
	case !strings.HasSuffix(kind, ".delta"):
		return Neutral
	}
	delta := root.Get("delta")
	if delta.Type == gjson.String && delta.Str == "" {
		return Neutral
	}
	if !strings.HasPrefix(kind, "response.audio.") && !strings.HasPrefix(kind, "response.output_audio.") {
		t.text(delta)
	}
	return Content
}

func (r *responsesOracle) end(t *oracle, kind string, response gjson.Result) Verdict {
	carries := r.response(t, response)
	switch {
	case kind == "response.failed":
		return Failure
	case kind == "response.incomplete" || carries:
		t.complete = true
		return Content
	default:
		t.complete = true
		return Terminal
	}
}

func (r *responsesOracle) body(t *oracle, root gjson.Result) Verdict {
	carries := r.response(t, root)
	status := root.Get("status").Str
	switch {
	case status == "failed" || oracleHasError(root.Get("error")):
		return Failure
	case status == "completed" || status == "incomplete":
		t.complete = true
	}
	if carries || status == "incomplete" {
		return Content
	}
	return Neutral
}

func (r *responsesOracle) response(t *oracle, o gjson.Result) bool {
	t.identify(o.Get("id"), o.Get("model"), o.Get("service_tier"))
	if u, ok := oracleResponsesUsage(o.Get("usage")); ok {
		r.last, r.seen = u, true
	}
	carries := false
	r.final = oracleItems{}
	List(o.Get("output")).ForEach(func(_, item gjson.Result) bool {
		r.final.add(item)
		carries = carries || oracleItemCarries(item)
		return true
	})
	return carries
}

func oracleItemCarries(item gjson.Result) bool {
	if item.Get("type").Str != "message" {
		return item.IsObject()
	}
	carries := false
	List(item.Get("content")).ForEach(func(_, part gjson.Result) bool {
		carries = part.Get("text").Str != "" || part.Get("refusal").Str != ""
		return !carries
	})
	return carries
}

func (r *responsesOracle) usage() ([]Usage, bool) {
	u := r.last
	u.WebSearchCalls = max(r.stream.searches, r.final.searches)
	u.FileSearchCalls = max(r.stream.files, r.final.files)
	u.ImagesOut = max(r.stream.images, r.final.images)
	u.CodeInterpreterSessions = max(r.stream.sessions(), r.final.sessions())
	return []Usage{u}, r.seen
}

func oracleResponsesUsage(u gjson.Result) (Usage, bool) {
	input, hasInput := oracleCount(u.Get("input_tokens"))
	output, hasOutput := oracleCount(u.Get("output_tokens"))
	if !hasInput && !hasOutput {
		return Usage{}, false
	}
	out := Usage{Output: output}
	out.CacheRead, _ = oracleCount(u.Get("input_tokens_details.cached_tokens"))
	out.CacheWrite5m, _ = oracleCount(u.Get("input_tokens_details.cache_write_tokens"))
	out.Input = max(0, input-out.CacheRead-out.CacheWrite5m)
	out.Reasoning, out.ReasoningKnown = oracleCount(u.Get("output_tokens_details.reasoning_tokens"))
	out.ReportedCost = oracleCost(u)
	return out, true
}

type oracleItems struct {
	searches, files, images, loose int64
	containers                     []string
}

func (c *oracleItems) add(item gjson.Result) {
	switch item.Get("type").Str {
	case "web_search_call":
		if action := item.Get("action.type").Str; action == "search" || action == "" {
			c.searches++
		}
	case "file_search_call":
		c.files++
	case "image_generation_call":
		c.images++
	case "code_interpreter_call":
		id := item.Get("container_id").Str
		switch {
		case id == "":
			c.loose++
		case !slices.Contains(c.containers, id):
			c.containers = append(c.containers, strings.Clone(id))
		}
	}
}

func (c *oracleItems) sessions() int64 { return c.loose + int64(len(c.containers)) }
