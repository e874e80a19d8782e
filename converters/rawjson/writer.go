package rawjson

import (
	"strconv"
	"unicode/utf8"
)

// Writer appends JSON to B. Commas are put where needed by looking at the last
// byte written, so there is no state to keep and B may be cut or prefixed at
// will. Nesting is the caller's business.
type Writer struct{ B []byte }

// sep writes the comma before a value or key if one is needed.
func (w *Writer) sep() {
	if n := len(w.B); n > 0 {
		switch w.B[n-1] {
		case '{', '[', ':', ' ', '\n':
		default:
			w.B = append(w.B, ',')
		}
	}
}

// Obj opens an object, End closes it.
func (w *Writer) Obj() { w.sep(); w.B = append(w.B, '{') }

// End closes an object.
func (w *Writer) End() { w.B = append(w.B, '}') }

// Arr opens an array, EndArr closes it.
func (w *Writer) Arr() { w.sep(); w.B = append(w.B, '[') }

// EndArr closes an array.
func (w *Writer) EndArr() { w.B = append(w.B, ']') }

// Key writes a member's name, which must need no escaping.
func (w *Writer) Key(name string) {
	w.sep()
	w.B = append(append(append(w.B, '"'), name...), '"', ':')
}

// Str writes a string value.
func (w *Writer) Str(s string) { w.sep(); w.B = AppendString(w.B, s) }

// Raw writes a value that is JSON already; nothing at all is null.
func (w *Writer) Raw(json string) {
	w.sep()
	if json == "" {
		json = "null"
	}
	w.B = append(w.B, json...)
}

// Int writes an integer value.
func (w *Writer) Int(n int64) { w.sep(); w.B = strconv.AppendInt(w.B, n, 10) }

// Bool writes a boolean value.
func (w *Writer) Bool(b bool) { w.sep(); w.B = strconv.AppendBool(w.B, b) }

// StrField writes a string member.
func (w *Writer) StrField(name, s string) { w.Key(name); w.Str(s) }

// RawField writes a member whose value is JSON already.
func (w *Writer) RawField(name, json string) { w.Key(name); w.Raw(json) }

// IntField writes an integer member.
func (w *Writer) IntField(name string, n int64) { w.Key(name); w.Int(n) }

// BoolField writes a boolean member.
func (w *Writer) BoolField(name string, b bool) { w.Key(name); w.Bool(b) }

// OptStr writes a string member unless s is empty.
func (w *Writer) OptStr(name, s string) {
	if s != "" {
		w.StrField(name, s)
	}
}

// OptRaw writes a JSON member unless it is empty.
func (w *Writer) OptRaw(name, json string) {
	if json != "" {
		w.RawField(name, json)
	}
}

// OpenObj opens an object as a member.
func (w *Writer) OpenObj(name string) { w.Key(name); w.Obj() }

// OpenArr opens an array as a member.
func (w *Writer) OpenArr(name string) { w.Key(name); w.Arr() }

// Strs writes a member that is an array of strings.
func (w *Writer) Strs(name string, list []string) {
	w.OpenArr(name)
	for _, s := range list {
		w.Str(s)
	}
	w.EndArr()
}

// AppendString appends s as a JSON string.
func AppendString(dst []byte, s string) []byte {
	return append(AppendEscaped(append(dst, '"'), s), '"')
}

// AppendEscaped appends s with JSON's escapes but without quotes. Only what has
// to be escaped is; bytes that are not UTF-8 become U+FFFD.
func AppendEscaped(dst []byte, s string) []byte {
	const hex = "0123456789abcdef"
	start := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c >= utf8.RuneSelf {
			r, size := utf8.DecodeRuneInString(s[i:])
			if r == utf8.RuneError && size == 1 {
				dst = append(append(dst, s[start:i]...), "\ufffd"...)
				start = i + 1
			}
			i += size
			continue
		}
		if c >= ' ' && c != '"' && c != '\\' {
			i++
			continue
		}
		dst = append(dst, s[start:i]...)
		switch c {
		case '"', '\\':
			dst = append(dst, '\\', c)
		case '\n':
			dst = append(dst, '\\', 'n')
		case '\r':
			dst = append(dst, '\\', 'r')
		case '\t':
			dst = append(dst, '\\', 't')
		default:
			dst = append(dst, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		}
		i++
		start = i
	}
	return append(dst, s[start:]...)
}
