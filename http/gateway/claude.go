package gateway

import (
	"crypto/sha256"
	"encoding/hex"
	"strconv"

	"github.com/claude-code-hub/cch/converters/neutral"
	"github.com/claude-code-hub/cch/http/gateway/scan"
	"github.com/claude-code-hub/cch/internal/domain"
)

// claude is the Anthropic Messages API.
//
//nolint:gochecknoglobals // read-only table
var claude = dialect{
	format:   neutral.Claude,
	member:   claudeMember,
	ping:     "event: ping\ndata: {\"type\": \"ping\"}\n\n",
	names:    []string{"message.model", "model"},
	edits:    claudeEdits,
	hourMark: [2]string{"ttl", "1h"},
	carrier:  neutral.CarrierPrefix,
}

func claudeMember(c *scan.Cursor, name []byte, h *head) {
	switch string(name) {
	case "model":
		h.model, _ = c.Text()
	case "stream":
		h.asked.read(c)
		h.stream = string(h.asked.raw) == "true"
	case "system":
		h.opening.system = texts(c, h.opening.system)
	case "tools":
		h.opening.toolNames(c)
	case "messages":
		h.turns(c, "content")
	case "max_tokens":
		h.output, _ = c.Int()
	case "service_tier":
		h.tier, _ = c.Text()
	case "speed":
		h.speed, _ = c.Text()
	case "output_config":
		h.readEffort(c)
	case "thinking":
		for field := range c.Members() {
			if string(field) == "type" {
				kind, _ := c.Text()
				h.thinks = string(kind.Bytes()) == "enabled"
			}
		}
	case "metadata":
		h.metadata.read(c, func(field []byte) {
			switch string(field) {
			case "user_id":
				h.hints.hasUserID = true
				h.hints.userID, _ = c.Text()
			case "session_id":
				h.hints.metadata, _ = c.Text()
			}
		})
	default:
		h.hints.member(c, name)
	}
}

// claudeEdits gives a body without metadata.user_id one, as relays that pool
// accounts keep conversations together by it.
func claudeEdits(x *exchange, out *changes) {
	h := &x.head
	if !x.settings().ClaudeUserIDInjection || h.hints.hasUserID || !h.metadata.extensible() {
		return
	}
	out.add(h.metadata.extend(h.end, "metadata", `"user_id":"`+jsonText(x.userID())+`"`))
	out.note(domain.SpecialClaudeUserID)
}

// userID is the user id Claude Code would send: one string up to 2.1.77, a JSON
// document since. The device stands for the API key.
func (x *exchange) userID() string {
	sum := sha256.Sum256([]byte("claude_user_" + strconv.FormatInt(int64(x.key.ID), 10)))
	device := hex.EncodeToString(sum[:])
	if c := agentOf(x.r.UserAgent()); c.kind == "claude-code" && c.before(2, 1, 78) {
		return "user_" + device + "_account__session_" + x.session.id
	}
	return `{"device_id":"` + device + `","account_uuid":"","session_id":"` + x.session.id + `"}`
}
