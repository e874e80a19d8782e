package rawjson

import "unsafe"

// maxDepth bounds nesting; agents' documents stay below fifty.
const maxDepth = 1000

// Valid says whether doc is one JSON value with nothing but white space around
// it. It takes what gjson.Valid takes, bytes that are no UTF-8 included, but
// nothing nested deeper than a thousand: whoever follows a document by recursion
// can be led to where the stack, and with it the process, ends.
func Valid(doc string) bool {
	end := validValue(doc, space(doc, 0), 0)
	return end >= 0 && space(doc, end) == len(doc)
}

// ValidBytes is [Valid] of bytes.
func ValidBytes(doc []byte) bool { return Valid(unsafe.String(unsafe.SliceData(doc), len(doc))) } //nolint:gosec // G103: only read, and while it is called

// The functions below return the offset behind what they find valid at i, or
// invalid.
const invalid = -1

func validValue(s string, i, depth int) int {
	switch at(s, i) {
	case '"':
		return validString(s, i+1)
	case '{':
		if depth < maxDepth {
			return validObject(s, space(s, i+1), depth+1)
		}
		return invalid
	case '[':
		if depth < maxDepth {
			return validArray(s, space(s, i+1), depth+1)
		}
		return invalid
	case 't':
		return literal(s, i, "true")
	case 'f':
		return literal(s, i, "false")
	case 'n':
		return literal(s, i, "null")
	default:
		return validNumber(s, i)
	}
}

func validObject(s string, i, depth int) int {
	if at(s, i) == '}' {
		return i + 1
	}
	for {
		if at(s, i) != '"' {
			return invalid
		}
		if i = validString(s, i+1); i < 0 {
			return invalid
		}
		if i = space(s, i); at(s, i) != ':' {
			return invalid
		}
		if i = validValue(s, space(s, i+1), depth); i < 0 {
			return invalid
		}
		switch i = space(s, i); at(s, i) {
		case '}':
			return i + 1
		case ',':
			i = space(s, i+1)
		default:
			return invalid
		}
	}
}

func validArray(s string, i, depth int) int {
	if at(s, i) == ']' {
		return i + 1
	}
	for {
		if i = validValue(s, i, depth); i < 0 {
			return invalid
		}
		switch i = space(s, i); at(s, i) {
		case ']':
			return i + 1
		case ',':
			i = space(s, i+1)
		default:
			return invalid
		}
	}
}

// validString goes on behind the opening quote.
func validString(s string, i int) int {
	for i < len(s) {
		if i+wordLen <= len(s) {
			word := wordAt(s, i)
			marked := marks(word, '"') | marks(word, '\\') | marksBelow(word, ' ')
			if marked == 0 {
				i += wordLen
				continue
			}
			i += firstMark(marked)
		}
		switch c := s[i]; {
		case c == '"':
			return i + 1
		case c < ' ':
			return invalid
		case c == '\\':
			if i = validEscape(s, i+1); i < 0 {
				return invalid
			}
		default:
			i++
		}
	}
	return invalid
}

// validEscape goes on behind the backslash.
func validEscape(s string, i int) int {
	switch at(s, i) {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return i + 1
	case 'u':
		for range len("0000") {
			if i++; !hex(at(s, i)) {
				return invalid
			}
		}
		return i + 1
	}
	return invalid
}

func hex(c byte) bool { return c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F' }

func validNumber(s string, i int) int {
	if at(s, i) == '-' {
		i++
	}
	if at(s, i) == '0' {
		i++
	} else if i = digits(s, i); i < 0 {
		return invalid
	}
	if at(s, i) == '.' {
		if i = digits(s, i+1); i < 0 {
			return invalid
		}
	}
	if at(s, i)|0x20 == 'e' {
		i++
		if c := at(s, i); c == '+' || c == '-' {
			i++
		}
		return digits(s, i)
	}
	return i
}

// digits wants one at least.
func digits(s string, i int) int {
	from := i
	for i < len(s) && s[i] >= '0' && s[i] <= '9' {
		i++
	}
	if i == from {
		return invalid
	}
	return i
}

func literal(s string, i int, word string) int {
	if len(s)-i < len(word) || s[i:i+len(word)] != word {
		return invalid
	}
	return i + len(word)
}

// at is the byte at i, 0 behind the end.
func at(s string, i int) byte {
	if i < len(s) {
		return s[i]
	}
	return 0
}

// space is the offset behind white space.
func space(s string, i int) int {
	for i < len(s) && (s[i] == ' ' || s[i] == '\n' || s[i] == '\t' || s[i] == '\r') {
		i++
	}
	return i
}
