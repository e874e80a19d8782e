package domain

// CostBreakdown says how a request came to its cost, so that the bill can be
// worked out again. It is stored as JSON; amounts are nano-USD.
type CostBreakdown struct {
	State  string `json:"state"`            // billed, free, unpriced, estimated, missing_usage, not_billed
	Reason string `json:"reason,omitempty"` // why it costs nothing
	// Model is the one of the price list by which the request is billed; empty =
	// by none.
	Model       string     `json:"model,omitempty"`
	Source      string     `json:"source,omitempty"`    // of the price: seed, cloud, manual
	PriceID     int64      `json:"priceId,omitempty"`   // 0 = not stored
	PriceNode   string     `json:"priceNode,omitempty"` // the seller's key; empty = the model's own rates
	Rule        string     `json:"rule,omitempty"`      // by which the price was found
	Lines       []CostLine `json:"lines,omitempty"`     // each rounded on its own
	Base        Money      `json:"base,omitempty"`      // before multipliers
	ByProvider  Multiplier `json:"providerMultiplier"`  // in ten-thousandths
	ByGroup     Multiplier `json:"groupMultiplier"`
	ProviderNet Money      `json:"providerCost,omitempty"` // base × provider multiplier
	Charge      Money      `json:"charge"`                 // what limits of users and keys count
}

// CostLine is one figure of a cost: a kind of tokens, or a fee.
type CostLine struct {
	Name   string `json:"name"`
	Amount Money  `json:"amount"`
}
