package gateway

import (
	"io"
	"net/http"
)

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
