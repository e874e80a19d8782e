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

func (c *chatTap) frame(t *Tap, root piece) Verdict { return c.object(t, root, "delta") }

func (c *chatTap) body(t *Tap, root piece) Verdict { return c.object(t, root, "message") }

// chatAnswer are the members of a chunk or a whole answer that matter here.
type chatAnswer struct {
	usage, err, id, model, tier, choices piece
}

func (a *chatAnswer) read(root piece) {
	w := root.walk()
	for name := range w.members() {
		switch name {
		case "usage":
			w.first(&a.usage)
		case "error":
			w.first(&a.err)
		case "id":
			w.first(&a.id)
		case "model":
			w.first(&a.model)
		case "service_tier":
			w.first(&a.tier)
		case "choices":
			w.first(&a.choices)
		}
	}
}

// object reads one chunk or whole answer, whose choices hold their content
// under the given member.
func (c *chatTap) object(t *Tap, root piece, member string) Verdict {
	var a chatAnswer
	a.read(root)
	if u, ok := chatUsageOf(a.usage); ok {
		c.last, c.seen = u, true
	}
	if a.err.isError() {
		return Failure
	}
	t.identify(a.id, a.model)
	t.served(a.tier)
	v, w := Neutral, a.choices.walk()
	for range w.elements() {
		found, reason := c.choice(t, &w, member)
		if found {
			v = Content
		}
		if reason == "" {
			continue
		}
		t.complete = true
		if reason != "stop" || c.calls {
			v = Content
		} else if v == Neutral {
			v = Terminal
		}
	}
	return v
}

// choice reads the choice that the walk stands before: whether its content was
// found under the given member, and why it is finished, "" if it is not.
func (c *chatTap) choice(t *Tap, w *walk, member string) (found bool, reason string) {
	var finish piece
	read := false
	for name := range w.members() {
		switch {
		case name == member && !read:
			found, read = c.content(t, w), true
		case name == "finish_reason":
			w.first(&finish)
		}
	}
	return found, finish.str()
}

func (c *chatTap) content(t *Tap, w *walk) bool {
	found := false
	for name := range w.members() {
		switch name {
		case "content", "reasoning_content", "reasoning", "refusal":
			v := w.take()
			found = t.text(v) || v.isList() && v.holds() || found
		case "audio":
			found = w.take().isObject() || found
		case "tool_calls":
			for range w.elements() {
				c.calls = true
				found = chatCall(t, w) || found
			}
		case "function_call":
			v := w.take()
			c.calls = c.calls || v.isObject()
			found = t.text(v.get("arguments")) || found
		}
	}
	return found
}

// chatCall counts the arguments of a call, of a function or of a custom tool,
// and says whether there are any.
func chatCall(t *Tap, w *walk) bool {
	var arguments, input piece
	for name := range w.members() {
		switch name {
		case "function":
			w.firstIn("arguments", &arguments)
		case "custom":
			w.firstIn("input", &input)
		}
	}
	return t.text(arguments) || t.text(input)
}

func (c *chatTap) usage() ([]Usage, bool) { return []Usage{c.last}, c.seen }

// ChatUsage reads one usage object of OpenAI Chat; false when it holds no
// figure. Cached tokens are inside the prompt figure; DeepSeek and Moonshot name
// them at the top level. Reasoning is inside the completion figure unless only
// the sum of all three makes the total (xAI).
func ChatUsage(u gjson.Result) (Usage, bool) { return chatUsageOf(piece{raw: u.Raw}) }

func chatUsageOf(u piece) (Usage, bool) {
	var m chatUsage
	m.read(u)
	hit, hasHit := firstCount(m.cached, m.hit, m.flat)
	miss, hasMiss := m.miss.count()
	prompt, hasPrompt := m.prompt.count()
	if !hasPrompt && (hasHit || hasMiss) {
		prompt = hit + miss
	}
	output, hasOutput := m.output.count()
	if !hasPrompt && !hasOutput && !hasHit && !hasMiss {
		return Usage{}, false
	}
	var out Usage
	out.CacheRead = hit
	out.CacheWrite5m, _ = m.write.count()
	out.InputAudio, _ = m.audioIn.count()
	out.Input = max(0, prompt-out.CacheRead-out.CacheWrite5m-out.InputAudio)
	out.Reasoning, out.ReasoningKnown = m.reasoning.count()
	if total, ok := m.total.count(); ok && total == prompt+output+out.Reasoning {
		output = total - prompt
	}
	out.OutputAudio, _ = m.audioOut.count()
	out.Output = max(0, output-out.OutputAudio)
	out.ReportedCost = costOf(m.ticks, m.cost)
	return out, true
}

// chatUsage are the members of a usage object.
type chatUsage struct {
	prompt, output, total        piece
	cached, write, audioIn       piece // of the details of the prompt
	reasoning, audioOut          piece // of the details of the completion
	hit, miss, flat, ticks, cost piece
}

func (m *chatUsage) read(u piece) {
	w := u.walk()
	for name := range w.members() {
		switch name {
		case "prompt_tokens":
			w.first(&m.prompt)
		case "completion_tokens":
			w.first(&m.output)
		case "total_tokens":
			w.first(&m.total)
		case "prompt_tokens_details":
			m.readPrompt(&w)
		case "completion_tokens_details":
			m.readCompletion(&w)
		case "prompt_cache_hit_tokens":
			w.first(&m.hit)
		case "prompt_cache_miss_tokens":
			w.first(&m.miss)
		case "cached_tokens":
			w.first(&m.flat)
		case "cost_in_usd_ticks":
			w.first(&m.ticks)
		case "cost":
			w.first(&m.cost)
		}
	}
}

func (m *chatUsage) readPrompt(w *walk) {
	for name := range w.members() {
		switch name {
		case "cached_tokens":
			w.first(&m.cached)
		case "cache_write_tokens":
			w.first(&m.write)
		case "audio_tokens":
			w.first(&m.audioIn)
		}
	}
}

func (m *chatUsage) readCompletion(w *walk) {
	for name := range w.members() {
		switch name {
		case "reasoning_tokens":
			w.first(&m.reasoning)
		case "audio_tokens":
			w.first(&m.audioOut)
		}
	}
}

// costOf is the cost that xAI (in units of 1e-10 USD) and OpenRouter (in USD)
// put into their usage, as a decimal in USD.
func costOf(ticks, cost piece) string {
	if _, ok := ticks.count(); ok && strings.Trim(ticks.raw, "0123456789") == "" {
		return shift10(ticks.raw)
	}
	if cost.isNumber() && gjson.Parse(cost.raw).Num >= 0 {
		return strings.Clone(cost.raw)
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
