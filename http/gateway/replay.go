package gateway

import (
	"net/http"
	"strings"

	"github.com/claude-code-hub/cch/http/problem"
	"github.com/claude-code-hub/cch/internal/domain"
)

// replays tells whether an answer to the call may be given again: a stream, as
// long as neither operator nor client is against it.
func (g *Gateway) replays(x *exchange) bool {
	enabled := g.spools.Enabled
	if own := x.settings().ReplayEnabled; own != nil {
		enabled = *own
	}
	return enabled && x.head.stream && x.body != nil && x.target.judged() && x.r.Header.Get("X-Cch-No-Replay") != "1"
}

// idempotencyKey is the client's word that the same call means the same answer.
func (x *exchange) idempotencyKey() string {
	return strings.TrimSpace(x.r.Header.Get("Idempotency-Key"))
}

// replay gives an answer again that the same call got before, or is getting; true
// if that is all there is to do. Else what the call will be answered is kept in
// case it is asked again.
func (g *Gateway) replay(x *exchange) (again bool, err error) {
	if !g.replays(x) {
		return false, nil
	}
	id, verifier := x.replayID()
	if sp := g.spools.find(x.r.Context(), id, verifier, x.idempotencyKey() != ""); sp != nil {
		if again, err = g.follow(x, sp); again || err != nil {
			return again, err
		}
	}
	if sp := g.newSpool(x, id, verifier); g.spools.open(sp) {
		x.spool, x.reply.spool = sp, sp
	}
	return false, nil
}

// spooled ends the keeping of the call's own answer.
func (g *Gateway) spooled(x *exchange) {
	if x.spool != nil {
		g.spools.close(x.spool, x, g.Now())
	}
}

// follow gives the client an answer that is not made for it; false if it came to
// nothing before the client saw any of it. It costs nothing and counts for no
// limit but the node's own.
func (g *Gateway) follow(x *exchange, sp *spool) (done bool, err error) {
	if err := g.seat(x); err != nil {
		return false, err
	}
	p, err := sp.read(x.r.Context(), 0)
	switch {
	case err != nil:
		return false, refused("", clientGone(err))
	case p.failed:
		x.leave()
		x.leave = nil
		return false, nil
	}
	row := x.row()
	row.IsReplay = true
	x.opened = newReceipt()
	g.Recorder.Started(&row, x.opened.done)
	g.journaled(x)
	x.dropBody()
	x.reply.start(p.status, func(h http.Header) {
		for name, value := range p.header {
			h.Set(name, value)
		}
		h.Set("X-Cch-Replay", sp.request.String())
	})
	row.Timing.TTFB = g.Now().Sub(x.at)
	row.Result = g.passOn(x, sp, p)
	row.Timing.TTFT, row.Timing.Duration = row.Timing.TTFB, g.Now().Sub(x.at)
	if row.Result.Outcome == domain.OutcomeSuccess {
		g.spools.took(sp)
	}
	g.finishFor(x, row, domain.ChainEntry{
		Reason: domain.ReasonReplayed, StatusCode: row.Result.StatusCode, ErrorMessage: row.Result.ErrorMessage, Detail: sp.request.String(),
	})
	return true, nil
}

// passOn writes an answer as it comes, from its first page on.
func (g *Gateway) passOn(x *exchange, sp *spool, p page) domain.ResultRecord {
	aborted := domain.ResultRecord{StatusCode: domain.StatusClientGone, Outcome: domain.OutcomeClientAbort, ErrorCode: string(domain.CodeClientGone)}
	for from := 0; ; {
		if x.reply.send(p.body) != nil {
			return aborted
		}
		from += len(p.body)
		switch {
		case p.failed:
			f := domain.NewFault(domain.KindUpstreamRefused, domain.CodeStreamAborted, "the answer became too large to be given again")
			_ = x.reply.send(problem.Frame(x.target.protocol, f, problem.Stream{RequestID: x.id.String(), Language: x.language()}))
			return domain.ResultRecord{StatusCode: http.StatusBadGateway, Outcome: domain.OutcomeFailure, ErrorCode: string(f.Code), ErrorMessage: f.Detail}
		case p.over && p.whole:
			return domain.ResultRecord{StatusCode: p.status, Outcome: domain.OutcomeSuccess}
		case p.over: // what went wrong stands at the end of the answer
			return domain.ResultRecord{StatusCode: http.StatusBadGateway, Outcome: domain.OutcomeFailure, ErrorCode: string(domain.CodeStreamAborted)}
		}
		var err error
		if p, err = sp.read(x.r.Context(), from); err != nil {
			return aborted
		}
	}
}
