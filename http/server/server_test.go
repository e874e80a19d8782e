package server_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/claude-code-hub/cch/http/middleware"
	"github.com/claude-code-hub/cch/http/server"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// named answers with its name and the path it saw.
func named(name string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, name+" "+r.URL.EscapedPath())
	})
}

func options(change ...func(*server.Options)) server.Options {
	o := server.Options{
		Addr: "127.0.0.1:0", Logger: slog.New(slog.DiscardHandler), Now: time.Now,
		Proxies: middleware.NewProxies(nil, nil),
		Gateway: named("gateway"), Admin: named("admin"), Metrics: named("metrics"), UI: named("ui"),
		Health: server.NewHealth("1.2.3", time.Now),
		Drain:  10 * time.Second, AcceptGrace: time.Millisecond,
	}
	for _, c := range change {
		c(&o)
	}
	return o
}

type running struct {
	*server.Server

	url    string
	client *http.Client
	ended  chan error
}

func start(t *testing.T, change ...func(*server.Options)) *running {
	t.Helper()
	s := server.New(options(change...))
	addr, err := s.Listen(t.Context())
	require.NoError(t, err)
	r := &running{Server: s, url: "http://" + addr.String(), client: &http.Client{Transport: &http.Transport{}}, ended: make(chan error, 1)}
	r.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	go func() { r.ended <- s.Serve() }()
	t.Cleanup(func() {
		ctx, cancel := context.WithCancel(context.Background())
		cancel() // no waiting
		require.NoError(t, s.Shutdown(ctx))
		r.client.CloseIdleConnections()
		require.NoError(t, <-r.ended)
	})
	return r
}

func (r *running) do(t *testing.T, method, path string, header ...string) (int, http.Header, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, r.url+path, nil)
	require.NoError(t, err)
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	res, err := r.client.Do(req)
	require.NoError(t, err)
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	return res.StatusCode, res.Header, string(body)
}

func TestRoutes(t *testing.T) {
	t.Parallel()
	s := start(t)
	for request, want := range map[string]string{
		"POST /v1/messages":  "gateway /v1/messages",
		"POST /V1/Messages/": "gateway /V1/Messages/",
		"GET /v1":            "gateway /v1",
		"POST /v1beta/models/a%2Fb:generateContent": "gateway /v1beta/models/a%2Fb:generateContent",
		"POST /v1internal:streamGenerateContent":    "gateway /v1internal:streamGenerateContent",
		"GET /v1//messages":                         "gateway /v1//messages",
		"OPTIONS /v1/messages":                      "gateway /v1/messages",
		"GET /api/v1/users":                         "admin /api/v1/users",
		"DELETE /api":                               "admin /api",
		"GET /api/unknown":                          "admin /api/unknown",
		"GET /metrics":                              "metrics /metrics",
		"GET /":                                     "ui /",
		"GET /dashboard":                            "ui /dashboard",
		"GET /v1something":                          "ui /v1something",
		"GET /apis":                                 "ui /apis",
		"POST /metrics":                             "ui /metrics",
		"HEAD /":                                    "",
	} {
		method, path, _ := strings.Cut(request, " ")
		status, header, body := s.do(t, method, path)
		require.Equal(t, http.StatusOK, status, request)
		require.Equal(t, want, body, request)
		if strings.HasPrefix(want, "admin") || strings.HasPrefix(want, "ui") {
			require.Equal(t, "nosniff", header.Get("X-Content-Type-Options"), request)
			require.NotEmpty(t, header.Get("X-Request-Id"), request)
		}
	}
}

func TestMetricsAreForThisMachineOrTheToken(t *testing.T) {
	t.Parallel()
	open := start(t)
	status, _, _ := open.do(t, http.MethodGet, "/metrics")
	require.Equal(t, http.StatusOK, status)
	status, _, body := open.do(t, http.MethodGet, "/metrics", "X-Forwarded-For", "198.51.100.1")
	require.Equal(t, http.StatusForbidden, status, "a proxy on this machine does not make the client local")
	require.Contains(t, body, "auth.forbidden")

	closed := start(t, func(o *server.Options) { o.MetricsToken = "scrape" })
	for token, want := range map[string]int{"": 403, "Bearer wrong": 403, "scrape": 403, "Bearer scrape": 200} {
		status, _, _ := closed.do(t, http.MethodGet, "/metrics", "Authorization", token)
		require.Equal(t, want, status, token)
	}
}

func TestHealth(t *testing.T) {
	t.Parallel()
	broken := func(context.Context) error { return errors.New("dial tcp 10.1.2.3: refused") }
	fine := func(context.Context) error { return nil }
	hangs := func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }
	check := func(name string, critical bool, c func(context.Context) error) server.Component {
		return server.Component{Name: name, Critical: critical, Check: c, Timeout: 20 * time.Millisecond}
	}
	tests := map[string]struct {
		components []server.Component
		status     int
		want       string
	}{
		"all well":        {[]server.Component{check("database", true, fine), {Name: "redis"}}, 200, "healthy"},
		"database down":   {[]server.Component{check("database", true, broken)}, 503, "unhealthy"},
		"database hangs":  {[]server.Component{check("database", true, hangs)}, 503, "unhealthy"},
		"only redis down": {[]server.Component{check("database", true, fine), check("redis", false, broken)}, 200, "degraded"},
		"both down":       {[]server.Component{check("database", true, broken), check("redis", false, broken)}, 503, "unhealthy"},
	}
	for name, test := range tests {
		s := start(t, func(o *server.Options) { o.Health = server.NewHealth("1.2.3", time.Now, test.components...) })
		for _, path := range []string{"/api/health/ready", "/api/health", "/api/actions/health"} {
			status, _, body := s.do(t, http.MethodGet, path)
			require.Equal(t, test.status, status, name+path)
			require.Contains(t, body, `"status":"`+test.want+`"`, name)
			require.NotContains(t, body, "10.1.2.3", "causes are not public")
		}
		status, _, _ := s.do(t, http.MethodGet, "/api/health/live")
		require.Equal(t, http.StatusOK, status, "the process lives whatever it needs")
	}
	s := start(t, func(o *server.Options) {
		o.Health = server.NewHealth("1.2.3", time.Now, server.Component{Name: "redis"})
	})
	_, _, body := s.do(t, http.MethodGet, "/api/health")
	require.Contains(t, body, `"redis":{"status":"unchecked"`)
}

func TestPanicsAreAnswered(t *testing.T) {
	t.Parallel()
	boom := http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("boom") })
	s := start(t, func(o *server.Options) { o.Admin, o.Gateway = boom, boom })
	for _, path := range []string{"/api/v1/x", "/v1/messages"} {
		status, _, body := s.do(t, http.MethodGet, path)
		require.Equal(t, http.StatusInternalServerError, status)
		require.Contains(t, body, "internal.error")
		require.NotContains(t, body, "boom")
	}
}

// streaming is a gateway whose answers last until let go.
type streaming struct {
	begun, release, interrupted chan struct{}
}

func newStreaming() *streaming {
	return &streaming{make(chan struct{}, 4), make(chan struct{}), make(chan struct{})}
}

func (s *streaming) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	_, _ = io.WriteString(w, "first ")
	_ = http.NewResponseController(w).Flush()
	s.begun <- struct{}{}
	select {
	case <-s.release:
		_, _ = io.WriteString(w, "last")
	case <-s.interrupted:
		_, _ = io.WriteString(w, "interrupted")
	}
}

func TestDrainLetsStreamsFinish(t *testing.T) {
	t.Parallel()
	g := newStreaming()
	s := start(t, func(o *server.Options) { o.Gateway = g; o.AcceptGrace = 300 * time.Millisecond })
	bodies := make(chan string, 1)
	go func() { bodies <- s.stream(t) }()
	<-g.begun

	stopped := make(chan error, 1)
	go func() { stopped <- s.Shutdown(context.Background()) }()
	require.Eventually(t, func() bool {
		status, _, body := s.do(t, http.MethodGet, "/api/health/ready")
		return status == http.StatusServiceUnavailable && strings.Contains(body, "shutting down")
	}, 250*time.Millisecond, time.Millisecond, "readiness fails while requests are still taken")
	close(g.release)
	require.Equal(t, "first last", <-bodies)
	require.NoError(t, <-stopped)
}

func TestADrainingServerRefusesUntilItIsEmpty(t *testing.T) {
	t.Parallel()
	g := newStreaming()
	refusing, empty := make(chan struct{}), make(chan struct{})
	s := start(t, func(o *server.Options) {
		o.Gateway, o.Drain = g, time.Hour
		announce := sync.OnceFunc(func() { close(refusing) }) // shut down once more at the end
		o.Refuse = func() <-chan struct{} { announce(); return empty }
	})
	bodies := make(chan string, 1)
	go func() { bodies <- s.stream(t) }()
	<-g.begun
	stopped := make(chan error, 1)
	go func() { stopped <- s.Shutdown(context.Background()) }()
	<-refusing
	other := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	res, err := other.Get(s.url + "/api/health/live")
	require.NoError(t, err, "the port is open as long as something runs")
	require.NoError(t, res.Body.Close())
	close(g.release)
	require.Equal(t, "first last", <-bodies)
	close(empty)
	require.NoError(t, <-stopped)
	_, err = other.Get(s.url + "/api/health/live")
	require.Error(t, err)
}

func TestDrainInterruptsWhatDoesNotEnd(t *testing.T) {
	t.Parallel()
	g := newStreaming()
	s := start(t, func(o *server.Options) {
		o.Gateway, o.Drain = g, 30*time.Millisecond
		o.Interrupt = func() { close(g.interrupted) }
	})
	bodies := make(chan string, 1)
	go func() { bodies <- s.stream(t) }()
	<-g.begun
	require.NoError(t, s.Shutdown(context.Background()))
	require.Equal(t, "first interrupted", <-bodies)
}

func TestSecondSignalSkipsTheDrain(t *testing.T) {
	t.Parallel()
	g := newStreaming()
	s := start(t, func(o *server.Options) {
		o.Gateway, o.Drain, o.AcceptGrace = g, time.Hour, time.Hour
		o.Interrupt = func() { close(g.interrupted) }
	})
	bodies := make(chan string, 1)
	go func() { bodies <- s.stream(t) }()
	<-g.begun
	ctx, second := context.WithCancel(context.Background())
	stopped := make(chan error, 1)
	go func() { stopped <- s.Shutdown(ctx) }()
	second()
	require.NoError(t, <-stopped)
	require.Equal(t, "first interrupted", <-bodies)
}

// stream reads a whole answer of the gateway.
func (r *running) stream(t *testing.T) string {
	t.Helper()
	res, err := r.client.Get(r.url + "/v1/messages")
	if err != nil {
		return err.Error()
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		return err.Error()
	}
	return string(body)
}

func TestListenFailsOnATakenPort(t *testing.T) {
	t.Parallel()
	taken := httptest.NewServer(http.NotFoundHandler())
	defer taken.Close()
	s := server.New(options(func(o *server.Options) { o.Addr = strings.TrimPrefix(taken.URL, "http://") }))
	_, err := s.Listen(t.Context())
	require.ErrorContains(t, err, "listen on 127.0.0.1:")
}
