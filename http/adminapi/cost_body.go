package adminapi

import (
	"encoding/json"

	"github.com/claude-code-hub/cch/internal/domain"
)

// costBody says how a request came to its cost.
type costBody struct {
	State              string         `json:"state"              enum:"billed,free,unpriced,estimated,missing_usage,not_billed"`
	Reason             *string        `json:"reason"             doc:"why it costs nothing"`
	Model              *string        `json:"model"              doc:"of the price list"`
	PriceSource        *string        `json:"priceSource"        enum:"seed,cloud,manual"`
	PriceID            *int64         `json:"priceId"            doc:"null for the built-in list"`
	PriceNode          *string        `json:"priceNode"          doc:"the seller whose price it is"`
	PriceRule          *string        `json:"priceRule"          doc:"how the price was found"`
	Lines              []costLineBody `json:"lines"              doc:"each rounded on its own"`
	BaseUSD            *float64       `json:"baseUsd"            doc:"before multipliers"`
	ProviderMultiplier *float64       `json:"providerMultiplier"`
	GroupMultiplier    *float64       `json:"groupMultiplier"`
	ProviderCostUSD    *float64       `json:"providerCostUsd"    doc:"with the provider's multiplier"`
	ChargeUSD          float64        `json:"chargeUsd"          doc:"with both multipliers"`
}

type costLineBody struct {
	Name string  `json:"name"`
	USD  float64 `json:"usd"`
}

// cost decodes a breakdown and hides what the caller must not see: with the
// multipliers also what they could be worked out from.
func (v logView) cost(raw []byte) (*costBody, error) {
	if len(raw) == 0 {
		return nil, nil //nolint:nilnil // there is none, which is no error
	}
	var c domain.CostBreakdown
	if err := json.Unmarshal(raw, &c); err != nil {
		return nil, err
	}
	b := &costBody{
		State: c.State, Reason: optional(c.Reason), Model: optional(c.Model), Lines: []costLineBody{}, ChargeUSD: c.Charge.USD(),
	}
	if !v.full || c.Model == "" {
		return b, nil
	}
	b.PriceSource, b.PriceID = optional(c.Source), optional(c.PriceID)
	b.PriceNode, b.PriceRule = optional(c.PriceNode), optional(c.Rule)
	for _, line := range c.Lines {
		b.Lines = append(b.Lines, costLineBody{Name: line.Name, USD: line.Amount.USD()})
	}
	b.BaseUSD, b.ProviderCostUSD = new(c.Base.USD()), new(c.ProviderNet.USD())
	b.ProviderMultiplier, b.GroupMultiplier = new(c.ByProvider.Float()), new(c.ByGroup.Float())
	return b, nil
}
