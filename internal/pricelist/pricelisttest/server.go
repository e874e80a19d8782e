// Package pricelisttest is a server of price lists with faults. Only tests
// import it.
package pricelisttest

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/internal/outbound"
	"github.com/claude-code-hub/cch/internal/pricelist"
)

// Server serves one list. Safe for concurrent use.
type Server struct {
	*httptest.Server

	mu    sync.Mutex
	serve http.HandlerFunc
	calls int
	hits  int // of the tag
}

// New starts a server without a list.
func New(t testing.TB) *Server {
	t.Helper()
	s := &Server{serve: http.NotFound}
	s.Server = httptest.NewServer(http.HandlerFunc(s.handle))
	t.Cleanup(s.Close)
	return s
}

// Source is the list's address, on a network that only tests may use.
func (s *Server) Source(t testing.TB) *pricelist.Source {
	t.Helper()
	source, err := pricelist.NewSource(s.URL+"/models.json", outbound.Policy{AllowPrivate: true})
	require.NoError(t, err)
	t.Cleanup(source.Close)
	return source
}

// Handle answers calls in any way.
func (s *Server) Handle(h http.HandlerFunc) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.serve = h
}

// List serves a list under a tag.
func (s *Server) List(etag, list string) {
	s.Handle(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("ETag", etag)
		if r.Header.Get("If-None-Match") == etag {
			s.mu.Lock()
			s.hits++
			s.mu.Unlock()
			w.WriteHeader(http.StatusNotModified)
			return
		}
		_, _ = io.WriteString(w, list)
	})
}

// Calls are how often the list was asked for, and how often its tag fitted.
func (s *Server) Calls() (calls, unmodified int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.calls, s.hits
}

func (s *Server) handle(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	s.calls++
	h := s.serve
	s.mu.Unlock()
	h(w, r)
}

// CPT is a list in the cloud's format: model names with the input price per
// million tokens; output costs 5 USD.
func CPT(version string, prices map[string]string) string {
	var models []string
	for name, price := range prices {
		models = append(models, fmt.Sprintf(`{"model_name":%q,"vendor":"acme","model_type":"chat","pricing":[{"provider":"acme","official":true,
			"charges":{"prompt":{"price":%q,"unit":"per_M_tokens","currency":"USD"},"completion":{"price":"5","unit":"per_M_tokens","currency":"USD"}}}]}`,
			name, price))
	}
	return `{"schema":"cchp.pricing-table/v1","version":"` + version + `","currency":"USD","models":[` + strings.Join(models, ",") + `]}`
}
