package request

import (
	"encoding/json"

	"github.com/claude-code-hub/cch/actors/protocol"
	"github.com/claude-code-hub/cch/internal/domain"
	"github.com/claude-code-hub/cch/internal/pricing"
)

// Why a request costs nothing.
const (
	freeDemo        = "demo"           // the answer was made up
	freeCall        = "call_class"     // counts and resources are not sold
	unbilledNobody  = "not_served"     // no provider was called, or none ended its answer
	unbilledFailed  = "failed"         // the answer was an error, or broke off
	unbilledAbort   = "client_aborted" // the client left before there was an answer
	unbilledPartial = "partial_answer" // the client left in the middle, which is not charged
)

// ruleReported stands for the rule of a price where there is none: the upstream
// said what it charges.
const ruleReported = "reported"

// tariff is by what a request is billed: the prices and settings it pinned.
type tariff struct {
	prices   *pricing.List
	settings *domain.Settings
}

func (m *machine) tariff() tariff { return tariff{prices: m.node.prices, settings: m.settings()} }

// work is what there is to be billed: one attempt of a request.
type work struct {
	class     domain.CallClass
	requested string // model
	asked     domain.ServiceAsked
	user      domain.Multiplier
	served    served
	res       *protocol.AttemptResult // nil = it did not end
}

// work is the final attempt.
func (m *machine) work() work {
	return work{
		class: m.req.Class, requested: m.req.Model, asked: m.req.Service, user: m.req.User.CostMultiplier,
		served: m.record.served, res: m.record.last,
	}
}

// costOf works out what an attempt costs: its provider, whenever it used
// something, and its user, if it is to be charged.
func (t tariff) costOf(w *work) domain.CostBreakdown {
	state, reason := w.unpaid(t.settings)
	if state != "" && !w.failedWithUsage() {
		return domain.CostBreakdown{State: string(state), Reason: reason}
	}
	terms := w.terms(t.settings)
	out := domain.CostBreakdown{
		Passes: w.res.Metered.Passes, ByProvider: terms.Provider, ByGroup: terms.Group, ByUser: terms.User,
		Terms: domain.CostTerms{
			Service: string(terms.Service), Fast: terms.Fast, GeoUS: terms.GeoUS, Failed: terms.Failed,
			SwapCacheTTL: terms.SwapCacheTTL, CacheRatios: terms.CacheRatios,
		},
	}
	if cost, ok := pricing.ParseReported(w.res.Metered.ReportedCost); ok {
		out.ReportedCost = &cost
	}
	t.price(&out, w, terms)
	if w.served.provider.Billing.CostSource == domain.CostReported && out.ReportedCost != nil {
		takeReported(&out)
	}
	if state != "" { // the user is not charged for what the provider was paid
		out.State, out.Reason, out.Charge = string(state), reason, 0
	}
	return out
}

// price bills the attempt by the price list.
func (t tariff) price(out *domain.CostBreakdown, w *work, terms pricing.Terms) {
	nodes := t.prices.Nodes(w.served.provider.ID)
	price := t.prices.Resolve(t.lookup(w, nodes))
	if price == nil {
		out.State = string(pricing.StateUnpriced)
		return
	}
	cost := pricing.Bill(price, t.passes(w.res.Metered.Passes, nodes), terms)
	out.State = string(pricing.StateOf(price, &cost, evidenceOf(w, t.settings)))
	out.Model, out.Source, out.PriceID = price.Row.Model.ID, string(price.Row.Source), price.Row.ID
	out.PriceNode, out.Rule, out.Terms.FastUnpriced = price.Node, string(price.How), cost.FastUnpriced
	out.Base, out.ProviderNet, out.Charge, out.Lines = cost.Base, cost.ProviderCost, cost.Charge, cost.Lines
}

// lookup is how the price of an attempt is sought.
func (t tariff) lookup(w *work, nodes []string) pricing.Lookup {
	l := pricing.Lookup{Source: t.settings.BillingModelSource, Requested: w.requested, Redirected: w.served.model, Nodes: nodes}
	if w.res != nil {
		l.Actual = w.res.ModelReturned
	}
	if t.settings.UnknownPrice == domain.UnknownFallback {
		l.Unknown = pricing.Unknown{Model: t.settings.UnknownPriceModel, Family: t.settings.UnknownPriceModel == ""}
	}
	return l
}

// passes are the parts of an answer, each with the price of the model that made
// it, where that is another one.
func (t tariff) passes(metered []domain.UsagePass, nodes []string) []pricing.Pass {
	passes := make([]pricing.Pass, len(metered))
	for i := range metered {
		passes[i].Usage = pricing.UsageOf(&metered[i])
		if model := metered[i].Model; model != "" {
			passes[i].Price = t.prices.Resolve(pricing.Lookup{Requested: model, Nodes: nodes})
			if passes[i].Price != nil {
				passes[i].Model = model
			}
		}
	}
	return passes
}

// excludedUnpriced is why a provider is not asked whose work has no price.
const excludedUnpriced = "model_not_priced"

// unpricedAt tells whether a choice would do work that has no price, where the
// operator refuses that.
func (m *machine) unpricedAt(s *slot) bool {
	t, p := m.tariff(), s.choice.Provider
	if t.settings.UnknownPrice != domain.UnknownReject || m.req.Class != domain.CallGenerate ||
		p.IsDemo() || p.Billing.CostSource == domain.CostReported {
		return false
	}
	w := work{requested: m.req.Model, served: served{provider: p, model: s.model}}
	return t.prices.Resolve(t.lookup(&w, t.prices.Nodes(p.ID))) == nil
}

// allUnpriced tells whether nothing but missing prices kept providers out.
func (r *route) allUnpriced() bool {
	for i := range r.excluded {
		if r.excluded[i].Reason != excludedUnpriced {
			return false
		}
	}
	return len(r.excluded) > 0
}

func (w *work) terms(s *domain.Settings) pricing.Terms {
	m := &w.res.Metered
	return pricing.Terms{
		Service:      pricing.ServiceOf(s.PriorityBillingSource, w.asked.Tier, m.ServiceTier),
		Fast:         m.Speed == "fast" || m.Speed == "" && w.asked.Fast,
		GeoUS:        m.InferenceGeo == "us",
		Failed:       w.res.Class != domain.ClassOK,
		SwapCacheTTL: w.served.provider.Billing.SwapCacheTTL,
		CacheRatios:  s.CacheFallback == domain.CacheCCH,
		Provider:     w.served.provider.Routing.CostMultiplier, Group: w.served.multiplier, User: w.user,
	}
}

// takeReported makes the upstream's own figure the provider's cost.
func takeReported(out *domain.CostBreakdown) {
	out.Terms.Reported = true
	out.ProviderNet = *out.ReportedCost
	out.Charge = pricing.Marked(*out.ReportedCost, out.ByGroup, out.ByUser)
	switch {
	case out.Model == "":
		out.State, out.Rule = string(pricing.StateBilled), ruleReported
	case out.State == string(pricing.StateFree) && out.Charge > 0:
		out.State = string(pricing.StateBilled)
	}
}

// unpaid says why the user has nothing to pay, whatever the price; an empty
// state means that there is something.
func (w *work) unpaid(s *domain.Settings) (pricing.State, string) {
	switch {
	case w.served.provider == nil || w.res == nil || w.res.N != w.served.attempts:
		return pricing.StateNotBilled, unbilledNobody
	case w.served.provider.IsDemo():
		return pricing.StateFree, freeDemo
	case w.res.Class == domain.ClassClientAbort && w.res.Metered.IsZero():
		return pricing.StateNotBilled, unbilledAbort
	case w.res.Class == domain.ClassClientAbort && s.BillPartial == domain.PartialNever:
		return pricing.StateNotBilled, unbilledPartial
	case w.failed() && (!s.BillNonSuccessfulRequests || w.res.Metered.IsZero()):
		return pricing.StateNotBilled, unbilledFailed
	case w.class != domain.CallGenerate:
		return pricing.StateFree, freeCall
	}
	return "", ""
}

func (w *work) failed() bool {
	return w.res.Class != domain.ClassOK && w.res.Class != domain.ClassClientAbort
}

// failedWithUsage tells of an attempt that its provider is paid for, though its
// user is not charged.
func (w *work) failedWithUsage() bool {
	return w.class == domain.CallGenerate && w.served.provider != nil && !w.served.provider.IsDemo() &&
		w.res != nil && w.res.N == w.served.attempts && w.res.Class != domain.ClassOK && !w.res.Metered.IsZero()
}

// evidenceOf tells how the usage is known. What broke off is estimated only
// where the operator wants it, and never for failures.
func evidenceOf(w *work, s *domain.Settings) pricing.Evidence {
	switch {
	case w.res.Metered.IsZero():
		return pricing.EvidenceNone
	case w.res.UsageSource == domain.UsageUpstream, w.failed(), s.BillPartial != domain.PartialEstimate:
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
