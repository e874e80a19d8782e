package gemini

import (
	"github.com/claude-code-hub/cch/converters/sse"
)

// Splitter cuts a stream that is one JSON array, as Google sends it without
// alt=sse, into its elements while it arrives. A lone object is one element.
// The zero value is ready; it belongs to one goroutine.
type Splitter struct {
	buf      []byte
	start    int // of the element being read, -1 between elements
	pos      int // first byte not looked at
	depth    int
	inString bool
	escape   bool
	begun    bool
	failed   bool
}

// Feed appends bytes of the stream; elements handed out before become invalid.
func (s *Splitter) Feed(p []byte) {
	if !s.begun {
		s.begun, s.start = true, -1
	}
	from := s.pos
	if s.start >= 0 {
		from = s.start
	}
	if from > 0 {
		n := copy(s.buf, s.buf[from:])
		s.buf = s.buf[:n]
		s.pos -= from
		if s.start >= 0 {
			s.start = 0
		}
	}
	s.buf = append(s.buf, p...)
}

// Next returns the next complete element; false when more bytes are needed, and
// sse.ErrFrameTooLarge when an element outgrows the limit of a frame.
func (s *Splitter) Next() ([]byte, bool, error) {
	if s.failed {
		return nil, false, sse.ErrFrameTooLarge
	}
	for s.pos < len(s.buf) {
		c := s.buf[s.pos]
		s.pos++
		if s.step(c) {
			element := s.buf[s.start:s.pos:s.pos]
			s.start = -1
			return element, true, nil
		}
	}
	if s.start >= 0 && len(s.buf)-s.start > sse.MaxFrame {
		s.failed, s.buf, s.start, s.pos = true, nil, -1, 0
		return nil, false, sse.ErrFrameTooLarge
	}
	return nil, false, nil
}

// step takes one byte and says whether it ended an element. Outside of objects
// there are only brackets, commas and white space.
func (s *Splitter) step(c byte) bool {
	switch {
	case s.inString:
		switch {
		case s.escape:
			s.escape = false
		case c == '\\':
			s.escape = true
		case c == '"':
			s.inString = false
		}
	case c == '"':
		s.inString = s.depth > 0
	case c == '{' || c == '[' && s.depth > 0:
		if s.depth == 0 {
			s.start = s.pos - 1
		}
		s.depth++
	case (c == '}' || c == ']') && s.depth > 0:
		s.depth--
		return s.depth == 0
	}
	return false
}
