package scan

import "encoding/json"

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
func (t Text) String() string { return string(t.bytes()) }

// AppendTo appends the decoded value to dst.
func (t Text) AppendTo(dst []byte) []byte { return append(dst, t.bytes()...) }

// Bytes is the decoded value. It may share the document's memory: do not change
// it.
func (t Text) Bytes() []byte { return t.bytes() }

// bytes is the decoded value; it shares the document's memory unless there was
// something to decode.
func (t Text) bytes() []byte {
	if !t.escaped {
		return t.raw
	}
	quoted := make([]byte, 0, len(t.raw)+2)
	quoted = append(append(append(quoted, '"'), t.raw...), '"')
	var s string
	if json.Unmarshal(quoted, &s) != nil { // cannot be: the cursor validated it
		return t.raw
	}
	return []byte(s)
}
