package request

import (
	"cmp"

	"github.com/claude-code-hub/cch/actors/protocol"
	"github.com/claude-code-hub/cch/internal/domain"
	"github.com/claude-code-hub/cch/internal/pricing"
)

// settlements are what an admitted request owes: one for each attempt before the
// last that cost something, and the end of it, which closes its reservation and
// becomes the one final row of the request in the ledger.
func (m *machine) settlements(row *domain.RequestLog, cost *domain.CostBreakdown) (list []protocol.QuotaSettle) {
	if !m.quota.ok {
		return nil
	}
	for i := range cost.Earlier {
		e := &cost.Earlier[i]
		s := m.settlement(e.Attempt, &e.CostBreakdown)
		s.Row.ProviderID, s.Row.Usage = e.ProviderID, e.Usage
		s.Row.GroupID = m.plan.BilledGroup(e.ProviderID, m.req.Groups)
		s.Row.Model = cmp.Or(e.Model, row.Call.Model)
		list = append(list, s)
	}
	s := m.settlement(m.record.served.attempts, cost)
	s.IsFinal = true
	s.Row.ProviderID, s.Row.Usage = row.Upstream.ProviderID, row.Usage
	s.Row.GroupID = m.plan.BilledGroup(row.Upstream.ProviderID, m.req.Groups)
	s.Row.Model = cmp.Or(cost.Model, row.Call.Model)
	s.Row.IsSuccess = row.Result.Outcome == domain.OutcomeSuccess
	s.Row.CountsForRate = m.countsForRate(row.Result.Outcome)
	s.Row.Duration, s.Row.TTFB, s.Row.TTFT = row.Timing.Duration, row.Timing.TTFB, row.Timing.TTFT
	return append(list, s)
}

func (m *machine) settlement(attempt int, c *domain.CostBreakdown) protocol.QuotaSettle {
	return protocol.QuotaSettle{
		SettleKey: domain.SettleKey{ReqID: m.req.ID, Attempt: attempt, Kind: domain.LedgerCharge},
		LeaseID:   m.quota.lease, UserID: m.req.User.ID, KeyID: m.req.Key.ID, SessionID: m.req.Session.ID,
		Charge: c.Charge, ProviderCost: c.ProviderNet, State: c.State, T: m.began.UnixMilli(),
		Row: domain.LedgerFacts{Reported: c.ReportedCost, PriceID: c.PriceID, PriceNode: c.PriceNode},
	}
}

// earlierCosts are the costs of the attempts before the last.
func (m *machine) earlierCosts() (list []domain.AttemptCost) {
	for i := range m.record.earlier {
		w := &m.record.earlier[i]
		if w.served.attempts == m.record.served.attempts {
			continue // no other came after it
		}
		list = append(list, domain.AttemptCost{
			Attempt: w.res.N, ProviderID: w.served.provider.ID, Usage: w.res.Usage, CostBreakdown: m.costOf(w),
		})
	}
	return list
}

// begun is what is to be recorded once the upstream begins to answer an
// attempt.
func (m *machine) begun(s *slot) domain.BegunLog {
	c := &s.choice
	b := domain.BegunLog{ID: m.req.ID, Attempt: s.n, ProviderID: c.Provider.ID, Model: s.model}
	if m.req.Class != domain.CallGenerate || c.Provider.IsDemo() {
		return b
	}
	if b.Estimate = m.quota.estimate; b.Estimate == 0 { // nothing was reserved
		b.Estimate = m.bounds().expected()
	}
	b.ProviderEstimate = withoutMarkup(b.Estimate, c.GroupMultiplier, m.req.User.CostMultiplier)
	return b
}

// providerEstimate is what an attempt is expected to cost its provider.
func (m *machine) providerEstimate(s *slot) domain.Money {
	if m.req.Class != domain.CallGenerate || s.choice.Provider.IsDemo() {
		return 0
	}
	return withoutMarkup(m.quota.estimate, s.choice.GroupMultiplier, m.req.User.CostMultiplier)
}

// withoutMarkup is what a provider is paid of a charge.
func withoutMarkup(charge domain.Money, by ...domain.Multiplier) domain.Money {
	for _, m := range by {
		if m <= 0 {
			return 0 // nothing tells
		}
		charge = charge * domain.Money(domain.MultiplierOne) / domain.Money(m)
	}
	return charge
}

// lostSettlement ends a request of which nobody knows more than that it was
// admitted, and whether it was being answered.
func lostSettlement(r *protocol.Request, at *protocol.Attempt, begun bool) protocol.QuotaSettle {
	s := protocol.QuotaSettle{
		SettleKey: domain.SettleKey{ReqID: r.ID, Kind: domain.LedgerCharge},
		UserID:    r.User.ID, KeyID: r.Key.ID, SessionID: r.Session.ID,
		State: string(pricing.StateNotBilled), T: r.ReceivedAt.UnixMilli(), IsFinal: true,
		Row: domain.LedgerFacts{ProviderID: at.ProviderID, Model: r.Model},
	}
	if begun {
		s.State, s.Charge, s.ProviderCost = string(pricing.StateEstimated), at.Begun.Estimate, at.Begun.ProviderEstimate
	}
	return s
}

// countsForRate tells whether the end says something of how well requests are
// served: a success does, and a provider's failure.
func (m *machine) countsForRate(outcome domain.Outcome) bool {
	if outcome != domain.OutcomeFailure || m.record.last == nil {
		return outcome == domain.OutcomeSuccess
	}
	switch m.record.last.Class {
	case domain.ClassProviderError, domain.ClassSystemError, domain.ClassResourceNotFound:
		return true
	case domain.ClassOK, domain.ClassClientAbort, domain.ClassClientError, domain.ClassUpstreamRejected, domain.ClassLocalOverload:
	}
	return false
}
