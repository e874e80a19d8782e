package neutral

import (
	"strings"
	"unicode/utf8"
)

// maxAlike is how much of a frame is remembered.
const maxAlike = 1 << 10

// alike remembers the last frame that brought nothing but a piece of text, as
// what stood before the text and after it. Nearly all frames of a stream are
// one such frame with other texts, and those need not be parsed: they are
// valid, and mean the same, if their text is a sound piece of a JSON string.
type alike struct {
	sides []byte // before and after the text, quotes included; empty = nothing remembered
	cut   int    // where in sides the text was

	texts  int // of the frame that is being read
	text   piece
	unlike bool // it is not to be remembered
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
	a.sides = append(append(a.sides[:0], frame[:start+1]...), frame[end-1:]...)
	a.cut = start + 1
}

// chars counts the characters of the frame's text; 0 if the frame is not like
// the one remembered, or has to be parsed to tell.
func (a *alike) chars(frame string) int {
	room := len(frame) - len(a.sides)
	if room <= 0 || len(a.sides) == 0 || frame[:a.cut] != string(a.sides[:a.cut]) || frame[a.cut+room:] != string(a.sides[a.cut:]) {
		return 0
	}
	return plainChars(frame[a.cut : a.cut+room])
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
