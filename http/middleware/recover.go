package middleware

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
)

// Recover turns a panic into an answer of the handler failed, which may write
// to w freely, and a log entry with the stack. When the answer had begun the
// connection is cut instead, so that the client sees the break. The panic that
// net/http knows for that purpose passes through.
func Recover(logger *slog.Logger, failed http.HandlerFunc) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			out := &response{ResponseWriter: w}
			defer func(ctx context.Context) {
				cause := recover()
				if cause == nil {
					return
				}
				if cause == http.ErrAbortHandler { //nolint:errorlint // net/http panics with this very value
					panic(cause)
				}
				logger.ErrorContext(ctx, "handler panicked",
					"method", r.Method, "path", r.URL.Path, "request_id", RequestIDFrom(ctx),
					"cause", fmt.Sprint(cause), "stack", string(debug.Stack()))
				if out.status != 0 {
					panic(http.ErrAbortHandler)
				}
				failed(w, r)
			}(r.Context())
			next.ServeHTTP(out, r)
		})
	}
}
