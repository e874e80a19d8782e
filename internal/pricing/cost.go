package pricing

import (
	"cmp"
	"iter"
	"slices"

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
	// Price is set where the pass was made by a model of its own, called Model;
	// nil = the model of the answer.
	Price *Price
	Model string
}

// entry is one figure of a bill: units at a rate, by one model.
type entry struct {
	line   line
	model  string // where the pass names its own; empty = the model of the answer
	rate   decimal.Decimal
	units  int64
	amount decimal.Decimal
}

// Exact is the cost of an answer in USD, not rounded.
type Exact struct {
	entries      []entry
	Base         decimal.Decimal
	ProviderCost decimal.Decimal // base × provider multiplier
	Charge       decimal.Decimal // provider cost × group × user multiplier
	// FastUnpriced: answered in fast mode, for which the model lists no factor.
	FastUnpriced bool
}

// Lines yields the figures that apply, by name, buckets first; passes are added up.
func (e *Exact) Lines() iter.Seq2[string, decimal.Decimal] {
	var sums [lineCount]decimal.NullDecimal
	for i := range e.entries {
		l := e.entries[i].line
		sums[l] = decimal.NewNullDecimal(sums[l].Decimal.Add(e.entries[i].amount))
	}
	return func(yield func(string, decimal.Decimal) bool) {
		for l := range lineCount {
			if sums[l].Valid && !yield(lineName(l), sums[l].Decimal) {
				return
			}
		}
	}
}

// usualEntries is how many figures most bills have.
const usualEntries = 6

// add adds units at a rate. What was added at the same rate before is one figure.
func (e *Exact) add(l line, model string, rate decimal.Decimal, units int64) {
	for i := range e.entries {
		if at := &e.entries[i]; at.line == l && at.model == model && at.rate.Equal(rate) {
			at.units += units
			at.amount = product(rate, at.units, exponentOf(l))
			return
		}
	}
	if e.entries == nil {
		e.entries = make([]entry, 0, usualEntries)
	}
	e.entries = append(e.entries, entry{line: l, model: model, rate: rate, units: units, amount: product(rate, units, exponentOf(l))})
}

// exponentOf turns a listed rate into one per unit.
func exponentOf(l line) int32 {
	if l < lineFees {
		return perMillion
	}
	return 0
}

// Cost is the cost of an answer. Each figure is rounded on its own, so the
// lines may differ from their total by a few nano-USD.
type Cost struct {
	Lines        []domain.CostLine
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
		pass := passes[i]
		if pass.Price == nil {
			pass.Price = p
		}
		e.addTokens(&pass, terms)
		searched = e.addCalls(&pass, searched)
	}
	if fee := p.fee(FeeRequest); fee.Valid && !terms.Failed {
		e.add(lineFees+line(FeeRequest), "", fee.Decimal, 1)
	}
	for i := range e.entries {
		e.Base = e.Base.Add(e.entries[i].amount)
	}
	e.ProviderCost = times(e.Base, terms.Provider, domain.MultiplierOne)
	e.Charge = times(e.ProviderCost, terms.Group, terms.User)
	return e
}

// addTokens adds count × rate × speed × region for each bucket in use.
func (e *Exact) addTokens(pass *Pass, terms Terms) {
	p, u := pass.Price, &pass.Usage
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
		rate := tariff.rate(Bucket(b))
		if terms.Fast && m.SpeedFast.Valid {
			rate = rate.Mul(m.SpeedFast.Decimal)
		}
		if terms.GeoUS && m.GeoUS.Valid {
			rate = rate.Mul(m.GeoUS.Decimal)
		}
		e.add(line(b), pass.Model, rate, n)
	}
}

// addCalls adds the fees of a pass. searched tells whether an earlier pass of
// the answer searched the web already.
func (e *Exact) addCalls(pass *Pass, searched bool) bool {
	p, u := pass.Price, &pass.Usage
	searches := max(u.WebSearches, 0)
	if p.searchUnit() == SearchPerPrompt && searches > 0 {
		searches = 1
		if searched {
			searches = 0
		}
	}
	e.addFee(pass, FeeWebSearch, searches)
	e.addFee(pass, FeeFileSearch, u.FileSearches)
	e.addFee(pass, FeeCodeInterpreter, u.CodeInterpreter)
	if u.Tokens[OutputImage] <= 0 {
		e.addFee(pass, FeeImageOutput, u.ImagesOut)
	}
	return searched || u.WebSearches > 0
}

func (e *Exact) addFee(pass *Pass, f Fee, n int64) {
	if n <= 0 {
		return
	}
	if fee := pass.Price.fee(f); fee.Valid {
		e.add(lineFees+line(f), pass.Model, fee.Decimal, n)
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
	if len(e.entries) == 0 {
		return c
	}
	slices.SortStableFunc(e.entries, func(a, b entry) int { return cmp.Compare(a.line, b.line) })
	c.Lines = make([]domain.CostLine, len(e.entries))
	for i := range e.entries {
		at := &e.entries[i]
		c.Lines[i] = domain.CostLine{
			Name: lineName(at.line), Model: at.model, Units: at.units, Rate: at.rate.String(), Amount: nano(at.amount),
		}
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
