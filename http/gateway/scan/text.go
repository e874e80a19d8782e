package scan

import (
	"bytes"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// Text is a string inside a document. It shares the document's memory: clone
// what has to outlive it by way of String.
type Text struct {
	At      int // offset of the first byte after the opening quote
	raw     []byte
	escaped bool
}

// IsZero tells whether there is no string, or an empty one.
func (t Text) IsZero() bool { return len(t.raw) == 0 }

// End is the offset of the closing quote.
func (t Text) End() int { return t.At + len(t.raw) }

// String is the decoded value in memory of its own.
func (t Text) String() string { return string(t.Bytes()) }

// Bytes is the decoded value. It may share the document's memory: do not change
// it.
func (t Text) Bytes() []byte {
	if !t.escaped {
		return t.raw
	}
	return t.AppendTo(make([]byte, 0, len(t.raw))) // decoding never makes it longer
}

// AppendTo appends the decoded value to dst. Bytes that are no UTF-8 stay as
// they are; half a surrogate pair becomes U+FFFD.
func (t Text) AppendTo(dst []byte) []byte {
	rest := t.raw
	if !t.escaped {
		return append(dst, rest...)
	}
	for {
		i := bytes.IndexByte(rest, '\\')
		if i < 0 {
			return append(dst, rest...)
		}
		dst = append(dst, rest[:i]...)
		dst, rest = unescape(dst, rest[i:])
	}
}

// unescape decodes the escape sequence that b begins with and returns what
// follows it. The cursor made sure that it is one.
func unescape(dst, b []byte) (decoded, rest []byte) {
	switch c := b[1]; c {
	case 'b':
		return append(dst, '\b'), b[2:]
	case 'f':
		return append(dst, '\f'), b[2:]
	case 'n':
		return append(dst, '\n'), b[2:]
	case 'r':
		return append(dst, '\r'), b[2:]
	case 't':
		return append(dst, '\t'), b[2:]
	case 'u':
		r := unit(b)
		b = b[6:]
		if utf16.IsSurrogate(r) {
			pair := utf16.DecodeRune(r, unit(b))
			if pair != utf8.RuneError {
				b = b[6:]
			}
			r = pair
		}
		return utf8.AppendRune(dst, r), b
	default: // quote, backslash, slash
		return append(dst, c), b[2:]
	}
}

// unit is the UTF-16 code unit of the escape sequence that b begins with, -1 if
// there is none.
func unit(b []byte) rune {
	if len(b) < 6 || b[0] != '\\' || b[1] != 'u' {
		return -1
	}
	n, err := strconv.ParseUint(string(b[2:6]), 16, 16)
	if err != nil {
		return -1
	}
	return rune(n)
}
