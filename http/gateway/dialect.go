package gateway

import (
	"github.com/claude-code-hub/cch/converters/neutral"
	"github.com/claude-code-hub/cch/http/gateway/scan"
)

// dialect is all the gateway knows about one wire protocol. It holds no state.
type dialect struct {
	format neutral.Format
	// member reads one top-level member of a request body.
	member func(c *scan.Cursor, name []byte, h *head)
	// ping is what keeps a waiting client's stream alive, empty if nothing may.
	ping string
	// answerModel is where a body or a frame's data names the model.
	answerModel func(doc []byte) (from, to int, ok bool)
}
