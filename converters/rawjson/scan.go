package rawjson

// Scanner follows one JSON value that arrives in pieces and tells when it is
// complete. It costs constant time per byte and keeps a few words of state. It
// does not check the text, it counts brackets and strings. The zero value is
// ready.
type Scanner struct {
	depth            int
	inString, escape bool
	begun, complete  bool
}

// Feed takes the next piece.
func (s *Scanner) Feed(piece string) {
	for i := range len(piece) {
		s.step(piece[i])
	}
}

func (s *Scanner) step(c byte) {
	if s.inString {
		switch {
		case s.escape:
			s.escape = false
		case c == '\\':
			s.escape = true
		case c == '"':
			s.inString = false
			s.complete = s.depth == 0
		}
		return
	}
	switch c {
	case ' ', '\t', '\n', '\r':
		return
	case '"':
		s.inString = true
	case '{', '[':
		s.depth++
	case '}', ']':
		s.depth--
		s.complete = s.depth <= 0
	}
	s.begun = true
}

// Complete says that an object, array or string was opened and closed again.
// Numbers and literals are never known to be complete.
func (s *Scanner) Complete() bool { return s.complete && !s.inString && s.depth <= 0 }

// Begun says that anything but white space was seen.
func (s *Scanner) Begun() bool { return s.begun }
