// Package intake takes request bodies in: it reads, decodes and bounds them,
// holds each once, and lends it to as many upstream calls as it takes.
//
// Memory is the scarce thing: all bodies of a node share one budget, buffers
// grow with what really arrives (a Content-Length is only a promise) and go
// back to a pool as soon as nobody reads them any more. A body counts its
// readers, because a transport may still be sending one when the answer is
// already there.
//
// The package does not look into bodies. Start with [Intake.Read]; [Body] is
// what comes out and [Spliced] what goes upstream.
package intake

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"github.com/claude-code-hub/cch/internal/domain"
	"github.com/claude-code-hub/cch/internal/upstream"
)

// Limits bound what is taken in, in bytes.
type Limits struct {
	Raw    int64 // one body as it came
	Plain  int64 // one body decoded
	Memory int64 // all bodies together
}

// DefaultLimits are 100 MiB for one body and 256 MiB for all.
func DefaultLimits() Limits {
	return Limits{Raw: 100 << 20, Plain: 100 << 20, Memory: 256 << 20}
}

// Intake reads bodies within limits. Safe for concurrent use.
type Intake struct {
	limits Limits
	used   atomic.Int64
	now    func() time.Time
}

// New makes an intake that holds nothing yet.
func New(l Limits, now func() time.Time) *Intake { return &Intake{limits: l, now: now} }

// InUse is the memory held by bodies now, in bytes.
func (in *Intake) InUse() int64 { return in.used.Load() }

// Deadliner moves the deadline for reading from a client's connection; an
// http.ResponseController does.
type Deadliner interface{ SetReadDeadline(t time.Time) error }

// stallLimit is how long a client may send nothing in the middle of a body.
const stallLimit = 60 * time.Second

var (
	errTooLarge = errors.New("body exceeds the limit")
	errNoMemory = errors.New("body memory is used up")
)

// Read takes the whole body of r in, decoded. The error is a *domain.Fault.
// The caller owns the body and must Release it.
func (in *Intake) Read(r *http.Request, conn Deadliner) (*Body, error) {
	encoding, err := contentEncoding(r.Header)
	if err != nil {
		return nil, err
	}
	if r.ContentLength > in.limits.Raw {
		return nil, tooLarge()
	}
	raw := &source{r: r.Body, left: in.limits.Raw, conn: conn, now: in.now}
	defer raw.done()
	plain, hint, limit := io.Reader(raw), r.ContentLength, in.limits.Raw
	if encoding != "" {
		limit, hint = in.limits.Plain, 4*r.ContentLength
		if plain, err = upstream.OpenDecoder(encoding, raw); err != nil {
			return nil, in.fault(raw, err)
		}
		if c, ok := plain.(interface{ Close() }); ok {
			defer c.Close() // a zstd decoder keeps goroutines otherwise
		}
	}
	b, err := in.fill(plain, hint, limit)
	if err != nil {
		return nil, in.fault(raw, err)
	}
	// A decoder may stop before the connection's end of body. Until that is
	// read, the server does not look whether the client is still there.
	if _, err := io.Copy(io.Discard, raw); err != nil {
		b.Release()
		return nil, in.fault(raw, err)
	}
	return b, nil
}

// fill reads r to its end into a buffer that grows as needed.
func (in *Intake) fill(r io.Reader, hint, limit int64) (*Body, error) {
	b := &Body{in: in}
	b.refs.Store(1)
	if err := b.grow(hint + 1); err != nil {
		return nil, err
	}
	for {
		n, err := r.Read(b.buf[b.n:cap(b.buf)])
		b.n += n
		switch {
		case int64(b.n) > limit:
			err = errTooLarge
		case errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF):
			return b, nil
		case err == nil && b.n == cap(b.buf):
			err = b.grow(int64(b.n) * 2)
		}
		if err != nil {
			b.Release()
			return nil, err
		}
	}
}

// fault says what a client did wrong. What the connection said comes first: a
// decoder's complaint is often only its echo.
func (in *Intake) fault(raw *source, err error) error {
	if raw.err != nil {
		err = raw.err
	}
	switch {
	case errors.Is(err, errTooLarge):
		return tooLarge()
	case errors.Is(err, errNoMemory):
		return noMemory()
	case raw.err != nil:
		return badEncoding("the request body is shorter than announced").Because(err)
	}
	return badEncoding("the request body cannot be decoded").Because(err)
}

func noMemory() *domain.Fault {
	f := domain.NewFault(domain.KindOverloaded, domain.CodeOverloaded, "too many request bodies are held at the moment, try again shortly")
	f.RetryAfter = time.Second
	return f
}

func tooLarge() *domain.Fault {
	return domain.NewFault(domain.KindTooLarge, domain.CodeBodyTooLarge, "the request body is too large")
}

func badEncoding(detail string) *domain.Fault {
	return domain.NewFault(domain.KindInvalid, domain.CodeBadEncoding, detail)
}

// contentEncoding is the one layer of encoding a body may have, "" for none.
func contentEncoding(h http.Header) (string, error) {
	found := ""
	for _, line := range h["Content-Encoding"] {
		for name := range strings.SplitSeq(line, ",") {
			name = strings.ToLower(strings.TrimSpace(name))
			if name == "" || name == "identity" {
				continue
			}
			if found != "" {
				return "", badEncoding("the request body has more than one content encoding")
			}
			found = name
		}
	}
	switch found {
	case "", "gzip", "x-gzip", "deflate", "br", "zstd":
		return found, nil
	}
	return "", domain.NewFault(domain.KindUnsupportedEncoding, domain.CodeUnsupportedEncoding,
		fmt.Sprintf("content encoding %.32q is not supported", found))
}

// source is the client's connection: it bounds the raw bytes, keeps the read
// deadline ahead of a client that sends, and remembers why it failed.
type source struct {
	r     io.Reader
	left  int64
	conn  Deadliner
	now   func() time.Time
	armed time.Time
	err   error
}

func (s *source) Read(p []byte) (int, error) {
	// Renewing the deadline is cheap but not free: once per second will do.
	if now := s.now(); now.Sub(s.armed) > time.Second {
		_ = s.conn.SetReadDeadline(now.Add(stallLimit)) // a transport without deadlines has its own
		s.armed = now
	}
	n, err := s.r.Read(p)
	if s.left -= int64(n); s.left < 0 {
		err = errTooLarge
	}
	if err != nil && err != io.EOF { // a wrapped EOF is an error here
		s.err = err
	}
	return n, err
}

// done lifts the deadline: the connection lives on while the answer is made.
func (s *source) done() { _ = s.conn.SetReadDeadline(time.Time{}) }
