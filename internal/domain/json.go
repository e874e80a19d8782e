package domain

import (
	"encoding/json"
	"math"
	"strconv"
	"unicode/utf8"
)

// object is a JSON object that is appended to a buffer, member by member. What
// comes out is what encoding/json makes of a struct with the same names: the
// methods with "some" in their names stand for omitempty. Every finished request
// writes a few of these, and reflection would be the dearest part of that.
type object struct{ json []byte }

// jsonAppender is a pointer to what appends itself as a JSON value.
type jsonAppender[T any] interface {
	*T
	AppendJSON(dst []byte) []byte
}

func openObject(dst []byte) object { return object{append(dst, '{')} }

func (o *object) close() []byte { return append(o.json, '}') }

// key begins a member whose name needs no escapes.
func (o *object) key(name string) {
	if o.json[len(o.json)-1] != '{' { // no value ends with a brace that opens
		o.json = append(o.json, ',')
	}
	o.json = append(o.json, '"')
	o.json = append(o.json, name...)
	o.json = append(o.json, '"', ':')
}

func (o *object) text(name, s string) {
	o.key(name)
	o.json = appendText(o.json, s)
}

func (o *object) someText(name, s string) {
	if s != "" {
		o.text(name, s)
	}
}

func (o *object) number(name string, n int64) {
	o.key(name)
	o.json = strconv.AppendInt(o.json, n, 10)
}

func (o *object) someNumber(name string, n int64) {
	if n != 0 {
		o.number(name, n)
	}
}

func (o *object) float(name string, f float64) {
	o.key(name)
	o.json = appendFloat(o.json, f)
}

func (o *object) someFloat(name string, f float64) {
	if f != 0 {
		o.float(name, f)
	}
}

func (o *object) flag(name string, is bool) {
	o.key(name)
	o.json = strconv.AppendBool(o.json, is)
}

func (o *object) someFlag(name string, is bool) {
	if is {
		o.flag(name, is)
	}
}

// texts are null when there is no list at all.
func (o *object) texts(name string, list []string) {
	o.key(name)
	if list == nil {
		o.json = append(o.json, "null"...)
		return
	}
	o.json = append(o.json, '[')
	for i, s := range list {
		if i > 0 {
			o.json = append(o.json, ',')
		}
		o.json = appendText(o.json, s)
	}
	o.json = append(o.json, ']')
}

func (o *object) someTexts(name string, list []string) {
	if len(list) > 0 {
		o.texts(name, list)
	}
}

// value is anything else, the slow way. What cannot be written is null.
func (o *object) value(name string, v any) {
	o.key(name)
	b, err := json.Marshal(v)
	if err != nil {
		b = []byte("null")
	}
	o.json = append(o.json, b...)
}

func someNumbers[T ~int | ~int64](o *object, name string, list []T) {
	if len(list) == 0 {
		return
	}
	o.key(name)
	o.json = append(o.json, '[')
	for i, n := range list {
		if i > 0 {
			o.json = append(o.json, ',')
		}
		o.json = strconv.AppendInt(o.json, int64(n), 10)
	}
	o.json = append(o.json, ']')
}

// somePart is an object within the object; nil = none.
func somePart[T any, P jsonAppender[T]](o *object, name string, part P) {
	if part != nil {
		o.key(name)
		o.json = part.AppendJSON(o.json)
	}
}

func someParts[T any, P jsonAppender[T]](o *object, name string, parts []T) {
	if len(parts) > 0 {
		o.key(name)
		o.json = appendArray[T, P](o.json, parts)
	}
}

func appendArray[T any, P jsonAppender[T]](dst []byte, list []T) []byte {
	dst = append(dst, '[')
	for i := range list {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = P(&list[i]).AppendJSON(dst)
	}
	return append(dst, ']')
}

// appendText writes a JSON string with the escapes that encoding/json makes: also
// of what has a meaning in HTML and of the line separators of JavaScript.
func appendText(dst []byte, s string) []byte {
	dst = append(dst, '"')
	done := 0 // up to where s is written
	for i := 0; i < len(s); {
		if isPlain(s[i]) {
			i++
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		if isPlainRune(r, size) {
			i += size
			continue
		}
		dst = append(dst, s[done:i]...)
		dst = appendEscape(dst, r)
		i += size
		done = i
	}
	dst = append(dst, s[done:]...)
	return append(dst, '"')
}

func isPlain(b byte) bool {
	return b >= ' ' && b < utf8.RuneSelf && b != '"' && b != '\\' && b != '<' && b != '>' && b != '&'
}

// isPlainRune tells whether what is not ASCII can stand for itself. A broken byte
// cannot.
func isPlainRune(r rune, size int) bool {
	return size > 1 && r != '\u2028' && r != '\u2029'
}

func appendEscape(dst []byte, r rune) []byte {
	const hex = "0123456789abcdef"
	switch r {
	case '"', '\\':
		return append(dst, '\\', byte(r))
	case '\b':
		return append(dst, '\\', 'b')
	case '\f':
		return append(dst, '\\', 'f')
	case '\n':
		return append(dst, '\\', 'n')
	case '\r':
		return append(dst, '\\', 'r')
	case '\t':
		return append(dst, '\\', 't')
	}
	return append(dst, '\\', 'u', hex[r>>12&15], hex[r>>8&15], hex[r>>4&15], hex[r&15])
}

// appendFloat writes a number as encoding/json and JavaScript do: with an exponent
// where it is very small or very large. JSON has nothing but null for what is no
// number.
func appendFloat(dst []byte, f float64) []byte {
	size := math.Abs(f)
	switch {
	case math.IsNaN(f) || math.IsInf(f, 0):
		return append(dst, "null"...)
	case f == 0 || size >= 1e-6 && size < 1e21:
		return strconv.AppendFloat(dst, f, 'f', -1, 64)
	}
	dst = strconv.AppendFloat(dst, f, 'e', -1, 64)
	if n := len(dst); dst[n-2] == '0' && dst[n-3] == '-' { // 1e-09 is 1e-9
		dst[n-2] = dst[n-1]
		dst = dst[:n-1]
	}
	return dst
}
