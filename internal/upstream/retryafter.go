package upstream

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

// RetryAfter is how long the upstream asks to be left alone, from retry-after
// (seconds or a date), retry-after-ms or Anthropic's unified reset; 0 when it
// names no time to come.
func RetryAfter(h http.Header, now time.Time) time.Duration {
	if ms, ok := positive(h.Get("Retry-After-Ms")); ok {
		return time.Duration(ms * float64(time.Millisecond))
	}
	if v := h.Get("Retry-After"); v != "" {
		if s, ok := positive(v); ok {
			return time.Duration(s * float64(time.Second))
		}
		if at, err := http.ParseTime(v); err == nil {
			return max(0, at.Sub(now))
		}
	}
	if v := h.Get("Anthropic-Ratelimit-Unified-Reset"); v != "" {
		if unix, ok := positive(v); ok {
			return max(0, time.UnixMilli(int64(unix*1000)).Sub(now))
		}
		if at, err := time.Parse(time.RFC3339, v); err == nil {
			return max(0, at.Sub(now))
		}
	}
	return 0
}

// positive reads a number of seconds or milliseconds that is worth waiting for;
// the bound keeps nonsense from overflowing a duration.
func positive(s string) (float64, bool) {
	const limit = 1e11
	n, err := strconv.ParseFloat(strings.TrimSpace(s), 64)
	return n, err == nil && n > 0 && n < limit
}
