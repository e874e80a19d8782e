package gateway

import (
	"io"

	"github.com/claude-code-hub/cch/actors/protocol"
	"github.com/claude-code-hub/cch/http/gateway/snapshots"
	"github.com/claude-code-hub/cch/internal/upstream"
)

// shoot begins the snapshot of a request, if somebody wants one. The client's
// side is taken down as it came and as it goes out.
func (g *Gateway) shoot(x *exchange, a *protocol.Attempt) {
	if g.Snapshots == nil || x.settings().HighConcurrencyMode {
		return
	}
	x.shot = g.Snapshots.Begin(x.id, x.sessionKey(), a.SessionSeq)
	if x.shot == nil {
		return
	}
	var body []byte
	if x.body != nil {
		body = x.body.Bytes()
	}
	x.shot.Asked(x.r, body)
	x.reply.through(x.shot.Writer)
}

// shoot takes down a call to a provider, as it goes out.
func (c *call) shoot(out *upstream.Call) *snapshots.Call {
	address, headers := upstream.Describe(out)
	var body io.Reader
	if c.x.upload == nil && out.Body != nil {
		if r := out.Body.Open(); r != nil {
			defer r.Close()
			body = r
		}
	}
	return c.x.shot.Calling(c.provider.ID, c.a.N, out.Method, address, headers, body)
}
