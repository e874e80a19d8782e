package pricing

import (
	"cmp"

	"github.com/claude-code-hub/cch/internal/domain"
)

// Reasons for which an attempt costs nothing.
const (
	FreeDemo        = "demo"           // the answer was made up
	FreeCall        = "call_class"     // counts and resources are not sold
	UnbilledNobody  = "not_served"     // no provider was called, or none ended its answer
	UnbilledFailed  = "failed"         // the answer was an error, or broke off
	UnbilledAbort   = "client_aborted" // the client left before there was an answer
	UnbilledPartial = "partial_answer" // the client left in the middle, which is not charged
)

// RuleReported stands for the rule of a price where there is none: the upstream
// said what it charges.
const RuleReported = "reported"

// Tariff is by what a request is billed: the prices and settings it pinned.
type Tariff struct {
	Prices   *List
	Settings *domain.Settings
}

// Work is one attempt of a request, which is to be billed.
type Work struct {
	Class     domain.CallClass
	Requested string // model
	Sent      string // model, to the upstream
	Asked     domain.ServiceAsked
	Provider  *domain.Provider // nil = none was called
	Group     domain.Multiplier
	User      domain.Multiplier

	Ended    bool // there is an outcome
	Outcome  domain.AttemptClass
	Answered string // model, as the upstream names it
	Metered  domain.Metered
	Evidence domain.UsageSource
}

// Charge works out what an attempt costs: its provider, whenever it used
// something, and its user, if it is to be charged.
func (t Tariff) Charge(w *Work) domain.CostBreakdown {
	state, reason := w.unpaid(t.Settings)
	if state != "" && !w.FailedWithUsage() {
		return domain.CostBreakdown{State: string(state), Reason: reason}
	}
	terms := w.terms(t.Settings)
	out := domain.CostBreakdown{
		Passes: w.Metered.Passes, ByProvider: terms.Provider, ByGroup: terms.Group, ByUser: terms.User,
		Terms: domain.CostTerms{
			Service: string(terms.Service), Fast: terms.Fast, GeoUS: terms.GeoUS, Failed: terms.Failed,
			SwapCacheTTL: terms.SwapCacheTTL, CacheRatios: terms.CacheRatios,
		},
	}
	if cost, ok := ParseReported(w.Metered.ReportedCost); ok {
		out.ReportedCost = new(cost)
	}
	t.bill(&out, w, terms)
	if w.Provider.Billing.CostSource == domain.CostReported && out.ReportedCost != nil {
		takeReported(&out)
	}
	if state != "" { // the user is not charged for what the provider was paid
		out.State, out.Reason, out.Charge = string(state), reason, 0
	}
	return out
}

// Price is by which a piece of work would be billed, or nil. Its provider may not
// be known yet.
func (t Tariff) Price(w *Work) *Price { return t.Prices.Resolve(t.lookup(w)) }

// bill prices the attempt by the price list.
func (t Tariff) bill(out *domain.CostBreakdown, w *Work, terms Terms) {
	price := t.Price(w)
	if price == nil {
		out.State = string(StateUnpriced)
		return
	}
	var few [usualPasses]Pass
	cost := Bill(price, t.passes(few[:0], w), terms)
	out.State = string(StateOf(price, &cost, w.evidence(t.Settings)))
	out.Model, out.Source, out.PriceID = price.Row.Model.ID, string(price.Row.Source), price.Row.ID
	out.PriceNode, out.Rule = price.Node, string(price.How)
	out.Terms.FastUnpriced, out.Terms.LongFrom = cost.FastUnpriced, cost.LongFrom
	out.Base, out.ProviderNet, out.Charge, out.Lines = cost.Base, cost.ProviderCost, cost.Charge, cost.Lines
}

// Name is the model by whose name the attempt is to be billed, before a price is
// sought for it.
func (t Tariff) Name(w *Work) string {
	l := t.lookup(w)
	names := l.names()
	return cmp.Or(names[0], names[1], names[2])
}

// lookup is how the price of an attempt is sought.
func (t Tariff) lookup(w *Work) Lookup {
	l := Lookup{
		Source: t.Settings.BillingModelSource, Requested: w.Requested, Redirected: w.Sent, Actual: w.Answered,
	}
	if w.Provider != nil {
		l.Nodes = t.Prices.Nodes(w.Provider.ID)
	}
	if t.Settings.UnknownPrice == domain.UnknownFallback {
		l.Unknown = Unknown{Model: t.Settings.UnknownPriceModel, Family: t.Settings.UnknownPriceModel == ""}
	}
	return l
}

// usualPasses is how many parts most answers have at most.
const usualPasses = 2

// passes appends the parts of an answer to buf, each with the price of the model
// that made it, where that is another one.
func (t Tariff) passes(buf []Pass, w *Work) []Pass {
	for i := range w.Metered.Passes {
		metered := &w.Metered.Passes[i]
		pass := Pass{Usage: UsageOf(metered)}
		if metered.Model != "" {
			pass.Price = t.Prices.Resolve(Lookup{Requested: metered.Model, Nodes: t.Prices.Nodes(w.Provider.ID)})
		}
		if pass.Price != nil {
			pass.Model = metered.Model
		}
		buf = append(buf, pass)
	}
	return buf
}

func (w *Work) terms(s *domain.Settings) Terms {
	m := &w.Metered
	return Terms{
		Service:      ServiceOf(s.PriorityBillingSource, w.Asked.Tier, m.ServiceTier),
		Fast:         m.Speed == "fast" || m.Speed == "" && w.Asked.Fast,
		GeoUS:        m.InferenceGeo == "us",
		Failed:       w.Outcome != domain.ClassOK,
		SwapCacheTTL: w.Provider.Billing.SwapCacheTTL,
		CacheRatios:  s.CacheFallback == domain.CacheCCH,
		Provider:     w.Provider.Routing.CostMultiplier, Group: w.Group, User: w.User,
	}
}

// takeReported makes the upstream's own figure the provider's cost.
func takeReported(out *domain.CostBreakdown) {
	out.Terms.Reported = true
	out.ProviderNet = *out.ReportedCost
	out.Charge = marked(*out.ReportedCost, out.ByGroup, out.ByUser)
	switch {
	case out.Model == "":
		out.State, out.Rule = string(StateBilled), RuleReported
	case out.State == string(StateFree) && out.Charge > 0:
		out.State = string(StateBilled)
	}
}

// unpaid says why the user has nothing to pay, whatever the price; an empty
// state means that there is something.
func (w *Work) unpaid(s *domain.Settings) (State, string) {
	switch {
	case w.Provider == nil || !w.Ended:
		return StateNotBilled, UnbilledNobody
	case w.Provider.IsDemo():
		return StateFree, FreeDemo
	case w.Outcome == domain.ClassClientAbort && w.Metered.IsZero():
		return StateNotBilled, UnbilledAbort
	case w.Outcome == domain.ClassClientAbort && s.BillPartial == domain.PartialNever:
		return StateNotBilled, UnbilledPartial
	case w.failed() && (!s.BillNonSuccessfulRequests || w.Metered.IsZero()):
		return StateNotBilled, UnbilledFailed
	case w.Class != domain.CallGenerate:
		return StateFree, FreeCall
	}
	return "", ""
}

func (w *Work) failed() bool {
	return w.Outcome != domain.ClassOK && w.Outcome != domain.ClassClientAbort
}

// FailedWithUsage tells of an attempt that failed and whose provider is paid all
// the same.
func (w *Work) FailedWithUsage() bool {
	return w.Class == domain.CallGenerate && w.Provider != nil && w.Ended && !w.Provider.IsDemo() &&
		w.Outcome != domain.ClassOK && !w.Metered.IsZero()
}

// evidence tells how the usage is known. What broke off is estimated only where
// the operator wants it, and never for failures.
func (w *Work) evidence(s *domain.Settings) Evidence {
	switch {
	case w.Metered.IsZero():
		return EvidenceNone
	case w.Evidence == domain.UsageUpstream, w.failed(), s.BillPartial != domain.PartialEstimate:
		return EvidenceReported
	}
	return EvidenceEstimated
}
