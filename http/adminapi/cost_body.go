package adminapi

import (
	"cmp"
	"encoding/json"

	"github.com/claude-code-hub/cch/internal/domain"
)

// costBody says how a request came to its cost.
type costBody struct {
	State              string             `json:"state"              enum:"billed,free,unpriced,estimated,missing_usage,not_billed"`
	Reason             *string            `json:"reason"             doc:"why it costs nothing"`
	Model              *string            `json:"model"              doc:"of the price list"`
	PriceSource        *string            `json:"priceSource"        enum:"seed,cloud,manual"`
	PriceID            *int64             `json:"priceId"            doc:"null for the built-in list"`
	PriceNode          *string            `json:"priceNode"          doc:"the seller whose price it is"`
	PriceRule          *string            `json:"priceRule"          doc:"how the price was found"`
	Usage              []domain.UsagePass `json:"usage"              doc:"what is paid for, by pass"`
	Terms              *costTermsBody     `json:"terms"`
	Lines              []costLineBody     `json:"lines"              doc:"each rounded on its own"`
	BaseUSD            *float64           `json:"baseUsd"            doc:"before multipliers"`
	ProviderMultiplier *float64           `json:"providerMultiplier"`
	GroupMultiplier    *float64           `json:"groupMultiplier"`
	UserMultiplier     *float64           `json:"userMultiplier"`
	ProviderCostUSD    *float64           `json:"providerCostUsd"    doc:"with the provider's multiplier"`
	ReportedCostUSD    *float64           `json:"reportedCostUsd"    doc:"as the upstream states it"`
	ChargeUSD          float64            `json:"chargeUsd"          doc:"with all multipliers"`
	Earlier            []earlierCostBody  `json:"earlier"            doc:"attempts before this one that cost something; their charges come on top"`
}

// earlierCostBody is what an attempt cost that was not the last.
type earlierCostBody struct {
	Attempt         int     `json:"attempt"`
	ProviderID      int64   `json:"providerId"`
	State           string  `json:"state"`
	Reason          *string `json:"reason"`
	ProviderCostUSD float64 `json:"providerCostUsd"`
	ChargeUSD       float64 `json:"chargeUsd"`
}

func showEarlier(earlier []domain.AttemptCost) []earlierCostBody {
	out := make([]earlierCostBody, len(earlier))
	for i := range earlier {
		e := &earlier[i]
		out[i] = earlierCostBody{
			Attempt: e.Attempt, ProviderID: int64(e.ProviderID), State: e.State, Reason: optional(e.Reason),
			ProviderCostUSD: e.ProviderNet.USD(), ChargeUSD: e.Charge.USD(),
		}
	}
	return out
}

// costTermsBody is what the whole answer was billed under.
type costTermsBody struct {
	ServiceTier  string `json:"serviceTier"  enum:"standard,priority,flex,batch"`
	Fast         bool   `json:"fast"`
	FastUnpriced bool   `json:"fastUnpriced" doc:"the price list has no factor for fast mode"`
	GeoUS        bool   `json:"geoUs"`
	SwapCacheTTL bool   `json:"swapCacheTtl"`
	Reported     bool   `json:"reported"     doc:"the upstream's own figure is the provider's cost"`
}

type costLineBody struct {
	Name  string  `json:"name"`
	Model *string `json:"model" doc:"where a pass was made by a model of its own"`
	Units int64   `json:"units" doc:"tokens, calls or images"`
	Rate  string  `json:"rate"  doc:"USD per million tokens, or per call or image"`
	USD   float64 `json:"usd"`
}

// cost decodes a breakdown and hides what the caller must not see: with the
// multipliers also what they could be worked out from.
func (v logView) cost(raw string) (*costBody, error) {
	if raw == "" {
		return nil, nil //nolint:nilnil // there is none, which is no error
	}
	var c domain.CostBreakdown
	if err := json.Unmarshal([]byte(raw), &c); err != nil {
		return nil, err
	}
	if v.full {
		return showCost(&c), nil
	}
	return &costBody{
		State: c.State, Reason: optional(c.Reason), Model: optional(c.Model), Lines: []costLineBody{},
		Usage: []domain.UsagePass{}, ChargeUSD: c.Charge.USD(), Earlier: []earlierCostBody{},
	}, nil
}

// showCost shows a breakdown in full.
func showCost(c *domain.CostBreakdown) *costBody {
	b := &costBody{
		State: c.State, Reason: optional(c.Reason), Model: optional(c.Model), Lines: []costLineBody{},
		Usage: list(c.Passes), ChargeUSD: c.Charge.USD(), Earlier: showEarlier(c.Earlier),
	}
	if c.ReportedCost != nil {
		b.ReportedCostUSD = new(c.ReportedCost.USD())
	}
	if c.Model == "" && !c.Terms.Reported {
		return b
	}
	b.PriceSource, b.PriceID = optional(c.Source), optional(c.PriceID)
	b.PriceNode, b.PriceRule = optional(c.PriceNode), optional(c.Rule)
	for _, line := range c.Lines {
		b.Lines = append(b.Lines, costLineBody{
			Name: line.Name, Model: optional(line.Model), Units: line.Units, Rate: line.Rate, USD: line.Amount.USD(),
		})
	}
	b.Terms = &costTermsBody{
		ServiceTier: cmp.Or(c.Terms.Service, "standard"), Fast: c.Terms.Fast, FastUnpriced: c.Terms.FastUnpriced,
		GeoUS: c.Terms.GeoUS, SwapCacheTTL: c.Terms.SwapCacheTTL, Reported: c.Terms.Reported,
	}
	b.BaseUSD, b.ProviderCostUSD = new(c.Base.USD()), new(c.ProviderNet.USD())
	b.ProviderMultiplier, b.GroupMultiplier = new(c.ByProvider.Float()), new(c.ByGroup.Float())
	b.UserMultiplier = new(c.ByUser.Float())
	return b
}
