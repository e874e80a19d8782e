package journal

import (
	"errors"
	"fmt"
	"io"
	"os"
)

// scanner reads the records of one segment in order. Damage does not end it: it
// looks for the next place where a valid record begins.
type scanner struct {
	src     io.Reader
	pos     int64 // of window[0] in the stream
	window  []byte
	eof     bool
	damaged int64 // bytes skipped so far
}

// scanWindow is how much is read at a time; it grows to hold a long record.
const scanWindow = 256 << 10

// openScanner scans the bytes [from, to) of the stream, which lie in one
// segment that begins at base. from must be the beginning of a record.
func openScanner(path string, base, from, to int64) (*scanner, io.Closer, error) {
	f, err := os.Open(path) //nolint:gosec // the folder is configuration
	if err != nil {
		return nil, nil, fmt.Errorf("open a journal segment: %w", err)
	}
	section := io.NewSectionReader(f, from-base, to-from)
	return &scanner{src: section, pos: from}, f, nil
}

// next returns the next record and the position after it; io.EOF at the end.
// The payload is valid until the next call.
func (s *scanner) next() (payload []byte, end int64, err error) {
	for {
		payload, size, err := parseRecord(s.window)
		switch {
		case err == nil:
			s.advance(size)
			return payload, s.pos, nil
		case errors.Is(err, errShort) && !s.eof:
			if err := s.fill(); err != nil {
				return nil, 0, err
			}
		case len(s.window) == 0:
			return nil, 0, io.EOF
		default: // damaged, or torn off at the end: a valid one may still follow
			s.advance(1)
			s.damaged++
		}
	}
}

func (s *scanner) advance(n int) {
	s.window = s.window[n:]
	s.pos += int64(n)
}

// fill reads on. The unread rest moves to a new buffer so that payloads handed
// out stay as they are.
func (s *scanner) fill() error {
	next := make([]byte, len(s.window), max(scanWindow, 2*len(s.window)))
	copy(next, s.window)
	n, err := io.ReadFull(s.src, next[len(next):cap(next)])
	s.window = next[:len(next)+n]
	switch {
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		s.eof = true
	case err != nil:
		return fmt.Errorf("read a journal segment: %w", err)
	}
	return nil
}
