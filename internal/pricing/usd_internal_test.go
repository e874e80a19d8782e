package pricing

import (
	"math"
	"strings"
	"testing"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/claude-code-hub/cch/internal/domain"
)

func parsed(text string) usd { return usdOf(decimal.RequireFromString(text)) }

// anyAmount draws an amount of few digits, many, or too many for 128 bits.
func anyAmount(t *rapid.T, name string) decimal.Decimal {
	length := rapid.SampledFrom([]int{1, 3, 12, 19, 20, 30, 38, 39, 40, 45}).Draw(t, name+" digits")
	n := rapid.StringOfN(rapid.RuneFrom([]rune("0123456789")), length, length, -1).Draw(t, name)
	return decimal.RequireFromString(n).Shift(rapid.Int32Range(-42, 12).Draw(t, name+" exponent"))
}

// Amounts in 128 bits are those that decimals give, also beyond 128 bits.
func TestAmountsAreThoseOfDecimals(t *testing.T) {
	t.Parallel()
	kinds := map[bool]int{}
	rapid.Check(t, func(t *rapid.T) {
		want := anyAmount(t, "first")
		got := usdOf(want)
		for range rapid.IntRange(0, 4).Draw(t, "steps") {
			switch rapid.IntRange(0, 2).Draw(t, "step") {
			case 0:
				more := anyAmount(t, "more")
				want, got = want.Add(more), got.plus(usdOf(more))
			case 1:
				n, exp := rapid.Int64Range(0, math.MaxInt64).Draw(t, "n"), rapid.Int32Range(-8, 0).Draw(t, "exp")
				want, got = want.Mul(decimal.New(n, exp)), got.times(n, exp)
			case 2:
				a := domain.Multiplier(rapid.Int32Range(-1, 100_000_000).Draw(t, "a"))
				b := domain.Multiplier(rapid.Int32Range(-1, 100_000_000).Draw(t, "b"))
				want, got = times(want, a, b), got.by(a, b)
			}
			require.True(t, want.Equal(got.decimal()), "%s is not %s", got.decimal(), want)
		}
		require.Equal(t, nano(want), got.nano(), want.String())
		kinds[got.big == nil]++
	})
	t.Logf("%d in 128 bits, %d beyond", kinds[true], kinds[false])
	require.NotZero(t, kinds[true], "in 128 bits")
	require.NotZero(t, kinds[false], "beyond them")
}

func TestRoundingIsHalfToEven(t *testing.T) {
	t.Parallel()
	zeros := strings.Repeat("0", 24)
	for text, want := range map[string]domain.Money{
		"0":                                  0,
		"0.000000001":                        1,
		"0.0000000005":                       0,
		"0.0000000015":                       2,
		"0.0000000025":                       2,
		"0.0000000025" + zeros + "1":         3,
		"0.00000000249" + zeros + "9":        2,
		"12345.6789012345" + zeros:           12_345_678_901_234,
		"12345.6789012345" + zeros + "1":     12_345_678_901_235,
		"0.0000000000000000000000000000009":  0,
		"0.0000000005000000000000000000001":  1,
		"9223372036.854775807":               math.MaxInt64,
		"9223372036.8547758074":              math.MaxInt64,
		"9223372036.854775808":               math.MaxInt64,
		"18446744073.709551616":              math.MaxInt64,
		"340282366920938463463374607431":     math.MaxInt64,
		"34028236692093846346337460743.1769": math.MaxInt64,
		"1e24":                               math.MaxInt64,
		"9" + strings.Repeat("0", 60):        math.MaxInt64,
	} {
		require.Equal(t, want, parsed(text).nano(), text)
		require.Equal(t, want, nano(decimal.RequireFromString(text)), text)
	}
}

// Nothing is cut off where 128 bits end.
func TestTheEndOf128Bits(t *testing.T) {
	t.Parallel()
	const last, next = "340282366920938463463374607431768211455", "340282366920938463463374607431768211456"
	require.Nil(t, parsed(last).big)
	require.NotNil(t, parsed(next).big)
	for name, sum := range map[string]usd{
		"one more":                parsed(last).plus(parsed("1")),
		"a tenth more":            parsed(last).plus(parsed("0.1")).plus(parsed("0.9")),
		"twice":                   parsed("170141183460469231731687303715884105728").times(2, 0),
		"the upper half too high": parsed("18446744073709551616").times(math.MaxInt64, 0).times(2, 0).plus(parsed("36893488147419103232")),
	} {
		require.NotNil(t, sum.big, name)
		require.Equal(t, next, sum.decimal().String(), name)
	}
	require.Nil(t, parsed(next).times(0, 0).big, "nothing fits again")
}
