package gateway_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/tidwall/gjson"
)

func TestModelRedirect(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		body, answer, contentType, want string
		echo                            bool
	}{
		"stream":        {streamBody, wholeStream("glm-5"), "text/event-stream", wholeStream("claude-5"), false},
		"stream, CRLF":  {streamBody, strings.ReplaceAll(wholeStream("glm-5"), "\n", "\r\n"), "text/event-stream", "", false},
		"document":      {plainBody, strings.Replace(message, "claude-5", "glm-5", 1), "application/json", message, false},
		"stream, left":  {streamBody, wholeStream("glm-5"), "text/event-stream", wholeStream("glm-5"), true},
		"no model told": {streamBody, textDelta("x") + messageEnd(), "text/event-stream", textDelta("x") + messageEnd(), false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h, bodies := recording(says(200, c.contentType, c.answer))
			w := newWorld(t, func(w *world) {
				w.actor.model = `glm-5"`
				w.config.Settings.EchoUpstreamModel = c.echo
			}, h)
			a := w.post(c.body)
			sent := <-bodies
			require.Equal(t, strings.Replace(c.body, `"claude-5"`, `"glm-5\""`, 1), strings.TrimPrefix(sent, "/v1/messages?beta=true "))
			if c.want == "" {
				c.want = strings.ReplaceAll(wholeStream("claude-5"), "\n", "\r\n")
			}
			require.Equal(t, c.want, a.body)
		})
	}
}

func TestUserIDIsAddedOnlyWhereItIsMissing(t *testing.T) {
	t.Parallel()
	head := `{"model":"claude-5","messages":[{"role":"user","content":"hi"}]`
	for name, c := range map[string]struct {
		body, want, agent string
		off               bool
	}{
		"absent":        {body: head + ` } `, want: head + ` ,"metadata":{"user_id":$}} `},
		"empty object":  {body: head + `,"metadata":{ }}`, want: head + `,"metadata":{"user_id":$ }}`},
		"other members": {body: head + `,"metadata":{"a":1}}`, want: head + `,"metadata":{"user_id":$,"a":1}}`},
		"present":       {body: head + `,"metadata":{"user_id":"me"}}`},
		"present, odd":  {body: head + `,"metadata":{"user_id":null}}`},
		"no object":     {body: head + `,"metadata":null}`},
		"switched off":  {body: head + `}`, off: true},
		"old client":    {body: head + `}`, agent: "claude-cli/2.1.77 (external, cli)", want: head + `,"metadata":{"user_id":$}}`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h, bodies := recording(says(200, "application/json", message))
			w := newWorld(t, func(w *world) { w.config.Settings.ClaudeUserIDInjection = !c.off }, h)
			r := w.request(t.Context(), c.body)
			if c.agent != "" {
				r.Header.Set("User-Agent", c.agent)
			}
			require.Equal(t, 200, w.do(r).status)
			_, sent, _ := strings.Cut(<-bodies, " ")
			if c.want == "" {
				requireSame(t, c.body, sent)
				return
			}
			id := gjson.Get(sent, "metadata.user_id")
			requireSame(t, strings.Replace(c.want, "$", id.Raw, 1), sent)
			if c.agent != "" {
				require.Regexp(t, `^user_[0-9a-f]{64}_account__session_5f0c7e5e-1111-4222-8333-444455556666$`, id.Str)
				return
			}
			require.Equal(t, "5f0c7e5e-1111-4222-8333-444455556666", gjson.Get(id.Str, "session_id").Str)
			require.Len(t, gjson.Get(id.Str, "device_id").Str, 64)
		})
	}
}
