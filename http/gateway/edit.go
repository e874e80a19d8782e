package gateway

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"strconv"

	"github.com/claude-code-hub/cch/actors/protocol"
	"github.com/claude-code-hub/cch/converters/neutral"
	"github.com/claude-code-hub/cch/http/gateway/intake"
	"github.com/claude-code-hub/cch/internal/domain"
)

// edits is all that changes in a body on its way to a provider of the client's
// own protocol. Without edits the provider gets the client's bytes.
func (x *exchange) edits(a *protocol.Attempt) []intake.Edit {
	var out []intake.Edit
	if a.Redirected {
		out = append(out, intake.Edit{From: x.head.model.At, To: x.head.model.End(), With: jsonText(a.Model)})
	}
	if x.target.dialect.format == neutral.Claude && x.target.class == domain.CallGenerate && x.settings().ClaudeUserIDInjection {
		out = x.withUserID(out)
	}
	return out
}

// withUserID gives a Claude body without metadata.user_id one, as relays that
// pool accounts keep conversations together by it.
func (x *exchange) withUserID(out []intake.Edit) []intake.Edit {
	m := &x.head.metadata
	if x.head.hints.hasUserID || (m.found && !m.object) {
		return out
	}
	member := `"user_id":"` + jsonText(x.userID()) + `"`
	switch {
	case !m.found:
		return append(out, intake.Edit{From: x.head.end, To: x.head.end, With: `,"metadata":{` + member + `}`})
	case m.empty:
		return append(out, intake.Edit{From: m.at, To: m.at, With: member})
	}
	return append(out, intake.Edit{From: m.at, To: m.at, With: member + ","})
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

// jsonText is s as it stands between the quotes of a JSON string.
func jsonText(s string) string {
	b, _ := json.Marshal(s) // strings always marshal
	return string(b[1 : len(b)-1])
}
