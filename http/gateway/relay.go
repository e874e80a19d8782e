package gateway

import (
	"errors"
	"slices"
	"time"

	"github.com/claude-code-hub/cch/actors/protocol"
	"github.com/claude-code-hub/cch/internal/domain"
)

// errNoDecision is an actor that answers without deciding anything.
var errNoDecision = errors.New("the request actor made no decision")

// relay makes the attempts the actor asks for until it says that the request
// is over.
func (g *Gateway) relay(x *exchange, run Run, d protocol.Decision) error {
	for {
		switch {
		case d.Reject != nil:
			x.tellQuota(d.Reject.Degraded)
			x.fail(d.Reject.Fault, g.Now())
			return nil
		case d.Done != nil:
			if d.Done.Estimate {
				x.estimate()
			}
			return nil
		case d.Attempt == nil:
			return g.orphaned(x, nil, errNoDecision)
		}
		if !x.pause(d.Attempt.Wait) {
			run.Gone()
			return nil
		}
		if x.opened == nil {
			x.tellQuota(d.Attempt.Degraded)
			g.open(x, d.Attempt)
			g.shoot(x, d.Attempt)
			g.startKeepAlive(x)
		}
		next, res, err := g.make(x, run, d.Attempt)
		if err != nil {
			return g.orphaned(x, res, err)
		}
		d = next
	}
}

// tellQuota lets the client know that nobody guards its limits, as long as
// nothing was answered and nobody else may be about to.
func (x *exchange) tellQuota(degraded []string) {
	if x.opened == nil && slices.Contains(degraded, "quota") {
		x.reply.header().Set("X-Cch-Quota-State", "degraded")
	}
}

// make makes an attempt, or two at the same time, and asks what to do next.
func (g *Gateway) make(x *exchange, run Run, a *protocol.Attempt) (protocol.Decision, *protocol.AttemptResult, error) {
	if a.HedgeAfter > 0 && x.body != nil {
		return g.race(x, run, a)
	}
	res := g.attempt(g.base, nil, x, run, a)
	next, err := report(x, run, res)
	return next, res, err
}

func report(x *exchange, run Run, res *protocol.AttemptResult) (protocol.Decision, error) {
	ctx, cancel := reportContext(x)
	defer cancel()
	return run.Report(ctx, res)
}

// startKeepAlive lets the client of a stream know that it is still served while
// providers are slow or fail one after another. Nothing is decided by it: as
// long as only pings went out, another provider can still answer.
func (g *Gateway) startKeepAlive(x *exchange) {
	if x.head.stream && x.target.class == domain.CallGenerate {
		every := x.settings().GateKeepaliveAfter
		if x.unstreams() {
			every = unstreamedPing
		}
		x.reply.keepAlive(every, []byte(x.target.dialect.ping), func() { g.journaled(x) })
	}
}

// pause waits before an attempt; false means that the client left meanwhile.
func (x *exchange) pause(d time.Duration) bool {
	if d > 0 {
		timer := time.NewTimer(d)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-x.r.Context().Done():
		}
	}
	return x.r.Context().Err() == nil
}
