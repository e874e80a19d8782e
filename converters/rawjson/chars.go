package rawjson

import "unicode/utf8"

// Chars counts the code points that a string token of a valid document decodes
// to, without decoding it. A byte that is no UTF-8 counts as one.
func Chars(token string) (n int) {
	if len(token) < len(`""`) {
		return 0
	}
	s := token[1 : len(token)-1]
	for i := 0; i < len(s); n++ {
		switch c := s[i]; {
		case c == '\\':
			i += escapeLen(s[i:])
		case c >= utf8.RuneSelf:
			_, size := utf8.DecodeRuneInString(s[i:])
			i += size
		default:
			run := plainRun(s[i:])
			n, i = n+run-1, i+run
		}
	}
	return n
}

// escapeLen is the length of the escape that s begins with. Half a surrogate
// pair takes the \u behind it for its other half, whatever that is.
func escapeLen(s string) int {
	const short, long = len(`\n`), len(`\u0000`)
	if len(s) < long || s[1] != 'u' {
		return short
	}
	half := (s[2] == 'd' || s[2] == 'D') && s[3] >= '8'
	if half && len(s) >= 2*long && s[long:long+short] == `\u` {
		return 2 * long
	}
	return long
}

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
