package gateway

import (
	"slices"

	"github.com/tidwall/gjson"

	"github.com/claude-code-hub/cch/converters/neutral"
	"github.com/claude-code-hub/cch/http/gateway/scan"
	"github.com/claude-code-hub/cch/internal/domain"
)

// dialect is all the gateway knows about one wire protocol. It holds no state.
type dialect struct {
	format neutral.Format
	// member reads one top-level member of a request body.
	member func(c *scan.Cursor, name []byte, h *head)
	// ping is what keeps a waiting client's stream alive, empty if nothing may.
	ping string
	// names are the places where a body or a frame's data names the model.
	names []string
	// edits adds what the protocol's clients leave out, to the body of a
	// conversation; nil if there is nothing.
	edits func(x *exchange, out *changes)
	// hourMark is the member, and its value, by which a body asks for the
	// one-hour cache lifetime: upstreams do not always say which one they wrote with.
	hourMark [2]string
	// carrier is how a string begins by which an earlier conversion can be told.
	carrier string
	// numbered says that events carry a sequence number.
	numbered bool
}

// dialectOf is the dialect of a protocol's conversations.
func dialectOf(p domain.Protocol) *dialect {
	switch p {
	case domain.ProtocolChat:
		return &chat
	case domain.ProtocolResponses:
		return &responses
	case domain.ProtocolGemini:
		return &gemini
	case domain.ProtocolGeminiCLI:
		return &geminiCLI
	case domain.ProtocolClaude:
	}
	return &claude
}

// rename replaces the model's name in a document or a frame's data by name, a
// JSON string.
func (d *dialect) rename(doc, name []byte) []byte {
	for _, path := range d.names {
		if m := gjson.GetBytes(doc, path); m.Type == gjson.String && m.Index > 0 {
			return slices.Replace(slices.Clone(doc), m.Index, m.Index+len(m.Raw), name...)
		}
	}
	return doc
}
