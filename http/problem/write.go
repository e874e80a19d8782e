package problem

import (
	"net/http"
	"strconv"
	"time"

	"github.com/claude-code-hub/cch/internal/domain"
)

const (
	// defaultRetryAfter goes on every 429 and 503 that knows no better: Codex
	// gives up on a 429 without the header.
	defaultRetryAfter = 5 * time.Second
	// codexTotalRetry is for a spent total budget, which no time brings back.
	codexTotalRetry = time.Hour
)

// Meta is what an answer shows beside the fault.
type Meta struct {
	RequestID string    // public form
	Now       time.Time // for the seconds until a reset
	Codex     bool      // the caller's originator begins with "codex"
	Language  string    // of what we say ourselves; empty = English
}

// Write answers with the fault in the client's protocol. Nothing may have been
// written to w yet. It returns the status sent.
func Write(w http.ResponseWriter, p domain.Protocol, f *domain.Fault, m Meta) int {
	if f.Upstream != nil && showable(f.Upstream) {
		return writeUpstream(w, f)
	}
	f = localized(f, m.Language)
	s, retry := shapeOf(f), retryAfter(f, m.Now)
	h := w.Header()
	limitHeaders(h, f.Limit)
	var doc []byte
	switch {
	case m.Codex && f.Limit != nil && f.Limit.Type.Money() && !f.Limit.Reserved:
		s.status = http.StatusTooManyRequests
		doc = codexLimit(f, m.Now, retry)
		if retry == 0 {
			retry = codexTotalRetry
		}
		h.Set("X-Should-Retry", "false")
	default:
		if retry == 0 && needsRetryAfter(s.status) {
			retry = defaultRetryAfter
		}
		doc = body(p, f, s, retry, m.RequestID)
		shouldRetry(h, s.status)
	}
	if retry > 0 {
		h.Set("Retry-After", strconv.FormatInt(seconds(retry), 10))
	}
	send(w, s.status, "application/json", doc)
	return s.status
}

// showable tells whether an upstream's refusal may reach the client: 401, 402
// and 403 concern our credentials there, not the client's, unless an operator
// chose them.
func showable(u *domain.UpstreamFault) bool {
	return u.Status >= 400 && u.Status < 600 && (u.Status < 401 || u.Status > 403 || u.Overridden)
}

// writeUpstream passes an upstream's refusal on as it came.
func writeUpstream(w http.ResponseWriter, f *domain.Fault) int {
	u, h := f.Upstream, w.Header()
	if u.RequestID != "" {
		h.Set("X-Upstream-Request-Id", u.RequestID)
	}
	switch {
	case f.RetryAfter > 0:
		h.Set("Retry-After", strconv.FormatInt(seconds(f.RetryAfter), 10))
	case needsRetryAfter(u.Status):
		h.Set("Retry-After", strconv.FormatInt(seconds(defaultRetryAfter), 10))
	}
	kind := u.ContentType
	if kind == "" {
		kind = "application/json"
	}
	send(w, u.Status, kind, u.Body)
	return u.Status
}

func send(w http.ResponseWriter, status int, contentType string, doc []byte) {
	h := w.Header()
	h.Set("Content-Type", contentType)
	h.Set("Content-Length", strconv.Itoa(len(doc)))
	h.Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write(doc) // the client may be gone, and there is nobody else to tell
}

// retryAfter is when the client may come again, or 0 when that is not known.
func retryAfter(f *domain.Fault, now time.Time) time.Duration {
	if f.RetryAfter > 0 {
		return f.RetryAfter
	}
	if f.Limit != nil && !f.Limit.ResetAt.IsZero() {
		return max(time.Second, f.Limit.ResetAt.Sub(now))
	}
	return 0
}

func needsRetryAfter(status int) bool {
	return status == http.StatusTooManyRequests || status == http.StatusServiceUnavailable
}

// shouldRetry sets the header that SDKs built by Stainless obey.
func shouldRetry(h http.Header, status int) {
	switch status {
	case http.StatusBadRequest, http.StatusUnauthorized, http.StatusPaymentRequired, http.StatusForbidden:
		h.Set("X-Should-Retry", "false")
	case http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		h.Set("X-Should-Retry", "true")
	}
}

func limitHeaders(h http.Header, l *domain.LimitFault) {
	if l == nil {
		return
	}
	h.Set("X-RateLimit-Limit", strconv.FormatFloat(l.Limit, 'f', -1, 64))
	h.Set("X-RateLimit-Remaining", strconv.FormatFloat(max(0, l.Limit-l.Current), 'f', -1, 64))
	if !l.ResetAt.IsZero() {
		h.Set("X-RateLimit-Reset", strconv.FormatInt(l.ResetAt.Unix(), 10))
	}
}
