package domain

// CostBreakdown says how an attempt came to its cost, with all that is needed to
// work the bill out again. It is stored as JSON; amounts are nano-USD.
type CostBreakdown struct {
	State  string `json:"state"`            // billed, free, unpriced, estimated, missing_usage, not_billed
	Reason string `json:"reason,omitempty"` // why it costs nothing
	// Model is the one of the price list by which the request is billed; empty =
	// by none.
	Model        string      `json:"model,omitempty"`
	Source       string      `json:"source,omitempty"`    // of the price: seed, cloud, manual
	PriceID      int64       `json:"priceId,omitempty"`   // 0 = not stored
	PriceNode    string      `json:"priceNode,omitempty"` // the seller's key; empty = the model's own rates
	Rule         string      `json:"rule,omitempty"`      // by which the price was found
	Passes       []UsagePass `json:"passes,omitempty"`    // what is paid for
	Terms        CostTerms   `json:"terms,omitzero"`
	Lines        []CostLine  `json:"lines,omitempty"`    // each rounded on its own
	Base         Money       `json:"base,omitempty"`     // before multipliers
	ByProvider   Multiplier  `json:"providerMultiplier"` // in ten-thousandths
	ByGroup      Multiplier  `json:"groupMultiplier"`
	ByUser       Multiplier  `json:"userMultiplier"`
	ProviderNet  Money       `json:"providerCost,omitempty"` // base × provider multiplier
	Charge       Money       `json:"charge"`                 // what limits of users and keys count
	ReportedCost *Money      `json:"reportedCost,omitempty"` // by the upstream; nil = it does not say
	// Earlier are the attempts before that cost something too; each has a row of
	// its own in the ledger.
	Earlier []AttemptCost `json:"earlier,omitempty"`
}

// AttemptCost is the cost of an attempt that was not the last.
type AttemptCost struct {
	Attempt    int        `json:"attempt"`
	ProviderID ProviderID `json:"providerId"`
	Usage      Usage      `json:"-"`
	CostBreakdown
}

// CostTerms are what holds for a whole answer beside its multipliers.
type CostTerms struct {
	Service      string `json:"service,omitempty"` // priority, flex, batch; empty = standard
	Fast         bool   `json:"fast,omitempty"`
	FastUnpriced bool   `json:"fastUnpriced,omitempty"` // the model lists no factor for it
	GeoUS        bool   `json:"geoUs,omitempty"`
	Failed       bool   `json:"failed,omitempty"` // pays no request fee
	SwapCacheTTL bool   `json:"swapCacheTtl,omitempty"`
	CacheRatios  bool   `json:"cacheRatios,omitempty"` // Anthropic's, whoever the vendor is
	Reported     bool   `json:"reported,omitempty"`    // the upstream's own figure is the provider's cost
	// LongFrom is the length, in tokens, beyond which the prompt has rates of its
	// own; 0 = it is not that long. It is told apart, as long_context_pricing.
	LongFrom int64 `json:"-"`
}

// CostLine is one figure of a cost: a kind of tokens, or a fee.
type CostLine struct {
	Name  string `json:"name"`
	Model string `json:"model,omitempty"` // where a pass was made by a model of its own
	Units int64  `json:"units,omitempty"` // tokens, calls, images
	// Rate is in USD per million tokens or per unit of a fee, as a decimal, with
	// the factors of speed and region.
	Rate   string `json:"rate,omitempty"`
	Amount Money  `json:"amount"`
}
