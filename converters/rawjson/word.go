package rawjson

import "math/bits"

// Texts are looked at in words of eight bytes, the first byte lowest, as nothing
// special stands in most of them.
const (
	wordLen = 8
	lows    = 0x0101010101010101
	highs   = 0x8080808080808080
)

func wordAt(s string, i int) uint64 {
	b := s[i : i+wordLen]
	return uint64(b[0]) | uint64(b[1])<<8 | uint64(b[2])<<16 | uint64(b[3])<<24 |
		uint64(b[4])<<32 | uint64(b[5])<<40 | uint64(b[6])<<48 | uint64(b[7])<<56
}

// marks sets the high bit of each byte of a word that is c. Bytes behind the
// first may be marked wrongly.
func marks(word uint64, c byte) uint64 {
	x := word ^ lows*uint64(c)
	return (x - lows) &^ x & highs
}

// marksBelow sets the high bit of each byte of a word that is below c, which is
// ASCII. Bytes behind the first may be marked wrongly.
func marksBelow(word uint64, c byte) uint64 { return (word - lows*uint64(c)) &^ word & highs }

// firstMark is the index of the first marked byte. Ask it only if there is one:
// to go on by what it says costs more than all of the above.
func firstMark(marked uint64) int { return bits.TrailingZeros64(marked) / 8 }
