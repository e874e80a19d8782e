package neutral

import (
	"strings"

	"github.com/tidwall/gjson"

	"github.com/claude-code-hub/cch/converters/rawjson"
)

// piece is a value of a valid document as it is written there, not decoded. The
// zero piece is none.
type piece struct {
	raw string // without white space around it
	at  int    // offset in the document
}

func (p piece) isObject() bool { return p.raw != "" && p.raw[0] == '{' }
func (p piece) isList() bool   { return p.raw != "" && p.raw[0] == '[' }
func (p piece) isString() bool { return len(p.raw) > 1 && p.raw[0] == '"' }

// isNumber takes a sign for one, as nothing else in a document begins so.
func (p piece) isNumber() bool {
	return p.raw != "" && (p.raw[0] == '-' || p.raw[0] >= '0' && p.raw[0] <= '9')
}

// says tells of a string with something in it.
func (p piece) says() bool { return p.isString() && len(p.raw) > len(`""`) }

// holds tells of an object or a list with something in it, be it white space.
func (p piece) holds() bool { return (p.isObject() || p.isList()) && len(p.raw) > len("{}") }

// isError is [HasError].
func (p piece) isError() bool { return p.says() || p.holds() }

// or makes p another piece if it is none.
func (p *piece) or(other piece) {
	if p.raw == "" {
		*p = other
	}
}

// length is how many elements a list has, 0 for anything else.
func (p piece) length() (n int64) {
	w := p.walk()
	for range w.elements() {
		n++
	}
	return n
}

// get is the first member of a name in an object, none of anything else.
func (p piece) get(name string) (member piece) {
	w := p.walk()
	w.firstIn(name, &member)
	return member
}

// str is what a string says, "" for anything else. It is a view of the document
// unless something is escaped.
func (p piece) str() string {
	switch {
	case !p.isString():
		return ""
	case strings.IndexByte(p.raw, '\\') < 0:
		return p.raw[1 : len(p.raw)-1]
	}
	return gjson.Parse(p.raw).Str
}

// count is a non-negative integer; anything else is absent.
func (p piece) count() (int64, bool) {
	const digits = 15 // that many are exact in a float64
	if !p.isNumber() {
		return 0, false
	}
	if len(p.raw) > digits {
		return count(gjson.Parse(p.raw))
	}
	var n int64
	for _, c := range []byte(p.raw) {
		if c < '0' || c > '9' {
			return count(gjson.Parse(p.raw))
		}
		n = n*10 + int64(c-'0')
	}
	return n, true
}

// firstCount is the first of the pieces that is a count.
func firstCount(pieces ...piece) (int64, bool) {
	for _, p := range pieces {
		if n, ok := p.count(); ok {
			return n, true
		}
	}
	return 0, false
}

// chars counts the code points that a string decodes to, 0 for anything else.
func (p piece) chars() int {
	if !p.isString() {
		return 0
	}
	return rawjson.Chars(p.raw)
}
