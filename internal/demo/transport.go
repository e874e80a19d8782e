package demo

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
)

// errReset is what a caller sees when the demo upstream breaks the connection.
var errReset = errors.New("connection reset by the demo upstream")

// Transport calls a handler in the process as if it stood behind a network: the
// answer arrives while the handler still writes, and a handler that aborts
// looks like a broken connection.
type Transport struct{ Handler http.Handler }

// RoundTrip runs the handler on a goroutine that ends with the answer or with
// the request's context.
func (t Transport) RoundTrip(req *http.Request) (*http.Response, error) {
	pr, pw := io.Pipe()
	w := &pipeWriter{header: make(http.Header), body: pw, head: make(chan struct{})}
	if req.Body == nil {
		req = req.Clone(req.Context())
		req.Body = http.NoBody
	}
	go t.serve(w, req)
	select {
	case <-w.head:
	case <-req.Context().Done():
		_ = pr.CloseWithError(req.Context().Err())
		return nil, fmt.Errorf("call the demo upstream: %w", req.Context().Err())
	}
	if w.failed != nil {
		return nil, w.failed
	}
	return &http.Response{
		Status: http.StatusText(w.status), StatusCode: w.status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: w.sent, Body: pr, ContentLength: -1, Request: req,
	}, nil
}

func (t Transport) serve(w *pipeWriter, req *http.Request) {
	stop := make(chan struct{})
	defer close(stop)
	go func() { // a caller that leaves unblocks a handler stuck in a write
		select {
		case <-req.Context().Done():
			_ = w.body.CloseWithError(req.Context().Err())
		case <-stop:
		}
	}()
	defer func() {
		err := req.Context().Err() // a handler whose caller left has not finished
		if recover() != nil {
			err = errReset
		}
		w.finish(err)
		_ = req.Body.Close()
	}()
	t.Handler.ServeHTTP(w, req)
}

// pipeWriter is the handler's side of an answer.
type pipeWriter struct {
	header http.Header
	body   *io.PipeWriter

	once   sync.Once
	head   chan struct{} // closed once the fields below are set
	status int
	sent   http.Header
	failed error
}

func (w *pipeWriter) Header() http.Header { return w.header }

func (w *pipeWriter) WriteHeader(status int) {
	w.once.Do(func() {
		w.status, w.sent = status, w.header.Clone()
		close(w.head)
	})
}

func (w *pipeWriter) Write(p []byte) (int, error) {
	w.WriteHeader(http.StatusOK)
	return w.body.Write(p)
}

// Flush exists for http.ResponseController; a pipe holds nothing back.
func (w *pipeWriter) Flush() { w.WriteHeader(http.StatusOK) }

func (w *pipeWriter) finish(err error) {
	w.once.Do(func() {
		w.status, w.sent, w.failed = http.StatusOK, w.header.Clone(), err
		close(w.head)
	})
	if errors.Is(err, errReset) {
		err = io.ErrUnexpectedEOF
	}
	_ = w.body.CloseWithError(err) // nil ends the body in order
}
