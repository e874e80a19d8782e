package gateway

import (
	"net/http"
	"strconv"

	"github.com/claude-code-hub/cch/converters/convert"
	"github.com/claude-code-hub/cch/converters/neutral"
	"github.com/claude-code-hub/cch/internal/domain"
	"github.com/claude-code-hub/cch/internal/upstream"
)

// estimatedHeader tells a client that the gateway itself made the number up.
const estimatedHeader = "X-Cch-Estimated"

func encodeCount(r *neutral.Request, t *neutral.Target) (*convert.Request, error) {
	out, _, err := convert.EncodeCount(r, t)
	return out, err
}

// carryCount takes the number in a provider's answer to a client of another
// protocol.
func (c *call) carryCount(res *upstream.Response) {
	body, err := c.read(res)
	if err != nil {
		c.broken(err)
		return
	}
	tokens, err := convert.ReadCount(c.conversion.From, body)
	if err != nil {
		c.disguised(domain.FailFake200, inferStatus(body), body)
		return
	}
	out := convert.Count(c.conversion.To, tokens)
	c.commit(c.clientResponse(res), len(out))
	c.writeWhole(out)
	c.succeeded(res.Status, true)
}

// estimable tells whether the gateway can answer the call by itself, roughly.
func (x *exchange) estimable() bool {
	if x.target.class != domain.CallCount || x.body == nil {
		return false
	}
	_, err := x.decode()
	return err == nil
}

// estimate answers a token count with the gateway's own guess.
func (x *exchange) estimate() {
	r, err := x.decode()
	if err != nil { // estimable promised otherwise
		x.fail(internalFault(), x.at)
		return
	}
	out := convert.Count(x.target.dialect.format, convert.EstimateTokens(r))
	x.reply.start(http.StatusOK, func(h http.Header) {
		h.Set("Content-Type", "application/json")
		h.Set("Content-Length", strconv.Itoa(len(out)))
		h.Set(estimatedHeader, "true")
	})
	_ = x.reply.send(out) // the client may be gone
}
