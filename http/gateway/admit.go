package gateway

import (
	"math/rand/v2"
	"time"

	"github.com/claude-code-hub/cch/actors/protocol"
	"github.com/claude-code-hub/cch/internal/domain"
)

// admit takes a place on this node, then asks the request's actor for its
// first decision.
func (g *Gateway) admit(x *exchange) (Run, protocol.Decision, error) {
	if err := g.seat(x); err != nil {
		return nil, protocol.Decision{}, err
	}
	set := x.settings()
	x.leaving = watch(x.r.Context(), set.OnClientAbort, set.ClientAbortDrain)
	if x.spool != nil {
		x.leaving.keep(x.spool, g.spools.Detached)
	}

	run, first, err := g.Dispatcher.Admit(x.r.Context(), &protocol.Admit{Request: g.request(x), Catalog: x.catalog})
	x.actor = run != nil
	if err == nil {
		return run, first, nil
	}
	if run != nil {
		defer run.Close()
		if x.r.Context().Err() != nil {
			run.Gone() // the actor writes the record
			return nil, first, &refusal{fault: clientGone(err), quiet: true}
		}
	}
	return nil, first, g.unadmitted(x, err)
}

func (g *Gateway) seat(x *exchange) error {
	came := g.Now()
	leave, err := g.seats.take(x.r.Context(), x.key, x.user, x.settings())
	x.queued = g.Now().Sub(came)
	if err == nil {
		x.leave = leave
		return nil
	}
	switch f := domain.AsFault(err); f.Kind {
	case domain.KindConcurrencyLimited:
		return refused(domain.BlockedLimit, f)
	case domain.KindClientGone:
		return refused("", f)
	default:
		f.RetryAfter += rand.N(time.Second) // so that those turned away do not come back as one
		if f.Code == domain.CodeServerShutdown {
			x.reply.header().Set("Connection", "close")
		}
		return g.turnAway(f)
	}
}

// unadmitted explains why no actor decided: the client left, there was no room,
// or something is broken.
func (g *Gateway) unadmitted(x *exchange, err error) error {
	if x.r.Context().Err() != nil {
		return refused("", clientGone(err))
	}
	if domain.IsKind(err, domain.KindOverloaded) {
		return g.turnAway(domain.AsFault(err))
	}
	g.Logger.Error("request was not admitted", "request_id", x.id.String(), "error", err)
	return refused("", internalFault().Because(err))
}

func clientGone(cause error) *domain.Fault {
	return domain.NewFault(domain.KindClientGone, domain.CodeClientGone, "the client left before the request was admitted").Because(cause)
}

// request is the head of the call as its actor needs it.
func (g *Gateway) request(x *exchange) *protocol.Request {
	row := x.row()
	x.nominee = g.affinity.nominate(x)
	return &protocol.Request{
		ID: x.id, ReceivedAt: x.at,
		Key: x.key, User: x.user, Groups: domain.EffectiveGroups(x.key, x.user),
		Session:       x.sessionKey(),
		SessionSource: x.session.source,
		Protocol:      x.target.protocol, Class: x.target.class,
		Model: row.Call.Model, Stream: x.head.stream, Messages: x.head.messages,
		Client:   x.client(),
		Pinned:   g.pinned(x),
		Nominee:  x.nominee,
		Service:  x.serviceAsked(),
		Demand:   x.head.demand(),
		Special:  x.effortAsked(),
		Guards:   x.laps.long(),
		Verbatim: !x.target.editable(),
		Lacks:    g.lacks(x), Estimable: x.estimable(),
		Seed: uint64(x.id),
		Log:  row,
	}
}

// demand is what the call may use, as far as its body tells.
func (h *head) demand() protocol.Demand {
	v := &h.volume
	return protocol.Demand{TextBytes: v.Text, Images: v.Images, PDFBytes: v.PDF, MaxOutput: max(h.output, 0)}
}
