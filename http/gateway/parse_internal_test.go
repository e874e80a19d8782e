package gateway

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/claude-code-hub/cch/internal/domain"
)

// parsed reads a Claude body as the gateway would, with the given headers.
func parsed(t require.TestingT, body string, headers ...string) *exchange {
	return parsedAt(t, "/v1/messages", body, headers...)
}

// parsedAt reads the body of a call to a path.
func parsedAt(t require.TestingT, path, body string, headers ...string) *exchange {
	r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(body))
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	x := &exchange{r: r, at: time.UnixMilli(1_700_000_000_000), target: find(http.MethodPost, path), threads: newThreads(), caller: caller{key: &domain.Key{ID: 11}}}
	require.NoError(t, readHead(x.target.dialect, []byte(body), &x.head))
	x.session = findSession(x)
	return x
}

func TestWhereClientsNameTheirSession(t *testing.T) {
	t.Parallel()
	const uuid = "5f0c7e5e-1111-4222-8333-444455556666"
	body := func(members string) string { return `{"model":"m","messages":[]` + members + `}` }
	cases := map[string]struct {
		body    string
		headers []string
		want    string
	}{
		"claude code's header":      {body(``), []string{"X-Claude-Code-Session-Id", uuid}, uuid},
		"header beats body":         {body(`,"metadata":{"session_id":"other"}`), []string{"X-Claude-Code-Session-Id", uuid}, uuid},
		"user id, JSON":             {body(`,"metadata":{"user_id":"{\"device_id\":\"d\",\"account_uuid\":\"\",\"session_id\":\"` + uuid + `\"}"}`), nil, uuid},
		"user id, legacy":           {body(`,"metadata":{"user_id":"user_d_account__session_` + uuid + `"}`), nil, uuid},
		"user id, legacy account":   {body(`,"metadata":{"user_id":"user_d_account_a-b_session_` + uuid + `"}`), nil, uuid},
		"user id beats session id":  {body(`,"metadata":{"session_id":"s-2","user_id":"user_d_account__session_s-1"}`), nil, "s-1"},
		"plain user id means none":  {body(`,"metadata":{"session_id":"s-2","user_id":"me"}`), nil, "s-2"},
		"codex":                     {body(``), []string{"Session-Id", uuid}, uuid},
		"opencode":                  {body(``), []string{"X-Session-Id", "ses_1"}, "ses_1"},
		"opencode's affinity":       {body(``), []string{"X-Session-Affinity", "ses_2"}, "ses_2"},
		"session_id":                {body(`,"session_id":"a"`), nil, "a"},
		"sessionId":                 {body(`,"sessionId":"b"`), nil, "b"},
		"conversation":              {body(`,"conversation":"c"`), nil, "c"},
		"conversation object":       {body(`,"conversation":{"x":1,"id":"d"}`), nil, "d"},
		"conversation_id":           {body(`,"conversation_id":" e "`), nil, "e"},
		"an invalid one is ignored": {body(`,"session_id":"a"`), []string{"X-Claude-Code-Session-Id", "no spaces allowed"}, "a"},
		"so is one too long":        {body(`,"session_id":"a"`), []string{"Session-Id", strings.Repeat("x", 257)}, "a"},
	}
	for name, c := range cases {
		x := parsed(t, c.body, c.headers...)
		require.Equal(t, session{id: c.want, source: domain.SessionFromClient}, x.session, name)
	}
}

func TestSessionIDAlphabet(t *testing.T) {
	t.Parallel()
	for id, want := range map[string]bool{
		"aZ09._:-": true, strings.Repeat("x", 256): true,
		"": false, "a b": false, "a/b": false, "ä": false, "a;b": false, "a\n": false, "a@b": false, "a{b": false, "a`b": false, "a[b": false,
	} {
		require.Equal(t, want, validSessionID(id), "%q", id)
	}
}

func TestFingerprintStaysAsTheConversationGrows(t *testing.T) {
	t.Parallel()
	first := `{"model":"m","system":[{"type":"text","text":"Be\u0020brief.","cache_control":{"type":"ephemeral"}}],` +
		`"tools":[{"name":"ls","description":"d","input_schema":{"type":"object","properties":{"name":{"type":"string"}}}}],` +
		`"messages":[{"role":"user","content":[{"type":"text","text":"hello","cache_control":{"type":"ephemeral"}}]}]}`
	later := `{"messages":[{"content":[{"text":"hello","type":"text"}],"role":"user"},{"role":"assistant","content":"hi"},{"role":"user","content":"more"}],` +
		`"tools":[{"input_schema":{"type":"object"},"name":"ls"}],"model":"other","system":[{"type":"text","text":"Be brief."}]}`
	a, b := parsed(t, first), parsed(t, later)
	require.Equal(t, domain.SessionFromFingerprint, a.session.source)
	require.Regexp(t, "^[0-9a-f]{32}$", a.session.id)
	require.Equal(t, a.session.id, b.session.id)
	require.Equal(t, 1, a.head.messages)
	require.Equal(t, 3, b.head.messages)

	for name, other := range map[string]string{
		"system":   strings.Replace(first, `Be\u0020brief.`, "Be long.", 1),
		"tools":    strings.Replace(first, `"ls"`, `"cat"`, 1),
		"text":     strings.Replace(first, `"hello"`, `"bye"`, 1),
		"boundary": strings.Replace(first, `"text":"hello"`, `"text":"hel"},{"text":"lo"`, 1),
	} {
		require.NotEqual(t, a.session.id, parsed(t, other).session.id, name)
	}
	foreign := parsed(t, first)
	foreign.key = &domain.Key{ID: 12}
	require.NotEqual(t, a.session.id, findSession(foreign).id, "another key is another session")
}

func TestConversationWithoutAnOpeningGetsANewSession(t *testing.T) {
	t.Parallel()
	body := `{"model":"m","messages":[{"role":"user","content":[{"type":"image"}]}]}`
	a, b := parsed(t, body), parsed(t, body)
	require.Equal(t, domain.SessionGenerated, a.session.source)
	require.Regexp(t, `^sess_[0-9a-z]+_[0-9a-f]{12}$`, a.session.id)
	require.NotEqual(t, a.session.id, b.session.id)
}

func TestHeadOfAnyMemberOrder(t *testing.T) {
	t.Parallel()
	members := []string{
		`"model":"claude-5"`, `"stream":true`, `"max_tokens":5`, `"metadata":{"user_id":"u"}`,
		`"messages":[{"role":"user","content":"hi"},{"role":"assistant","content":[]}]`, `"x":{"model":"no","stream":false}`,
	}
	rapid.Check(t, func(t *rapid.T) {
		body := "{" + strings.Join(rapid.Permutation(members).Draw(t, "order"), " , ") + "}"
		x := parsed(t, body)
		require.Equal(t, "claude-5", x.head.model.String())
		require.Equal(t, `"claude-5"`, body[x.head.model.At-1:x.head.model.End()+1])
		require.True(t, x.head.stream && x.head.hints.hasUserID && x.head.metadata.is)
		require.Equal(t, 2, x.head.messages)
		require.Equal(t, byte('}'), body[x.head.end])
	})
}

func TestAgentOf(t *testing.T) {
	t.Parallel()
	for ua, want := range map[string]agent{
		"claude-cli/2.1.197 (external, sdk-cli)":         {"claude-code", "2.1.197"},
		"codex_cli_rs/0.169.0 (Linux)":                   {"codex", "0.169.0"},
		"codex_exec/0.1.0":                               {"codex", "0.1.0"},
		"GeminiCLI-tui/0.61.0/gemini-2.5-pro (linux; x)": {"gemini-cli", "0.61.0"},
		"opencode/1.18.33":                               {"opencode", "1.18.33"},
		"curl/8.5.0":                                     {},
		"":                                               {},
	} {
		require.Equal(t, want, agentOf(ua), ua)
	}
	for version, want := range map[string]bool{
		"2.1.77": true, "2.0.999": true, "1.9.9": true, "2.1.78": false, "2.1.197": false, "3.0.0": false, "2.1": false, "2.1.x": false, "": false,
	} {
		require.Equal(t, want, agent{version: version}.before(2, 1, 78), version)
	}
}

func TestClipKeepsCharactersWhole(t *testing.T) {
	t.Parallel()
	require.Equal(t, "abc", clip("abc", 3))
	require.Equal(t, "ab", clip("abé", 3))
	require.Equal(t, "abé", clip("abéx", 4))
}

func TestAbuseForgets(t *testing.T) {
	t.Parallel()
	a, now := newAbuse(), time.Unix(1000, 0)
	for range abuseFailures - 1 {
		require.Zero(t, a.failed("ip", "", now))
	}
	require.Zero(t, a.failed("ip", "", now.Add(abuseWindow+time.Second)), "the window has passed")
	for range abuseFailures {
		require.Zero(t, a.failed("other", "hash", now))
	}
	require.Equal(t, abuseLock-time.Minute, a.failed("other", "", now.Add(time.Minute)))
	require.Equal(t, abuseLock, a.failed("third", "hash", now), "the key is locked wherever it comes from")
	require.Zero(t, a.failed("other", "", now.Add(abuseLock)))
	a.clear("third", "hash")
	require.Zero(t, a.failed("third", "hash", now))

	for i := range 2 * abuseEntries {
		a.failed(fmt.Sprint(i), "", now)
	}
	require.Len(t, a.byName, abuseEntries)
	require.Equal(t, abuseEntries, a.recent.Len())
}

func FuzzReadHead(f *testing.F) {
	for _, s := range []string{
		`{"model":"m","stream":true,"system":"s","tools":[{"name":"t"}],"messages":[{"role":"user","content":"hi"}],"metadata":{"user_id":"u"}}`,
		`{"model":"m","messages":[{"content":[{"text":"a"}],"role":"user"}],"conversation":{"id":"x"}}`,
		`{"model":1,"messages":{},"metadata":[],"system":{},"tools":"x"}`, `{}`, `[]`, `{"mod\u0065l":"m"}`, `{"model":"m","messages":[[],1,null]}`,
		`{"model":"m","stream_options":{"include_usage":false},"messages":[{"role":"developer","content":"d"}],"tools":[{"type":"function","function":{"name":"f"}}]}`,
		`{"model":"m","input":"hi","instructions":"i","previous_response_id":"resp_1","store":false}`, `{"model":"m","input":{"role":"user"}}`,
		`{"model":"m","request":{"contents":[{"parts":[{"text":"t"}]}],"session_id":"s"},"user_prompt_id":"a########0"}`,
		`{"contents":[],"systemInstruction":{"parts":[{"text":"t"}]},"tools":[{"functionDeclarations":[{"name":"f"}]}]}`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		for _, d := range []*dialect{&claude, &chat, &responses, &gemini, &geminiCLI} {
			var h head
			err := readHead(d, body, &h)
			if err == nil && !json.Valid(body) {
				t.Fatalf("%s: accepted %q", d.format, body)
			}
			if err != nil || h.model.IsZero() {
				continue
			}
			edited := append(append(bytes.Clone(body[:h.model.At]), "other"...), body[h.model.End():]...)
			var twice head
			if err := readHead(d, edited, &twice); err != nil || twice.model.String() != "other" {
				t.Fatalf("%s: renaming the model of %q gives %q: %v", d.format, body, edited, err)
			}
			if in := h.input; in.found && !json.Valid(body[in.from:in.to]) {
				t.Fatalf("input of %q is %q", body, body[in.from:in.to])
			}
		}
	})
}

// bigBody is a conversation of about size bytes, as one protocol's clients
// send it.
func bigBody(p domain.Protocol, size int) []byte {
	text := strings.Repeat(`    if err != nil {\n\t\treturn fmt.Errorf(\"open %q: %w\", name, err)\n    }\n`, 40)
	begin, turn, end := `{"model":"m","stream":true,"system":[{"type":"text","text":"You are an agent."}],"messages":[`,
		`{"role":"user","content":[{"type":"text","text":"`+text+`"}]}`, `]}`
	switch p {
	case domain.ProtocolChat:
		begin = `{"model":"m","stream":true,"stream_options":{"include_usage":true},"messages":[{"role":"system","content":"You are an agent."},`
	case domain.ProtocolResponses:
		begin, turn = `{"model":"m","stream":true,"instructions":"You are an agent.","prompt_cache_key":"k","input":[`,
			`{"type":"message","role":"user","content":[{"type":"input_text","text":"`+text+`"}]}`
	case domain.ProtocolGemini:
		begin, turn = `{"systemInstruction":{"parts":[{"text":"You are an agent."}]},"contents":[`, `{"role":"user","parts":[{"text":"`+text+`"}]}`
	case domain.ProtocolGeminiCLI:
		begin, turn, end = `{"model":"m","project":"p","request":{"contents":[`, `{"role":"user","parts":[{"text":"`+text+`"}]}`, `]}}`
	case domain.ProtocolClaude:
	}
	b := []byte(begin)
	for i := 0; len(b) < size; i++ {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, turn...)
	}
	return append(b, end...)
}

func BenchmarkReadHead(b *testing.B) {
	for p, d := range map[domain.Protocol]*dialect{
		domain.ProtocolClaude: &claude, domain.ProtocolChat: &chat, domain.ProtocolResponses: &responses,
		domain.ProtocolGemini: &gemini, domain.ProtocolGeminiCLI: &geminiCLI,
	} {
		b.Run(string(p), func(b *testing.B) {
			body := bigBody(p, 1<<20)
			b.SetBytes(int64(len(body)))
			b.ReportAllocs()
			for b.Loop() {
				var h head
				if err := readHead(d, body, &h); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
