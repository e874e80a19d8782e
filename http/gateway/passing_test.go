package gateway_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"mime/multipart"
	"net/http"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/internal/domain"
)

func TestCallsWithoutContentToWaitFor(t *testing.T) {
	t.Parallel()
	for path, c := range map[string]struct {
		body, said string
		usage      domain.Usage
	}{
		"/v1/embeddings": {
			`{"model":"m","input":["a"]}`, `{"object":"list","data":[{"embedding":[0.5]}],"model":"m","usage":{"prompt_tokens":8,"total_tokens":8}}`,
			domain.Usage{Input: 8},
		},
		"/v1/completions": {
			`{"model":"m","prompt":"a"}`, `{"id":"cmpl","choices":[{"text":"b","finish_reason":"length"}],"usage":{"prompt_tokens":1,"completion_tokens":2}}`,
			domain.Usage{Input: 1, Output: 2},
		},
		"/v1beta/models/m:embedContent": {`{"content":{"parts":[{"text":"a"}]}}`, `{"embedding":{"values":[0.5]}}`, domain.Usage{}},
	} {
		h, bodies := recording(says(200, "application/json", c.said))
		w := newWorld(t, nil, h)
		a := w.callTo("POST", path, c.body)
		require.Equal(t, 200, a.status, path)
		requireSame(t, c.said, a.body)
		requireSame(t, path+" "+c.body, <-bodies)
		res := w.actor.only(t)
		require.True(t, res.Complete)
		require.Equal(t, c.usage, res.Usage, path)
		require.Equal(t, domain.CallGenerate, w.actor.lastAdmit(t).Class)
	}
}

func TestStreamedCompletionIsNotWaitedFor(t *testing.T) {
	t.Parallel()
	text := "data: {\"choices\":[{\"text\":\"b\"}]}\n\ndata: {\"choices\":[{\"text\":\"\",\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n"
	w := newWorld(t, nil, streams(text))
	requireSame(t, text, w.callTo("POST", "/v1/completions", `{"model":"m","stream":true,"prompt":"a"}`).body)
	require.True(t, w.actor.only(t).Complete)
}

func TestErrorsInAnAnswerOfAnyKindFailOver(t *testing.T) {
	t.Parallel()
	good := `{"data":[{"embedding":[1]}]}`
	w := newWorld(t, nil, says(200, "application/json", `{"error":{"message":"quota exceeded"}}`), says(200, "application/json", good))
	requireSame(t, good, w.callTo("POST", "/v1/embeddings", `{"model":"m","input":"a"}`).body)
	res := w.actor.wait(t, 2)[0]
	require.Equal(t, domain.FailFake200, res.Failure)
	require.Equal(t, 429, res.Status)
}

// form is a multipart body with a file of size bytes in front of its model.
func form(t *testing.T, size int, models ...string) (contentType, body string) {
	t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	f, err := w.CreateFormFile("file", "speech.wav")
	require.NoError(t, err)
	_, err = f.Write(bytes.Repeat([]byte{0, 255, '\n'}, size/3))
	require.NoError(t, err)
	for _, m := range models {
		require.NoError(t, w.WriteField("model", m))
	}
	require.NoError(t, w.Close())
	return w.FormDataContentType(), b.String()
}

func TestMediaPassAsTheyAre(t *testing.T) {
	t.Parallel()
	kind, transcription := form(t, 300_000, "whisper-2")
	sound := strings.Repeat("\x00\xff\xfb", 40_000)
	for name, c := range map[string]struct {
		path, kind, body, answerKind, said, model string
		usage                                     domain.Usage
	}{
		"form": {
			"/v1/audio/transcriptions", kind, transcription, "application/json",
			`{"text":"hi","usage":{"type":"tokens","input_tokens":14,"output_tokens":45,"total_tokens":59}}`, "whisper-2",
			domain.Usage{Input: 14, Output: 45},
		},
		"sound": {"/v1/audio/speech", "application/json", `{ "model":"tts-2","input":"hi"}`, "audio/mpeg", sound, "tts-2", domain.Usage{}},
		"image": {
			"/v1/images/generations", "application/json", `{"model":"image-2","prompt":"a","stream_options":{}}`, "application/json",
			`{"data":[{"b64_json":"eA=="}],"usage":{"input_tokens":5,"output_tokens":100}}`, "image-2",
			domain.Usage{Input: 5, Output: 100},
		},
		"compact": {
			"/v1/responses/compact", "application/json", `{"model":"gpt-6","input":"text"}`, "application/json",
			`{"object":"response.compaction","output":[],"usage":{"input_tokens":5,"output_tokens":7}}`, "gpt-6",
			domain.Usage{Input: 5, Output: 7},
		},
	} {
		h, bodies := recording(says(200, c.answerKind, c.said))
		h, headers := heads(h)
		w := newWorld(t, func(w *world) { w.actor.model = "redirected" }, h)
		a := w.callTo("POST", c.path, c.body, "Content-Type", c.kind)
		require.Equal(t, 200, a.status, name)
		requireSame(t, c.said, a.body)
		require.Equal(t, c.answerKind, a.header.Get("Content-Type"))
		requireSame(t, c.path+" "+c.body, <-bodies)
		require.Equal(t, c.kind, (<-headers).Get("Content-Type"))
		got := w.actor.lastAdmit(t)
		require.Equal(t, c.model, got.Model, name)
		require.True(t, got.Verbatim)
		require.Equal(t, c.usage, w.actor.only(t).Usage, name)
	}
}

func TestFormsMustNameOneModel(t *testing.T) {
	t.Parallel()
	for _, models := range [][]string{nil, {"a", "b"}} {
		kind, body := form(t, 30, models...)
		w := newWorld(t, nil)
		a := w.callTo("POST", "/v1/audio/transcriptions", body, "Content-Type", kind)
		require.Equal(t, 400, a.status)
		require.Contains(t, a.body, "model_required")
	}
}

func TestLargeUploadIsNeverHeld(t *testing.T) {
	t.Parallel()
	const size = 50 << 20
	sum, most := make(chan string, 1), int64(0)
	var w *world
	w = newWorld(t, func(w *world) { w.opts.Body.Raw, w.opts.Body.Plain, w.opts.Body.Memory = 100<<20, 100<<20, 1<<20 },
		func(rw http.ResponseWriter, r *http.Request) {
			h := sha256.New()
			buf := make([]byte, 1<<20)
			for {
				n, err := r.Body.Read(buf)
				h.Write(buf[:n])
				most = max(most, w.gateway.Stats().BodyBytes)
				if err != nil {
					break
				}
			}
			sum <- hex.EncodeToString(h.Sum(nil)) + " " + r.Header.Get("Content-Encoding") + " " + r.Method + " " + r.URL.RequestURI()
			rw.Header().Set("Content-Type", "application/json")
			_, _ = io.WriteString(rw, `{"id":"file-1"}`)
		})
	whole := bytes.Repeat([]byte("0123456789abcdef"), size/16)
	want := sha256.Sum256(whole)
	for _, length := range []int64{size, -1} {
		r, err := http.NewRequestWithContext(t.Context(), "POST", w.server.URL+"/v1/Files?x=1", bytes.NewReader(whole))
		require.NoError(t, err)
		r.ContentLength = length
		r.Header.Set("Authorization", "Bearer "+clientKey)
		r.Header.Set("Content-Encoding", "gzip") // not looked at
		a := w.do(r)
		require.Equal(t, 200, a.status, a.body)
		requireSame(t, `{"id":"file-1"}`, a.body)
		require.Equal(t, hex.EncodeToString(want[:])+" gzip POST /v1/Files?x=1", <-sum)
	}
	require.Zero(t, most)
	require.Equal(t, domain.CallResource, w.actor.lastAdmit(t).Class)
}

func TestResourcesOfAnyMethod(t *testing.T) {
	t.Parallel()
	download := strings.Repeat("\x00binary", 100_000)
	for _, call := range []string{
		"GET /v1/files/file-Ab/content?after=1", "DELETE /v1/responses/resp_Ab", "POST /v1/responses/resp_Ab/cancel", "GET /v1/videos/v/content",
		"GET /v1beta/files/x", "POST /v1internal:loadCodeAssist",
	} {
		method, path, _ := strings.Cut(call, " ")
		h, bodies := recording(says(200, "application/octet-stream", download))
		w := newWorld(t, nil, h)
		a := w.callTo(method, path, "")
		require.Equal(t, 200, a.status, call)
		requireSame(t, download, a.body)
		require.Equal(t, path+" ", <-bodies)
		res := w.actor.only(t)
		require.True(t, res.Complete)
		require.Zero(t, res.Usage)
		require.Positive(t, res.TTFB)
	}
}

func TestAnUploadIsTriedOnce(t *testing.T) {
	t.Parallel()
	large := strings.Repeat("data", 20_000)
	w := newWorld(t, nil, says(500, "text/plain", "no"), says(200, "text/plain", "ok"))
	require.Equal(t, 503, w.callTo("POST", "/v1/files", large).status)
	res := w.actor.only(t)
	require.True(t, res.Unrepeatable)

	for body, why := range map[string]string{"": "nothing was used up", `{"model":"m"}`: "so little is held"} {
		h, bodies := recording(says(200, "text/plain", "ok"))
		w = newWorld(t, nil, says(500, "text/plain", "no"), h)
		require.Equal(t, 200, w.callTo("POST", "/v1/moderations", body).status, why)
		require.False(t, w.actor.wait(t, 2)[0].Unrepeatable)
		require.Equal(t, "/v1/moderations "+body, <-bodies)
	}
}

func TestAnUploadThatBreaksOffIsTheClientsDoing(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil, func(_ http.ResponseWriter, r *http.Request) { _, _ = io.Copy(io.Discard, r.Body) })
	r, err := http.NewRequestWithContext(t.Context(), "POST", w.server.URL+"/v1/files",
		io.MultiReader(strings.NewReader("half"), iotest.ErrReader(io.ErrUnexpectedEOF)))
	require.NoError(t, err)
	r.Header.Set("Authorization", "Bearer "+clientKey)
	_, err = w.server.Client().Do(r)
	require.Error(t, err)
	require.Equal(t, domain.ClassClientAbort, w.actor.only(t).Class)
}
