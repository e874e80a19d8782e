package pricing

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
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

// product is d × n × 10^exp.
func product(d decimal.Decimal, n int64, exp int32) decimal.Decimal {
	return d.Mul(decimal.New(n, exp))
}

// nano is usd.nano of a decimal.
func nano(d decimal.Decimal) domain.Money {
	n := d.RoundBank(nanoPlaces).Shift(nanoPlaces).BigInt()
	if !n.IsInt64() {
		return math.MaxInt64
	}
	return domain.Money(n.Int64())
}

// factor is the product of two multipliers, as n × 10^exp; what is no multiplier
// is 1.
func factor(a, b domain.Multiplier) (n int64, exp int32) {
	if a < 0 {
		a = domain.MultiplierOne
	}
	if b < 0 {
		b = domain.MultiplierOne
	}
	n, exp = int64(a)*int64(b), -2*multiplierPlaces
	for ; exp < 0 && n%10 == 0; exp++ {
		n /= 10 // short figures are quick figures
	}
	return n, exp
}

// multiplierPlaces are the decimals of a multiplier.
const multiplierPlaces = 4

func anySet(amounts []decimal.NullDecimal) bool { return countSet(amounts) > 0 }

func countSet(amounts []decimal.NullDecimal) (n int) {
	for i := range amounts {
		if amounts[i].Valid {
			n++
		}
	}
	return n
}
