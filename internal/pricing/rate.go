package pricing

import "github.com/shopspring/decimal"

// ratePlaces is how many decimals a rate that had to be derived by division is
// rounded to. Listed rates are exact.
const ratePlaces = 18

// Anthropic prices its cache in hundredths of the input rate.
const (
	anthropicCacheRead    = 10
	anthropicCacheWrite5m = 125
	anthropicCacheWrite1h = 200
)

// tariff is the choice of one rate per bucket for a request.
type tariff struct {
	base    layer
	long    *Rates        // the length tier in force, or nil
	service *ServiceSheet // nil = standard
	// serviceLong are the service tier's own rates for the length, or nil.
	serviceLong *Rates
	longFrom    int64 // beyond how many tokens a length tier is in force; 0 = none is
}

// tariffFor picks the tiers that apply to a prompt of the given tokens.
// ratios lets rates missing for the cache follow Anthropic's ratios.
func (s *Sheet) tariffFor(prompt int64, service ServiceTier, ratios bool) tariff {
	t := tariff{base: layer{base: &s.Rates, own: &s.Rates, ratios: ratios}}
	t.long = t.tierFor(s.Tiers, prompt)
	if t.service = s.ServiceTiers[service]; t.service != nil {
		t.serviceLong = t.tierFor(t.service.Tiers, prompt)
	}
	return t
}

// tierFor is the highest tier strictly below the prompt, or nil.
func (t *tariff) tierFor(tiers []Tier, prompt int64) *Rates {
	for i := len(tiers) - 1; i >= 0; i-- {
		if prompt > tiers[i].AboveInputTokens {
			t.longFrom = max(t.longFrom, tiers[i].AboveInputTokens)
			return &tiers[i].Rates
		}
	}
	return nil
}

// rate is the price of a million tokens of the bucket.
func (t *tariff) rate(b Bucket) decimal.Decimal {
	long := t.base.under(t.long)
	if t.service == nil {
		return long.rate(b)
	}
	if t.serviceLong != nil && t.serviceLong[b].Valid {
		return t.serviceLong[b].Decimal
	}
	service := t.base.under(&t.service.Rates)
	rate := service.rate(b)
	switch {
	case t.long != nil: // both at once: as much dearer as the length makes the base
		base := t.base.rate(b)
		if base.IsZero() {
			return long.rate(b)
		}
		return scale(rate, long.rate(b), base)
	case t.serviceLong != nil && t.serviceLong[b.side()].Valid:
		return scale(rate, t.serviceLong[b.side()].Decimal, service.rate(b.side()))
	}
	return rate
}

// hasOwn tells whether the bucket has a rate that is listed and not borrowed.
func (t *tariff) hasOwn(b Bucket) bool {
	return t.base.base[b].Valid || t.long != nil && t.long[b].Valid ||
		t.service != nil && t.service.Rates[b].Valid ||
		t.serviceLong != nil && t.serviceLong[b].Valid
}

// layer is a set of rates over the base rates of its sheet.
type layer struct {
	base, own *Rates // own == base at the bottom
	ratios    bool
}

func (l layer) under(own *Rates) layer {
	if own != nil {
		l.own = own
	}
	return l
}

// rate is the layer's own figure, else the base figure in the ratio of input to
// input or output to output, else one borrowed from another bucket.
func (l layer) rate(b Bucket) decimal.Decimal {
	if l.own[b].Valid {
		return l.own[b].Decimal
	}
	if !l.base[b].Valid {
		return l.borrowed(b)
	}
	side := b.side()
	if !l.own[side].Valid || !l.base[side].Valid {
		return l.base[b].Decimal
	}
	return scale(l.base[b].Decimal, l.own[side].Decimal, l.base[side].Decimal)
}

func (l layer) borrowed(b Bucket) decimal.Decimal {
	switch b {
	case CacheRead:
		return l.ofInput(anthropicCacheRead)
	case CacheWrite5m:
		return l.ofInput(anthropicCacheWrite5m)
	case CacheWrite1h:
		if !l.ratios {
			return l.rate(CacheWrite5m)
		}
		return l.ofInput(anthropicCacheWrite1h)
	case InputImage, InputAudio:
		return l.rate(Input)
	case OutputImage, OutputAudio, Reasoning:
		return l.rate(Output)
	case Input, Output, bucketCount:
	}
	return decimal.Zero
}

func (l layer) ofInput(hundredths int64) decimal.Decimal {
	if !l.ratios {
		return l.rate(Input)
	}
	return product(l.rate(Input), hundredths, -2)
}

// scale is d × num / den, and d where there is nothing to divide by.
func scale(d, num, den decimal.Decimal) decimal.Decimal {
	if den.IsZero() {
		return d
	}
	return d.Mul(num).DivRound(den, ratePlaces).Normalize()
}
