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
	var m claudeUsage
	m.take(piece{raw: u.Raw})
	c.add(&m)
}

func (c *ClaudeMeter) add(m *claudeUsage) {
	n, seen := m.counts()
	c.max.raise(n)
	c.seen = c.seen || seen
	keep(&c.facts.ServiceTier, m.tier)
	keep(&c.facts.Speed, m.speed)
	keep(&c.facts.InferenceGeo, m.geo)
	if cost := costOf(m.ticks, m.cost); cost != "" {
		c.facts.ReportedCost = cost
	}
	if m.iterations.isList() {
		c.iterations(m.iterations)
	}
}

func (c *ClaudeMeter) iterations(list piece) {
	c.passes = c.passes[:0]
	w := list.walk()
	for range w.elements() {
		var m claudeUsage
		m.take(w.take())
		if n, seen := m.counts(); seen {
			p := n.usage(c.HourTTL)
			p.Model = strings.Clone(m.model.str())
			c.passes = append(c.passes, p)
		}
	}
}

// keep stores a non-empty string, cloned only when it changed.
func keep(to *string, from piece) {
	if s := from.str(); s != "" && s != *to {
		*to = strings.Clone(s)
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

// claudeUsage are the members of one usage object. Of several of one name the
// last counts.
type claudeUsage struct {
	input, output, read, write           piece
	creation, details, server            piece // objects
	flat5m, flat1h, other5m, other1h     piece
	model, tier, speed, geo, ticks, cost piece
	iterations                           piece
	firstTier                            piece // the tap goes by this one
}

func (m *claudeUsage) take(u piece) {
	w := u.walk()
	for name := range w.members() {
		if to := m.member(name); to != nil {
			*to = w.take()
		}
		m.firstTier.or(m.tier)
	}
}

func (m *claudeUsage) member(name string) *piece {
	switch name {
	case "input_tokens":
		return &m.input
	case "output_tokens":
		return &m.output
	case "cache_read_input_tokens":
		return &m.read
	case "cache_creation_input_tokens":
		return &m.write
	case "cache_creation":
		return &m.creation
	case "cache_creation_5m_input_tokens":
		return &m.flat5m
	case "cache_creation_1h_input_tokens":
		return &m.flat1h
	case "claude_cache_creation_5_m_tokens":
		return &m.other5m
	case "claude_cache_creation_1_h_tokens":
		return &m.other1h
	case "output_tokens_details":
		return &m.details
	case "server_tool_use":
		return &m.server
	case "service_tier":
		return &m.tier
	}
	return m.rare(name)
}

func (m *claudeUsage) rare(name string) *piece {
	switch name {
	case "model":
		return &m.model
	case "speed":
		return &m.speed
	case "inference_geo":
		return &m.geo
	case "cost_in_usd_ticks":
		return &m.ticks
	case "cost":
		return &m.cost
	case "iterations":
		return &m.iterations
	}
	return nil
}

// counts are the figures. The split of cache writes may be nested or flat under
// either of two spellings; nested wins.
func (m *claudeUsage) counts() (n claudeCounts, seen bool) {
	get := func(to *int64, from ...piece) {
		if figure, ok := firstCount(from...); ok {
			*to, seen = figure, true
		}
	}
	get(&n.input, m.input)
	get(&n.output, m.output)
	get(&n.read, m.read)
	get(&n.write, m.write)
	get(&n.write5m, m.creation.get("ephemeral_5m_input_tokens"), m.flat5m, m.other5m)
	get(&n.write1h, m.creation.get("ephemeral_1h_input_tokens"), m.flat1h, m.other1h)
	n.thinking, n.thinkingKnown = m.details.get("thinking_tokens").count()
	n.search, _ = m.server.get("web_search_requests").count()
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
