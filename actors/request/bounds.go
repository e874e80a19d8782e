package request

import (
	"github.com/claude-code-hub/cch/internal/domain"
	"github.com/claude-code-hub/cch/internal/pricing"
)

// bounds are what a request may cost, judged before it is sent. Unpriced
// models and calls that are not sold cost nothing.
type bounds struct {
	low, upper domain.Money // what its user may be charged for one attempt
	model      string       // billed
}

// bounds judges the request by its body, once.
func (m *machine) bounds() *bounds {
	if !m.judged {
		m.judged = true
		if m.req.Class == domain.CallGenerate {
			m.within = m.estimate(m.tariff())
		}
	}
	return &m.within
}

// estimate limits the cost by the prices of the requested model. Who will serve
// it is not known yet: the low bound is the cheapest provider's, the high one
// the dearest's.
func (m *machine) estimate(t pricing.Tariff) bounds {
	price := t.Price(&pricing.Work{Requested: m.req.Model, Sent: m.req.Model})
	if price == nil {
		return bounds{}
	}
	d := pricing.Demand(m.req.Demand)
	asked := m.req.Service
	terms := pricing.StandardTerms()
	terms.Service = pricing.ServiceOf(domain.ServiceRequested, asked.Tier, "")
	terms.Fast = asked.Fast
	terms.CacheRatios = t.Settings.CacheFallback == domain.CacheCCH
	least, highest := m.plan.Markups(m.req.Groups)
	e := bounds{model: price.Row.Model.ID}
	terms.User = m.req.User.CostMultiplier
	terms.Provider, terms.Group = highest.Provider, highest.Group
	e.low, e.upper = price.Bounds(d, terms)
	if least != highest {
		terms.Provider, terms.Group = least.Provider, least.Group
		e.low, _ = price.Bounds(d, terms)
	}
	return e
}

// expected is what to reserve where nothing is known of earlier requests.
func (e *bounds) expected() domain.Money {
	var none pricing.History
	return none.Expected(e.low, e.upper)
}
