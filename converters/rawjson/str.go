package rawjson

import (
	"strings"
	"unicode/utf8"

	"github.com/tidwall/gjson"
)

// Str is a text out of a JSON document, or one of our own. A text with escapes
// keeps them as long as nobody has to read it: most are printed as they came,
// and the text of a whole conversation is not copied for that. It is a view of
// the document. The zero value is the empty text.
type Str struct {
	s       string
	escaped bool // s is a JSON string, with its quotes
}

// Plain is a text as it reads.
func Plain(s string) Str { return Str{s: s} }

// StrOf is a value's text, empty if it is no string.
func StrOf(v gjson.Result) Str {
	switch {
	case v.Type != gjson.String:
		return Str{}
	case strings.IndexByte(v.Raw, '\\') < 0 || !utf8.ValidString(v.Raw):
		return Str{s: v.Str}
	}
	return Str{s: v.Raw, escaped: true}
}

// String is the text as it reads.
func (t Str) String() string {
	if t.escaped {
		return gjson.Parse(t.s).Str
	}
	return t.s
}

// Empty tells whether there is no text.
func (t Str) Empty() bool { return t.s == "" }

// Len is the length in bytes, with escapes.
func (t Str) Len() int { return len(t.s) }

// Blank tells whether there is nothing but white space.
func (t Str) Blank() bool {
	if !t.escaped {
		return strings.TrimSpace(t.s) == ""
	}
	inner := t.s[1 : len(t.s)-1]
	for i := 0; i < len(inner); i++ {
		switch c := inner[i]; {
		case c == ' ':
		case c == '\\' && strings.IndexByte("nrtf", inner[i+1]) >= 0:
			i++
		case c == '\\' && inner[i+1] == 'u', c >= utf8.RuneSelf:
			return strings.TrimSpace(t.String()) == ""
		default:
			return false
		}
	}
	return true
}

// TextField writes a text as a member.
func (w *Writer) TextField(name string, t Str) {
	if t.escaped {
		w.RawField(name, t.s)
		return
	}
	w.StrField(name, t.s)
}

// Equal tells whether two texts read the same.
func (t Str) Equal(other Str) bool { return t.String() == other.String() }
