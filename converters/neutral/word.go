package neutral

import "math/bits"

// Strings are looked at in words of eight bytes, the first byte lowest, as most
// of an answer is text in which nothing special stands.
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

// firstMark is the index of the first marked byte; wordLen if there is none.
func firstMark(marked uint64) int { return bits.TrailingZeros64(marked) / 8 }

// plainRun is how many bytes s begins with that are ASCII and no backslash.
func plainRun(s string) int {
	i := 0
	for ; i+wordLen <= len(s); i += wordLen {
		word := wordAt(s, i)
		if marked := word&highs | marks(word, '\\'); marked != 0 {
			return i + firstMark(marked)
		}
	}
	for i < len(s) && s[i] < '\x80' && s[i] != '\\' {
		i++
	}
	return i
}
