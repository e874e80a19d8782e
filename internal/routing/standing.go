package routing

import "github.com/claude-code-hub/cch/internal/domain"

// Why a provider that could serve a call is not drawn for it.
const (
	PassedGroup   = "group_mismatch" // it is not the caller's; decision contexts leave such providers out
	PassedLowTier = "lower_priority"
	PassedBusy    = "busy"
	PassedAccount = "account_low" // its account is nearly used up, others' are not
	PassedCost    = "costlier"
	PassedSession = "session_bound" // the session's provider is asked again
)

// Standing is what selection makes of one provider.
type Standing struct {
	Provider *domain.Provider
	Reason   string // why it cannot be drawn; empty = it can
	Details  string
	Tier
	Odds float64 // of being drawn
}

// Standings tells of every provider of the plan how it stands to a decision that
// Route made from the same input, with one reason for each that is out.
func Standings(in *Input, r Routed) []Standing {
	odds := make(map[domain.ProviderID]float64)
	if r.Context != nil {
		for _, c := range r.Context.Candidates {
			odds[c.ID] = c.Probability
		}
	}
	out := make([]Standing, 0, len(in.Plan.entries))
	for i := range in.Plan.entries {
		e := &in.Plan.entries[i]
		v := Standing{Provider: e.Provider, Tier: e.tier(in), Odds: odds[e.ID]}
		s := selection{in: in, explain: explanation{context: &domain.DecisionContext{}}}
		if c, fit := s.consider(e); fit {
			v.Reason = passed(&c, r)
		} else if filtered := s.explain.context.Filtered; len(filtered) > 0 {
			v.Reason, v.Details = filtered[0].Reason, filtered[0].Details
		} else {
			v.Reason = PassedGroup
		}
		if r.Reason == domain.ReasonSessionReuse && e.ID == r.Provider.ID {
			v.Reason, v.Details, v.Odds = "", "", 1
		}
		out = append(out, v)
	}
	return out
}

// passed tells why a provider that passed every filter takes no part in the draw.
func passed(c *candidate, r Routed) string {
	switch {
	case r.Provider == nil:
		return ""
	case r.Reason == domain.ReasonSessionReuse:
		return PassedSession
	case c.tier != r.Tier && (c.tier.Priority != r.Priority || !c.left.low()):
		return PassedLowTier
	case c.tier != r.Tier:
		return PassedAccount
	case c.ID == r.Provider.ID:
		return ""
	}
	for i := range r.Context.Candidates {
		if x := &r.Context.Candidates[i]; x.ID == c.ID && x.Probability == 0 {
			switch {
			case c.busy:
				return PassedBusy
			case c.left.low():
				return PassedAccount
			}
			return PassedCost
		}
	}
	return ""
}
