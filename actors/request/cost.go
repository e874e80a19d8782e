package request

import (
	"github.com/claude-code-hub/cch/actors/protocol"
	"github.com/claude-code-hub/cch/internal/domain"
	"github.com/claude-code-hub/cch/internal/pricing"
)

// excludedUnpriced is why a provider is not asked whose work has no price.
const excludedUnpriced = "model_not_priced"

// tariff is by what the request is billed.
func (m *machine) tariff() pricing.Tariff {
	return pricing.Tariff{Prices: m.node.prices, Settings: m.settings()}
}

// work is what there is to be billed: one attempt of the request.
type work struct {
	served served
	res    *protocol.AttemptResult // nil = it did not end
}

// work is the final attempt.
func (m *machine) work() work { return work{served: m.record.served, res: m.record.last} }

// costOf works out what an attempt costs.
func (m *machine) costOf(w *work) domain.CostBreakdown {
	p := m.priced(w)
	return m.tariff().Charge(&p)
}

// failedWithUsage tells of an attempt that failed and whose provider is paid all
// the same.
func (m *machine) failedWithUsage(w *work) bool {
	p := m.priced(w)
	return p.FailedWithUsage()
}

// costed is a bill that was worked out, and of what.
type costed struct {
	served served
	res    *protocol.AttemptResult
	cost   domain.CostBreakdown
}

// bill works out what an attempt costs; the last one is asked for twice.
func (m *machine) bill(w *work) domain.CostBreakdown {
	last := &m.record.costed
	if w.res == nil || last.res != w.res || last.served != w.served {
		*last = costed{w.served, w.res, m.costOf(w)}
	}
	return last.cost
}

// providerCost is what an attempt cost its provider.
func (m *machine) providerCost(s *slot, res *protocol.AttemptResult) domain.Money {
	if res.Metered.IsZero() && res.Class != domain.ClassOK {
		return 0
	}
	return m.bill(&work{served: servedBy(s), res: res}).ProviderNet
}

// priced is an attempt in the terms in which it is billed.
func (m *machine) priced(w *work) pricing.Work {
	p := pricing.Work{
		Class: m.req.Class, Requested: m.req.Model, Sent: w.served.model, Asked: m.req.Service,
		Provider: w.served.provider, Group: w.served.multiplier, User: m.req.User.CostMultiplier,
	}
	if res := w.res; res != nil && res.N == w.served.attempts {
		p.Ended, p.Outcome, p.Answered = true, res.Class, res.ModelReturned
		p.Metered, p.Evidence = res.Metered, res.UsageSource
		if res.Service != nil {
			p.Asked = *res.Service
		}
	}
	return p
}

// unpricedAt tells whether a choice would do work that has no price, where the
// operator refuses that.
func (m *machine) unpricedAt(s *slot) bool {
	p := s.choice.Provider
	if m.settings().UnknownPrice != domain.UnknownReject || m.req.Class != domain.CallGenerate ||
		p.IsDemo() || p.Billing.CostSource == domain.CostReported {
		return false
	}
	w := m.priced(&work{served: served{provider: p, model: s.model}})
	return m.tariff().Price(&w) == nil
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
