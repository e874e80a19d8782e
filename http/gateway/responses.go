package gateway

import (
	"crypto/sha256"
	"encoding/hex"
	"strconv"
	"strings"

	"github.com/claude-code-hub/cch/converters/neutral"
	"github.com/claude-code-hub/cch/http/gateway/intake"
	"github.com/claude-code-hub/cch/http/gateway/scan"
	"github.com/claude-code-hub/cch/internal/domain"
)

// responses is the OpenAI Responses API, which Codex speaks.
//
//nolint:gochecknoglobals // read-only table
var responses = dialect{
	format:   neutral.Responses,
	carrier:  neutral.CarrierPrefix,
	member:   responsesMember,
	ping:     comment,
	names:    []string{"response.model", "model"},
	edits:    responsesEdits,
	numbered: true,
}

// media are OpenAI's images, audio and videos. Their answers count tokens as
// Responses does.
//
//nolint:gochecknoglobals // read-only table
var media = dialect{format: neutral.Responses, member: chatMember}

func responsesMember(c *scan.Cursor, name []byte, h *head) {
	switch string(name) {
	case "model":
		h.model, _ = c.Text()
	case "stream":
		h.asked.read(c)
		h.stream = string(h.asked.raw) == "true"
	case "instructions":
		h.opening.system = texts(c, h.opening.system)
	case "input":
		responsesInput(c, h)
	case "tools":
		h.opening.toolNames(c)
	case "store":
		kept, is := c.Bool()
		h.unstored = is && !kept
	case "reasoning":
		h.readEffort(c)
	case "previous_response_id":
		h.hints.previous, _ = c.Text()
	default:
		openaiMember(c, name, h)
	}
}

func responsesInput(c *scan.Cursor, h *head) {
	switch c.Kind() {
	case scan.Array:
		h.turns(c, "content")
		return
	case scan.String:
		text := *c // read twice
		h.opening.user, h.opening.complete = texts(&text, nil), true
	case scan.Object, scan.Invalid, scan.Number, scan.Bool, scan.Null:
	}
	h.messages = 1
	h.input.read(c)
}

// responsesEdits completes a call as Codex would have made it.
func responsesEdits(x *exchange, out *changes) {
	h := &x.head
	if h.input.found && x.settings().ResponsesInputRectifier {
		wrapInput(&h.input, out)
	}
	key := x.codexKey()
	if key != "" && !h.hints.hasCacheKey {
		out.add(intake.Edit{From: h.end, To: h.end, With: `,"prompt_cache_key":"` + jsonText(key) + `"`})
	}
	if key != "" && (!h.hints.hasCacheKey || codexHeader(x.r.Header) == "") {
		out.note(domain.SpecialCodexSession)
	}
}

// wrapInput makes an input that is no array one, as upstreams for Codex take
// nothing else. What is neither text nor an object is left for them to refuse.
func wrapInput(in *value, out *changes) {
	before, after := "[", "]"
	switch in.kind {
	case scan.String:
		before, after = `[{"type":"message","role":"user","content":[{"type":"input_text","text":`, `}]}]`
	case scan.Object:
	case scan.Array, scan.Invalid, scan.Number, scan.Bool, scan.Null:
		return
	}
	out.add(intake.Edit{From: in.from, To: in.from, With: before}, intake.Edit{From: in.to, To: in.to, With: after})
	out.note(domain.SpecialResponseInput)
}

// minCacheKey is the length from which a prompt_cache_key is taken for the id
// of a session: shorter ones are names that many conversations share.
const minCacheKey = 21

// codexKey is the id that Codex would have sent both as header session-id and as
// prompt_cache_key. Either stands for the other; a client with neither gets one
// that stays with its conversation. Empty where nothing is to be completed.
func (x *exchange) codexKey() string {
	if x.target.protocol != domain.ProtocolResponses || !x.target.judged() || !x.settings().CodexSessionIDCompletion {
		return ""
	}
	if id := codexHeader(x.r.Header); validSessionID(id) {
		return id
	}
	if x.head.hints.hasCacheKey {
		if key := x.head.hints.cacheKey.String(); len(key) >= minCacheKey && validSessionID(key) {
			return key
		}
		return ""
	}
	if x.session.source == domain.SessionGenerated || strings.HasPrefix(x.session.id, codexPrevious) {
		return "" // it does not outlive this turn
	}
	if id := x.session.id; len(id) == len(uuidForm) && strings.Count(id, "-") == strings.Count(uuidForm, "-") {
		return id // found by way of an earlier answer
	}
	return stableUUID(x.session.id, x.key.ID)
}

const uuidForm = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx"

// stableUUID names a session of a key in the form of a UUID version 7. Its time
// is as made up as the rest: the same session must have the same one on every
// node, at any time.
func stableUUID(session string, key domain.KeyID) string {
	b := sha256.Sum256([]byte("codex_session_" + strconv.FormatInt(int64(key), 10) + "_" + session))
	b[6], b[8] = b[6]&0x0f|0x70, b[8]&0x3f|0x80
	h := hex.EncodeToString(b[:16])
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}
