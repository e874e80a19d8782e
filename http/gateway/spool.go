package gateway

import (
	"context"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/claude-code-hub/cch/internal/domain"
)

// spool is an answer while it is made and some time after, for whoever asks the
// same again. One exchange writes it; others read it, at their own pace. Safe for
// concurrent use.
type spool struct {
	id, verifier string
	keyed        bool // the client gave a key of idempotency
	request      domain.RequestID
	limit        int
	left         atomic.Bool // the client of the exchange that writes it

	mu      sync.Mutex
	more    chan struct{} // closed and replaced when there is more to read
	status  int           // 0 = nothing to be read yet
	header  map[string]string
	body    []byte
	whole   bool // it showed its completion marker
	over    bool // nothing more will come
	dropped bool // too large: good for nothing
}

func (g *Gateway) newSpool(x *exchange, id, verifier string) *spool {
	return &spool{
		id: id, verifier: verifier, keyed: x.idempotencyKey() != "", request: x.id, limit: g.spools.MaxBytes, more: make(chan struct{}),
	}
}

// replayHeader are the fields of an answer that are given again with it.
func replayHeader(h http.Header) map[string]string {
	kept := map[string]string{}
	for _, name := range [...]string{"Content-Type", "Cache-Control"} {
		if v := h.Get(name); v != "" {
			kept[name] = v
		}
	}
	return kept
}

// begin notes the head of the answer.
func (s *spool) begin(status int, h http.Header) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.status, s.header = status, replayHeader(h)
	s.wake()
}

// write notes more of the answer.
func (s *spool) write(b []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.dropped {
		return
	}
	if s.dropped = len(s.body)+len(b) > s.limit; s.dropped {
		s.body = nil
	} else {
		s.body = append(s.body, b...)
	}
	s.wake()
}

// complete says that the answer showed its completion marker.
func (s *spool) complete() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.whole = true
}

// end says that nothing more will come.
func (s *spool) end() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.over = true
	s.wake()
}

// wake lets readers look; the lock is held.
func (s *spool) wake() {
	close(s.more)
	s.more = make(chan struct{})
}

// page is what a reader finds.
type page struct {
	status int // 0 = nothing to be read yet
	header map[string]string
	body   []byte // from where it asked; not to be changed
	over   bool   // nothing will follow
	whole  bool
	failed bool // too large, or ended without an answer
}

// read returns what there is from an offset on, and waits until there is
// something or nothing will come. It ends with ctx.
func (s *spool) read(ctx context.Context, from int) (page, error) {
	for {
		s.mu.Lock()
		p := page{status: s.status, header: s.header, over: s.over, whole: s.whole, failed: s.dropped || s.over && s.status == 0}
		if !s.dropped && from < len(s.body) {
			p.body = s.body[from:len(s.body):len(s.body)]
		}
		more := s.more
		s.mu.Unlock()
		if p.failed || p.over || len(p.body) > 0 {
			return p, nil
		}
		select {
		case <-more:
		case <-ctx.Done():
			return p, ctx.Err()
		}
	}
}

// offered tells whether who asks the same again is to have this answer: where
// the client said so by a key, else only if the first one did not get it.
func (s *spool) offered() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return !s.dropped && (!s.over || s.whole) && (s.keyed || s.left.Load())
}

// kept tells whether the answer is to be kept when it is over.
func (s *spool) kept() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.over && s.whole && !s.dropped && (s.keyed || s.left.Load())
}

// stored is the answer as it is written down.
func (s *spool) stored(x *exchange, until time.Time) *domain.Replay {
	s.mu.Lock()
	defer s.mu.Unlock()
	return &domain.Replay{
		ID: s.id, Verifier: s.verifier, KeyID: x.key.ID, UserID: x.user.ID, RequestID: s.request,
		Protocol: x.target.protocol, Model: x.model, Status: s.status, Header: s.header, Body: s.body, ExpiresAt: until,
	}
}

// respooled is the spool of an answer that was written down.
func respooled(a *domain.Replay, keyed bool) *spool {
	s := &spool{
		id: a.ID, verifier: a.Verifier, keyed: keyed, request: a.RequestID, more: make(chan struct{}),
		status: a.Status, header: a.Header, body: a.Body, whole: true, over: true,
	}
	s.left.Store(true) // else it would not have been kept
	return s
}
