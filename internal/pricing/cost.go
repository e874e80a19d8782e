package pricing

import (
	"cmp"
	"iter"
	"math"
	"slices"

	"github.com/shopspring/decimal"

	"github.com/claude-code-hub/cch/internal/domain"
)

// perMillion turns a rate per million tokens into one per token.
const perMillion = -6

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
	rate   *rate
	units  int64
	amount usd // once the bill is complete
}

// Exact is the cost of an answer in USD, not rounded.
type Exact struct {
	entries                    []entry
	base, providerCost, charge usd
	// FastUnpriced: answered in fast mode, for which the model lists no factor.
	FastUnpriced bool
	// LongFrom is the highest length tier that a pass was billed by, in tokens of
	// the prompt; 0 = none.
	LongFrom int64
}

// Base is the cost before multipliers.
func (e *Exact) Base() decimal.Decimal { return e.base.decimal() }

// ProviderCost is the base × the provider's multiplier.
func (e *Exact) ProviderCost() decimal.Decimal { return e.providerCost.decimal() }

// Charge is the provider's cost × the multipliers of group and user.
func (e *Exact) Charge() decimal.Decimal { return e.charge.decimal() }

// Lines yields the figures that apply, by name, buckets first; passes are added up.
func (e *Exact) Lines() iter.Seq2[string, decimal.Decimal] {
	var sums [lineCount]decimal.NullDecimal
	for i := range e.entries {
		l := e.entries[i].line
		sums[l] = decimal.NewNullDecimal(sums[l].Decimal.Add(e.entries[i].amount.decimal()))
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

// add appends units of a line, if the card lists it. What was added at the same
// rate before is one figure.
func add(list []entry, c *card, l line, model string, units int64) []entry {
	r := &c.rates[l]
	if units <= 0 || r.text == "" {
		return list
	}
	for i := range list {
		if at := &list[i]; at.line == l && at.model == model && at.rate.text == r.text {
			at.units += min(units, math.MaxInt64-at.units) // a broken upstream's
			return list
		}
	}
	return append(list, entry{line: l, model: model, rate: r, units: units})
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
	LongFrom     int64 // see Exact
}

// Bill prices an answer: all its passes, and the request fee once.
func Bill(p *Price, passes []Pass, terms Terms) Cost {
	var few [usualEntries]entry // a slice that stays on the stack
	e := bill(few[:0], p, passes, &terms)
	return e.round(terms)
}

// BillExact is Bill without the rounding.
func BillExact(p *Price, passes []Pass, terms Terms) Exact { return bill(nil, p, passes, &terms) }

func bill(buf []entry, p *Price, passes []Pass, terms *Terms) (e Exact) {
	searched := false
	for i := range passes {
		pass, by := &passes[i], p
		if pass.Price != nil {
			by = pass.Price
		}
		c := by.card(pass.Usage.Prompt(), terms)
		buf = addTokens(buf, c, pass, terms)
		buf = addCalls(buf, c, pass, by.searches(&pass.Usage, searched))
		searched = searched || pass.Usage.WebSearches > 0
		e.LongFrom = max(e.LongFrom, c.longFrom)
		e.FastUnpriced = e.FastUnpriced || terms.Fast && !by.sheet.Multipliers.SpeedFast.Valid
	}
	if p.sheet.Fees[FeeRequest].Valid && !terms.Failed {
		buf = add(buf, p.card(0, terms), lineFees+line(FeeRequest), "", 1)
	}
	for i := range buf {
		at := &buf[i]
		at.amount = at.rate.each.times(at.units, 0)
		e.base = e.base.plus(at.amount)
	}
	e.entries, e.providerCost = buf, terms.providerCost(e.base)
	e.charge = terms.charge(e.providerCost)
	return e
}

// addTokens appends each bucket in use.
func addTokens(buf []entry, c *card, pass *Pass, terms *Terms) []entry {
	tokens := pass.Usage.Tokens
	if terms.SwapCacheTTL {
		tokens[CacheWrite5m], tokens[CacheWrite1h] = tokens[CacheWrite1h], tokens[CacheWrite5m]
	}
	if c.apart {
		tokens[Reasoning] = min(max(tokens[Reasoning], 0), max(tokens[Output], 0))
		tokens[Output] -= tokens[Reasoning]
	} else {
		tokens[Reasoning] = 0
	}
	for b, n := range tokens {
		buf = add(buf, c, line(b), pass.Model, n)
	}
	return buf
}

// addCalls appends the fees of a pass, which has so many searches to pay for.
func addCalls(buf []entry, c *card, pass *Pass, searches int64) []entry {
	u := &pass.Usage
	buf = add(buf, c, lineFees+line(FeeWebSearch), pass.Model, searches)
	buf = add(buf, c, lineFees+line(FeeFileSearch), pass.Model, u.FileSearches)
	buf = add(buf, c, lineFees+line(FeeCodeInterpreter), pass.Model, u.CodeInterpreter)
	if u.Tokens[OutputImage] <= 0 {
		buf = add(buf, c, lineFees+line(FeeImageOutput), pass.Model, u.ImagesOut)
	}
	return buf
}

// searches is how many web searches of a pass are to be paid for. searched tells
// whether an earlier pass of the answer searched already.
func (p *Price) searches(u *Usage, searched bool) int64 {
	if p.searchUnit() != SearchPerPrompt {
		return u.WebSearches
	}
	if searched {
		return 0
	}
	return min(u.WebSearches, 1)
}

func (e *Exact) round(terms Terms) Cost {
	c := Cost{
		Base:         e.base.nano(),
		ProviderCost: e.providerCost.nano(),
		Charge:       e.charge.nano(),
		Terms:        terms,
		FastUnpriced: e.FastUnpriced,
		LongFrom:     e.LongFrom,
	}
	if len(e.entries) == 0 {
		return c
	}
	slices.SortStableFunc(e.entries, func(a, b entry) int { return cmp.Compare(a.line, b.line) })
	c.Lines = make([]domain.CostLine, len(e.entries))
	for i := range e.entries {
		at := &e.entries[i]
		c.Lines[i] = domain.CostLine{
			Name: lineName(at.line), Model: at.model, Units: at.units, Rate: at.rate.text, Amount: at.amount.nano(),
		}
	}
	return c
}

// providerCost is what a base costs the provider.
func (t *Terms) providerCost(base usd) usd { return base.by(t.Provider, domain.MultiplierOne) }

// charge is what is charged for what the provider is paid.
func (t *Terms) charge(providerCost usd) usd { return providerCost.by(t.Group, t.User) }
