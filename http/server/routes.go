package server

import (
	"net/http"
	"net/netip"
	"strings"

	"github.com/gorilla/mux"

	"github.com/claude-code-hub/cch/http/middleware"
	"github.com/claude-code-hub/cch/http/problem"
	"github.com/claude-code-hub/cch/internal/secrets"
)

// routes is everything this process answers. The first match wins.
func (s *Server) routes() http.Handler {
	r := mux.NewRouter().SkipClean(true).UseEncodedPath() // model names in paths may hold anything
	plain := s.plain

	r.MatcherFunc(gatewayPath).Handler(s.guarded(s.o.Gateway))

	r.Path("/api/health/live").Methods(http.MethodGet, http.MethodHead).Handler(plain(http.HandlerFunc(s.o.Health.live)))
	r.Path("/api/health/ready").Methods(http.MethodGet, http.MethodHead).Handler(plain(http.HandlerFunc(s.o.Health.ready)))
	r.Path("/api/health").Methods(http.MethodGet, http.MethodHead).Handler(plain(http.HandlerFunc(s.o.Health.ready)))
	r.Path("/api/actions/health").Methods(http.MethodGet, http.MethodHead).Handler(plain(http.HandlerFunc(s.o.Health.ready)))
	r.MatcherFunc(under("api")).Handler(plain(s.o.Admin)) // its own 404 and 405 are JSON too

	r.Path("/metrics").Methods(http.MethodGet, http.MethodHead).Handler(plain(s.metrics()))

	r.Path("/").Methods(http.MethodHead).HandlerFunc(alive) // Claude Code asks before its first call
	r.NewRoute().Handler(plain(s.o.UI))
	return middleware.AccessLog(s.o.Logger, s.o.Now)(r)
}

// plain wraps what is not the data plane.
func (s *Server) plain(h http.Handler) http.Handler {
	h = middleware.Recover(s.o.Logger, panicked)(h)
	h = middleware.Secure(s.o.Proxies, s.o.HSTS)(h)
	return middleware.RequestID(h)
}

// guarded wraps the data plane. It numbers its requests itself, and what goes
// wrong inside is answered in the client's protocol; a panic that gets here is
// beyond that.
func (s *Server) guarded(h http.Handler) http.Handler {
	return middleware.Recover(s.o.Logger, panicked)(h)
}

func alive(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusOK) }

func panicked(w http.ResponseWriter, r *http.Request) {
	p := problem.New(http.StatusInternalServerError, problem.ErrorInternal, "The server failed to answer.")
	problem.WriteManagement(w, r, p, middleware.RequestIDFrom(r.Context()))
}

// gatewayPath matches /v1, /v1beta and /v1internal, ignoring case; clients put
// a method behind a colon: /v1internal:generateContent.
func gatewayPath(r *http.Request, _ *mux.RouteMatch) bool {
	first, _, _ := strings.Cut(firstSegment(r.URL.Path), ":")
	return strings.EqualFold(first, "v1") || strings.EqualFold(first, "v1beta") || strings.EqualFold(first, "v1internal")
}

// under matches a first path segment.
func under(name string) mux.MatcherFunc {
	return func(r *http.Request, _ *mux.RouteMatch) bool { return firstSegment(r.URL.Path) == name }
}

func firstSegment(path string) string {
	first, _, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	return first
}

// metrics shows the figures to whoever has the token or, without one, to this
// machine: a request that a proxy handed on is not from here.
func (s *Server) metrics() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !s.mayReadMetrics(r) {
			p := problem.New(http.StatusForbidden, problem.ErrorForbidden, "Metrics need the metrics token, or a request from this machine.")
			problem.WriteManagement(w, r, p, middleware.RequestIDFrom(r.Context()))
			return
		}
		s.o.Metrics.ServeHTTP(w, r)
	})
}

func (s *Server) mayReadMetrics(r *http.Request) bool {
	if s.o.MetricsToken != "" {
		token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
		return ok && secrets.Equal(token, s.o.MetricsToken.Reveal())
	}
	for _, name := range []string{"X-Forwarded-For", "X-Real-Ip", "Forwarded"} {
		if r.Header.Get(name) != "" {
			return false
		}
	}
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	return err == nil && peer.Addr().Unmap().IsLoopback()
}
