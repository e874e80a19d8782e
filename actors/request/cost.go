package request

import (
	"encoding/json"

	"github.com/claude-code-hub/cch/actors/protocol"
	"github.com/claude-code-hub/cch/internal/domain"
	"github.com/claude-code-hub/cch/internal/pricing"
)

// Why a request costs nothing.
const (
	freeDemo       = "demo"           // the answer was made up
	freeCall       = "call_class"     // counts and resources are not sold
	unbilledNobody = "not_served"     // no provider was called, or none ended its answer
	unbilledFailed = "failed"         // the answer was an error, or broke off
	unbilledAbort  = "client_aborted" // the client left before there was an answer
)

// work is what there is to be billed: the final attempt of a request.
type work struct {
	class     domain.CallClass
	requested string // model
	served    served
	last      *protocol.AttemptResult // nil = none ended
}

func (m *machine) work() work {
	return work{class: m.req.Class, requested: m.req.Model, served: m.record.served, last: m.record.last}
}

// costOf works out what a request costs. Failures cost nothing. A client that
// leaves in the middle pays for what it was sent.
func costOf(prices *pricing.List, w work) domain.CostBreakdown {
	state, reason := w.unpaid()
	if state != "" {
		return domain.CostBreakdown{State: string(state), Reason: reason}
	}
	provider := w.served.provider
	terms := pricing.StandardTerms()
	terms.Provider, terms.Group = provider.Routing.CostMultiplier, w.served.multiplier
	terms.Failed = w.last.Class != domain.ClassOK
	out := domain.CostBreakdown{ByProvider: terms.Provider, ByGroup: terms.Group}

	price := prices.Resolve(pricing.Lookup{
		Source: pricing.BillOriginal, Requested: w.requested, Redirected: w.served.model, Nodes: prices.Nodes(provider.ID),
	})
	if price == nil {
		out.State = string(pricing.StateUnpriced)
		return out
	}
	pass := [1]pricing.Pass{{Usage: pricing.UsageOf(w.last.Usage)}}
	cost := pricing.Bill(price, pass[:], terms)
	out.State = string(pricing.StateOf(price, &cost, evidenceOf(w.last)))
	out.Model, out.Source, out.PriceID = price.Row.Model.ID, string(price.Row.Source), price.Row.ID
	out.PriceNode, out.Rule = price.Node, string(price.How)
	out.Base, out.ProviderNet, out.Charge = cost.Base, cost.ProviderCost, cost.Charge
	out.Lines = make([]domain.CostLine, len(cost.Lines))
	for i, line := range cost.Lines {
		out.Lines[i] = domain.CostLine(line)
	}
	return out
}

// unpaid says why there is nothing to pay, whatever the price; an empty state
// means that there is.
func (w *work) unpaid() (pricing.State, string) {
	switch {
	case w.served.provider == nil || w.last == nil || w.last.N != w.served.attempts:
		return pricing.StateNotBilled, unbilledNobody
	case w.last.Class == domain.ClassClientAbort && w.last.Usage.IsZero():
		return pricing.StateNotBilled, unbilledAbort
	case w.last.Class != domain.ClassOK && w.last.Class != domain.ClassClientAbort:
		return pricing.StateNotBilled, unbilledFailed
	case w.served.provider.IsDemo():
		return pricing.StateFree, freeDemo
	case w.class != domain.CallGenerate:
		return pricing.StateFree, freeCall
	}
	return "", ""
}

func evidenceOf(res *protocol.AttemptResult) pricing.Evidence {
	switch {
	case res.Usage.IsZero():
		return pricing.EvidenceNone
	case res.UsageSource == domain.UsageUpstream:
		return pricing.EvidenceReported
	}
	return pricing.EvidenceEstimated
}

func encodeCost(c *domain.CostBreakdown) []byte {
	b, err := json.Marshal(c)
	if err != nil { // plain data: it cannot fail
		return nil
	}
	return b
}
