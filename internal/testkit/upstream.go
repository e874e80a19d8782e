// Package testkit holds what tests over the running program share: a fake
// upstream of every protocol whose faults are steered from the test, the program as a
// process that can be killed and restarted, and a client of the management API.
//
// Only tests import it.
package testkit

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// Mode is how the fake upstream answers.
type Mode string

// The modes.
const (
	Healthy     Mode = "healthy"
	Status429   Mode = "429" // with Retry-After: 7
	Status500   Mode = "500"
	Status400   Mode = "400"
	Status401   Mode = "401"
	Hang        Mode = "hang"         // never answers
	Reset       Mode = "reset"        // breaks the connection before an answer
	CutEarly    Mode = "cut_early"    // stream ends before any content
	CutLate     Mode = "cut_late"     // connection dies in mid-stream
	StallMid    Mode = "stall_mid"    // silent after some content, until released
	Fake200     Mode = "fake_200"     // 200 with an error object
	Empty200    Mode = "empty"        // 200 without a body
	SlowContent Mode = "slow_content" // headers at once, content when released
)

// Call is one request the upstream saw.
type Call struct {
	Path    string
	Header  http.Header
	Body    []byte
	Mode    Mode
	Aborted chan struct{} // closed when the caller broke the call off
}

// Upstream is a fake provider of any protocol. Safe for concurrent use.
type Upstream struct {
	*httptest.Server
	Name string

	mode    atomic.Value // Mode
	release atomic.Pointer[chan struct{}]
	answers atomic.Int64
	deltas  atomic.Int64

	mu    sync.Mutex
	calls []Call
}

// NewUpstream starts a healthy upstream whose answers carry its name.
func NewUpstream(t testing.TB, name string) *Upstream {
	t.Helper()
	u := &Upstream{Name: name}
	u.mode.Store(Healthy)
	u.deltas.Store(5)
	u.Hold()
	u.Server = httptest.NewServer(http.HandlerFunc(u.serve))
	t.Cleanup(func() {
		u.Release()
		u.CloseClientConnections()
		u.Close()
	})
	return u
}

// Set changes how the next calls are answered.
func (u *Upstream) Set(m Mode) { u.mode.Store(m) }

// SetDeltas sets how many text deltas a streamed answer has.
func (u *Upstream) SetDeltas(n int) { u.deltas.Store(int64(n)) }

// Hold makes stalled calls wait for the next Release.
func (u *Upstream) Hold() {
	ch := make(chan struct{})
	u.release.Store(&ch)
}

// Release lets stalled calls go on.
func (u *Upstream) Release() {
	ch := *u.release.Load()
	select {
	case <-ch:
	default:
		close(ch)
	}
}

// Calls are the requests seen so far.
func (u *Upstream) Calls() []Call {
	u.mu.Lock()
	defer u.mu.Unlock()
	return append([]Call(nil), u.calls...)
}

// Count is the number of requests seen so far.
func (u *Upstream) Count() int { return len(u.Calls()) }

// Answers is the number of whole answers given.
func (u *Upstream) Answers() int64 { return u.answers.Load() }

func (u *Upstream) serve(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	mode := u.mode.Load().(Mode)
	call := Call{Path: r.URL.RequestURI(), Header: r.Header.Clone(), Body: body, Mode: mode, Aborted: make(chan struct{})}
	u.mu.Lock()
	u.calls = append(u.calls, call)
	u.mu.Unlock()
	done := make(chan struct{})
	defer close(done)
	go func() {
		select {
		case <-r.Context().Done():
			close(call.Aborted)
		case <-done:
		}
	}()
	u.answer(w, r, mode, body)
}

func (u *Upstream) answer(w http.ResponseWriter, r *http.Request, mode Mode, body []byte) {
	switch mode {
	case Status429:
		w.Header().Set("Retry-After", "7")
		writeError(w, 429, "rate_limit_error", "slow down")
	case Status500:
		writeError(w, 500, "api_error", "it broke")
	case Status400:
		writeError(w, 400, "invalid_request_error", "odd request")
	case Status401:
		writeError(w, 401, "authentication_error", "bad upstream key")
	case Hang:
		u.wait(r)
	case Reset:
		reset(w)
	case Fake200:
		writeError(w, 200, "overloaded_error", "overloaded, really")
	case Empty200:
		w.WriteHeader(200)
	default:
		u.content(w, r, mode, body)
	}
}

func (u *Upstream) content(w http.ResponseWriter, r *http.Request, mode Mode, body []byte) {
	if strings.HasSuffix(r.URL.Path, "/count_tokens") {
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"input_tokens":42}`)
		return
	}
	wire := WireOf(r.URL.Path)
	model, streamed := wire.Asked(r.URL.Path, body)
	if !streamed {
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, wire.Document(u, model))
		u.answers.Add(1)
		return
	}
	w.Header().Set("Content-Type", "text/event-stream")
	u.stream(w, r, mode, wire.Frames(u, model))
}

func (u *Upstream) stream(w http.ResponseWriter, r *http.Request, mode Mode, frames []string) {
	flush := http.NewResponseController(w)
	middle := len(frames) / 2
	for i, frame := range frames {
		switch {
		case i == 1 && mode == CutEarly:
			return
		case i == 1 && mode == SlowContent, i == middle && mode == StallMid:
			_ = flush.Flush()
			u.wait(r)
		case i == middle && mode == CutLate:
			_ = flush.Flush()
			reset(w)
			return
		}
		if _, err := io.WriteString(w, frame); err != nil {
			return
		}
	}
	u.answers.Add(1)
}

// Frames are the events of a whole streamed answer of Claude's.
func (u *Upstream) Frames(model string) []string {
	event := func(name, data string) string { return "event: " + name + "\ndata: " + data + "\n\n" }
	out := []string{
		event("message_start", `{"type":"message_start","message":{"id":"msg_1","type":"message","role":"assistant","model":"`+model+
			`","content":[],"stop_reason":null,"usage":{"input_tokens":25,"cache_read_input_tokens":100,"output_tokens":1}}}`),
		event("content_block_start", `{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}`),
	}
	for i := range int(u.deltas.Load()) {
		out = append(out, event("content_block_delta",
			fmt.Sprintf(`{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"%s-%d "}}`, u.Name, i)))
	}
	return append(out,
		event("content_block_stop", `{"type":"content_block_stop","index":0}`),
		event("message_delta", `{"type":"message_delta","delta":{"stop_reason":"end_turn","stop_sequence":null},"usage":{"output_tokens":15}}`),
		event("message_stop", `{"type":"message_stop"}`))
}

// Stream is a whole streamed answer of Claude's as bytes.
func (u *Upstream) Stream(model string) string { return strings.Join(u.Frames(model), "") }

// Message is a whole answer that is not streamed.
func (u *Upstream) Message(model string) string {
	return `{"id":"msg_1","type":"message","role":"assistant","model":"` + model + `","content":[{"type":"text","text":"from ` + u.Name +
		`"}],"stop_reason":"end_turn","usage":{"input_tokens":25,"cache_read_input_tokens":100,"output_tokens":15}}`
}

func (u *Upstream) wait(r *http.Request) {
	select {
	case <-r.Context().Done():
	case <-*u.release.Load():
	}
}

func writeError(w http.ResponseWriter, status int, kind, message string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = fmt.Fprintf(w, `{"type":"error","error":{"type":%q,"message":%q}}`, kind, message)
}

// reset breaks the connection so that the peer sees a reset, not an end.
func reset(w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	_ = conn.SetDeadline(time.Now())
	_ = conn.Close()
}
