package gateway

import (
	"io"
	"net/http"
	"strings"

	"github.com/claude-code-hub/cch/internal/domain"
)

// endpoint is what a path means.
type endpoint struct {
	path     string          // in its usual spelling
	protocol domain.Protocol // decides the shape of errors, known endpoint or not
	class    domain.CallClass
	dialect  *dialect // nil: nothing is served here
}

// find tells what a call is for. Paths are taken without regard to case and to
// one trailing slash.
func find(method, path string) endpoint {
	path = normal(path)
	e := endpoint{path: path, protocol: protocolOf(path)}
	if method != http.MethodPost {
		return e
	}
	switch path {
	case "/v1/messages":
		e.class, e.dialect = domain.CallGenerate, claude()
	case "/v1/messages/count_tokens":
		e.class, e.dialect = domain.CallCount, claude()
	}
	return e
}

func normal(path string) string {
	if len(path) > 1 {
		path = strings.TrimSuffix(path, "/")
	}
	return strings.ToLower(path)
}

// protocolOf is the protocol whose clients call such a path; it decides the
// shape of an error before anything else is known.
func protocolOf(path string) domain.Protocol {
	switch {
	case strings.HasPrefix(path, "/v1/messages"):
		return domain.ProtocolClaude
	case strings.HasPrefix(path, "/v1/responses"):
		return domain.ProtocolResponses
	case strings.HasPrefix(path, "/v1internal"):
		return domain.ProtocolGeminiCLI
	case strings.HasPrefix(path, "/v1beta/"), strings.HasPrefix(path, "/v1/publishers/"),
		strings.HasPrefix(path, "/v1/models/"):
		return domain.ProtocolGemini
	}
	return domain.ProtocolChat
}

// serveLocal answers the calls that need neither key nor upstream.
func (g *Gateway) serveLocal(w http.ResponseWriter, r *http.Request) bool {
	crossOrigin(w, r)
	switch path := normal(r.URL.Path); {
	case r.Method == http.MethodOptions:
		w.WriteHeader(http.StatusNoContent)
	case r.Method == http.MethodHead && path == "/": // Claude Code sends it first
		w.WriteHeader(http.StatusOK)
	case r.Method == http.MethodGet && path == "/v1/_ping":
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"status":"pong"}`)
	default:
		return false
	}
	return true
}

// crossOrigin lets web pages of any origin call with a key of their own; no
// cookie means anything here.
func crossOrigin(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Origin") == "" {
		return
	}
	h := w.Header()
	h.Set("Access-Control-Allow-Origin", "*")
	h.Set("Access-Control-Expose-Headers", "x-request-id, x-cch-session-id, x-cch-provider, x-cch-estimated, "+
		"x-ratelimit-limit, x-ratelimit-remaining, x-ratelimit-reset, retry-after")
	if r.Method == http.MethodOptions {
		h.Set("Access-Control-Allow-Methods", "GET, POST, PUT, PATCH, DELETE, OPTIONS")
		if asked := r.Header.Get("Access-Control-Request-Headers"); asked != "" {
			h.Set("Access-Control-Allow-Headers", asked)
		}
		h.Set("Access-Control-Max-Age", "86400")
	}
}
