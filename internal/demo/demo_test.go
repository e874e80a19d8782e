package demo_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/claude-code-hub/cch/internal/demo"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func call(ctx context.Context, rt http.RoundTripper, url string, stream bool) (*http.Response, string, error) {
	body := `{"model":"m","stream":false}`
	if stream {
		body = `{"model":"m","stream":true}`
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url+"/v1/messages", strings.NewReader(body))
	if err != nil {
		return nil, "", err
	}
	resp, err := rt.RoundTrip(req)
	if err != nil {
		return nil, "", err
	}
	defer func() { _ = resp.Body.Close() }()
	b, err := io.ReadAll(resp.Body)
	return resp, string(b), err
}

// behaviour checks every mode through any way of reaching the server.
func behaviour(t *testing.T, rt http.RoundTripper, url func(demo.Mode) string) {
	t.Helper()
	for mode, status := range map[demo.Mode]int{
		demo.Healthy: 200, demo.Status429: 429, demo.Status500: 500, demo.Status529: 529, demo.Fake200: 200, demo.Empty: 200,
	} {
		resp, body, err := call(t.Context(), rt, url(mode), true)
		require.NoError(t, err, mode)
		require.Equal(t, status, resp.StatusCode, mode)
		switch mode {
		case demo.Healthy:
			require.Contains(t, body, "message_stop")
		case demo.Empty:
			require.Empty(t, body)
		default:
			require.Contains(t, body, `"type":"error"`)
		}
	}
	_, whole, err := call(t.Context(), rt, url(demo.Healthy), false)
	require.NoError(t, err)
	require.Contains(t, whole, `"stop_reason":"end_turn"`)
	_, _, err = call(t.Context(), rt, url(demo.Reset), true)
	require.Error(t, err)
	_, part, err := call(t.Context(), rt, url(demo.Cut), true)
	require.Error(t, err)
	require.Contains(t, part, "content_block_delta")
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	_, _, err = call(ctx, rt, url(demo.Hang), true)
	require.ErrorIs(t, err, context.DeadlineExceeded)
}

func TestInsideTheProcess(t *testing.T) {
	t.Parallel()
	s := demo.NewServer(0)
	behaviour(t, demo.Transport{Handler: s}, func(m demo.Mode) string {
		s.SetMode(m)
		require.Equal(t, m, s.Mode())
		return "demo://demo"
	})
}

func TestAsAProcessOfItsOwn(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(demo.NewServer(0))
	rt := &http.Transport{}
	behaviour(t, rt, func(m demo.Mode) string { return server.URL + "/fault/" + string(m) })
	rt.CloseIdleConnections()
	server.Close()
}

func TestAnswersArriveWhileTheyAreWritten(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "demo://demo/v1/messages", strings.NewReader(`{"model":"m","stream":true}`))
	require.NoError(t, err)
	resp, err := demo.Transport{Handler: demo.NewServer(time.Hour)}.RoundTrip(req)
	require.NoError(t, err)
	first := make([]byte, 20)
	_, err = io.ReadFull(resp.Body, first)
	require.NoError(t, err)
	require.Equal(t, "event: message_start", string(first))
	cancel()
	_, err = io.ReadAll(resp.Body)
	require.Error(t, err, "the handler ends with its caller")
	_ = resp.Body.Close()
}

func TestUnknownPathsAndBodies(t *testing.T) {
	t.Parallel()
	s := demo.NewServer(0)
	for path, status := range map[string]int{"/v1/other": 404, "/v1/messages": 400, "/v1/messages/count_tokens": 200} {
		w := httptest.NewRecorder()
		s.ServeHTTP(w, httptest.NewRequest(http.MethodPost, path, strings.NewReader("x")))
		require.Equal(t, status, w.Code, path)
	}
	require.False(t, demo.Mode("x").Valid())
}

func TestAChangeOfModeEndsCallsThatHang(t *testing.T) {
	t.Parallel()
	s := demo.NewServer(0)
	s.SetMode(demo.Hang)
	failed := make(chan error, 1)
	go func() {
		_, _, err := call(t.Context(), demo.Transport{Handler: s}, "demo://demo", true)
		failed <- err
	}()
	select {
	case err := <-failed:
		t.Fatalf("ended before the change: %v", err)
	case <-time.After(20 * time.Millisecond):
	}
	s.SetMode(demo.Healthy)
	require.ErrorContains(t, <-failed, "reset")
}

func TestPong(t *testing.T) {
	t.Parallel()
	w := httptest.NewRecorder()
	body := `{"model":"m","messages":[{"role":"user","content":"ping, please reply 'pong'"}]}`
	demo.NewServer(0).ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/v1/messages", strings.NewReader(body)))
	require.Contains(t, w.Body.String(), `"text":"pong"`)
}
