package middleware_test

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/http/middleware"
)

func TestRequestIDIsOursAndUnique(t *testing.T) {
	t.Parallel()
	var inside []string
	h := middleware.RequestID(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		inside = append(inside, middleware.RequestIDFrom(r.Context()))
	}))
	for range 2 {
		w, r := httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/", nil)
		r.Header.Set("X-Request-Id", "chosen-by-client")
		h.ServeHTTP(w, r)
		require.Regexp(t, `^[0-9a-f]{32}$`, w.Header().Get("X-Request-Id"))
	}
	require.NotEqual(t, inside[0], inside[1])
	require.Empty(t, middleware.RequestIDFrom(context.Background()))
}

func TestRecoverAnswersAndLogs(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	h := middleware.Recover(slog.New(slog.NewTextHandler(&log, nil)), func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "sorry", http.StatusInternalServerError)
	})(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("boom") }))
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/x?key=secret", nil))
	require.Equal(t, http.StatusInternalServerError, w.Code)
	require.Equal(t, "sorry\n", w.Body.String())
	require.Contains(t, log.String(), "boom")
	require.Contains(t, log.String(), "middleware_test.go")
	require.NotContains(t, log.String(), "secret")
}

func TestRecoverCutsABegunAnswer(t *testing.T) {
	t.Parallel()
	failed := func(http.ResponseWriter, *http.Request) { t.Error("must not write into a begun answer") }
	srv := httptest.NewServer(middleware.Recover(slog.New(slog.DiscardHandler), failed)(
		http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, "half")
			_ = http.NewResponseController(w).Flush()
			panic("boom")
		})))
	defer srv.Close()
	res, err := srv.Client().Get(srv.URL)
	require.NoError(t, err)
	defer res.Body.Close()
	got, err := io.ReadAll(res.Body)
	require.Error(t, err, "the client sees that the answer is not whole")
	require.Equal(t, "half", string(got))
}

func TestAccessLog(t *testing.T) {
	t.Parallel()
	at := time.Unix(0, 0)
	clock := func() time.Time { at = at.Add(5 * time.Millisecond); return at }
	serve := func(level slog.Level) string {
		var log bytes.Buffer
		logger := slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: level}))
		h := middleware.AccessLog(logger, clock)(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusTeapot)
		}))
		h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/v1beta/x?key=secret", nil))
		return log.String()
	}
	require.Empty(t, serve(slog.LevelInfo))
	got := serve(slog.LevelDebug)
	require.Contains(t, got, "path=/v1beta/x status=418 duration_ms=5")
	require.NotContains(t, got, "secret")
}

func TestSecure(t *testing.T) {
	t.Parallel()
	fixed, err := middleware.ParseProxies([]string{"10.0.0.2"})
	require.NoError(t, err)
	serve := func(hsts bool, proto string) http.Header {
		h := middleware.Secure(middleware.NewProxies(fixed, nil), hsts)(http.NotFoundHandler())
		w, r := httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/", nil)
		r.RemoteAddr = "10.0.0.2:1"
		r.Header.Set("X-Forwarded-Proto", proto)
		h.ServeHTTP(w, r)
		return w.Header()
	}
	require.Equal(t, "nosniff", serve(false, "http").Get("X-Content-Type-Options"))
	require.NotEmpty(t, serve(true, "https").Get("Strict-Transport-Security"))
	require.Empty(t, serve(true, "http").Get("Strict-Transport-Security"))
	require.Empty(t, serve(false, "https").Get("Strict-Transport-Security"))
}

func TestStreamingWorksThroughTheWrappers(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	logger := slog.New(slog.NewTextHandler(new(bytes.Buffer), &slog.HandlerOptions{Level: slog.LevelDebug}))
	inner := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "first")
		w.(http.Flusher).Flush()
		<-release
	})
	srv := httptest.NewServer(middleware.AccessLog(logger, time.Now)(middleware.Recover(logger, nil)(inner)))
	defer srv.Close()
	res, err := srv.Client().Get(srv.URL)
	require.NoError(t, err)
	defer res.Body.Close()
	got := make([]byte, 5)
	_, err = io.ReadFull(res.Body, got)
	require.NoError(t, err)
	require.Equal(t, "first", string(got), "arrives while the handler still runs")
	close(release)
}
