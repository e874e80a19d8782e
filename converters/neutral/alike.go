package neutral

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// maxAlike is how much of a frame is remembered.
const maxAlike = 1 << 10

// alike remembers the last frame that brought nothing but a piece of text, as
// what stood around the text and around what means nothing at all. Nearly all
// frames of a stream are one such frame with other texts, and those need not be
// parsed: they are valid, and mean the same, if their text is a sound piece of a
// JSON string.
type alike struct {
	parts []byte // what stood around the holes, quotes included; empty = nothing remembered
	holes [1 + len(meaningless)]hole
	n     int // of holes

	texts  int // of the frame that is being read
	text   piece
	unlike bool // it is not to be remembered
}

// hole is where frames that are alike differ.
type hole struct {
	at   int // in the parts
	kind filling
}

// filling is what a hole is filled with.
type filling uint8

const (
	saying  filling = iota // text that counts
	padding                // text that means nothing
	number
)

// meaningless are members that differ from frame to frame and mean nothing in
// any format: OpenAI numbers its events and pads them against listeners.
//
//nolint:gochecknoglobals // read-only
var meaningless = [...]struct {
	name string
	kind filling
}{
	{`"sequence_number":`, number},
	{`"obfuscation":"`, padding},
}

// begin starts with the next frame.
func (a *alike) begin() { a.texts, a.unlike = 0, false }

// counts says that the frame brought something that counts each time it comes.
func (a *alike) counts() { a.unlike = true }

// saw notes a text of the frame.
func (a *alike) saw(text piece) {
	a.texts++
	a.text = text
}

// learn remembers the frame that was read, if others can be like it.
func (a *alike) learn(frame string) {
	start, end := a.text.at, a.text.at+len(a.text.raw)
	if a.texts != 1 || a.unlike || len(frame)-len(a.text.raw) > maxAlike {
		return
	}
	var found [len(a.holes)]span
	spans := append(found[:0], span{start + 1, end - 1, saying})
	for _, m := range meaningless {
		// Within a text the quotes of such a name would be escaped.
		if at := strings.Index(frame, m.name); at >= 0 {
			from := at + len(m.name)
			spans = append(spans, span{from, from + m.kind.length(frame[from:]), m.kind})
		}
	}
	slices.SortFunc(spans, func(a, b span) int { return a.from - b.from })
	a.parts, a.n = a.parts[:0], len(spans)
	rest := 0
	for i, s := range spans {
		a.parts = append(a.parts, frame[rest:s.from]...)
		a.holes[i], rest = hole{len(a.parts), s.kind}, s.to
	}
	a.parts = append(a.parts, frame[rest:]...)
}

// span is a hole in a frame.
type span struct {
	from, to int
	kind     filling
}

// chars counts the characters of the frame's text; 0 if the frame is not like
// the one remembered, or has to be parsed to tell.
func (a *alike) chars(frame string) int {
	chars, from := 0, 0
	for i, h := range a.holes[:a.n] {
		part := a.parts[from:h.at]
		if len(frame) < len(part) || frame[:len(part)] != string(part) {
			return 0
		}
		frame, from = frame[len(part):], h.at
		size := len(frame) - (len(a.parts) - from)
		if i < a.n-1 {
			size = h.kind.length(frame)
		}
		if size <= 0 || i == a.n-1 && frame[size:] != string(a.parts[from:]) {
			return 0
		}
		n := h.kind.chars(frame[:size])
		if n == 0 {
			return 0
		}
		if h.kind == saying {
			chars = n
		}
		frame = frame[size:]
	}
	return chars
}

// length is how far s may fill the hole.
func (k filling) length(s string) int {
	if k == number {
		return len(s) - len(strings.TrimLeft(s, "0123456789"))
	}
	for i := 0; ; i++ {
		next := strings.IndexByte(s[i:], '"')
		if next < 0 {
			return len(s)
		}
		i += next
		if escapes := i - len(strings.TrimRight(s[:i], `\`)); escapes%2 == 0 {
			return i
		}
	}
}

// chars counts the characters of what fills the hole; 0 if it does not.
func (k filling) chars(s string) int {
	switch {
	case k != number:
		return plainChars(s)
	case number.length(s) < len(s) || len(s) > 1 && s[0] == '0':
		return 0
	}
	return len(s)
}

// plainChars counts the characters of the inside of a JSON string; 0 if it is
// not sound, or holds an escape of more than one letter.
func plainChars(s string) int {
	at := plainLetters(s)
	if at == len(s) {
		return at // the usual case
	}
	escapes := 0
	for i := at; i < len(s); i++ {
		switch c := s[i]; {
		case c == '"' || c < ' ':
			return 0
		case c != '\\':
		case i+1 < len(s) && strings.IndexByte(`"\/bfnrt`, s[i+1]) >= 0:
			escapes++
			i++
		default:
			return 0
		}
	}
	return utf8.RuneCountInString(s) - escapes
}

// plainLetters is the length of the beginning of s, in eights or all of it, that
// is nothing but ASCII and means itself in a JSON string.
func plainLetters(s string) int {
	const (
		each = 0x0101010101010101 // a one in every byte
		high = each << 7
	)
	i := 0
	for ; i+8 <= len(s); i += 8 {
		w := uint64(s[i]) | uint64(s[i+1])<<8 | uint64(s[i+2])<<16 | uint64(s[i+3])<<24 |
			uint64(s[i+4])<<32 | uint64(s[i+5])<<40 | uint64(s[i+6])<<48 | uint64(s[i+7])<<56
		quote, escape := w^each*'"', w^each*'\\'
		// A byte below 0x20 borrows from its highest bit, as does one that is zero.
		if (w|(w-each*' ')|(quote-each)&^quote|(escape-each)&^escape)&high != 0 {
			return i
		}
	}
	for ; i < len(s); i++ {
		if c := s[i]; c < ' ' || c == '"' || c == '\\' || c >= utf8.RuneSelf {
			return i &^ 7
		}
	}
	return i
}
