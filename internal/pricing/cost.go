package pricing

import (
	"iter"

	"github.com/shopspring/decimal"

	"github.com/claude-code-hub/cch/internal/domain"
)

// perMillion turns a rate per million tokens into one per token.
const perMillion = -6

// multiplierPlaces are the decimals of a multiplier.
const multiplierPlaces = 4

// line is one figure of a breakdown: a bucket, or lineFees + a fee.
type line int

const (
	lineFees  = line(bucketCount)
	lineCount = lineFees + line(feeCount)
)

func lineName(l line) string {
	if l < lineFees {
		return Bucket(l).String()
	}
	return Fee(l - lineFees).String()
}

// Pass is one separately priced part of an answer, with its own length tier.
type Pass struct {
	Usage Usage
	// Price is set where the pass was made by a model of its own; nil = the
	// model of the answer.
	Price *Price
}

// Exact is the cost of an answer in USD, not rounded.
type Exact struct {
	lines        [lineCount]decimal.NullDecimal
	Base         decimal.Decimal
	ProviderCost decimal.Decimal // base × provider multiplier
	Charge       decimal.Decimal // provider cost × group × user multiplier
	// FastUnpriced: answered in fast mode, for which the model lists no factor.
	FastUnpriced bool
}

// Lines yields the figures that apply, by name, buckets first.
func (e *Exact) Lines() iter.Seq2[string, decimal.Decimal] {
	return func(yield func(string, decimal.Decimal) bool) {
		for l := range lineCount {
			if e.lines[l].Valid && !yield(lineName(l), e.lines[l].Decimal) {
				return
			}
		}
	}
}

func (e *Exact) add(l line, amount decimal.Decimal) {
	if e.lines[l].Valid {
		amount = e.lines[l].Decimal.Add(amount)
	}
	e.lines[l] = decimal.NewNullDecimal(amount)
}

// Figure is a part of a cost.
type Figure struct {
	Name   string       `json:"name"`
	Amount domain.Money `json:"amount"` // nano-USD
}

// Cost is the cost of an answer. Each figure is rounded on its own, so the
// lines may differ from their total by a few nano-USD.
type Cost struct {
	Lines        []Figure
	Base         domain.Money
	ProviderCost domain.Money // what provider limits count
	Charge       domain.Money // what user and key limits count
	Terms        Terms
	FastUnpriced bool
}

// Bill prices an answer: all its passes, and the request fee once.
func Bill(p *Price, passes []Pass, terms Terms) Cost {
	e := BillExact(p, passes, terms)
	return e.round(terms)
}

// BillExact is Bill without the rounding.
func BillExact(p *Price, passes []Pass, terms Terms) Exact {
	var e Exact
	searched := false
	for i := range passes {
		price := passes[i].Price
		if price == nil {
			price = p
		}
		e.addTokens(price, &passes[i].Usage, terms)
		searched = e.addCalls(price, &passes[i].Usage, searched)
	}
	if fee := p.fee(FeeRequest); fee.Valid && !terms.Failed {
		e.add(lineFees+line(FeeRequest), fee.Decimal)
	}
	for l := range e.lines {
		if e.lines[l].Valid {
			e.Base = e.Base.Add(e.lines[l].Decimal)
		}
	}
	e.ProviderCost = times(e.Base, terms.Provider, domain.MultiplierOne)
	e.Charge = times(e.ProviderCost, terms.Group, terms.User)
	return e
}

// addTokens adds count × rate × speed × region for each bucket in use.
func (e *Exact) addTokens(p *Price, u *Usage, terms Terms) {
	tariff := p.sheet.tariffFor(u.Prompt(), terms.Service, terms.CacheRatios || p.model.Vendor == vendorAnthropic)
	tokens := u.Tokens
	if terms.SwapCacheTTL {
		tokens[CacheWrite5m], tokens[CacheWrite1h] = tokens[CacheWrite1h], tokens[CacheWrite5m]
	}
	if tariff.hasOwn(Reasoning) {
		tokens[Reasoning] = min(max(tokens[Reasoning], 0), max(tokens[Output], 0))
		tokens[Output] -= tokens[Reasoning]
	} else {
		tokens[Reasoning] = 0
	}
	m := &p.sheet.Multipliers
	e.FastUnpriced = e.FastUnpriced || terms.Fast && !m.SpeedFast.Valid
	for b, n := range tokens {
		if n <= 0 {
			continue
		}
		amount := product(tariff.rate(Bucket(b)), n, perMillion)
		if terms.Fast && m.SpeedFast.Valid {
			amount = amount.Mul(m.SpeedFast.Decimal)
		}
		if terms.GeoUS && m.GeoUS.Valid {
			amount = amount.Mul(m.GeoUS.Decimal)
		}
		e.add(line(b), amount)
	}
}

// addCalls adds the fees of a pass. searched tells whether an earlier pass of
// the answer searched the web already.
func (e *Exact) addCalls(p *Price, u *Usage, searched bool) bool {
	searches := max(u.WebSearches, 0)
	if p.searchUnit() == SearchPerPrompt && searches > 0 {
		searches = 1
		if searched {
			searches = 0
		}
	}
	e.addFee(p, FeeWebSearch, searches)
	e.addFee(p, FeeFileSearch, u.FileSearches)
	e.addFee(p, FeeCodeInterpreter, u.CodeInterpreter)
	if u.Tokens[OutputImage] <= 0 {
		e.addFee(p, FeeImageOutput, u.ImagesOut)
	}
	return searched || u.WebSearches > 0
}

func (e *Exact) addFee(p *Price, f Fee, n int64) {
	if n <= 0 {
		return
	}
	if fee := p.fee(f); fee.Valid {
		e.add(lineFees+line(f), product(fee.Decimal, n, 0))
	}
}

func (e *Exact) round(terms Terms) Cost {
	c := Cost{
		Base:         nano(e.Base),
		ProviderCost: nano(e.ProviderCost),
		Charge:       nano(e.Charge),
		Terms:        terms,
		FastUnpriced: e.FastUnpriced,
	}
	n := countSet(e.lines[:])
	if n == 0 {
		return c
	}
	c.Lines = make([]Figure, 0, n)
	for name, amount := range e.Lines() {
		c.Lines = append(c.Lines, Figure{Name: name, Amount: nano(amount)})
	}
	return c
}

// times applies two multipliers; what is no multiplier is 1.
func times(d decimal.Decimal, a, b domain.Multiplier) decimal.Decimal {
	if a < 0 {
		a = domain.MultiplierOne
	}
	if b < 0 {
		b = domain.MultiplierOne
	}
	n, exp := int64(a)*int64(b), int32(-2*multiplierPlaces)
	for ; exp < 0 && n%10 == 0; exp++ {
		n /= 10 // short figures are quick figures
	}
	if n == 1 && exp == 0 {
		return d
	}
	return product(d, n, exp)
}
