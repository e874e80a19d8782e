package middleware

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"net/http"
)

// RequestIDHeader names the request in every answer.
const RequestIDHeader = "X-Request-Id"

type requestIDKey struct{}

// RequestID gives each request a random id of 32 hex digits, in its context and
// in the answer. An id the client sends is not taken over: ids must be unique.
func RequestID(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var raw [16]byte
		_, _ = rand.Read(raw[:]) // never fails since Go 1.24
		id := hex.EncodeToString(raw[:])
		w.Header().Set(RequestIDHeader, id)
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), requestIDKey{}, id)))
	})
}

// RequestIDFrom is the id RequestID gave, or "" outside of it.
func RequestIDFrom(ctx context.Context) string {
	id, _ := ctx.Value(requestIDKey{}).(string)
	return id
}
