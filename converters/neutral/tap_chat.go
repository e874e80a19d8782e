package neutral

import (
	"strings"

	"github.com/tidwall/gjson"
)

// chatTap reads OpenAI chat completions and the dialects of its relays. Servers
// that send running usage make the last one count.
type chatTap struct {
	last  Usage
	seen  bool
	calls bool // a tool call was opened
}

func (c *chatTap) frame(t *Tap, data string) Verdict {
	return c.object(t, gjson.Parse(data), "delta")
}

func (c *chatTap) body(t *Tap, root gjson.Result) Verdict {
	return c.object(t, root, "message")
}

// object reads one chunk or whole answer, whose choices hold their content
// under the given member.
func (c *chatTap) object(t *Tap, root gjson.Result, member string) Verdict {
	if u, ok := ChatUsage(root.Get("usage")); ok {
		c.last, c.seen = u, true
	}
	if HasError(root.Get("error")) {
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

func (c *chatTap) content(t *Tap, delta gjson.Result) bool {
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

func (c *chatTap) usage() ([]Usage, bool) { return []Usage{c.last}, c.seen }

// ChatUsage reads one usage object of OpenAI Chat; false when it holds no figure. Cached tokens are inside the prompt figure;
// DeepSeek and Moonshot name them at the top level. Reasoning is inside the
// completion figure unless only the sum of all three makes the total (xAI).
func ChatUsage(u gjson.Result) (Usage, bool) {
	if !u.IsObject() {
		return Usage{}, false
	}
	hit, hasHit := firstCount(u, "prompt_tokens_details.cached_tokens", "prompt_cache_hit_tokens", "cached_tokens")
	miss, hasMiss := count(u.Get("prompt_cache_miss_tokens"))
	prompt, hasPrompt := count(u.Get("prompt_tokens"))
	if !hasPrompt && (hasHit || hasMiss) {
		prompt = hit + miss
	}
	output, hasOutput := count(u.Get("completion_tokens"))
	if !hasPrompt && !hasOutput && !hasHit && !hasMiss {
		return Usage{}, false
	}
	var out Usage
	out.CacheRead = hit
	out.CacheWrite5m, _ = count(u.Get("prompt_tokens_details.cache_write_tokens"))
	out.InputAudio, _ = count(u.Get("prompt_tokens_details.audio_tokens"))
	out.Input = max(0, prompt-out.CacheRead-out.CacheWrite5m-out.InputAudio)
	out.Reasoning, out.ReasoningKnown = count(u.Get("completion_tokens_details.reasoning_tokens"))
	if total, ok := count(u.Get("total_tokens")); ok && total == prompt+output+out.Reasoning {
		output = total - prompt
	}
	out.OutputAudio, _ = count(u.Get("completion_tokens_details.audio_tokens"))
	out.Output = max(0, output-out.OutputAudio)
	out.ReportedCost = reportedCost(u)
	return out, true
}

// reportedCost is the cost that xAI (in units of 1e-10 USD) and OpenRouter (in
// USD) put into their usage, as a decimal in USD.
func reportedCost(u gjson.Result) string {
	return costOf(u.Get("cost_in_usd_ticks"), u.Get("cost"))
}

func costOf(ticks, cost gjson.Result) string {
	if ticks.Type == gjson.Number {
		if _, ok := count(ticks); ok && strings.Trim(ticks.Raw, "0123456789") == "" {
			return shift10(ticks.Raw)
		}
	}
	if cost.Type == gjson.Number && cost.Num >= 0 {
		return strings.Clone(cost.Raw)
	}
	return ""
}

// shift10 divides a string of digits by 1e10.
func shift10(digits string) string {
	digits = strings.Repeat("0", max(0, 11-len(digits))) + digits
	whole, part := digits[:len(digits)-10], strings.TrimRight(digits[len(digits)-10:], "0")
	if part == "" {
		return whole
	}
	return whole + "." + part
}
