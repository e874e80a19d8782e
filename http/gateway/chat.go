package gateway

import (
	"github.com/tidwall/gjson"

	"github.com/claude-code-hub/cch/converters/neutral"
	"github.com/claude-code-hub/cch/http/gateway/intake"
	"github.com/claude-code-hub/cch/http/gateway/scan"
	"github.com/claude-code-hub/cch/internal/domain"
)

// comment keeps a stream alive without being an event.
const comment = ": ping\n\n"

// chat is the OpenAI Chat Completions API and what is like it. Every chunk
// names the model.
//
//nolint:gochecknoglobals // read-only table
var chat = dialect{
	format:  neutral.Chat,
	carrier: "extra_content",
	member:  chatMember,
	ping:    comment,
	names:   []string{"model"},
	edits:   chatEdits,
}

func chatMember(c *scan.Cursor, name []byte, h *head) {
	switch string(name) {
	case "model":
		h.model, _ = c.Text()
	case "stream":
		h.asked.read(c)
		h.stream = string(h.asked.raw) == "true"
	case "messages":
		h.turns(c, "content")
	case "tools":
		h.opening.toolNames(c)
	case "stream_options":
		h.options.read(c, func(field []byte) {
			if string(field) == "include_usage" {
				h.usage.read(c)
				h.usageAsked = string(h.usage.raw) == "true"
			}
		})
	default:
		openaiMember(c, name, h)
	}
}

// openaiMember reads what Chat and Responses have in common.
func openaiMember(c *scan.Cursor, name []byte, h *head) {
	switch string(name) {
	case "prompt_cache_key":
		h.hints.hasCacheKey = true
		h.hints.cacheKey, _ = c.Text()
	case "max_tokens", "max_completion_tokens", "max_output_tokens":
		h.output, _ = c.Int()
	case "service_tier":
		h.tier, _ = c.Text()
	case "metadata":
		for field := range c.Members() {
			if string(field) == "session_id" {
				h.hints.metadata, _ = c.Text()
			}
		}
	default:
		h.hints.member(c, name)
	}
}

// metersStream tells whether the stream is asked to report its usage on our
// account, so that the client must not see the report.
func (x *exchange) metersStream() bool {
	h := &x.head
	return x.target.protocol == domain.ProtocolChat && x.target.judged() && h.stream && !h.usageAsked &&
		h.options.extensible() && x.settings().InjectStreamUsage && !x.unstreams()
}

// chatEdits asks for the usage of a stream whose client did not.
func chatEdits(x *exchange, out *changes) {
	h := &x.head
	switch {
	case !x.metersStream():
		return
	case h.usage.found:
		out.add(intake.Edit{From: h.usage.from, To: h.usage.to, With: "true"})
	default:
		out.add(h.options.extend(h.end, "stream_options", `"include_usage":true`))
	}
	out.note(domain.SpecialStreamUsage)
}

// isUsageReport tells whether a chunk reports usage and nothing else.
func isUsageReport(data []byte) bool {
	found := gjson.GetManyBytes(data, "choices", "usage")
	return found[0].IsArray() && len(found[0].Array()) == 0 && found[1].IsObject()
}
