package intake

import (
	"bytes"
	"io"
	"slices"
	"sync"
)

// Edit replaces the bytes [From, To) of a body.
type Edit struct {
	From, To int
	With     string
}

// Spliced is a body with edits, sent without ever being put together: what is
// not edited goes out from the client's own bytes. It implements upstream.Held.
type Spliced struct {
	body  *Body
	edits []Edit
	size  int64

	mu      sync.Mutex
	sending copied // of a small body that is being sent
}

// copied is a small body in one piece.
type copied struct {
	reader *bytes.Reader // the transport's
	bytes  *[smallBody]byte
}

//nolint:gochecknoglobals // buffers are the process's, whoever sends bodies
var copies = sync.Pool{New: func() any { return new([smallBody]byte) }}

// Splice lays edits over the body. They must not overlap; their order matters
// only among insertions at the same place. The body must outlive the last call
// of Open.
func (b *Body) Splice(edits ...Edit) *Spliced {
	s := &Spliced{body: b, edits: edits, size: int64(b.n)}
	if len(edits) > 1 {
		slices.SortStableFunc(s.edits, func(a, b Edit) int { return a.From - b.From })
	}
	for _, e := range edits {
		s.size += int64(len(e.With) - (e.To - e.From))
	}
	return s
}

// Len is the length in bytes with all edits.
func (s *Spliced) Len() int64 { return s.size }

// Whole is the body with all edits in one piece: itself if there are none, else a
// copy within the memory budget. The caller must Release it. The error is a
// *domain.Fault.
func (s *Spliced) Whole() (*Body, error) {
	if len(s.edits) == 0 {
		return s.body.Share(), nil
	}
	if !s.body.in.take(s.size) {
		return nil, noMemory()
	}
	s.body.retain()
	r := &reading{s: s}
	defer r.Close()
	copied := make([]byte, s.size)
	n, _ := r.Read(copied)
	return s.body.in.body(copied[:n]), nil
}

// smallBody is the size up to which a body is copied for sending. net/http
// writes heads and bodies together only if the body is a reader it knows to be
// in memory; any other costs a system call and a buffer of its own.
const smallBody = 11 << 10

// Open starts a reading of the body, which holds the memory until it is closed.
// Several may be open at once.
func (s *Spliced) Open() io.ReadCloser {
	s.body.retain()
	whole := &reading{s: s}
	if s.size > smallBody {
		return whole
	}
	defer whole.Close()
	buf := copies.Get().(*[smallBody]byte) //nolint:forcetypeassert // the pool holds nothing else
	n, _ := whole.Read(buf[:s.size])
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sending = copied{bytes.NewReader(buf[:n]), buf}
	return io.NopCloser(s.sending.reader)
}

// Sent drops the copy of a small body: the transport keeps its reader for as long
// as the answer takes, which may be many minutes. The memory then serves another
// body, which that reader must not see.
func (s *Spliced) Sent() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.sending.reader != nil {
		s.sending.reader.Reset(nil)
		copies.Put(s.sending.bytes)
		s.sending = copied{}
	}
}

// reading is one pass over a spliced body. The transport may close it from
// another goroutine than it reads from, and more than once.
type reading struct {
	s      *Spliced
	edit   int // next edit
	pos    int // in the body
	within int // in the text of the next edit, once pos has reached it

	mu     sync.Mutex // Close gives memory back that Read may stand in
	closed bool
}

func (r *reading) Read(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return 0, io.ErrClosedPipe
	}
	n := 0
	for n < len(p) {
		piece := r.piece()
		if len(piece) == 0 {
			if n == 0 && len(p) > 0 {
				return 0, io.EOF
			}
			return n, nil
		}
		m := copy(p[n:], piece)
		r.advance(m)
		n += m
	}
	return n, nil
}

// piece is the rest of the stretch the reading stands in, empty at the end.
func (r *reading) piece() []byte {
	body := r.s.body.Bytes()
	for r.edit < len(r.s.edits) {
		e := &r.s.edits[r.edit]
		switch {
		case r.pos < e.From:
			return body[r.pos:e.From]
		case r.within < len(e.With):
			return []byte(e.With[r.within:])
		}
		r.pos, r.within = e.To, 0
		r.edit++
	}
	return body[r.pos:]
}

func (r *reading) advance(n int) {
	if r.edit < len(r.s.edits) && r.pos >= r.s.edits[r.edit].From {
		r.within += n
		return
	}
	r.pos += n
}

func (r *reading) Close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.closed {
		r.closed = true
		r.s.body.Release()
	}
	return nil
}
