package request

import (
	"github.com/claude-code-hub/cch/internal/domain"
	"github.com/claude-code-hub/cch/internal/pricing"
)

// found is what decided about the bill of an attempt, where that is not plain:
// which service it was, that its prompt is dearer for its length, that its price
// has another name.
func (m *machine) found(w *work, c *domain.CostBreakdown) (list []domain.SpecialSetting) {
	if w.res == nil || w.served.provider == nil || m.req.Class != domain.CallGenerate {
		return nil
	}
	tell := func(s domain.SpecialSetting) {
		s.ProviderID, s.Attempt = w.served.provider.ID, w.served.attempts
		list = append(list, s)
	}
	p := m.priced(w)
	if s := serviceFound(&p, m.settings().PriorityBillingSource); s != nil {
		tell(domain.SpecialSetting{Type: domain.SpecialCodexTier, ServiceFound: s})
	}
	if from := c.Terms.LongFrom; from > 0 {
		tell(domain.SpecialSetting{Type: domain.SpecialLongContext, PriceFound: &domain.PriceFound{LongFrom: from, Scope: "request"}})
	}
	if name := m.tariff().Name(&p); c.Model != "" && (name != c.Model || !plainRule(pricing.How(c.Rule))) {
		tell(domain.SpecialSetting{
			Type: domain.SpecialPriceResolving, Source: c.Rule,
			PriceFound: &domain.PriceFound{Named: clip(name, maxFoundName), Model: c.Model, Node: c.PriceNode},
		})
	}
	return list
}

// maxFoundName bounds the name of a model in the record, in bytes.
const maxFoundName = 200

// plainRule tells of rules by which a model is billed at what it is sold for by
// its own name.
func plainRule(how pricing.How) bool {
	return how == pricing.HowManual || how == pricing.HowOfficial || how == pricing.HowTable
}

// serviceFound is whose word counted on the service of a Codex call, nil where
// nobody asked for one and none but the usual was given.
func serviceFound(w *pricing.Work, preferred domain.ServiceSource) *domain.ServiceFound {
	asked, given := w.Asked.Tier, w.Metered.ServiceTier
	switch {
	case w.Provider.Type != domain.TypeCodex, !w.Ended, w.Outcome != domain.ClassOK && w.Metered.IsZero():
		return nil
	case asked == "" && pricing.ParseServiceTier(given) == pricing.ServiceStandard:
		return nil
	}
	s := &domain.ServiceFound{
		Requested: asked, Actual: given, Preferred: preferred,
		Priority: pricing.ServiceOf(preferred, asked, given) == pricing.ServicePriority,
	}
	switch {
	case preferred != domain.ServiceRequested && given != "":
		s.By = domain.ServiceActual
	case asked != "":
		s.By = domain.ServiceRequested
	}
	return s
}
