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

func (r *responsesTap) frame(t *Tap, data string) Verdict {
	root := gjson.Parse(data)
	kind := root.Get("type").Str
	switch kind {
	case "response.created", "response.in_progress", "response.queued":
		r.response(t, root.Get("response"))
		return Echo
	case "response.output_item.done":
		item := root.Get("item")
		r.stream.add(item)
		if responsesItemCarries(item) {
			return Content
		}
	case "response.completed", "response.incomplete", "response.failed":
		return r.end(t, kind, root.Get("response"))
	case "error":
		return Failure
	case "":
		if HasError(root.Get("error")) {
			return Failure
		}
	default:
		return r.delta(t, kind, root)
	}
	return Neutral
}

func (r *responsesTap) delta(t *Tap, kind string, root gjson.Result) Verdict {
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

func (r *responsesTap) end(t *Tap, kind string, response gjson.Result) Verdict {
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

func (r *responsesTap) body(t *Tap, root gjson.Result) Verdict {
	carries := r.response(t, root)
	status := root.Get("status").Str
	switch {
	case status == "failed" || HasError(root.Get("error")):
		return Failure
	case status == "completed" || status == "incomplete":
		t.complete = true
	}
	if carries || status == "incomplete" {
		return Content
	}
	return Neutral
}

// response reads a response object and says whether an item in it carries
// anything.
func (r *responsesTap) response(t *Tap, o gjson.Result) bool {
	t.identify(o.Get("id"), o.Get("model"), o.Get("service_tier"))
	if u, ok := ResponsesUsage(o.Get("usage")); ok {
		r.last, r.seen = u, true
	}
	carries := false
	r.final = itemCounts{}
	List(o.Get("output")).ForEach(func(_, item gjson.Result) bool {
		r.final.add(item)
		carries = carries || responsesItemCarries(item)
		return true
	})
	return carries
}

// responsesItemCarries says whether an output item is anything but an empty
// message.
func responsesItemCarries(item gjson.Result) bool {
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
func ResponsesUsage(u gjson.Result) (Usage, bool) {
	input, hasInput := count(u.Get("input_tokens"))
	output, hasOutput := count(u.Get("output_tokens"))
	if !hasInput && !hasOutput {
		return Usage{}, false
	}
	out := Usage{Output: output}
	out.CacheRead, _ = count(u.Get("input_tokens_details.cached_tokens"))
	out.CacheWrite5m, _ = count(u.Get("input_tokens_details.cache_write_tokens"))
	out.Input = max(0, input-out.CacheRead-out.CacheWrite5m)
	out.Reasoning, out.ReasoningKnown = count(u.Get("output_tokens_details.reasoning_tokens"))
	out.ReportedCost = reportedCost(u)
	return out, true
}

// itemCounts counts output items that cost a fee of their own.
type itemCounts struct {
	searches, files, images, loose int64
	containers                     []string
}

func (c *itemCounts) add(item gjson.Result) {
	switch item.Get("type").Str {
	case "web_search_call":
		// Opening a page or finding in it is free; older servers name no action.
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

// sessions counts containers; calls share one unless they name several.
func (c *itemCounts) sessions() int64 { return c.loose + int64(len(c.containers)) }
