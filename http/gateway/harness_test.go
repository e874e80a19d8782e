package gateway_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/claude-code-hub/cch/actors/protocol"
	"github.com/claude-code-hub/cch/http/gateway"
	"github.com/claude-code-hub/cch/internal/domain"
	"github.com/claude-code-hub/cch/internal/routing"
	"github.com/claude-code-hub/cch/internal/secrets"
	"github.com/claude-code-hub/cch/internal/upstream"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	clientKey = "sk-client-0123456789"
	adminKey  = "sk-admin-0123456789"
)

// world is a gateway between test clients and test upstreams, with an actor
// side that is played by script.
type world struct {
	t        testing.TB
	gateway  *gateway.Gateway
	server   *httptest.Server
	config   domain.Configuration
	actor    *scripted
	records  *records
	logs     *lockedBuffer
	opts     gateway.Options
	upstream *upstream.Client
}

type catalog struct{ *domain.Catalog }

func (c catalog) Current() *domain.Catalog { return c.Catalog }

// newWorld starts a gateway over one provider per handler, asked in order.
// change, if not nil, may alter configuration and options before the start.
func newWorld(t testing.TB, change func(*world), handlers ...http.HandlerFunc) *world {
	t.Helper()
	w := &world{t: t, records: newRecords(), logs: new(lockedBuffer)}
	w.actor = &scripted{records: w.records}
	w.config = domain.Configuration{
		Version: 7, Settings: domain.DefaultSettings(),
		Users: []*domain.User{
			{ID: 1, Enabled: true, Role: domain.RoleUser, Groups: []string{"default"}},
			{ID: 2, Enabled: true, Role: domain.RoleAdmin},
		},
		Keys: []*domain.Key{
			{ID: 11, UserID: 1, Enabled: true, Hash: secrets.HashKey(clientKey)},
			{ID: 12, UserID: 2, Enabled: true, Hash: secrets.HashKey(adminKey)},
		},
	}
	for i, h := range handlers {
		w.addProvider(domain.ProviderID(i+1), h)
	}
	rules, err := routing.DefaultErrorRules()
	require.NoError(t, err)
	for i := range rules {
		rules[i].ID = domain.ErrorRuleID(100 + i)
		w.config.Rules = append(w.config.Rules, &rules[i])
	}
	w.upstream = upstream.New(upstream.Options{Now: time.Now})
	w.opts = gateway.Options{
		Dispatcher: w.actor, Recorder: w.records, Upstream: w.upstream,
		IDs: domain.NewRequestIDs(1, 0), Now: time.Now, Logger: slog.New(slog.NewTextHandler(w.logs, nil)),
	}
	if change != nil {
		change(w)
	}
	w.opts.Catalog = catalog{domain.NewCatalog(w.config)}
	w.gateway = gateway.New(w.opts)
	w.server = httptest.NewServer(w.gateway)
	t.Cleanup(func() {
		w.server.CloseClientConnections()
		w.server.Close()
		w.upstream.Close()
	})
	return w
}

func (w *world) addProvider(id domain.ProviderID, h http.HandlerFunc) {
	srv := httptest.NewServer(h)
	w.t.Cleanup(func() {
		srv.CloseClientConnections()
		srv.Close()
	})
	w.config.Providers = append(w.config.Providers, &domain.Provider{
		ID: id, Name: "p" + strconv.Itoa(int(id)), Type: domain.TypeClaude, URL: srv.URL, Key: "sk-upstream", Enabled: true,
	})
	w.actor.providers = append(w.actor.providers, id)
}

// request makes a call of a usual client.
func (w *world) request(ctx context.Context, body string) *http.Request {
	w.t.Helper()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, w.server.URL+"/v1/messages?beta=true", strings.NewReader(body))
	require.NoError(w.t, err)
	r.Header.Set("Authorization", "Bearer "+clientKey)
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("User-Agent", "claude-cli/2.1.197 (external, sdk-cli)")
	r.Header.Set("X-Claude-Code-Session-Id", "5f0c7e5e-1111-4222-8333-444455556666")
	return r
}

// answer is a response with its body read.
type answer struct {
	status int
	header http.Header
	body   string
	err    error // of reading the body
	closes bool  // the server ends the connection with it
}

func (w *world) do(r *http.Request) answer {
	w.t.Helper()
	res, err := w.server.Client().Do(r)
	require.NoError(w.t, err)
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	return answer{res.StatusCode, res.Header, string(body), err, res.Close}
}

func (w *world) post(body string) answer {
	w.t.Helper()
	return w.do(w.request(w.t.Context(), body))
}

// scripted plays the request actor: it asks the providers one after another
// until one answers, by rules simple enough to be seen through.
type scripted struct {
	records   *records
	providers []domain.ProviderID
	model     string // redirect to, if set
	convert   domain.Protocol
	refuse    *domain.Fault // first decision
	admitErr  error
	dieAt     int           // report number at which the actor dies
	pause     time.Duration // before each attempt
	quirks    domain.Quirks // that attempts have found
	onBegun   func()        // if set, called when an upstream begins to answer

	admitPanics bool

	hedgeAfter time.Duration // of every attempt
	noRival    bool          // nobody else can be asked
	racing     bool          // two calls are under way
	hedges     int           // times a rival was asked for

	mu      sync.Mutex
	admits  []*protocol.Admit
	results []*protocol.AttemptResult
	begun   []int
	gone    int
	closed  int
}

func (s *scripted) Admit(ctx context.Context, a *protocol.Admit) (gateway.Run, protocol.Decision, error) {
	s.mu.Lock()
	s.admits = append(s.admits, a)
	s.mu.Unlock()
	if s.admitPanics {
		panic("the dispatcher is broken")
	}
	if s.admitErr != nil {
		return nil, protocol.Decision{}, s.admitErr
	}
	r := &run{s: s, a: a}
	switch {
	case ctx.Err() != nil:
		return r, protocol.Decision{}, ctx.Err()
	case s.refuse != nil:
		return r, protocol.Decision{Reject: &protocol.Reject{Fault: s.refuse}}, nil //nolint:nilerr // a refusal is a decision
	}
	return r, r.attempt(1), nil
}

type run struct {
	s *scripted
	a *protocol.Admit
}

func (r *run) attempt(n int) protocol.Decision {
	a := &protocol.Attempt{N: n, ProviderID: r.s.providers[n-1], Model: r.a.Request.Model, Wait: r.s.pause, SessionSeq: 3, Convert: r.s.convert, HedgeAfter: r.s.hedgeAfter, Quirks: r.s.quirks}
	if r.s.model != "" {
		a.Model, a.Redirected = r.s.model, true
	}
	return protocol.Decision{Attempt: a}
}

func (r *run) Report(_ context.Context, res *protocol.AttemptResult) (protocol.Decision, error) {
	r.s.mu.Lock()
	defer r.s.mu.Unlock()
	r.s.results = append(r.s.results, res)
	r.s.quirks |= res.Quirks
	final := domain.NewFault(domain.KindAllFailed, domain.CodeAllProvidersFailed, "no provider could answer")
	switch {
	case r.s.dieAt == len(r.s.results):
		return protocol.Decision{}, errors.New("the actor is dead")
	case res.Lost, r.s.racing && !res.Committed:
		r.s.racing = false
		return protocol.Decision{Await: true}, nil
	case res.Class == domain.ClassOK, res.Class == domain.ClassClientAbort, res.Committed:
		return protocol.Decision{Done: &protocol.Done{}}, nil
	case res.Failure == domain.FailInternal:
		final = domain.NewFault(domain.KindInternal, domain.CodeInternalError, "internal error")
	case res.Class == domain.ClassLocalOverload:
		final = domain.NewFault(domain.KindOverloaded, domain.CodeServerShutdown, "shutting down")
	case res.Class == domain.ClassClientError, res.Class == domain.ClassUpstreamRejected:
		final.Upstream = res.Upstream
	case res.N < len(r.s.providers) && !res.Unrepeatable:
		return r.attempt(res.N + 1), nil
	}
	return protocol.Decision{Reject: &protocol.Reject{Fault: final}}, nil
}

func (r *run) Hedge(context.Context, int) (protocol.Decision, error) {
	r.s.mu.Lock()
	defer r.s.mu.Unlock()
	r.s.hedges++
	if r.s.noRival {
		return protocol.Decision{Await: true}, nil
	}
	r.s.racing = true
	return r.attempt(2), nil
}

func (r *run) Begun(n int) {
	r.s.note(func() { r.s.begun = append(r.s.begun, n) })
	if r.s.onBegun != nil {
		r.s.onBegun()
	}
}

func (r *run) Gone()  { r.s.note(func() { r.s.gone++ }) }
func (r *run) Close() { r.s.note(func() { r.s.closed++ }) }

func (s *scripted) note(f func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f()
}

// only returns the result of the only attempt, waiting for it if the client
// has its answer before the actor has its report.
func (s *scripted) only(t testing.TB) *protocol.AttemptResult {
	t.Helper()
	all := s.wait(t, 1)
	require.Len(t, all, 1)
	return all[0]
}

func (s *scripted) wait(t testing.TB, n int) []*protocol.AttemptResult {
	t.Helper()
	var all []*protocol.AttemptResult
	require.Eventually(t, func() bool {
		s.mu.Lock()
		defer s.mu.Unlock()
		all = slices.Clone(s.results)
		return len(all) >= n && s.closed >= 1
	}, 5*time.Second, time.Millisecond)
	return all
}

// firstResult waits for the result that is reported first.
func (s *scripted) firstResult(t testing.TB) *protocol.AttemptResult {
	t.Helper()
	s.awaitResults(1)
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.results[0]
}

func (s *scripted) awaitResults(n int) { s.await(func() bool { return len(s.results) >= n }) }

func (s *scripted) awaitHedge() { s.await(func() bool { return s.hedges > 0 }) }

// awaitBegun waits until so many calls have a head of an answer.
func (s *scripted) awaitBegun(t testing.TB, n int) {
	t.Helper()
	s.await(func() bool { return len(s.begun) >= n })
}

// await polls what is guarded by the lock, until the test is over at the latest.
func (s *scripted) await(is func() bool) {
	for range 10_000 {
		s.mu.Lock()
		ok := is()
		s.mu.Unlock()
		if ok {
			return
		}
		time.Sleep(time.Millisecond)
	}
}

// last is the result reported last.
func (s *scripted) last() *protocol.AttemptResult {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.results[len(s.results)-1]
}

func (s *scripted) lastAdmit(t testing.TB) *protocol.Request {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	require.NotEmpty(t, s.admits)
	return s.admits[len(s.admits)-1].Request
}

// records remembers what was journaled.
type records struct {
	mu       sync.Mutex
	started  []domain.RequestLog
	finished []*protocol.LogRecord
	err      error
	hold     chan struct{} // if set, receipts wait for it
	full     bool
	fatal    bool // Started panics
}

func newRecords() *records { return &records{} }

func (r *records) Full() bool { return r.full }

func (r *records) Started(row *domain.RequestLog, done func(error)) {
	r.mu.Lock()
	r.started = append(r.started, *row)
	r.mu.Unlock()
	if r.fatal {
		panic("the recorder is broken")
	}
	r.confirm(done)
}

func (r *records) Finish(rec *protocol.LogRecord, done func(error)) {
	r.mu.Lock()
	r.finished = append(r.finished, rec)
	r.mu.Unlock()
	r.confirm(done)
}

func (r *records) confirm(done func(error)) {
	go func() {
		if r.hold != nil {
			<-r.hold
		}
		done(r.err)
	}()
}

func (r *records) rows() (started []domain.RequestLog, finished []*protocol.LogRecord) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.started), slices.Clone(r.finished)
}

// onlyRefusal is the one row the gateway itself finished.
func (r *records) onlyRefusal(t testing.TB) domain.RequestLog {
	t.Helper()
	_, finished := r.rows()
	require.Len(t, finished, 1)
	return finished[0].Log
}

// requireSame compares bytes, not documents.
func requireSame(t testing.TB, want, got string) {
	t.Helper()
	require.Empty(t, cmp.Diff(want, got))
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// What upstreams say in tests.

func event(name, data string) string { return "event: " + name + "\ndata: " + data + "\n\n" }

func messageStart(model string) string {
	return event("message_start", `{"type":"message_start","message":{"id":"msg_1","type":"message","model":"`+model+
		`","content":[],"usage":{"input_tokens":25,"cache_read_input_tokens":100,"output_tokens":1}}}`)
}

func textDelta(text string) string {
	return event("content_block_delta", `{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"`+text+`"}}`)
}

func messageEnd() string {
	return event("message_delta", `{"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":15}}`) +
		event("message_stop", `{"type":"message_stop"}`)
}

func wholeStream(model string) string {
	return messageStart(model) + ": a comment\r\n\r\n" + event("ping", `{"type": "ping"}`) + textDelta("Hel") + textDelta("lo") + messageEnd()
}

const message = `{ "id":"msg_1", "type":"message", "model":"claude-5", "content":[{"type":"text","text":"Hello"}],` +
	` "stop_reason":"end_turn", "usage":{"input_tokens":25,"output_tokens":15} }`

func says(status int, contentType, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Type", contentType)
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

func streams(text string) http.HandlerFunc { return says(200, "text/event-stream", text) }

// paced writes the pieces one by one, each when next delivers; it ends early
// when the caller goes away.
func paced(next <-chan string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Type", "text/event-stream")
		_ = http.NewResponseController(w).Flush()
		for {
			select {
			case piece, ok := <-next:
				if !ok {
					return
				}
				_, _ = io.WriteString(w, piece)
				_ = http.NewResponseController(w).Flush()
			case <-r.Context().Done():
				return
			}
		}
	}
}

// breaks sends a prefix and then resets the connection.
func breaks(prefix string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		if prefix != "" {
			w.Header().Set("Content-Type", "text/event-stream")
			_, _ = io.WriteString(w, prefix)
			_ = http.NewResponseController(w).Flush()
		}
		panic(http.ErrAbortHandler)
	}
}

const streamBody = `{"model":"claude-5","stream":true,"max_tokens":64,"metadata":{"user_id":"u"},"messages":[{"role":"user","content":"hi"}]}`

const plainBody = `{"model":"claude-5","max_tokens":64,"metadata":{"user_id":"u"},"messages":[{"role":"user","content":"hi"}]}`
