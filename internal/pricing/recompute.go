package pricing

import (
	"errors"
	"fmt"
	"slices"

	"github.com/shopspring/decimal"

	"github.com/claude-code-hub/cch/internal/domain"
)

// ErrBill reports a stored bill that does not say enough to be worked out again.
var ErrBill = errors.New("the bill cannot be worked out again")

// Recompute works a stored bill out again from its lines, units and rates, and
// returns what base, provider cost and charge should be. It needs no price list:
// rates that have changed since do not matter.
func Recompute(b *domain.CostBreakdown) (base, providerCost, charge domain.Money, err error) {
	if b.Terms.Reported {
		if b.ReportedCost == nil {
			return 0, 0, 0, fmt.Errorf("%w: the upstream's own figure is missing", ErrBill)
		}
		sum := decimal.New(int64(*b.ReportedCost), -nanoPlaces)
		return b.Base, *b.ReportedCost, nano(times(sum, b.ByGroup, b.ByUser)), nil
	}
	var sum decimal.Decimal
	for _, l := range b.Lines {
		rate, err := decimal.NewFromString(l.Rate)
		if err != nil {
			return 0, 0, 0, fmt.Errorf("%w: the rate of %s is %.40q", ErrBill, l.Name, l.Rate)
		}
		exp := int32(0)
		if IsTokens(l.Name) {
			exp = perMillion
		}
		sum = sum.Add(product(rate, l.Units, exp))
	}
	net := times(sum, b.ByProvider, domain.MultiplierOne)
	return nano(sum), nano(net), nano(times(net, b.ByGroup, b.ByUser)), nil
}

// times applies two multipliers.
func times(d decimal.Decimal, a, b domain.Multiplier) decimal.Decimal {
	n, exp := factor(a, b)
	return product(d, n, exp)
}

// IsTokens tells whether a line of a bill is of tokens, whose rates are per
// million, and not of a fee.
func IsTokens(line string) bool { return slices.Contains(bucketNames, line) }

// maxReportedText bounds the text of a cost that an upstream states.
const maxReportedText = 40

// ParseReported reads the cost in USD that an upstream states for itself; false
// if it states none that can be believed. It is rounded to whole nano-USD.
func ParseReported(text string) (domain.Money, bool) {
	if text == "" || len(text) > maxReportedText {
		return 0, false
	}
	d, err := decimal.NewFromString(text)
	if err != nil || d.IsNegative() || d.Exponent() > maxExponent || d.Exponent() < -maxReportedText {
		return 0, false
	}
	return usdOf(d).nano(), true
}

// marked is what a reported cost is charged at.
func marked(cost domain.Money, group, user domain.Multiplier) domain.Money {
	return usd{n: uint128{lo: uint64(cost)}, exp: -nanoPlaces}.by(group, user).nano()
}
