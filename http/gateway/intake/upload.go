package intake

import (
	"errors"
	"io"
	"net/http"
	"sync"
)

// Upload is a body that goes upstream while it arrives, as it came. It is never
// held, so it can be sent only once. It implements upstream.Body.
type Upload struct {
	length int64

	mu  sync.Mutex
	src *source // nil once it was opened
	err error   // why the client's side of it ended early
}

// Stream announces the body of r without reading it. The error is a
// *domain.Fault.
func (in *Intake) Stream(r *http.Request, conn Deadliner) (*Upload, error) {
	if r.ContentLength > in.limits.Raw {
		return nil, tooLarge()
	}
	return &Upload{length: r.ContentLength, src: &source{r: r.Body, left: in.limits.Raw, conn: conn, now: in.now}}, nil
}

// Len is the length in bytes, -1 if the client did not tell.
func (u *Upload) Len() int64 { return u.length }

// Open starts the only reading; nil after the first time.
func (u *Upload) Open() io.ReadCloser {
	u.mu.Lock()
	defer u.mu.Unlock()
	src := u.src
	if src == nil {
		return nil
	}
	u.src = nil
	return &uploading{u: u, src: src}
}

// Spent tells whether the body was sent, or some of it.
func (u *Upload) Spent() bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.src == nil && u.length != 0
}

// Broken tells whether the client failed to deliver it.
func (u *Upload) Broken() bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.err != nil
}

// uploading is the reading of an upload. The transport may close it from
// another goroutine than it reads from; the client's connection stays open.
type uploading struct {
	u   *Upload
	src *source
}

func (r *uploading) Read(p []byte) (int, error) {
	n, err := r.src.Read(p)
	if err == nil {
		return n, nil
	}
	r.src.done()
	if !errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		r.u.mu.Lock()
		r.u.err = err
		r.u.mu.Unlock()
	}
	return n, err
}

func (r *uploading) Close() error { return nil }
