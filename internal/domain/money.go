package domain

import "math"

// Money is an amount in nano-USD (1e-9 USD). int64 reaches about 9.2e9 USD,
// so sums of bills cannot overflow in practice and every sum is exact.
type Money int64

// NanoPerUSD is the number of nano-USD in one US dollar.
const NanoPerUSD = 1_000_000_000

// MoneyFromUSD rounds a dollar figure as it appears in the management API to
// whole nano-USD, half to even.
func MoneyFromUSD(usd float64) Money {
	return Money(math.RoundToEven(usd * NanoPerUSD))
}

// USD is the amount in dollars, for display and the management API only.
func (m Money) USD() float64 { return float64(m) / NanoPerUSD }

// Multiplier is a factor in ten-thousandths: 10000 is 1.0.
type Multiplier int32

// MultiplierOne leaves an amount as it is.
const MultiplierOne Multiplier = 10_000

// MultiplierFromFloat rounds to four decimals, half to even.
func MultiplierFromFloat(f float64) Multiplier {
	return Multiplier(math.RoundToEven(f * float64(MultiplierOne)))
}

// Float is the factor as a number.
func (m Multiplier) Float() float64 { return float64(m) / float64(MultiplierOne) }
