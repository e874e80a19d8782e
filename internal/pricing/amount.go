package pricing

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/bits"
	"slices"
	"strings"

	"github.com/shopspring/decimal"

	"github.com/claude-code-hub/cch/internal/domain"
)

// significantDigits is how precise a listed price is taken to be. Published
// lists carry floating-point noise such as 4.0000000000000003e-07.
const significantDigits = 12

// nanoPlaces are the decimals of a nano-USD.
const nanoPlaces = 9

// maxAmountText bounds a figure's text; maxExponent its size either way.
const (
	maxAmountText = 64
	maxExponent   = 24
)

// errAmount is why a text is no price.
var errAmount = errors.New("not a finite, non-negative decimal")

// parseAmount reads a price as decimal text, rounded to significantDigits.
func parseAmount(text string) (decimal.Decimal, error) {
	if len(text) > maxAmountText {
		return decimal.Decimal{}, errAmount
	}
	d, err := decimal.NewFromString(text)
	if err != nil || d.IsNegative() || d.Exponent() > maxExponent {
		return decimal.Decimal{}, errAmount
	}
	if surplus := d.NumDigits() - significantDigits; surplus > 0 {
		d = d.Round(-d.Exponent() - int32(surplus))
	}
	if d.IsZero() {
		return decimal.Zero, nil
	}
	if int(d.Exponent())+d.NumDigits() > maxExponent || d.Exponent() < -maxExponent-significantDigits {
		return decimal.Decimal{}, errAmount
	}
	return d.Normalize(), nil
}

// scalar is the text of a JSON string or number.
func scalar(raw json.RawMessage) (string, bool) {
	text := strings.TrimSpace(string(raw))
	if strings.HasPrefix(text, `"`) {
		var s string
		if json.Unmarshal(raw, &s) != nil {
			return "", false
		}
		return strings.TrimSpace(s), true
	}
	return text, text != "" && (text[0] == '-' || text[0] >= '0' && text[0] <= '9')
}

// unmarshalAmounts reads a JSON object of prices into dst, whose members are
// called names. A member that is not known would be money lost unseen, so it is
// an error; null and members that begin with an underscore are remarks.
func unmarshalAmounts(data []byte, names []string, dst []decimal.NullDecimal) error {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(data, &members); err != nil {
		return fmt.Errorf("read prices: %w", err)
	}
	for name, raw := range members {
		if string(raw) == "null" || strings.HasPrefix(name, "_") {
			continue
		}
		i := slices.Index(names, name)
		if i < 0 {
			return fmt.Errorf("%.40q is no price; known are %s", name, strings.Join(names, ", "))
		}
		text, ok := scalar(raw)
		if !ok {
			return fmt.Errorf("%s: %w", name, errAmount)
		}
		d, err := parseAmount(text)
		if err != nil {
			return fmt.Errorf("%s is %.40q: %w", name, text, err)
		}
		dst[i] = decimal.NewNullDecimal(d)
	}
	return nil
}

// marshalAmounts writes what is set as an object of decimal strings, in order.
func marshalAmounts(names []string, amounts []decimal.NullDecimal) []byte {
	out := []byte{'{'}
	for i, a := range amounts {
		if !a.Valid {
			continue
		}
		if len(out) > 1 {
			out = append(out, ',')
		}
		out = fmt.Appendf(out, "%q:%q", names[i], a.Decimal.String())
	}
	return append(out, '}')
}

// product is d × n × 10^exp for n >= 0. Nearly all figures fit a machine word,
// which spares most of the cost of a decimal.
func product(d decimal.Decimal, n int64, exp int32) decimal.Decimal {
	if d.NumDigits() <= maxInt64Digits {
		if hi, lo := bits.Mul64(uint64(d.CoefficientInt64()), uint64(n)); hi == 0 && lo <= math.MaxInt64 {
			return decimal.New(int64(lo), d.Exponent()+exp)
		}
	}
	return d.Mul(decimal.New(n, exp))
}

// nano rounds USD to whole nano-USD, half to even. What no account can hold,
// the counts of a broken upstream, ends at the largest amount.
func nano(usd decimal.Decimal) domain.Money {
	exp := usd.Exponent() + nanoPlaces
	if exp > -maxInt64Digits && usd.NumDigits()+int(max(exp, 0)) <= maxInt64Digits {
		n := usd.CoefficientInt64()
		if exp > 0 {
			return domain.Money(n * pow10(int(exp)))
		}
		return domain.Money(shiftHalfEven(n, int(-exp)))
	}
	n := usd.RoundBank(nanoPlaces).Shift(nanoPlaces).BigInt()
	if !n.IsInt64() {
		return math.MaxInt64
	}
	return domain.Money(n.Int64())
}

// maxInt64Digits is how many decimal digits always fit an int64.
const maxInt64Digits = 18

// shiftHalfEven is n / 10^digits for n >= 0, rounded half to even.
func shiftHalfEven(n int64, digits int) int64 {
	pow := pow10(digits)
	q, r := n/pow, n%pow
	if r > pow-r || r == pow-r && q%2 == 1 {
		q++
	}
	return q
}

func pow10(n int) int64 {
	pow := int64(1)
	for range n {
		pow *= 10
	}
	return pow
}

func anySet(amounts []decimal.NullDecimal) bool { return countSet(amounts) > 0 }

func countSet(amounts []decimal.NullDecimal) (n int) {
	for i := range amounts {
		if amounts[i].Valid {
			n++
		}
	}
	return n
}
