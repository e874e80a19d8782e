package sse

import (
	"bytes"
	"errors"
	"sync"
)

// MaxFrame is the default size limit of one frame in bytes, fields and
// terminator included.
const MaxFrame = 16 << 20

// ErrFrameTooLarge means that a frame outgrew the reader's limit. The stream
// cannot be read further: a later frame boundary is not to be trusted.
var ErrFrameTooLarge = errors.New("event stream frame exceeds the size limit")

// Frame is one block of an event stream. All slices point into the reader's
// buffers, or into what was lent to it, and are valid until its next Feed, Lend,
// Keep or Next.
type Frame struct {
	// Raw holds the bytes as they came, the terminating blank line included.
	// The Raw of all frames, put together, is the stream.
	Raw []byte
	// Event is the value of the last event field, nil if there was none.
	Event []byte
	// Data is the value of the data fields, joined by LF; nil if there was
	// none, as in a frame of comments.
	Data []byte
}

// Reader cuts a byte stream into frames. It takes LF, CRLF and CR line ends,
// skips a byte order mark at the start and does not mind where the network
// cuts the bytes: the frames are the same for every split. Buffers grow with
// the largest frame and are reused.
//
// The zero value is ready and limits frames to MaxFrame. A Reader belongs to
// one goroutine.
type Reader struct {
	// Limit overrides MaxFrame when positive. Set it before the first Feed.
	Limit int

	buf    []byte
	own    []byte  // memory for buf while that is lent
	start  int     // first byte of the frame being read
	line   int     // first byte of the line being read
	pos    int     // first byte not yet looked at
	lent   bool    // buf is the caller's
	memory *[]byte // where the reader's own bytes lie; nil = nowhere lasting
	begun  bool    // a byte order mark can no longer come
	ended  bool    // Finish was called
	failed bool
	joined []byte // Data of a frame with several data lines
}

// Feed appends bytes of the stream. They are copied, so the caller may reuse p
// at once; frames handed out before become invalid.
func (r *Reader) Feed(p []byte) {
	if r.failed {
		return
	}
	r.Keep()
	if r.start > 0 {
		n := copy(r.buf, r.buf[r.start:])
		r.buf = r.buf[:n]
		r.line -= r.start
		r.pos -= r.start
		r.start = 0
	}
	r.buf = append(r.memorized(r.buf), p...)
}

// Lend is Feed without a copy where nothing waits to be completed, as is usual
// between the events of a slow stream. The bytes must stay as they are until Keep.
func (r *Reader) Lend(p []byte) {
	if r.failed || r.lent || r.Buffered() > 0 {
		r.Feed(p)
		return
	}
	r.own, r.buf, r.lent = r.buf[:0], p, true
	r.start, r.line, r.pos = 0, 0, 0
}

// Keep copies what is left of lent bytes, which the caller may then reuse.
func (r *Reader) Keep() {
	if !r.lent {
		return
	}
	rest := r.buf[r.start:]
	r.buf, r.own, r.lent = r.own, nil, false
	if len(rest) > 0 {
		r.buf = append(r.memorized(r.buf), rest...)
	} else {
		r.leave()
	}
	r.line -= r.start
	r.pos -= r.start
	r.start = 0
}

// maxMemory bounds the memory of a reader that others may use after it.
const maxMemory = 256 << 10

//nolint:gochecknoglobals // buffers are the process's, whoever reads
var memories = sync.Pool{New: func() any { return new([]byte) }}

// memorized is a buffer of the reader's own that may be added to: the one given,
// or one that another reader has left.
func (r *Reader) memorized(own []byte) []byte {
	if r.memory != nil || own != nil {
		return own
	}
	r.memory = memories.Get().(*[]byte) //nolint:forcetypeassert // the pool holds nothing else
	return (*r.memory)[:0]
}

// leave leaves the memory of buf, which holds nothing any more, to other readers:
// a stream whose next event takes a minute need not have it.
func (r *Reader) leave() {
	if r.memory != nil && cap(r.buf) <= maxMemory {
		*r.memory = r.buf[:0]
		memories.Put(r.memory)
	}
	r.buf, r.memory = nil, nil
}

// Release lets go of the reader's memory. Its frames are invalid, and it cannot
// be used any more.
func (r *Reader) Release() {
	if r.lent {
		r.buf = r.own
	}
	r.leave()
	*r = Reader{failed: true}
}

// Finish tells the reader that the stream has ended. Next then also hands out a
// last frame that lacks its blank line, as some servers close that way.
func (r *Reader) Finish() { r.ended = true }

// Buffered is the number of bytes fed but not yet handed out in a frame.
func (r *Reader) Buffered() int { return len(r.buf) - r.start }

// Next returns the next complete frame. It returns false when more bytes are
// needed (or, after Finish, when none are left), and ErrFrameTooLarge once and
// for all when a frame outgrows the limit.
func (r *Reader) Next() (Frame, bool, error) {
	if r.failed {
		return Frame{}, false, ErrFrameTooLarge
	}
	for {
		end, next, ok := r.scanLine()
		if next-r.start > r.limit() {
			r.failed, r.lent, r.buf, r.own = true, false, nil, nil
			r.start, r.line, r.pos = 0, 0, 0
			return Frame{}, false, ErrFrameTooLarge
		}
		if !ok {
			break
		}
		blank := end == r.line
		r.line, r.pos = next, next
		if blank {
			return r.take(next), true, nil
		}
	}
	if r.ended && r.start < len(r.buf) {
		return r.take(len(r.buf)), true, nil
	}
	return Frame{}, false, nil
}

func (r *Reader) limit() int {
	if r.Limit > 0 {
		return r.Limit
	}
	return MaxFrame
}

// scanLine looks for the end of the line at r.line, going on where it stopped
// last time: the text is buf[line:end], the following line starts at next.
// Without a line end, next is where the buffer ends.
func (r *Reader) scanLine() (end, next int, ok bool) {
	i := lineEnd(r.buf, r.pos)
	switch {
	case i == len(r.buf):
		r.pos = i
		return 0, i, false
	case r.buf[i] == '\n':
		return i, i + 1, true
	case i+1 < len(r.buf) && r.buf[i+1] == '\n':
		return i, i + 2, true
	case i+1 < len(r.buf) || r.ended:
		return i, i + 1, true
	}
	r.pos = i // the LF of this CR may still come
	return 0, len(r.buf), false
}

// lineEnd is the index of the first CR or LF in b from an index on, len(b) if
// there is none. It looks at a stretch at a time, so that a text with only one
// of the two does not make it search to the end for the other.
func lineEnd(b []byte, from int) int {
	const stretch = 256
	for ; from < len(b); from += stretch {
		part := b[from:min(from+stretch, len(b))]
		if lf := bytes.IndexByte(part, '\n'); lf >= 0 {
			part = part[:lf+1]
		}
		if cr := bytes.IndexByte(part, '\r'); cr >= 0 {
			return from + cr
		}
		if n := len(part); part[n-1] == '\n' {
			return from + n - 1
		}
	}
	return len(b)
}

// take closes the frame before end and makes the next one start there.
func (r *Reader) take(end int) Frame {
	raw := r.buf[r.start:end:end]
	text := raw
	if !r.begun {
		text = bytes.TrimPrefix(text, []byte("\xef\xbb\xbf"))
	}
	r.start, r.line, r.pos, r.begun = end, end, end, true
	f := Frame{Raw: raw}
	for lines := 0; len(text) > 0; {
		name, value, rest := cutField(text)
		text = rest
		switch string(name) {
		case "event":
			f.Event = value
		case "data":
			lines++
			f.Data = r.join(f.Data, value, lines)
		}
	}
	return f
}

// join adds the data line number n. A single line, the usual case, is not
// copied.
func (r *Reader) join(data, value []byte, n int) []byte {
	switch n {
	case 1:
		return value
	case 2:
		r.joined = append(r.joined[:0], data...)
	}
	r.joined = append(append(r.joined, '\n'), value...)
	return r.joined
}

// cutField splits the first line off text and into name and value. Comments
// have an empty name; id, retry and unknown fields mean nothing here and stay
// in Raw alone.
func cutField(text []byte) (name, value, rest []byte) {
	end := lineEnd(text, 0)
	line, rest := text[:end], text[end:]
	if len(rest) > 1 && rest[0] == '\r' && rest[1] == '\n' {
		rest = rest[1:]
	}
	if len(rest) > 0 {
		rest = rest[1:]
	}
	name, value, found := bytes.Cut(line, []byte{':'})
	if !found { // a value all the same, an empty one
		value = line[end:]
	}
	return name, bytes.TrimPrefix(value, []byte{' '}), rest
}
