package middleware

import (
	"context"
	"log/slog"
	"net/http"
	"time"
)

// AccessLog writes one debug record a request: no query, no headers, no body.
// When the logger does not take debug records it adds nothing to a request.
func AccessLog(logger *slog.Logger, now func() time.Time) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if !logger.Enabled(r.Context(), slog.LevelDebug) {
				next.ServeHTTP(w, r)
				return
			}
			began, out := now(), &response{ResponseWriter: w}
			defer func(ctx context.Context) { // deferred: also after a panic
				logger.DebugContext(ctx, "request served",
					"method", r.Method, "path", r.URL.Path, "status", out.status,
					"duration_ms", now().Sub(began).Milliseconds(), "request_id", w.Header().Get(RequestIDHeader))
			}(r.Context())
			next.ServeHTTP(out, r)
		})
	}
}
