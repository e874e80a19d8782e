package main

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/actors/kit"
	"github.com/claude-code-hub/cch/actors/protocol"
	"github.com/claude-code-hub/cch/http/middleware"
	"github.com/claude-code-hub/cch/internal/config"
	"github.com/claude-code-hub/cch/internal/domain"
	"github.com/claude-code-hub/cch/internal/testkit"
)

// The leak matrix: each sort of actor fails at each message it gets while a
// request runs, by panic and by kill, and so does the HTTP goroutine. After
// each failure nothing is held, nothing runs, there is one row for the request
// and the next request is served.
//
// The tests are not parallel: they count the goroutines of the process.

func TestNothingLeaksWhenARequestActorFails(t *testing.T) {
	h := newLeakHub(t)
	for _, s := range scenarios() {
		failEverywhere(t, func() *leakHub { return h }, "request", s, "panic", "kill")
	}
}

func TestNothingLeaksWhenAHolderOfLeasesFails(t *testing.T) {
	h := newLeakHub(t)
	for _, kind := range []string{"quota", "session", "provider"} {
		failEverywhere(t, func() *leakHub { return h }, kind, scenarios()[0], "panic", "kill")
	}
}

func TestNothingLeaksWhenASystemActorFails(t *testing.T) {
	for _, s := range scenarios() {
		for _, kind := range []string{"router", "leases", "recorder"} {
			failEverywhere(t, func() *leakHub { return newLeakHub(t) }, kind, s, "panic")
		}
	}
}

func TestNothingLeaksWhenNothingFails(t *testing.T) {
	h := newLeakHub(t)
	for _, s := range scenarios() {
		for range 3 {
			t.Run(s.name, func(t *testing.T) { h.run(t, s, nil) })
		}
	}
}

// scenario is what happens to one request. Its client learns status and body;
// status 0 is none, because it left.
type scenario struct {
	name string
	play func(t *testing.T, h *leakHub, c leakCase) (status int, body string)
	// statuses the row may have when nothing fails
	row int64
}

func scenarios() []scenario {
	return []scenario{
		{"failover", playFailover, 200},
		{"client leaves while admitted", playLeaveAdmitting, domain.StatusClientGone},
		{"client leaves before the answer", playLeaveWaiting, domain.StatusClientGone},
		{"client leaves in mid-stream", playLeaveStreaming, 200},
		{"handler panics before the answer", playPanicAt("WriteHeader"), 500},
		{"handler panics in mid-stream", playPanicAt("Write"), 500},
		{"two providers race", playRace, 200},
		{"client leaves a race", playLeaveRace, domain.StatusClientGone},
	}
}

// hedging has every stream called twice, until it is let go.
func (h *leakHub) hedging(t *testing.T, on bool) {
	t.Helper()
	status, res := h.Admin(t, http.MethodPatch, "/settings", testkit.M{"hedgeEnabled": on, "hedgeAfterMs": 1, "hedgeBudgetPercent": 100})
	require.Equal(t, http.StatusOK, status, res.Raw)
}

// playRace has the first provider say nothing, unless something fails: then it
// may be the only one that answers.
func playRace(t *testing.T, h *leakHub, c leakCase) (int, string) {
	t.Helper()
	h.hedging(t, true)
	defer h.hedging(t, false)
	h.bad.Hold()
	h.bad.Set(testkit.SlowContent)
	over := make(chan struct{})
	defer func() {
		close(over)
		h.bad.Set(testkit.Healthy)
		h.bad.Release()
	}()
	go func() {
		for look := time.NewTicker(time.Millisecond); ; {
			select {
			case <-over:
				look.Stop()
				return
			case <-look.C:
				if f := h.faults.armed.Load(); f != nil && f.msg.Load() != nil {
					h.bad.Release()
				}
			}
		}
	}()
	return h.call(t.Context(), t, h.URL, c.key)
}

func playLeaveRace(t *testing.T, h *leakHub, c leakCase) (int, string) {
	t.Helper()
	h.hedging(t, true)
	defer h.hedging(t, false)
	both := []*testkit.Upstream{h.bad, h.good}
	for _, u := range both {
		u.Hold()
		u.Set(testkit.Hang)
	}
	defer func() {
		for _, u := range both {
			u.Set(testkit.Healthy)
			u.Release()
		}
	}()
	bad, good := h.bad.Count(), h.good.Count()
	return h.leaveWhen(t, c, func(int64) bool { return h.bad.Count() > bad && h.good.Count() > good })
}

func playFailover(t *testing.T, h *leakHub, c leakCase) (int, string) {
	t.Helper()
	h.bad.Set(testkit.Status500)
	defer h.bad.Set(testkit.Healthy)
	return h.call(t.Context(), t, h.URL, c.key)
}

func playLeaveAdmitting(t *testing.T, h *leakHub, c leakCase) (int, string) {
	t.Helper()
	reached, letGo := h.faults.holdQuota()
	defer letGo()
	defer h.awaitGateway(t) // has heard of the client's leaving
	return h.leaveWhen(t, c, func(int64) bool {
		select {
		case <-reached:
			return true
		default:
			return false
		}
	})
}

func playLeaveWaiting(t *testing.T, h *leakHub, c leakCase) (int, string) {
	t.Helper()
	h.bad.Set(testkit.Hang)
	defer h.bad.Set(testkit.Healthy)
	before := h.bad.Count()
	return h.leaveWhen(t, c, func(int64) bool { return h.bad.Count() > before })
}

func playLeaveStreaming(t *testing.T, h *leakHub, c leakCase) (int, string) {
	t.Helper()
	h.bad.Hold()
	h.bad.Set(testkit.StallMid)
	defer func() {
		h.bad.Set(testkit.Healthy)
		h.bad.Release()
	}()
	return h.leaveWhen(t, c, func(read int64) bool { return read > 0 })
}

// playPanicAt has the handler's goroutine panic in a method of its writer.
func playPanicAt(method string) func(*testing.T, *leakHub, leakCase) (int, string) {
	return func(t *testing.T, h *leakHub, c leakCase) (int, string) {
		t.Helper()
		broken := middleware.Recover(slog.New(slog.DiscardHandler), func(w http.ResponseWriter, _ *http.Request) {
			http.Error(w, "internal error", http.StatusInternalServerError)
		})
		front := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			broken(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				h.app.gateway.ServeHTTP(&brokenWriter{ResponseWriter: w, at: method}, r)
			})).ServeHTTP(w, r)
		}))
		front.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
		front.Start()
		defer front.Close()
		return h.call(t.Context(), t, front.URL, c.key)
	}
}

// brokenWriter panics when the answer is begun, or when its first byte is sent.
type brokenWriter struct {
	http.ResponseWriter
	at string
}

func (w *brokenWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func (w *brokenWriter) WriteHeader(status int) {
	if w.at == "WriteHeader" {
		panic("injected")
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *brokenWriter) Write(b []byte) (int, error) {
	if w.at == "Write" {
		panic("injected")
	}
	return w.ResponseWriter.Write(b)
}

// faults injects at most one failure at a time.
type faults struct {
	armed atomic.Pointer[fault]
	hold  atomic.Pointer[hold]
}

// fault is to happen at the at-th message of a kind of actor.
type fault struct {
	kind string
	how  string
	at   int64
	seen atomic.Int64
	msg  atomic.Pointer[string] // set once it has happened
}

// hold stops quota actors until it is let go.
type hold struct{ reached, free chan struct{} }

func (f *faults) intercept(kind, _ string, self kit.Ref, msg any) {
	if _, reserve := msg.(*protocol.QuotaReserve); reserve {
		if h := f.hold.Load(); h != nil {
			close(h.reached)
			<-h.free
		}
	}
	a := f.armed.Load()
	if a == nil || a.kind != kind || a.seen.Add(1) != a.at {
		return
	}
	what := fmt.Sprintf("%T", msg)
	a.msg.Store(&what)
	if a.how == "panic" {
		panic("injected")
	}
	self.Kill()
}

func (f *faults) holdQuota() (reached <-chan struct{}, letGo func()) {
	h := &hold{reached: make(chan struct{}), free: make(chan struct{})}
	f.hold.Store(h)
	return h.reached, func() {
		f.hold.Store(nil)
		close(h.free)
	}
}

// leakHub is the assembled program in this process.
type leakHub struct {
	testkit.Program
	app       *App
	faults    faults
	bad, good *testkit.Upstream // the first and the second choice
	client    *http.Transport
	cases     int
	base      int // goroutines at rest
}

// leakCase is what one request uses of its own, so that no two cases share an
// actor of a user, session or provider.
type leakCase struct {
	user      domain.UserID
	key       string
	providers []domain.ProviderID
}

func newLeakHub(t *testing.T) *leakHub {
	t.Helper()
	h := &leakHub{client: &http.Transport{}, bad: testkit.NewUpstream(t, "bad"), good: testkit.NewUpstream(t, "good")}
	cfg, _, err := config.Load(map[string]string{
		"HOST": "127.0.0.1", "DATA_DIR": t.TempDir(), "ADMIN_TOKEN": testkit.AdminToken, "MESSAGE_REQUEST_ASYNC_FLUSH_INTERVAL_MS": "20", "SHUTDOWN_DRAIN_MS": "100",
	})
	require.NoError(t, err)
	cfg.Server.Port = 0
	h.app, err = New(t.Context(), cfg, Options{Logger: slog.New(slog.DiscardHandler), Intercept: h.faults.intercept})
	require.NoError(t, err)
	addr, err := h.app.Listen(t.Context())
	require.NoError(t, err)
	h.URL = "http://" + addr.String()
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- h.app.Run(ctx) }()
	t.Cleanup(func() {
		h.idle()
		stop()
		require.NoError(t, <-ended)
	})
	require.True(t, t.Run("warm up", h.warmUp)) // in a test of its own, as the cases are
	return h
}

// warmUp has everything started that stays, and counts it.
func (h *leakHub) warmUp(t *testing.T) {
	c := h.newCase(t)
	for range 2 {
		status, body := h.call(t.Context(), t, h.URL, c.key)
		require.Equal(t, http.StatusOK, status, body)
	}
	h.AwaitLogs(t, "", 2)
	h.base = 1 << 30
	h.awaitRest(t, c, nil)
	for range 20 { // connections take a moment to end
		time.Sleep(10 * time.Millisecond)
		h.idle()
		h.base = min(h.base, runtime.NumGoroutine())
	}
}

func (h *leakHub) newCase(t *testing.T) leakCase {
	t.Helper()
	h.cases++
	group := testkit.M{"groups": []string{fmt.Sprint("group", h.cases)}}
	c := leakCase{}
	for i, u := range []*testkit.Upstream{h.bad, h.good} {
		id := h.AddProvider(t, u, testkit.M{
			"name": fmt.Sprint(u.Name, h.cases), "priority": i, "groups": group["groups"],
			"circuitBreaker": testkit.M{"failureThreshold": 0},
		})
		c.providers = append(c.providers, domain.ProviderID(id))
	}
	user := h.AddUser(t, fmt.Sprint("user", h.cases), group)
	c.user, c.key = domain.UserID(user), h.AddKey(t, user, "key")
	return c
}

// failEverywhere runs a scenario with a failure at the first message of a kind,
// then at the second, until it takes no more of them. It asks for another hub
// after a few failures, because restarts of the same actor take ever longer.
func failEverywhere(t *testing.T, hub func() *leakHub, kind string, s scenario, ways ...string) {
	t.Helper()
	for _, how := range ways {
		var h *leakHub
		for at := int64(1); ; at++ {
			if at%3 == 1 {
				h = hub()
			}
			f := &fault{kind: kind, how: how, at: at}
			name := fmt.Sprintf("%s/%s of %s at message %d", s.name, how, kind, at)
			require.True(t, t.Run(name, func(t *testing.T) { h.run(t, s, f) }))
			if f.msg.Load() == nil {
				require.False(t, at == 1 && s.name == scenarios()[0].name, "the %s got no message", kind)
				break
			}
		}
	}
}

// run plays a scenario once and looks at what it leaves.
func (h *leakHub) run(t *testing.T, s scenario, f *fault) {
	t.Helper()
	c := h.newCase(t)
	h.faults.armed.Store(f)
	status, body := s.play(t, h, c)
	h.awaitRest(t, c, f)
	h.faults.armed.Store(nil)
	h.requireOneRow(t, c, s, f, status, body)

	status, body = h.call(t.Context(), t, h.URL, c.key)
	require.Equal(t, http.StatusOK, status, "the next request: %s", body)
	h.AwaitLogs(t, fmt.Sprint("userId=", c.user), 2)
	h.awaitRest(t, c, f)
}

// awaitRest waits until nothing is held and nothing runs.
func (h *leakHub) awaitRest(t *testing.T, c leakCase, f *fault) {
	t.Helper()
	var left string
	ok := func() bool {
		left = h.left(t, c, f)
		return left == ""
	}
	for deadline := time.Now().Add(10 * time.Second); !ok(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(deadline) {
			stacks := make([]byte, 1<<20)
			t.Fatalf("left after %s: %s\n%s", f, left, stacks[:runtime.Stack(stacks, true)])
		}
	}
}

func (f *fault) String() string {
	if f == nil || f.msg.Load() == nil {
		return "no failure"
	}
	return fmt.Sprintf("%s of %s at %s", f.how, f.kind, *f.msg.Load())
}

// left tells what is still held or running.
func (h *leakHub) left(t *testing.T, c leakCase, f *fault) string {
	t.Helper()
	for kind, n := range h.app.system.Leases() {
		if n != 0 {
			return fmt.Sprintf("%d leases of kind %s", n, kind)
		}
	}
	if s := h.app.gateway.Stats(); s.Running != 0 || s.BodyBytes != 0 {
		return fmt.Sprintf("%d requests with %d bytes", s.Running, s.BodyBytes)
	}
	for _, k := range h.app.system.Stats() {
		if k.Kind == "request" && k.Live != 0 {
			return fmt.Sprintf("%d request actors", k.Live)
		}
	}
	if r := h.app.system.Recorder().Stats(); r.Pending != 0 || r.Unsettled != 0 {
		return fmt.Sprintf("%d records, %d settlements", r.Pending, r.Unsettled)
	}
	if held := h.heldAt(t, c, f); held != "" {
		return held
	}
	h.idle()
	if n := runtime.NumGoroutine(); n > h.base {
		return fmt.Sprintf("%d goroutines more than %d", n-h.base, h.base)
	}
	return ""
}

// heldAt asks the holders themselves. One that failed may count what it cannot
// know to be given back until that expires.
func (h *leakHub) heldAt(t *testing.T, c leakCase, f *fault) string {
	t.Helper()
	if f != nil && (f.kind == "quota" || f.kind == "provider") {
		return ""
	}
	state, err := h.app.system.Operator().ReadQuota(t.Context(), c.user)
	require.NoError(t, err)
	for _, w := range state.Windows {
		if w.Limit == domain.LimitConcurrentRequests && w.Used != 0 {
			return fmt.Sprintf("%d requests in flight at the quota actor, %s", w.Used, w.Scope)
		}
	}
	for _, id := range c.providers {
		if v, _ := h.app.system.Health(id); v.InFlight != 0 {
			return fmt.Sprintf("%d in flight at provider %d", v.InFlight, id)
		}
	}
	return ""
}

func (h *leakHub) awaitGateway(t *testing.T) {
	t.Helper()
	require.Eventually(t, func() bool { return h.app.gateway.Stats().Running == 0 }, 10*time.Second, time.Millisecond)
}

// idle ends the connections that only wait for further requests.
func (h *leakHub) idle() {
	h.client.CloseIdleConnections()
	http.DefaultTransport.(*http.Transport).CloseIdleConnections() //nolint:forcetypeassert // it is one
	h.app.upstream.Close()
}

// requireOneRow checks that the request left one row that agrees with what its
// client saw.
func (h *leakHub) requireOneRow(t *testing.T, c leakCase, s scenario, f *fault, status int, body string) {
	t.Helper()
	h.AwaitLogs(t, fmt.Sprint("userId=", c.user), 1)
	_, res := h.Admin(t, http.MethodGet, fmt.Sprint("/usage-logs?limit=10&userId=", c.user), nil)
	require.Len(t, res.Get("items").Array(), 1, "after %s: %s", f, res.Raw)
	row := res.Get("items.0.statusCode").Int()
	outcome := res.Get("items.0.outcome").String()
	switch {
	case f == nil || f.msg.Load() == nil:
		require.Equal(t, s.row, row, res.Raw)
	case s.row == domain.StatusClientGone:
		require.Contains(t, []int64{domain.StatusClientGone, 500}, row, "after %s: %s", f, res.Raw)
	case status == http.StatusOK && body == h.good.Stream("claude-test"):
		require.Equal(t, "200 success", fmt.Sprint(row, " ", outcome), "after %s: %s", f, res.Raw)
	case status >= 500:
		require.Equal(t, "500 failure", fmt.Sprint(row, " ", outcome), "after %s: %s", f, res.Raw)
	}
}

// call makes a request and reads the answer to its end; it shows what it has
// read so far to watch, if there is one.
func (h *leakHub) call(ctx context.Context, t *testing.T, url, key string, watch ...func(read int)) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url+"/v1/messages", strings.NewReader(testkit.Prompt(true, t.Name())))
	require.NoError(t, err)
	req.Header.Set("X-Api-Key", key)
	resp, err := h.client.RoundTrip(req)
	if err != nil {
		return 0, err.Error()
	}
	defer func() { _ = resp.Body.Close() }()
	var body []byte
	for buf := make([]byte, 4096); err == nil; {
		var n int
		n, err = resp.Body.Read(buf)
		body = append(body, buf[:n]...)
		for _, w := range watch {
			w(len(body))
		}
	}
	return resp.StatusCode, string(body)
}

// leaveWhen has the client leave at a certain moment or, when a failure keeps
// it from coming, soon after that.
func (h *leakHub) leaveWhen(t *testing.T, c leakCase, moment func(read int64) bool) (int, string) {
	t.Helper()
	ctx, leave := context.WithCancel(t.Context())
	defer leave()
	var read atomic.Int64
	go func() {
		defer leave()
		deadline := time.Now().Add(10 * time.Second)
		for failed := false; !moment(read.Load()) && time.Now().Before(deadline) && ctx.Err() == nil; time.Sleep(time.Millisecond) {
			if f := h.faults.armed.Load(); !failed && f != nil && f.msg.Load() != nil {
				failed, deadline = true, time.Now().Add(150*time.Millisecond)
			}
		}
	}()
	return h.call(ctx, t, h.URL, c.key, func(n int) { read.Store(int64(n)) })
}
