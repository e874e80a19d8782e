// Package scan walks a JSON document once, validating every byte on the way
// and stopping at the values its caller asks for.
//
// A request body is needed for a dozen short fields, but must be known to be
// valid JSON as a whole before it goes anywhere. A library's validation
// followed by look-ups reads a megabyte several times; one walk does both.
//
// The package knows nothing about the documents' meaning, copies nothing and
// keeps no state between documents. Start with [Cursor].
package scan

import (
	"encoding/binary"
	"errors"
	"iter"
	"math/bits"
	"strconv"
)

// maxDepth bounds nesting; agents' bodies stay below fifty.
const maxDepth = 1000

// Errors of a document that is no JSON.
var (
	ErrSyntax = errors.New("not valid JSON")
	ErrDepth  = errors.New("JSON nested too deeply")
)

// Kind is the sort of a JSON value.
type Kind uint8

// The kinds.
const (
	Invalid Kind = iota
	Object
	Array
	String
	Number
	Bool
	Null
)

// Cursor stands before a value of a document. Reading methods consume that
// value whatever it is: one of another kind is validated, skipped and reported
// as absent. After an error everything is absent and [Cursor.End] tells why.
//
// A Cursor belongs to one goroutine.
type Cursor struct {
	buf   []byte
	pos   int
	depth int
	err   error
	watch watch
	mark  mark
	name  int // offset of the member's name that Members came to last

	volume volume
}

// watch is a member looked for inside what is skipped.
type watch struct {
	name, value string
	seen        bool
}

// mark is how a string begins that is looked for.
type mark struct {
	prefix string
	met    bool
}

// New stands before the only value of doc, which must not change while the
// cursor or any Text taken from it is in use.
func New(doc []byte) *Cursor { return &Cursor{buf: doc} }

// Watch has the cursor look out for a member with this string value, wherever
// it stands in a value that is skipped. Both are compared as they are written.
func (c *Cursor) Watch(name, value string) { c.watch = watch{name: name, value: value} }

// Seen tells whether the watched member came by.
func (c *Cursor) Seen() bool { return c.watch.seen }

// Mark has the cursor look out for a string, name or value, that begins with
// prefix as it is written, wherever it stands.
func (c *Cursor) Mark(prefix string) { c.mark = mark{prefix: prefix} }

// Marked tells whether such a string came by.
func (c *Cursor) Marked() bool { return c.mark.met }

// End says whether the document was valid. It is called when the value has been
// read: nothing but white space may follow.
func (c *Cursor) End() error {
	c.space()
	if c.err == nil && c.pos != len(c.buf) {
		c.fail(ErrSyntax)
	}
	return c.err
}

// Pos is the offset of the value the cursor stands before, or of what follows
// the value just read.
func (c *Cursor) Pos() int { return c.pos }

// Member is the offset of the opening quote of the name that Members yielded
// last, of whatever object.
func (c *Cursor) Member() int { return c.name }

// Kind looks at the value without consuming it.
func (c *Cursor) Kind() Kind {
	c.space()
	if c.pos >= len(c.buf) {
		return Invalid
	}
	switch b := c.buf[c.pos]; b {
	case '{':
		return Object
	case '[':
		return Array
	case '"':
		return String
	case 't', 'f':
		return Bool
	case 'n':
		return Null
	default:
		if b == '-' || digit(b) {
			return Number
		}
	}
	return Invalid
}

// Members walks an object: it yields each decoded name with the cursor before
// the value. A value the loop body leaves alone is skipped, and so is the rest
// of the object after a break.
func (c *Cursor) Members() iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		if c.Kind() != Object {
			c.Skip()
			return
		}
		wanted := true
		c.enter()
		for first := true; c.more(first, '}'); first = false {
			if c.space(); c.pos >= len(c.buf) || c.buf[c.pos] != '"' {
				c.fail(ErrSyntax)
				return
			}
			c.name = c.pos
			name := c.text()
			if !c.expect(':') {
				return
			}
			c.space()
			at := c.pos
			if wanted {
				wanted = yield(name.Bytes())
			}
			if c.pos == at {
				c.Skip()
			}
		}
		c.depth--
	}
}

// Elements walks an array: it yields each index with the cursor before the
// value, by the rules of Members.
func (c *Cursor) Elements() iter.Seq[int] {
	return func(yield func(int) bool) {
		if c.Kind() != Array {
			c.Skip()
			return
		}
		wanted := true
		c.enter()
		for i := 0; c.more(i == 0, ']'); i++ {
			c.space()
			at := c.pos
			if wanted {
				wanted = yield(i)
			}
			if c.pos == at {
				c.Skip()
			}
		}
		c.depth--
	}
}

// Text reads a string.
func (c *Cursor) Text() (Text, bool) {
	if c.Kind() != String {
		c.Skip()
		return Text{}, false
	}
	t := c.text()
	c.volume.count(t.raw)
	return t, c.err == nil
}

// Bool reads true or false.
func (c *Cursor) Bool() (value, ok bool) {
	if c.Kind() != Bool {
		c.Skip()
		return false, false
	}
	value = c.buf[c.pos] == 't'
	c.Skip()
	return value, c.err == nil
}

// Int reads a number that is an integer in int64's range.
func (c *Cursor) Int() (int64, bool) {
	if c.Kind() != Number {
		c.Skip()
		return 0, false
	}
	from := c.pos
	c.Skip()
	n, err := strconv.ParseInt(string(c.buf[from:c.pos]), 10, 64)
	return n, err == nil && c.err == nil
}

// Raw reads any value as it stands in the document.
func (c *Cursor) Raw() []byte {
	c.space()
	from := c.pos
	c.Skip()
	if c.err != nil {
		return nil
	}
	return c.buf[from:c.pos]
}

// Skip validates the value and goes past it.
func (c *Cursor) Skip() {
	switch c.Kind() {
	case Object:
		c.skipObject()
	case Array:
		c.enter()
		for first := true; c.more(first, ']'); first = false {
			c.Skip()
		}
		c.depth--
	case String:
		c.volume.count(c.text().raw)
	case Number:
		c.number()
	case Bool:
		if c.buf[c.pos] == 't' {
			c.word("true")
		} else {
			c.word("false")
		}
	case Null:
		c.word("null")
	case Invalid:
		c.fail(ErrSyntax)
	}
}

func (c *Cursor) skipObject() {
	c.enter()
	for first := true; c.more(first, '}'); first = false {
		if c.space(); c.pos >= len(c.buf) || c.buf[c.pos] != '"' {
			c.fail(ErrSyntax)
			return
		}
		name := c.text()
		if !c.expect(':') {
			return
		}
		if c.watch.name != "" && string(name.raw) == c.watch.name && c.Kind() == String {
			value := c.text()
			c.volume.count(value.raw)
			c.watch.seen = c.watch.seen || string(value.raw) == c.watch.value
			continue
		}
		c.Skip()
	}
	c.depth--
}

// fail ends the walk: there is nothing left to read.
func (c *Cursor) fail(err error) {
	if c.err == nil {
		c.err = err
	}
	c.pos = len(c.buf)
}

// enter goes past an opening bracket.
func (c *Cursor) enter() {
	c.pos++
	if c.depth++; c.depth > maxDepth {
		c.fail(ErrDepth)
	}
}

// more goes to the next member or element, or past the closing bracket.
func (c *Cursor) more(first bool, closing byte) bool {
	c.space()
	switch {
	case c.pos >= len(c.buf):
		c.fail(ErrSyntax)
		return false
	case c.buf[c.pos] == closing:
		c.pos++
		return false
	case first:
		return true
	}
	return c.expect(',')
}

func (c *Cursor) expect(b byte) bool {
	c.space()
	if c.pos >= len(c.buf) || c.buf[c.pos] != b {
		c.fail(ErrSyntax)
		return false
	}
	c.pos++
	return true
}

func (c *Cursor) space() {
	for c.pos < len(c.buf) {
		switch c.buf[c.pos] {
		case ' ', '\t', '\n', '\r':
			c.pos++
		default:
			return
		}
	}
}

func (c *Cursor) word(w string) {
	if len(c.buf)-c.pos < len(w) || string(c.buf[c.pos:c.pos+len(w)]) != w {
		c.fail(ErrSyntax)
		return
	}
	c.pos += len(w)
}

func digit(b byte) bool { return b >= '0' && b <= '9' }

func (c *Cursor) digits() bool {
	from := c.pos
	for c.pos < len(c.buf) && digit(c.buf[c.pos]) {
		c.pos++
	}
	return c.pos > from
}

func (c *Cursor) number() {
	if c.buf[c.pos] == '-' {
		c.pos++
	}
	if c.pos < len(c.buf) && c.buf[c.pos] == '0' {
		c.pos++
	} else if !c.digits() {
		c.fail(ErrSyntax)
		return
	}
	if c.pos < len(c.buf) && c.buf[c.pos] == '.' {
		c.pos++
		if !c.digits() {
			c.fail(ErrSyntax)
			return
		}
	}
	if c.pos < len(c.buf) && c.buf[c.pos]|0x20 == 'e' {
		c.pos++
		if c.pos < len(c.buf) && (c.buf[c.pos] == '+' || c.buf[c.pos] == '-') {
			c.pos++
		}
		if !c.digits() {
			c.fail(ErrSyntax)
		}
	}
}

// text reads the string at the cursor, which stands on its opening quote.
func (c *Cursor) text() Text {
	from := c.pos + 1
	escaped := false
	for i := from; ; {
		i = plain(c.buf, i)
		switch {
		case i >= len(c.buf) || c.buf[i] < 0x20:
			c.fail(ErrSyntax)
			return Text{}
		case c.buf[i] == '"':
			c.pos = i + 1
			t := Text{At: from, raw: c.buf[from:i], escaped: escaped}
			if p := c.mark.prefix; len(t.raw) >= len(p) && p != "" && t.raw[0] == p[0] && string(t.raw[:len(p)]) == p {
				c.mark.met = true
			}
			return t
		}
		escaped = true
		n := escape(c.buf[i:])
		if n == 0 {
			c.fail(ErrSyntax)
			return Text{}
		}
		i += n
	}
}

// plain returns the offset of the first byte from i on that is a quote, a
// backslash or a control character. It looks at eight bytes at a time: the
// lowest set high bit of the sum of the three tests marks the first such byte.
func plain(b []byte, i int) int {
	const ones, high = 0x0101010101010101, 0x8080808080808080
	for ; i+8 <= len(b); i += 8 {
		v := binary.LittleEndian.Uint64(b[i:])
		quote, slash := v^(ones*'"'), v^(ones*'\\')
		found := ((quote-ones)&^quote | (slash-ones)&^slash | (v-ones*0x20)&^v) & high
		if found != 0 {
			return i + bits.TrailingZeros64(found)>>3
		}
	}
	for i < len(b) && b[i] >= 0x20 && b[i] != '"' && b[i] != '\\' {
		i++
	}
	return i
}

// escape is the length of the escape sequence b begins with, 0 if it is none.
func escape(b []byte) int {
	if len(b) < 2 {
		return 0
	}
	switch b[1] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return 2
	case 'u':
		if len(b) < 6 {
			return 0
		}
		for _, d := range b[2:6] {
			if !digit(d) && (d|0x20 < 'a' || d|0x20 > 'f') {
				return 0
			}
		}
		return 6
	}
	return 0
}
