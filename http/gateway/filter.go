package gateway

import (
	"net/http"

	"github.com/claude-code-hub/cch/http/gateway/intake"
	"github.com/claude-code-hub/cch/internal/domain"
	"github.com/claude-code-hub/cch/internal/filter"
	"github.com/claude-code-hub/cch/internal/upstream"
)

// filter has the operator's filters change what the client sent, those that are
// meant for every provider. What comes later sees the request as they left it,
// its model included. A filter that fails leaves the request as it was.
func (g *Gateway) filter(x *exchange) error {
	return g.filterBy(x, g.filters.For(x.catalog))
}

// filterBy has the filters of a plan, nil = none, change what the client sent.
func (g *Gateway) filterBy(x *exchange, plan *filter.Plan) error {
	if plan == nil || x.body == nil || !x.target.editable() || x.target.class != domain.CallGenerate {
		return nil
	}
	x.plan = plan
	return g.guarded(x, plan.Global())
}

// guarded has filters change the request as the client sent it.
func (g *Gateway) guarded(x *exchange, chain *filter.Chain) error {
	if chain.Headers() {
		h, report := chain.Header(x.clientHeader())
		x.sends = h
		x.filtered.Note(report)
	}
	if !chain.Bodies() {
		return nil
	}
	claim, err := g.intake.Claim(int64(len(x.body.Bytes())))
	if err != nil {
		return g.turnAway(domain.AsFault(err))
	}
	defer claim.Drop()
	doc, report := chain.Body(x.body.Text())
	if len(report.Applied) > 0 {
		kept, err := g.exchangeBody(x, claim, doc)
		if err != nil {
			return err
		}
		if !kept { // what is left of the request is none any more
			report.Failed, report.Applied = append(report.Failed, report.Applied...), nil
		}
	}
	x.filtered.Note(report)
	return nil
}

// exchangeBody puts a document in the place of the body, unless the gateway
// cannot find in it what it needs. It fails if there is no memory for it.
func (g *Gateway) exchangeBody(x *exchange, claim *intake.Claim, doc string) (kept bool, err error) {
	body, err := claim.Adopt(doc)
	if err != nil {
		return false, g.turnAway(domain.AsFault(err))
	}
	changed := *x
	changed.body, changed.head = body, head{}
	if changed.readModel() != nil || changed.model == "" {
		body.Release()
		return false, nil //nolint:nilerr // the request goes on without
	}
	x.body.Release()
	x.body, x.head, x.model = body, changed.head, changed.model
	return true, nil
}

// filteredFor is the exchange as the filters that are bound to a provider leave
// it: x itself if there are none. Otherwise it is to be closed with leaveBody.
func (g *Gateway) filteredFor(x *exchange, provider domain.ProviderID) (*exchange, error) {
	chain := x.plan.Guard(provider)
	if x.body == nil || !chain.Bodies() && !chain.Headers() {
		return x, nil
	}
	own := *x
	own.origin, own.body, own.decoded = x, x.body.Share(), nil
	own.filtered = filter.Report{}
	own.filtered.Note(x.filtered)
	if err := g.guarded(&own, &chain); err != nil {
		own.leaveBody()
		return nil, err
	}
	own.model = x.model // answers name the client's
	return &own, nil
}

// leaveBody lets the body go that an attempt had for itself alone.
func (x *exchange) leaveBody() {
	if x.origin != nil {
		x.origin = nil
		x.dropBody()
	}
}

// clientHeader is the header that the client sent, as filters left it.
func (x *exchange) clientHeader() http.Header {
	if x.sends != nil {
		return x.sends
	}
	return x.r.Header
}

// finish has the last filters change what is about to be sent. It fails if there
// is no memory for that.
func (c *call) finish(out *upstream.Call) error {
	chain := c.x.plan.Final(c.provider.ID)
	c.final = filter.Report{}
	if chain.Bodies() && out.Body != nil {
		err := c.rewrite(out, func(doc string) (string, bool) {
			doc, report := chain.Body(doc)
			c.final.Note(report)
			return doc, len(report.Applied) > 0
		})
		if err != nil {
			return err
		}
	}
	if before := out.Finish; chain.Headers() {
		out.Finish = func(h http.Header) http.Header {
			if before != nil {
				h = before(h)
			}
			changed, report := chain.Header(h)
			c.final.Note(report)
			return changed
		}
	}
	return nil
}

// tellFilters notes which filters changed the call, and which could not.
func (c *call) tellFilters(phase domain.FilterPhase, report *filter.Report) {
	if len(report.Applied) > 0 {
		c.special(domain.SpecialSetting{Type: domain.SpecialRequestFilter, Mode: string(phase), Filters: report.Applied})
	}
	if len(report.Failed) > 0 {
		c.special(domain.SpecialSetting{
			Type: domain.SpecialRequestFilter, Mode: string(phase), Trigger: domain.TriggerFailed, Filters: report.Failed,
		})
	}
}
