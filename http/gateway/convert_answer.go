package gateway

import (
	"net/http"

	"github.com/claude-code-hub/cch/converters/convert"
	"github.com/claude-code-hub/cch/converters/neutral"
	"github.com/claude-code-hub/cch/converters/sse"
	"github.com/claude-code-hub/cch/http/gate"
	"github.com/claude-code-hub/cch/internal/domain"
	"github.com/claude-code-hub/cch/internal/upstream"
)

// carryConverted takes a 2xx to a client of another protocol. The tap sees what
// the upstream sent, so usage is what it charges for.
func (c *call) carryConverted(res *upstream.Response) {
	if c.x.target.class == domain.CallCount {
		c.carryCount(res)
		return
	}
	c.tap = c.newTap()
	c.events = c.x.head.stream // what the client gets
	if c.events && isStream(res.Header) {
		c.convertStream(res)
		return
	}
	c.convertDocument(res)
}

// newTap reads the provider's bytes. Cache writes of Claude that are not divided
// by lifetime have that which was asked for, by whoever wrote the request.
func (c *call) newTap() *neutral.Tap {
	switch {
	case c.conversion == nil:
		return neutral.NewTap(c.x.target.dialect.format, c.keepsHour(c.x.head.hourCache))
	case !c.converts():
		return neutral.NewTap(c.conversion.From, c.keepsHour(c.x.head.hourCache))
	}
	return neutral.NewTap(c.conversion.From, c.keepsHour(c.conversion.hourCache))
}

// convertDocument carries an answer that is whole on one side at least.
func (c *call) convertDocument(res *upstream.Response) {
	body, err := c.read(res)
	switch {
	case err != nil:
		c.broken(err)
		return
	case len(body) == maxAnswer:
		c.failed(ending{failure: domain.FailInternal, status: http.StatusBadGateway, text: "the answer is too large to be converted"})
		return
	}
	failure, status := c.judge(res, body)
	if failure != domain.FailNone {
		c.disguised(failure, status, body)
		return
	}
	out, fault := c.translate(body, isStream(res.Header))
	if fault != nil {
		c.faulty(fault)
		return
	}
	c.result.TTFT = c.since()
	if c.events {
		c.commit(c.clientResponse(res), -1)
		c.write(out)
	} else {
		c.commit(c.clientResponse(res), len(out))
		c.writeWhole(out)
	}
	c.succeeded(res.Status, c.tap.Complete())
}

// judge shows the tap the answer and tells whether it is one.
func (c *call) judge(res *upstream.Response, body []byte) (domain.FailureKind, int) {
	if !isStream(res.Header) {
		c.signed.document(body)
		return gate.Judge(c.tap.Body(body), body, res.Header.Get("Content-Type"))
	}
	g := gate.New(domain.GateEnforce)
	var frames sse.Reader
	frames.Feed(body)
	frames.Finish()
	for {
		f, ok, err := frames.Next()
		if err != nil || !ok {
			break
		}
		g.Frame(c.tap.Frame(f.Data), f.Event, 0)
		c.signed.frame(f.Data)
	}
	if g.End() == gate.Open {
		return domain.FailNone, 0
	}
	if g.Failure() == domain.FailEmpty {
		return domain.FailEmpty, domain.StatusEmptyResponse
	}
	return g.Failure(), inferStatus(body)
}

// translate puts a whole answer, which may have come as a stream, into the
// client's format and framing.
func (c *call) translate(body []byte, streamed bool) ([]byte, *neutral.Error) {
	v := c.conversion
	switch {
	case c.events:
		s := v.Stream()
		out := append([]byte(nil), s.Feed(body)...)
		out = append(out, s.Finish()...)
		c.lost(s.Drops())
		return out, s.Err()
	case v.envelope && !streamed:
		return convert.NewRewrap(v.To, v.Client.RequestID, v.shown).Body(body), nil
	}
	f := v.Fold()
	f.Feed(body)
	out, err := f.Finish()
	c.lost(f.Drops())
	return out, err
}

// faulty takes down an answer that a reader found to be an error.
func (c *call) faulty(e *neutral.Error) {
	c.result.RetryAfter = max(c.result.RetryAfter, e.RetryAfter)
	c.failed(ending{
		failure: domain.FailGate, status: e.Status, inferred: true, text: e.Message, quoted: true, answer: c.worded(e),
	})
}

// clientResponse is the head of an answer as the client gets it: the vendor's
// own fields mean nothing to it.
func (c *call) clientResponse(res *upstream.Response) *upstream.Response {
	h := http.Header{"Content-Type": {"application/json"}}
	if c.events && !c.conversion.Client.Array {
		h = http.Header{"Content-Type": {"text/event-stream; charset=utf-8"}, "Cache-Control": {"no-cache"}}
	}
	if id := upstream.RequestID(res.Header); id != "" {
		h["X-Request-Id"] = []string{id}
	}
	return &upstream.Response{Status: res.Status, Header: h, Body: res.Body, Endpoint: res.Endpoint}
}
