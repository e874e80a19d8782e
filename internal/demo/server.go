package demo

import (
	"io"
	"net/http"
	"sync"
	"time"
)

// maxRequest bounds the body that is read.
const maxRequest = 32 << 20

// Server is the demo upstream. Safe for concurrent use.
type Server struct {
	pace time.Duration
	slow time.Duration

	mu      sync.Mutex
	mode    Mode
	changed chan struct{} // closed by the next change of the mode
}

// NewServer makes a healthy upstream whose streamed words are pace apart.
func NewServer(pace time.Duration) *Server {
	return &Server{pace: pace, slow: 2 * time.Second, mode: Healthy, changed: make(chan struct{})}
}

// SetMode changes how the next calls are answered. Calls that hang end with a
// broken connection.
func (s *Server) SetMode(m Mode) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mode = m
	close(s.changed)
	s.changed = make(chan struct{})
}

// Mode is how calls are answered now.
func (s *Server) Mode() Mode {
	m, _ := s.current()
	return m
}

func (s *Server) current() (Mode, <-chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.mode, s.changed
}

func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(io.LimitReader(r.Body, maxRequest))
	if err != nil {
		return
	}
	mode, changed := s.current()
	mode, path := splitFault(r.URL.Path, mode)
	spoken, _ := wireOf(path)
	switch mode {
	case Status429:
		w.Header().Set("Retry-After", "5")
		spoken.refuse(w, fault{http.StatusTooManyRequests, "rate_limit_error", "the demo upstream plays a rate limit"})
	case Status500:
		spoken.refuse(w, fault{http.StatusInternalServerError, "api_error", "the demo upstream plays an internal error"})
	case Status529:
		spoken.refuse(w, fault{statusOverloaded, "overloaded_error", "the demo upstream plays an overload"})
	case Fake200:
		writeJSON(w, http.StatusOK, spoken.fault(fault{statusOverloaded, "overloaded_error", "the demo upstream plays an error inside a 200"}))
	case Empty:
		w.WriteHeader(http.StatusOK)
	case Reset:
		panic(http.ErrAbortHandler)
	case Hang:
		select {
		case <-r.Context().Done():
		case <-changed:
		}
		panic(http.ErrAbortHandler)
	case SlowFirstByte:
		if wait(r, s.slow) {
			s.answer(w, r, mode, path, body)
		}
	case Healthy, Cut:
		s.answer(w, r, mode, path, body)
	}
}

// statusOverloaded is Anthropic's status for an overload.
const statusOverloaded = 529

// wait pauses unless the caller leaves first.
func wait(r *http.Request, d time.Duration) bool {
	if d <= 0 {
		return true
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-r.Context().Done():
		return false
	}
}
