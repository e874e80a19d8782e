package gateway

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/internal/domain"
)

func TestWhereOtherClientsNameTheirSession(t *testing.T) {
	t.Parallel()
	const uuid = "5f0c7e5e-1111-4222-8333-444455556666"
	const (
		chatPath, responsesPath = "/v1/chat/completions", "/v1/responses"
		cliPath                 = "/v1internal:generateContent"
	)
	for name, c := range map[string]struct {
		path, body string
		headers    []string
		want       string
	}{
		"codex":                     {responsesPath, `{"prompt_cache_key":"` + strings.Repeat("k", 30) + `"}`, []string{"Session-Id", uuid, "Thread-Id", uuid}, uuid},
		"codex's thread alone":      {responsesPath, `{}`, []string{"Thread-Id", uuid}, uuid},
		"older codex":               {responsesPath, `{}`, []string{"session_id", uuid}, uuid},
		"opencode":                  {chatPath, `{"prompt_cache_key":"` + uuid + `"}`, []string{"X-Session-Affinity", "ses_1"}, "ses_1"},
		"cache key":                 {responsesPath, `{"prompt_cache_key":"` + uuid + `"}`, nil, uuid},
		"cache key in chat":         {chatPath, `{"prompt_cache_key":"` + uuid + `"}`, nil, uuid},
		"short cache keys are not":  {responsesPath, `{"prompt_cache_key":"my-app","session_id":"s"}`, nil, "s"},
		"metadata":                  {responsesPath, `{"metadata":{"session_id":"m"},"previous_response_id":"resp_1"}`, nil, "m"},
		"an answer nobody knows":    {responsesPath, `{"previous_response_id":"resp_1"}`, nil, "codex_prev_resp_1"},
		"an answer we gave":         {responsesPath, `{"previous_response_id":"resp_known","session_id":"x"}`, nil, "its-session"},
		"gemini cli":                {cliPath, `{"user_prompt_id":"p########0","request":{"session_id":"e"}}`, nil, "e"},
		"gemini cli's prompt":       {cliPath, `{"user_prompt_id":"p########12","request":{}}`, nil, "p"},
		"prompts without a session": {cliPath, `{"user_prompt_id":"p","session_id":"o"}`, nil, "o"},
	} {
		x := parsedAt(t, c.path, c.body, c.headers...)
		x.threads.note(11, "resp_known", "its-session")
		x.threads.note(12, "resp_1", "another key's")
		require.Equal(t, session{id: c.want, source: domain.SessionFromClient}, findSession(x), name)
	}
}

func TestResourcesBelongToTheSessionOfTheirAnswer(t *testing.T) {
	t.Parallel()
	x := parsedAt(t, "/v1/responses/resp_known/cancel", `{}`)
	x.threads.note(11, "resp_known", "its-session")
	require.Equal(t, "its-session", findSession(x).id)
}

// TestFingerprintOfEveryProtocol grows a conversation by a turn, moves what
// clients move, and expects the same name; and another one for another opening.
func TestFingerprintOfEveryProtocol(t *testing.T) {
	t.Parallel()
	for path, c := range map[string]struct{ first, later, other string }{
		"/v1/chat/completions": {
			`{"messages":[{"role":"developer","content":"Be brief."},{"role":"user","content":[{"type":"text","text":"hi"}]}],"tools":[{"type":"function","function":{"name":"ls","parameters":{"name":1}}}]}`,
			`{"tools":[{"function":{"name":"ls"},"type":"function"}],"messages":[{"content":"Be brief.","role":"system"},{"role":"user","content":"hi"},{"role":"assistant","content":"yes"},{"role":"user","content":"more"}]}`,
			`{"messages":[{"role":"developer","content":"Be brief."},{"role":"user","content":"hi"}],"tools":[{"type":"custom","custom":{"name":"rm"}}]}`,
		},
		"/v1/responses": {
			`{"instructions":"Be brief.","input":"hi","tools":[{"type":"function","name":"ls"}]}`,
			`{"input":[{"role":"user","content":[{"type":"input_text","text":"hi"}]},{"type":"message","role":"assistant","content":[]}],"tools":[{"name":"ls"}],"instructions":"Be brief."}`,
			`{"instructions":"Be long.","input":"hi","tools":[{"type":"function","name":"ls"}]}`,
		},
		"/v1beta/models/g:generateContent": {
			`{"systemInstruction":{"parts":[{"text":"Be brief."}]},"contents":[{"parts":[{"text":"hi"}]}],"tools":[{"functionDeclarations":[{"name":"ls"}]}]}`,
			`{"contents":[{"role":"user","parts":[{"text":"hi"}]},{"role":"model","parts":[]}],"system_instruction":{"parts":[{"text":"Be brief."}]},"tools":[{"function_declarations":[{"name":"ls"}]}]}`,
			`{"systemInstruction":{"parts":[{"text":"Be brief."}]},"contents":[{"parts":[{"text":"hello"}]}],"tools":[{"functionDeclarations":[{"name":"ls"}]}]}`,
		},
		"/v1internal:streamGenerateContent": {
			`{"model":"m","request":{"contents":[{"role":"user","parts":[{"text":"hi"}]}]}}`,
			`{"request":{"contents":[{"parts":[{"text":"hi"}],"role":"user"},{"role":"model"}]},"model":"other"}`,
			`{"model":"m","request":{"contents":[{"role":"user","parts":[{"text":"hello"}]}]}}`,
		},
	} {
		a, b, other := parsedAt(t, path, c.first), parsedAt(t, path, c.later), parsedAt(t, path, c.other)
		require.Equal(t, domain.SessionFromFingerprint, a.session.source, path)
		require.Equal(t, a.session.id, b.session.id, path)
		require.NotEqual(t, a.session.id, other.session.id, path)
		require.Greater(t, b.head.messages, a.head.messages-1, path)
	}
}

func TestThreadsForgetTheOldest(t *testing.T) {
	t.Parallel()
	th := newThreads()
	th.note(1, "", "nothing to remember")
	for i := range maxThreads {
		th.note(1, fmt.Sprint(i), "s")
	}
	require.Equal(t, "s", th.session(1, "0"), "asked for again")
	th.note(1, "new", "s")
	require.Equal(t, "s", th.session(1, "0"))
	require.Equal(t, "codex_prev_1", th.session(1, "1"))
	require.Empty(t, th.session(1, ""))
	require.Len(t, th.byID.byKey, maxThreads)
}

func TestStableUUID(t *testing.T) {
	t.Parallel()
	id := stableUUID("s", 1)
	require.Regexp(t, `^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`, id)
	require.Equal(t, id, stableUUID("s", 1))
	require.NotEqual(t, id, stableUUID("s", 2))
	require.NotEqual(t, id, stableUUID("t", 1))
}
