package demo_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/tidwall/gjson"
	"go.uber.org/goleak"

	"github.com/claude-code-hub/cch/internal/demo"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// speech is how one protocol calls and what its answers hold.
type speech struct {
	path, streamPath string // the same but for Gemini
	body             string // $ stands for whether to stream
	failed           string // member that an error has
	said, ended      string // in a stream: what tells of text, and of its end
	whole            string // member that a document has
}

func speeches() map[string]speech {
	return map[string]speech{
		"claude": {
			"/v1/messages", "/v1/messages", `{"model":"m","stream":$}`,
			"error.type", "content_block_delta", "message_stop", `"stop_reason":"end_turn"`,
		},
		"chat": {
			"/v1/chat/completions", "/v1/chat/completions", `{"model":"m","stream":$}`,
			"error.code", `"delta":{"content":`, "data: [DONE]", `"finish_reason":"stop"`,
		},
		"responses": {
			"/v1/responses", "/v1/responses", `{"model":"m","stream":$}`,
			"error.code", "response.output_text.delta", "event: response.completed", `"status":"completed"`,
		},
		"gemini": {
			"/v1beta/models/m:generateContent", "/v1beta/models/m:streamGenerateContent?alt=sse", `{"contents":[]}`,
			"error.status", `"parts":[{"text":`, `"finishReason":"STOP"`, `"finishReason":"STOP"`,
		},
		"gemini array": {
			"/v1beta/models/m:generateContent", "/v1beta/models/m:streamGenerateContent", `{"contents":[]}`,
			"error.status", `"parts":[{"text":`, "]", `"finishReason":"STOP"`,
		},
		"gemini-cli": {
			"/v1internal:generateContent", "/v1internal:streamGenerateContent?alt=sse", `{"model":"m","request":{}}`,
			"error.status", `{"response":{"candidates":`, `"finishReason":"STOP"`, `{"response":`,
		},
	}
}

func call(ctx context.Context, rt http.RoundTripper, url string, p speech, stream bool) (*http.Response, string, error) {
	path := p.path
	if stream {
		path = p.streamPath
	}
	body := strings.Replace(p.body, "$", strconv.FormatBool(stream), 1)
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url+path, strings.NewReader(body))
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

// behaviour checks every mode in every protocol, through any way of reaching
// the server.
func behaviour(t *testing.T, rt http.RoundTripper, url func(demo.Mode) string) {
	t.Helper()
	for name, p := range speeches() {
		for mode, status := range map[demo.Mode]int{
			demo.Healthy: 200, demo.Status429: 429, demo.Status500: 500, demo.Status529: 529, demo.Fake200: 200, demo.Empty: 200,
		} {
			resp, body, err := call(t.Context(), rt, url(mode), p, true)
			require.NoError(t, err, mode)
			require.Equal(t, status, resp.StatusCode, "%s %s", name, mode)
			switch mode {
			case demo.Healthy:
				require.Contains(t, body, p.said, name)
				require.Contains(t, body, p.ended, name)
				for frame := range strings.SplitSeq(body, "\n\n") {
					if _, data, ok := strings.Cut(frame, "data: "); ok && data != "[DONE]" {
						require.True(t, gjson.Valid(data), "%s: %s", name, data)
					}
				}
			case demo.Empty:
				require.Empty(t, body)
			default:
				require.NotEmpty(t, gjson.Get(body, p.failed).String(), "%s: %s", name, body)
			}
		}
		_, whole, err := call(t.Context(), rt, url(demo.Healthy), p, false)
		require.NoError(t, err)
		require.True(t, gjson.Valid(whole), "%s: %s", name, whole)
		require.Contains(t, whole, p.whole, name)
		require.Contains(t, whole, `"m"`, "%s: the model that was asked for", name)
		for _, stream := range []bool{true, false} {
			_, _, err = call(t.Context(), rt, url(demo.Reset), p, stream)
			require.Error(t, err)
			_, part, err := call(t.Context(), rt, url(demo.Cut), p, stream)
			require.Error(t, err)
			require.NotEmpty(t, part)
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
			_, _, err = call(ctx, rt, url(demo.Hang), p, stream)
			cancel()
			require.ErrorIs(t, err, context.DeadlineExceeded)
		}
	}
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
	for path, status := range map[string]int{
		"/v1/other": 404, "/v1/messages": 400, "/v1/messages/count_tokens": 200,
		"/v1/responses/input_tokens": 200, "/v1beta/models/m:countTokens": 200, "/v1internal:countTokens": 200,
		"/v1beta/models/m:predict": 404, "/v1/responses/compact": 404, "/v1/chat/completions": 400,
	} {
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
		_, _, err := call(t.Context(), demo.Transport{Handler: s}, "demo://demo", speeches()["claude"], true)
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
