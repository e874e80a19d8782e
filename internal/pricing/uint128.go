package pricing

import (
	"math"
	"math/bits"
)

// uint128 is a whole number below 2^128, which holds any of 38 digits.
type uint128 struct{ hi, lo uint64 }

// maxShift is the largest power of ten in a machine word.
const maxShift = 19

//nolint:gochecknoglobals // read-only table
var powersOfTen = [maxShift + 1]uint64{
	1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19,
}

// mul is u × n; false if that does not fit.
func (u uint128) mul(n uint64) (uint128, bool) {
	carry, lo := bits.Mul64(u.lo, n)
	over, hi := bits.Mul64(u.hi, n)
	hi, beyond := bits.Add64(hi, carry, 0)
	return uint128{hi, lo}, over == 0 && beyond == 0
}

// add is u + v; false if that does not fit.
func (u uint128) add(v uint128) (uint128, bool) {
	lo, carry := bits.Add64(u.lo, v.lo, 0)
	hi, beyond := bits.Add64(u.hi, v.hi, carry)
	return uint128{hi, lo}, beyond == 0
}

// div is u / n for n > 0, and what is left.
func (u uint128) div(n uint64) (q uint128, rest uint64) {
	q.hi, rest = u.hi/n, u.hi%n
	q.lo, rest = bits.Div64(rest, u.lo, n)
	return q, rest
}

// shift is u × 10^digits for digits >= 0; false if that does not fit.
func (u uint128) shift(digits int32) (_ uint128, ok bool) {
	for ok = true; digits > 0 && ok && u != (uint128{}); digits -= maxShift {
		u, ok = u.mul(powersOfTen[min(digits, maxShift)])
	}
	return u, ok
}

// unshift is u / 10^digits for digits >= 0, rounded half to even.
func (u uint128) unshift(digits int32) uint128 {
	if digits == 0 {
		return u
	}
	rest, behind := uint64(0), false // behind: something other than zeros was cut off
	for ; digits > maxShift && u != (uint128{}); digits -= maxShift {
		u, rest = u.div(powersOfTen[maxShift])
		behind = behind || rest > 0
	}
	by := powersOfTen[min(digits, maxShift)]
	u, rest = u.div(by)
	if half := by / 2; rest > half || rest == half && (behind || u.lo%2 == 1) {
		u, _ = u.add(uint128{lo: 1}) // a tenth at most has room
	}
	return u
}

// int64 is u, or the largest number there is.
func (u uint128) int64() int64 {
	if u.hi > 0 || u.lo > math.MaxInt64 {
		return math.MaxInt64
	}
	return int64(u.lo)
}
