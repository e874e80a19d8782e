package pricing

import "github.com/shopspring/decimal"

// card is a tariff ready for use: what each line of a bill costs. Rates are
// derived and written down once, as decimals, so that a request only multiplies.
type card struct {
	rates [lineCount]rate
	apart bool // reasoning has a rate of its own
	// longFrom is the length tier in force, see [tariff].
	longFrom int64
	// dearest is the input bucket with the highest rate, and the same where there
	// are images.
	dearest, dearestOfImages Bucket
}

// rate is what a line of a bill costs.
type rate struct {
	each usd    // per token, call or image
	text string // as it is listed, for tokens by the million; empty = it is not
}

// cardKey tells cards of a table apart. A tariff points into the sheet that it
// is of, which belongs to one model.
type cardKey struct {
	tariff
	fast, geo bool
}

// card is what the price asks for a prompt of the given tokens.
func (p *Price) card(prompt int64, terms *Terms) *card {
	factors := &p.sheet.Multipliers
	k := cardKey{
		tariff: p.sheet.tariffFor(prompt, terms.Service, terms.CacheRatios || p.model.Vendor == vendorAnthropic),
		fast:   terms.Fast && factors.SpeedFast.Valid,
		geo:    terms.GeoUS && factors.GeoUS.Valid,
	}
	c, ok := p.table.cards.get(k)
	if !ok {
		c = p.newCard(&k)
		p.table.cards.put(k, c)
	}
	return c
}

func (p *Price) newCard(k *cardKey) *card {
	c := &card{apart: k.hasOwn(Reasoning), longFrom: k.longFrom}
	c.dearest, c.dearestOfImages = k.dearest(CacheWrite1h), k.dearest(InputImage)
	factor := decimal.New(1, 0)
	if k.fast {
		factor = p.sheet.Multipliers.SpeedFast.Decimal
	}
	if k.geo {
		factor = factor.Mul(p.sheet.Multipliers.GeoUS.Decimal)
	}
	for b := range bucketCount {
		listed := k.tariff.rate(b).Mul(factor)
		c.rates[b] = rate{each: usdOf(listed.Shift(perMillion)), text: listed.String()}
	}
	for f := range feeCount {
		if fee := p.fee(f); fee.Valid {
			c.rates[lineFees+line(f)] = rate{each: usdOf(fee.Decimal), text: fee.Decimal.String()}
		}
	}
	return c
}

// dearest is the bucket with the highest rate from Input to last.
func (t *tariff) dearest(last Bucket) Bucket {
	best, highest := Input, t.rate(Input)
	for b := Input + 1; b <= last; b++ {
		if r := t.rate(b); r.GreaterThan(highest) {
			best, highest = b, r
		}
	}
	return best
}
