package pricing

import (
	"encoding/binary"
	"math/big"

	"github.com/shopspring/decimal"

	"github.com/claude-code-hub/cch/internal/domain"
)

// usd is an exact amount of US dollars: n × 10^exp. It is computed without
// allocations as long as its digits fit 128 bits, which all but absurd figures
// do; those go on as decimals. The zero value is nothing.
type usd struct {
	n   uint128
	exp int32
	big *decimal.Decimal // takes the place of the rest where that does not fit
}

// maxInt64Digits is how many decimal digits always fit an int64.
const maxInt64Digits = 18

// usdOf takes a decimal over.
func usdOf(d decimal.Decimal) usd {
	d = d.Normalize()
	if d.NumDigits() <= maxInt64Digits && !d.IsNegative() {
		return usd{n: uint128{lo: uint64(d.CoefficientInt64())}, exp: d.Exponent()}
	}
	n := d.Coefficient()
	var bytes [16]byte
	if n.Sign() < 0 || n.BitLen() > 8*len(bytes) {
		return usd{big: new(d)}
	}
	n.FillBytes(bytes[:])
	hi, lo := binary.BigEndian.Uint64(bytes[:8]), binary.BigEndian.Uint64(bytes[8:])
	return usd{n: uint128{hi, lo}, exp: d.Exponent()}
}

// decimal is the amount for readers.
func (u usd) decimal() decimal.Decimal {
	if u.big != nil {
		return *u.big
	}
	n := new(big.Int).SetUint64(u.n.hi)
	n.Lsh(n, 64).Or(n, new(big.Int).SetUint64(u.n.lo))
	return decimal.NewFromBigInt(n, u.exp)
}

// times is u × n × 10^exp for n >= 0.
func (u usd) times(n int64, exp int32) usd {
	if u.big == nil {
		if scaled, ok := u.n.mul(uint64(n)); ok {
			return usd{n: scaled, exp: u.exp + exp}
		}
	}
	return usdOf(product(u.decimal(), n, exp))
}

// plus is u + v.
func (u usd) plus(v usd) usd {
	if u.exp < v.exp {
		u, v = v, u
	}
	if u.big == nil && v.big == nil {
		if n, ok := u.n.shift(u.exp - v.exp); ok {
			if n, ok = n.add(v.n); ok {
				return usd{n: n, exp: v.exp}
			}
		}
	}
	return usdOf(u.decimal().Add(v.decimal()))
}

// by applies two multipliers; what is no multiplier is 1.
func (u usd) by(a, b domain.Multiplier) usd { return u.times(factor(a, b)) }

// nano rounds to whole nano-USD, half to even. What no account can hold, the
// counts of a broken upstream, ends at the largest amount.
func (u usd) nano() domain.Money {
	if u.big != nil {
		return nano(*u.big)
	}
	exp := u.exp + nanoPlaces
	if exp <= 0 {
		return domain.Money(u.n.unshift(-exp).int64())
	}
	n, ok := u.n.shift(exp)
	if !ok {
		n = uint128{hi: 1} // beyond any account
	}
	return domain.Money(n.int64())
}
