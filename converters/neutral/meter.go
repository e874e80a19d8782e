package neutral

import (
	"slices"
	"strings"

	"github.com/tidwall/gjson"
)

// ClaudeMeter adds up the usage objects of one Anthropic answer. The usage of
// message_start and message_delta is cumulative, and relays send zeros in the
// delta, so of every field the largest figure counts.
type ClaudeMeter struct {
	// HourTTL says that the request asked for the one-hour cache lifetime, which
	// is where undivided cache writes are counted.
	HourTTL bool

	max    claudeCounts
	seen   bool
	passes []Usage // usage.iterations, the last list seen
	facts  Usage   // only the string members
}

type claudeCounts struct {
	input, read, write, write5m, write1h, output, thinking, search int64
	thinkingKnown                                                  bool
}

// Add takes one usage object; anything else is ignored.
func (c *ClaudeMeter) Add(u gjson.Result) {
	if !u.IsObject() {
		return
	}
	n, seen := claudeFigures(u)
	c.max.raise(n)
	c.seen = c.seen || seen
	keep(&c.facts.ServiceTier, u.Get("service_tier"))
	keep(&c.facts.Speed, u.Get("speed"))
	keep(&c.facts.InferenceGeo, u.Get("inference_geo"))
	if cost := reportedCost(u); cost != "" {
		c.facts.ReportedCost = cost
	}
	if list := u.Get("iterations"); list.IsArray() {
		c.passes = c.passes[:0]
		List(list).ForEach(func(_, e gjson.Result) bool {
			if n, seen := claudeFigures(e); seen {
				p := n.usage(c.HourTTL)
				p.Model = strings.Clone(e.Get("model").Str)
				c.passes = append(c.passes, p)
			}
			return true
		})
	}
}

// keep stores a non-empty string, cloned only when it changed.
func keep(to *string, from gjson.Result) {
	if from.Type == gjson.String && from.Str != "" && from.Str != *to {
		*to = strings.Clone(from.Str)
	}
}

// Total is the usage at the top level, which clients are shown; false when none
// was reported.
func (c *ClaudeMeter) Total() (Usage, bool) {
	u := c.max.usage(c.HourTTL)
	u.ServiceTier, u.Speed, u.InferenceGeo = c.facts.ServiceTier, c.facts.Speed, c.facts.InferenceGeo
	u.ReportedCost = c.facts.ReportedCost
	return u, c.seen
}

// Passes lists the passes when the upstream tells them apart, as its totals
// leave compaction and advisor passes out; else it is the total alone. Calls of
// server tools and a reported cost are counted with the last pass.
func (c *ClaudeMeter) Passes() ([]Usage, bool) {
	total, seen := c.Total()
	if len(c.passes) == 0 {
		return []Usage{total}, seen
	}
	out := slices.Clone(c.passes)
	for i := range out {
		out[i].ServiceTier, out[i].Speed, out[i].InferenceGeo = total.ServiceTier, total.Speed, total.InferenceGeo
	}
	last := &out[len(out)-1]
	last.WebSearchCalls, last.ReportedCost = total.WebSearchCalls, total.ReportedCost
	return out, true
}

// claudeFigures reads one usage object. The split of cache writes may be nested
// or flat under either of two spellings; nested wins.
func claudeFigures(u gjson.Result) (n claudeCounts, seen bool) {
	get := func(to *int64, paths ...string) {
		if v, ok := firstCount(u, paths...); ok {
			*to, seen = v, true
		}
	}
	get(&n.input, "input_tokens")
	get(&n.output, "output_tokens")
	get(&n.read, "cache_read_input_tokens")
	get(&n.write, "cache_creation_input_tokens")
	get(&n.write5m, "cache_creation.ephemeral_5m_input_tokens", "cache_creation_5m_input_tokens", "claude_cache_creation_5_m_tokens")
	get(&n.write1h, "cache_creation.ephemeral_1h_input_tokens", "cache_creation_1h_input_tokens", "claude_cache_creation_1_h_tokens")
	n.thinking, n.thinkingKnown = count(u.Get("output_tokens_details.thinking_tokens"))
	n.search, _ = count(u.Get("server_tool_use.web_search_requests"))
	return n, seen
}

func (c *claudeCounts) raise(n claudeCounts) {
	c.input = max(c.input, n.input)
	c.read = max(c.read, n.read)
	c.write = max(c.write, n.write)
	c.write5m = max(c.write5m, n.write5m)
	c.write1h = max(c.write1h, n.write1h)
	c.output = max(c.output, n.output)
	c.thinking = max(c.thinking, n.thinking)
	c.search = max(c.search, n.search)
	c.thinkingKnown = c.thinkingKnown || n.thinkingKnown
}

// usage fills the buckets; cache writes without a lifetime go to the one the
// request asked for.
func (c *claudeCounts) usage(hourTTL bool) Usage {
	u := Usage{
		Input: c.input, CacheRead: c.read, CacheWrite5m: c.write5m, CacheWrite1h: c.write1h,
		Output: c.output, Reasoning: c.thinking, ReasoningKnown: c.thinkingKnown, WebSearchCalls: c.search,
	}
	undivided := max(0, c.write-c.write5m-c.write1h)
	if hourTTL {
		u.CacheWrite1h += undivided
	} else {
		u.CacheWrite5m += undivided
	}
	return u
}
