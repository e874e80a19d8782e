package request

import (
	"cmp"

	"github.com/claude-code-hub/cch/actors/protocol"
	"github.com/claude-code-hub/cch/internal/domain"
)

// settlements are what an admitted request owes: the end of it, which closes
// its reservation and becomes the one final row of the request in the ledger.
func (m *machine) settlements(row *domain.RequestLog, cost *domain.CostBreakdown) []protocol.QuotaSettle {
	if !m.quota.ok {
		return nil
	}
	return []protocol.QuotaSettle{{
		SettleKey: domain.SettleKey{ReqID: m.req.ID, Attempt: len(m.tries), Kind: domain.LedgerCharge},
		LeaseID:   m.quota.lease, UserID: m.req.User.ID, KeyID: m.req.Key.ID, SessionID: m.req.Session.ID,
		Charge: cost.Charge, ProviderCost: cost.ProviderNet, State: cost.State, T: m.began.UnixMilli(), IsFinal: true,
		Row: domain.LedgerFacts{
			ProviderID: row.Upstream.ProviderID, PriceID: cost.PriceID, PriceNode: cost.PriceNode,
			Model: cmp.Or(cost.Model, row.Call.Model), Usage: row.Usage,
			IsSuccess:     row.Result.Outcome == domain.OutcomeSuccess,
			CountsForRate: m.countsForRate(row.Result.Outcome),
			Duration:      row.Timing.Duration, TTFB: row.Timing.TTFB, TTFT: row.Timing.TTFT,
		},
	}}
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
