package fixer

import (
	"bytes"
	"unicode/utf8"
)

// Readable is a body without bytes that are no UTF-8; the same if it has none.
func (x Fixer) Readable(body []byte) (fixed []byte, changed bool) {
	if !x.set.Enabled || !x.set.FixEncoding || len(body) > x.set.MaxFixSize || utf8.Valid(body) {
		return body, false
	}
	return bytes.ToValidUTF8(body, []byte("\uFFFD")), true
}

// Closed is a JSON body that breaks off, ended; false if it is none.
func (x Fixer) Closed(body []byte) ([]byte, bool) {
	if !x.set.Enabled || !x.set.FixTruncatedJSON || len(body) > x.set.MaxFixSize || !likeData(body) {
		return nil, false
	}
	return complete(body, x.set.MaxJSONDepth)
}
