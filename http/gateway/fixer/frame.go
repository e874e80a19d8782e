package fixer

import (
	"bytes"
	"unicode/utf8"

	"github.com/claude-code-hub/cch/converters/rawjson"
	"github.com/claude-code-hub/cch/converters/sse"
	"github.com/claude-code-hub/cch/internal/domain"
)

// Fix names what was put right.
type Fix string

// The fixes.
const (
	Encoding  Fix = "encoding"
	Framing   Fix = "sse_format"
	Truncated Fix = "truncated_json"
)

// Fixer puts frames and bodies right as the settings allow. The zero value
// touches nothing. It has no state.
type Fixer struct{ set domain.ResponseFixer }

// New is a fixer by these settings.
func New(set domain.ResponseFixer) Fixer {
	if !set.Enabled {
		return Fixer{}
	}
	return Fixer{set: set}
}

// Suspects tells of a frame that does not parse for a reason that its data do
// not show. Cheap enough for every frame.
func (x Fixer) Suspects(f *sse.Frame) bool {
	switch {
	case !x.set.Enabled:
		return false
	case len(f.Data) == 0:
		return x.set.FixSSEFormat && misframed(f.Raw)
	}
	return x.set.FixEncoding && !utf8.Valid(f.Raw)
}

// Frame is what stands in the place of a frame that does not parse: one frame or
// more, whole ones, all of them with data that do. Nil means that it cannot be
// put right. closing allows to close JSON that breaks off.
func (x Fixer) Frame(raw []byte, closing bool) (fixed []byte, by []Fix) {
	if !x.set.Enabled || len(raw) > x.set.MaxFixSize {
		return nil, nil
	}
	text := raw
	if closing && !ended(raw) {
		text = wholeRunes(raw)
	}
	if x.set.FixEncoding && !utf8.Valid(text) {
		text, by = bytes.ToValidUTF8(text, []byte("\uFFFD")), append(by, Encoding)
	}
	if whole(text) {
		if len(by) == 0 {
			return nil, nil
		}
		return text, by
	}
	if x.set.FixSSEFormat {
		if framed := reframe(text); framed != nil {
			return framed, append(by, Framing)
		}
	}
	if !closing || !x.set.FixTruncatedJSON {
		return nil, nil
	}
	if closed := x.closeData(text); closed != nil {
		return closed, append(by, Truncated)
	}
	return nil, nil
}

// closeData closes the JSON of a frame that has one data line; a frame that
// nothing ends is ended, too.
func (x Fixer) closeData(raw []byte) []byte {
	f, ok := only(raw)
	if !ok || len(f.Data) == 0 {
		return nil
	}
	at := bytes.Index(raw, f.Data)
	if at < 0 {
		return nil
	}
	closed, ok := complete(f.Data, x.set.MaxJSONDepth)
	if !ok {
		return nil
	}
	out := append(bytes.Clone(raw[:at]), closed...)
	if end := raw[at+len(f.Data):]; ended(raw) {
		return append(out, end...)
	}
	return append(out, '\n', '\n')
}

// ended tells whether a frame has its blank line.
func ended(raw []byte) bool {
	for _, end := range [...]string{"\n\n", "\r\n\r\n", "\r\r"} {
		if bytes.HasSuffix(raw, []byte(end)) {
			return true
		}
	}
	return false
}

// only reads the one frame that raw is.
func only(raw []byte) (sse.Frame, bool) {
	var r sse.Reader
	r.Feed(raw)
	r.Finish()
	f, ok, err := r.Next()
	return f, ok && err == nil && r.Buffered() == 0
}

// whole tells whether the data of all frames parse, and whether there are any.
func whole(raw []byte) bool {
	some := false
	for f := range Frames(raw) {
		if len(f.Data) > 0 {
			some = true
			if !parses(f.Data) {
				return false
			}
		}
	}
	return some
}

// Frames are those of raw, each valid until the next.
func Frames(raw []byte) func(yield func(sse.Frame) bool) {
	return func(yield func(sse.Frame) bool) {
		var r sse.Reader
		r.Feed(raw)
		r.Finish()
		for {
			f, ok, err := r.Next()
			if err != nil || !ok || !yield(f) {
				return
			}
		}
	}
}

// parses tells whether data are what streams are made of.
func parses(data []byte) bool {
	data = bytes.TrimSpace(data)
	return string(data) == "[DONE]" || len(data) > 0 && (data[0] == '{' || data[0] == '[') && rawjson.ValidBytes(data)
}
