package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/claude-code-hub/cch/http/middleware"
	"github.com/claude-code-hub/cch/internal/domain"
)

// Bounds of the listener. Bodies and answers have none here: a stream may last
// as long as its client stays, and the gateway times what it waits for.
const (
	readHeaderTimeout = 10 * time.Second
	idleTimeout       = 2 * time.Minute // above that of the usual balancers, so that they close first
	maxHeaderBytes    = 256 << 10
)

// Options are what a server joins.
type Options struct {
	Addr    string // host:port; port 0 picks one
	Logger  *slog.Logger
	Now     func() time.Time
	Proxies *middleware.Proxies
	HSTS    bool // on HTTPS

	Gateway http.Handler // everything under /v1, /v1beta and /v1internal
	Admin   http.Handler // everything else under /api
	Metrics http.Handler // what /metrics shows
	UI      http.Handler // every other path
	Health  *Health

	MetricsToken domain.Secret // empty: /metrics answers this machine only

	Drain       time.Duration // how long running requests may finish
	AcceptGrace time.Duration // how long a draining server still takes new ones, within Drain
	// Refuse is told once, after AcceptGrace, to turn new data-plane requests
	// away while those in flight end, upon which it closes the channel. The port
	// stays open meanwhile: who comes shall be told, not left without an answer.
	// Nil closes the port instead.
	Refuse func() <-chan struct{}
	// Interrupt is told once to end whatever still runs when Drain is over. It
	// must not block.
	Interrupt func()
}

// Server is one HTTP listener. Listen, then Serve, then Shutdown.
type Server struct {
	o        Options
	http     *http.Server
	listener net.Listener
}

// New joins the handlers. It opens nothing.
func New(o Options) *Server {
	s := &Server{o: o}
	s.http = &http.Server{
		Handler:           s.routes(),
		ReadHeaderTimeout: readHeaderTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeaderBytes,
		ErrorLog:          slog.NewLogLogger(o.Logger.Handler(), slog.LevelDebug), // noise of broken clients
	}
	return s
}

// Listen opens the listener and returns its address.
func (s *Server) Listen(ctx context.Context) (net.Addr, error) {
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", s.o.Addr)
	if err != nil {
		return nil, fmt.Errorf("listen on %s: %w", s.o.Addr, err)
	}
	s.listener = l
	return l.Addr(), nil
}

// Serve answers requests until Shutdown, which makes it return nil.
func (s *Server) Serve() error {
	if err := s.http.Serve(s.listener); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve HTTP: %w", err)
	}
	return nil
}
