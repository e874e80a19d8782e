package gateway_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/internal/domain"
)

func listed(models ...string) func(*world) {
	return func(w *world) {
		for _, m := range models {
			w.config.Settings.FakeStreaming = append(w.config.Settings.FakeStreaming, domain.FakeStreaming{Model: m, Groups: []string{"default"}})
		}
	}
}

func TestStreamsAreMadeFromWholeAnswers(t *testing.T) {
	t.Parallel()
	eachWire(t, func(t *testing.T, p wire) {
		t.Helper()
		var asked *http.Request
		var body string
		w := newWorld(t, listed("m-1"), func(rw http.ResponseWriter, r *http.Request) {
			b, _ := io.ReadAll(r.Body)
			asked, body = r, string(b)
			says(200, "application/json", as("m-1", p.document))(rw, r)
		})
		a := w.callTo("POST", as("m-1", p.path), as("m-1", p.body))
		require.Equal(t, 200, a.status, a.body)
		require.Contains(t, a.header.Get("Content-Type"), "text/event-stream")
		require.True(t, strings.HasPrefix(a.body, "data: ") || strings.HasPrefix(a.body, "event: "), a.body)
		require.Contains(t, a.body, "lo", "the text of the document")
		require.Contains(t, a.body, "m-1")

		want := strings.Replace(as("m-1", p.body), `"stream":true`, `"stream":false`, 1)
		want = strings.Replace(want, `{"include_usage":true}`, "null", 1)
		require.Equal(t, want, body, "nothing else changes")
		plain, _, _ := strings.Cut(as("m-1", p.plain), "?")
		require.Equal(t, plain, asked.URL.Path)
		require.NotContains(t, asked.URL.RawQuery, "sse")

		res := w.actor.only(t)
		require.Equal(t, domain.ClassOK, res.Class)
		require.True(t, res.Complete)
		require.Equal(t, p.usage, res.Usage)
	})
}

func TestClaudeStreamsAreMadeFromWholeAnswers(t *testing.T) {
	t.Parallel()
	h, bodies := recording(says(200, "application/json", message))
	w := newWorld(t, listed("claude-5"), h)
	a := w.post(streamBody)
	require.Equal(t, 200, a.status, a.body)
	require.True(t, strings.HasPrefix(a.body, "event: message_start\n"), a.body)
	require.Contains(t, a.body, `"text":"Hello"`)
	require.True(t, strings.HasSuffix(a.body, event("message_stop", `{"type":"message_stop"}`)), a.body)
	require.Equal(t, "/v1/messages?beta=true "+strings.Replace(streamBody, `"stream":true`, `"stream":false`, 1), <-bodies)
	require.True(t, w.actor.only(t).Complete)
}

func TestABadWholeAnswerFailsOver(t *testing.T) {
	t.Parallel()
	w := newWorld(t, listed("claude-5"),
		says(200, "application/json", `{"type":"error","error":{"type":"overloaded_error","message":"no"}}`), says(200, "application/json", message))
	a := w.post(streamBody)
	require.Contains(t, a.body, `"text":"Hello"`)
	require.Equal(t, domain.FailFake200, w.actor.wait(t, 2)[0].Failure)
}

func TestOtherModelsAndGroupsStreamAsEver(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*world){
		"another model": listed("claude-4"),
		"another group": func(w *world) {
			w.config.Settings.FakeStreaming = []domain.FakeStreaming{{Model: "claude-5", Groups: []string{"others"}}}
		},
	} {
		w := newWorld(t, change, streams(wholeStream("claude-5")))
		requireSame(t, wholeStream("claude-5"), w.post(streamBody).body)
		require.Equal(t, domain.ClassOK, w.actor.only(t).Class, name)
	}
}
