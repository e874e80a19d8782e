package neutral

import (
	"slices"
	"strings"

	"github.com/tidwall/gjson"
)

// responsesTap reads OpenAI Responses. Usage comes with the terminal event;
// items of hosted tools are counted as they finish and again in the terminal
// event, and the larger count wins, as relays send only one of the two.
type responsesTap struct {
	last   Usage
	seen   bool
	stream itemCounts
	final  itemCounts
}

// responsesEvent are the members of a stream event that matter here.
type responsesEvent struct {
	kind, response, item, delta, err piece
}

func (e *responsesEvent) read(root piece) {
	w := root.walk()
	for name := range w.members() {
		switch name {
		case "type":
			w.first(&e.kind)
		case "response":
			w.first(&e.response)
		case "item":
			w.first(&e.item)
		case "delta":
			w.first(&e.delta)
		case "error":
			w.first(&e.err)
		}
	}
}

func (r *responsesTap) frame(t *Tap, root piece) Verdict {
	var e responsesEvent
	e.read(root)
	switch kind := e.kind.str(); kind {
	case "response.created", "response.in_progress", "response.queued":
		r.response(t, e.response)
		return Echo
	case "response.output_item.done":
		w := e.item.walk()
		item := responsesItemOf(&w)
		r.stream.add(&item)
		if item.carries {
			return Content
		}
	case "response.completed", "response.incomplete", "response.failed":
		return r.end(t, kind, e.response)
	case "error":
		return Failure
	case "":
		if e.err.isError() {
			return Failure
		}
	default:
		return r.delta(t, kind, e.delta)
	}
	return Neutral
}

func (r *responsesTap) delta(t *Tap, kind string, delta piece) Verdict {
	switch {
	case strings.HasSuffix(kind, ".partial_image"):
		return Content
	case !strings.HasSuffix(kind, ".delta"), delta.isString() && !delta.says():
		return Neutral
	}
	if !strings.HasPrefix(kind, "response.audio.") && !strings.HasPrefix(kind, "response.output_audio.") {
		t.text(delta)
	}
	return Content
}

func (r *responsesTap) end(t *Tap, kind string, response piece) Verdict {
	a := r.response(t, response)
	switch {
	case kind == "response.failed":
		return Failure
	case kind == "response.incomplete" || a.carries:
		t.complete = true
		return Content
	default:
		t.complete = true
		return Terminal
	}
}

func (r *responsesTap) body(t *Tap, root piece) Verdict {
	a := r.response(t, root)
	status := a.status.str()
	switch {
	case status == "failed" || a.err.isError():
		return Failure
	case status == "completed" || status == "incomplete":
		t.complete = true
	}
	if a.carries || status == "incomplete" {
		return Content
	}
	return Neutral
}

// responsesAnswer are the members of a response object that matter here, and
// what its output is.
type responsesAnswer struct {
	id, model, tier, usage, status, err piece

	listed  bool // an output was read
	items   itemCounts
	carries bool // an item of it carries anything
}

func (a *responsesAnswer) read(root piece) {
	w := root.walk()
	for name := range w.members() {
		switch name {
		case "id":
			w.first(&a.id)
		case "model":
			w.first(&a.model)
		case "service_tier":
			w.first(&a.tier)
		case "usage":
			w.first(&a.usage)
		case "status":
			w.first(&a.status)
		case "error":
			w.first(&a.err)
		case "output":
			a.readOutput(&w)
		}
	}
}

func (a *responsesAnswer) readOutput(w *walk) {
	if a.listed {
		return
	}
	a.listed = true
	for range w.elements() {
		item := responsesItemOf(w)
		a.items.add(&item)
		a.carries = a.carries || item.carries
	}
}

// response reads a response object.
func (r *responsesTap) response(t *Tap, o piece) (a responsesAnswer) {
	a.read(o)
	t.identify(a.id, a.model)
	t.served(a.tier)
	if u, ok := responsesUsageOf(a.usage); ok {
		r.last, r.seen = u, true
	}
	r.final = a.items
	return a
}

// responsesItem is what matters of an output item.
type responsesItem struct {
	kind, action, container piece
	carries                 bool // it is anything but an empty message
}

// responsesItemOf reads the item that the walk stands before.
func responsesItemOf(w *walk) (item responsesItem) {
	object, listed := w.before('{'), false
	for name := range w.members() {
		switch name {
		case "type":
			w.first(&item.kind)
		case "action":
			w.firstIn("type", &item.action)
		case "container_id":
			w.first(&item.container)
		case "content":
			if !listed {
				item.carries, listed = responsesContent(w), true
			}
		}
	}
	if item.kind.str() != "message" {
		item.carries = object
	}
	return item
}

// responsesContent says whether a part of a message's content says anything.
func responsesContent(w *walk) (says bool) {
	for range w.elements() {
		var text, refusal piece
		for name := range w.members() {
			switch name {
			case "text":
				w.first(&text)
			case "refusal":
				w.first(&refusal)
			}
		}
		says = says || text.says() || refusal.says()
	}
	return says
}

func (r *responsesTap) usage() ([]Usage, bool) {
	u := r.last
	u.WebSearchCalls = max(r.stream.searches, r.final.searches)
	u.FileSearchCalls = max(r.stream.files, r.final.files)
	u.ImagesOut = max(r.stream.images, r.final.images)
	u.CodeInterpreterSessions = max(r.stream.sessions(), r.final.sessions())
	return []Usage{u}, r.seen
}

// ResponsesUsage reads one usage object of OpenAI Responses; false when it holds
// no figure. Cached tokens are inside the input figure, reasoning inside output.
func ResponsesUsage(u gjson.Result) (Usage, bool) { return responsesUsageOf(piece{raw: u.Raw}) }

func responsesUsageOf(u piece) (Usage, bool) {
	var m responsesUsage
	m.read(u)
	input, hasInput := m.input.count()
	output, hasOutput := m.output.count()
	if !hasInput && !hasOutput {
		return Usage{}, false
	}
	out := Usage{Output: output}
	out.CacheRead, _ = m.cached.count()
	out.CacheWrite5m, _ = m.write.count()
	out.Input = max(0, input-out.CacheRead-out.CacheWrite5m)
	out.Reasoning, out.ReasoningKnown = m.reasoning.count()
	out.ReportedCost = costOf(m.ticks, m.cost)
	return out, true
}

// responsesUsage are the members of a usage object and of its details.
type responsesUsage struct {
	input, output, cached, write, reasoning, ticks, cost piece
}

func (m *responsesUsage) read(u piece) {
	w := u.walk()
	for name := range w.members() {
		switch name {
		case "input_tokens":
			w.first(&m.input)
		case "output_tokens":
			w.first(&m.output)
		case "input_tokens_details":
			m.readInput(&w)
		case "output_tokens_details":
			w.firstIn("reasoning_tokens", &m.reasoning)
		case "cost_in_usd_ticks":
			w.first(&m.ticks)
		case "cost":
			w.first(&m.cost)
		}
	}
}

func (m *responsesUsage) readInput(w *walk) {
	for name := range w.members() {
		switch name {
		case "cached_tokens":
			w.first(&m.cached)
		case "cache_write_tokens":
			w.first(&m.write)
		}
	}
}

// itemCounts counts output items that cost a fee of their own.
type itemCounts struct {
	searches, files, images, loose int64
	containers                     []string
}

func (c *itemCounts) add(item *responsesItem) {
	switch item.kind.str() {
	case "web_search_call":
		// Opening a page or finding in it is free; older servers name no action.
		if action := item.action.str(); action == "search" || action == "" {
			c.searches++
		}
	case "file_search_call":
		c.files++
	case "image_generation_call":
		c.images++
	case "code_interpreter_call":
		id := item.container.str()
		switch {
		case id == "":
			c.loose++
		case !slices.Contains(c.containers, id):
			c.containers = append(c.containers, strings.Clone(id))
		}
	}
}

// sessions counts containers; calls share one unless they name several.
func (c *itemCounts) sessions() int64 { return c.loose + int64(len(c.containers)) }
