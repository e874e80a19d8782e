package snapshots

import (
	"io"
	"net/http"
	"strings"
	"sync"

	"github.com/claude-code-hub/cch/internal/domain"
	"github.com/claude-code-hub/cch/internal/secrets"
)

// Capture is a snapshot that is being taken. Two attempts of a race may write to
// it at the same time.
type Capture struct {
	store *Store
	hash  string

	mu       sync.Mutex
	shot     domain.DebugSnapshot
	answer   part    // to the client
	attempts []*Call // in the order in which they were made
	chosen   *Call   // whose answer the client got
	over     bool
}

// part is a body as far as it is kept.
type part struct {
	bytes []byte
	cut   bool
}

func (p *part) add(b []byte) {
	room := maxBody - len(p.bytes)
	if len(b) > room {
		b, p.cut = b[:max(room, 0)], true
	}
	p.bytes = append(p.bytes, b...)
}

// Call is one call to a provider.
type Call struct {
	of       *Capture
	provider domain.ProviderID
	attempt  int
	request  domain.DebugMessage
	response domain.DebugMessage
	body     part
}

// Asked notes what the client sent.
func (c *Capture) Asked(r *http.Request, body []byte) {
	q := r.URL.Query()
	q.Del("key")
	address := r.URL.Path
	if len(q) > 0 {
		address += "?" + q.Encode()
	}
	var p part
	p.add(body)
	m := c.message(r.Header, &p)
	m.Method, m.URL = r.Method, secrets.Redact(address)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.shot.Client.Request = m
}

// Calling notes a call to a provider, as it goes out. Headers are without
// credentials already.
func (c *Capture) Calling(provider domain.ProviderID, attempt int, method, address string, headers map[string]string, body io.Reader) *Call {
	var p part
	if body != nil {
		head, err := io.ReadAll(io.LimitReader(body, maxBody+1))
		if err == nil {
			p.add(head)
		}
	}
	m := c.message(nil, &p)
	m.Method, m.URL, m.Headers = method, secrets.Redact(address), make(map[string]string, len(headers))
	for name, value := range headers {
		m.Headers[name] = shown(name, value)
	}
	call := &Call{of: c, provider: provider, attempt: attempt, request: m}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.attempts = append(c.attempts, call)
	return call
}

// Answered notes the head of a provider's answer, and has its body noted while it
// is read.
func (c *Call) Answered(status int, header http.Header, body io.ReadCloser) io.ReadCloser {
	c.of.mu.Lock()
	defer c.of.mu.Unlock()
	c.response = domain.DebugMessage{Status: status, Headers: headersOf(header)}
	return &tee{ReadCloser: body, call: c}
}

// Chosen says that the client gets this answer.
func (c *Call) Chosen() {
	c.of.mu.Lock()
	defer c.of.mu.Unlock()
	c.of.chosen = c
}

type tee struct {
	io.ReadCloser

	call *Call
}

func (t *tee) Read(p []byte) (int, error) {
	n, err := t.ReadCloser.Read(p)
	if n > 0 {
		t.call.of.mu.Lock()
		t.call.body.add(p[:n])
		t.call.of.mu.Unlock()
	}
	return n, err
}

// Writer notes what the client gets through w.
func (c *Capture) Writer(w http.ResponseWriter) http.ResponseWriter {
	return &writer{ResponseWriter: w, of: c}
}

type writer struct {
	http.ResponseWriter

	of *Capture
}

// Unwrap lets a ResponseController find the connection.
func (w *writer) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func (w *writer) WriteHeader(status int) {
	w.of.mu.Lock()
	w.of.shot.Client.Response = domain.DebugMessage{Status: status, Headers: headersOf(w.Header())}
	w.of.mu.Unlock()
	w.ResponseWriter.WriteHeader(status)
}

func (w *writer) Write(p []byte) (int, error) {
	w.of.mu.Lock()
	w.of.answer.add(p)
	w.of.mu.Unlock()
	return w.ResponseWriter.Write(p) //nolint:wrapcheck // it stands in for the writer
}

// End keeps the snapshot. Calls that still run add nothing any more.
func (c *Capture) End() {
	c.mu.Lock()
	if c.over {
		c.mu.Unlock()
		return
	}
	c.over = true
	shot := c.shot
	last := c.chosen
	if last == nil && len(c.attempts) > 0 {
		last = c.attempts[len(c.attempts)-1]
	}
	shot.Client.Response = c.finished(shot.Client.Response, c.answer)
	if last != nil {
		shot.Provider, shot.Attempt = last.provider, last.attempt
		shot.Upstream.Request = last.request
		if last.response.Status != 0 {
			shot.Upstream.Response = c.finished(last.response, last.body)
		}
	}
	c.mu.Unlock()
	c.store.running.Add(-1)
	c.store.keep(c.hash, &shot)
}

// finished is a message with its body, as far as it may be kept.
func (c *Capture) finished(m domain.DebugMessage, p part) domain.DebugMessage {
	text := c.message(nil, &p)
	m.Body, m.Truncated = text.Body, text.Truncated
	return m
}

func (c *Capture) message(h http.Header, p *part) domain.DebugMessage {
	body := p.bytes
	if !c.store.texts {
		body = withoutTexts(body)
	}
	return domain.DebugMessage{Headers: headersOf(h), Body: secrets.Redact(strings.ToValidUTF8(string(body), "\uFFFD")), Truncated: p.cut}
}

func headersOf(h http.Header) map[string]string {
	if len(h) == 0 {
		return nil
	}
	out := make(map[string]string, len(h))
	for name, values := range h {
		out[name] = shown(name, strings.Join(values, ", "))
	}
	return out
}

// shown is the value of a header without credentials.
func shown(name, value string) string {
	const masked = "***"
	name = strings.ToLower(name)
	for _, word := range [...]string{"authorization", "cookie", "key", "token", "secret", "password", "auth"} {
		if strings.Contains(name, word) {
			return masked
		}
	}
	return secrets.Redact(value)
}
