package gateway

import (
	"errors"
	"net/http"
	"sync"
	"time"

	"github.com/claude-code-hub/cch/http/problem"
	"github.com/claude-code-hub/cch/internal/domain"
)

// patience is how long a client may take nothing before it counts as gone.
const patience = 60 * time.Second

// errNothingTaken means that the client's connection takes no bytes.
var errNothingTaken = errors.New("the client takes no more bytes")

// reply is the client's side of an answer. The goroutine of the exchange and
// the keep-alive timer both write to it, hence the lock. Once content is on its
// way the timer keeps out, and the goroutine has it to itself, unless it asks for
// keep-alives between the frames of the content.
type reply struct {
	// What every event of a stream needs comes first, see [stream].
	w        http.ResponseWriter
	flusher  flusher
	err      error     // first failed write; the client is gone
	spool    *spool    // also gets the content, for whoever asks the same again; nil: nobody may
	content  bool      // content went out: the answer can no longer be another one; set by the goroutine alone
	shared   bool      // keep-alives go on between frames; set by the goroutine alone
	deadline time.Time // for writing, as last set
	now      func() time.Time

	mu     sync.Mutex
	ctl    *http.ResponseController
	status int    // sent; 0 = nothing yet
	tail   []byte // the end of a document, sent by finish
	timer  *time.Timer
	closed bool
	wrote  time.Time // when shared: the last write
}

// flusher is what the server's writers can do besides writing.
type flusher interface{ FlushError() error }

func newReply(w http.ResponseWriter, now func() time.Time) *reply {
	p := &reply{w: w, ctl: http.NewResponseController(w), now: now}
	p.flusher, _ = w.(flusher)
	return p
}

// through has what is written go through another writer as well. Nothing may have
// been sent yet.
func (p *reply) through(wrap func(http.ResponseWriter) http.ResponseWriter) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.w = wrap(p.w)
}

// header may be used until the answer has begun.
func (p *reply) header() http.Header { return p.w.Header() }

// begun tells whether a status was sent.
func (p *reply) begun() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.status != 0
}

// answered tells whether content went out.
func (p *reply) answered() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.content
}

// start sends the head of an answer, unless keep-alives did already, and ends
// the keep-alives: from now on there is content.
func (p *reply) start(status int, prepare func(http.Header)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.content = true
	if p.timer != nil {
		p.timer.Stop()
	}
	if p.status == 0 {
		prepare(p.w.Header())
		p.status = status
		p.extend()
		p.w.WriteHeader(status)
	}
	if w := direct(p.w); w != p.w {
		p.w = w
		p.flusher, _ = w.(flusher)
	}
	if p.spool != nil {
		p.spool.begin(p.status, p.w.Header())
	}
}

// direct is the writer behind those that only look how an answer begins.
func direct(w http.ResponseWriter) http.ResponseWriter {
	for {
		looking, ok := w.(interface{ Direct() http.ResponseWriter })
		if !ok {
			return w
		}
		next := looking.Direct()
		if next == w {
			return w
		}
		w = next
	}
}

// send writes b and flushes it. After an error the client is gone and nothing
// more is written.
func (p *reply) send(b []byte) error {
	if p.spool != nil && p.content {
		p.spool.write(b)
	}
	if p.content && !p.shared {
		return p.write(b)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.wrote = p.now()
	return p.write(b)
}

// sendWhole sends an answer that is one document, but for its last byte, which
// finish sends when the request's record is safe: who has the whole of an answer
// shall find what it costs.
func (p *reply) sendWhole(b []byte) error {
	if p.spool != nil && p.content {
		p.spool.write(b)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.err != nil || len(b) == 0 {
		return p.err
	}
	p.extend()
	p.tail = b[len(b)-1:]
	if _, err := p.w.Write(b[:len(b)-1]); err != nil {
		p.err = errors.Join(errNothingTaken, err)
	}
	return p.err
}

func (p *reply) write(b []byte) error {
	if p.err != nil || len(b) == 0 {
		return p.err
	}
	p.extend()
	_, err := p.w.Write(b)
	if err == nil {
		err = p.flush()
	}
	if err != nil {
		p.err = errors.Join(errNothingTaken, err)
	}
	return p.err
}

// flush has what was written leave. A writer without buffers has nothing to flush.
func (p *reply) flush() (err error) {
	if p.flusher != nil {
		err = p.flusher.FlushError()
	} else {
		err = p.ctl.Flush()
	}
	if errors.Is(err, http.ErrNotSupported) {
		return nil
	}
	return err
}

// extend keeps the write deadline ahead. Moving it costs a system lock, so it
// is moved only every few seconds.
func (p *reply) extend() {
	const slack = 5 * time.Second
	if now := p.now(); p.deadline.Sub(now) < patience-slack {
		p.deadline = now.Add(patience)
		_ = p.ctl.SetWriteDeadline(p.deadline) // not every writer has one; tests' recorders do not
	}
}

// problem answers with a fault; nothing was sent before.
func (p *reply) problem(proto domain.Protocol, f *domain.Fault, m problem.Meta) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.extend()
	p.status = problem.Write(p.w, proto, f, m)
}

// keepAlive sends ping every interval until there is content. The first one
// begins the answer as an event stream; ready is called before it.
func (p *reply) keepAlive(interval time.Duration, ping []byte, ready func()) {
	if interval <= 0 || len(ping) == 0 {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.timer = time.AfterFunc(interval, func() {
		ready()
		p.ping(ping)
		p.mu.Lock()
		defer p.mu.Unlock()
		if !p.content && !p.closed && p.err == nil {
			p.timer.Reset(interval)
		}
	})
}

// between sends ping whenever the content, which must come in whole frames, has
// been silent for an interval. It returns what ends that.
func (p *reply) between(interval time.Duration, ping []byte) (stop func()) {
	if interval <= 0 || len(ping) == 0 {
		return func() {}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.shared, p.wrote = true, p.now()
	p.timer = time.AfterFunc(interval, func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		if p.closed || !p.shared || p.err != nil {
			return
		}
		silent := p.now().Sub(p.wrote)
		if silent >= interval {
			_ = p.write(ping)
			silent = 0
		}
		p.timer.Reset(interval - silent)
	})
	return func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.shared = false
		p.timer.Stop()
	}
}

func (p *reply) ping(b []byte) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.content || p.closed {
		return
	}
	if p.status == 0 {
		h := p.w.Header()
		h.Set("Content-Type", "text/event-stream; charset=utf-8")
		h.Set("Cache-Control", "no-cache")
		p.status = http.StatusOK
		p.extend()
		p.w.WriteHeader(http.StatusOK)
	}
	_ = p.write(b)
}

// finish ends the reply: no timer writes any more, and the connection is left
// without a deadline for the next request on it.
func (p *reply) finish() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
	if p.timer != nil {
		p.timer.Stop()
	}
	if len(p.tail) > 0 && p.err == nil {
		p.extend()
		_, p.err = p.w.Write(p.tail) // the server flushes what is left
		p.tail = nil
	}
	if !p.deadline.IsZero() && p.err == nil {
		_ = p.ctl.SetWriteDeadline(time.Time{})
	}
}
