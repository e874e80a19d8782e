package secrets_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/claude-code-hub/cch/internal/secrets"
)

func TestRedact(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ in, want string }{
		"openai style key":      {"Incorrect API key provided: sk-proj-abc123DEF456.", "Incorrect API key provided: sk-***."},
		"anthropic style key":   {"using sk-ant-api03-AbC_d-9 now", "using sk-*** now"},
		"google key":            {"key AIzaSyA1234567890abcdefghij is blocked", "key AIza*** is blocked"},
		"google access token":   {"got ya29.a0AfH6SMBx_Yz", "got ya29***"},
		"jwt":                   {"jwt eyJhbGciOi.eyJzdWIiOi.SflKxwRJ end", "jwt *** end"},
		"bearer":                {"Bearer abcdef0123456789abcd", "Bearer ***"},
		"basic":                 {"basic dXNlcjpwYXNz==", "basic ***"},
		"authorization header":  {"Authorization: Token one two\nHost: a", "Authorization: ***\nHost: a"},
		"cookie header":         {"Cookie: a=b; cch_session=xyz\r\nAccept: */*", "Cookie: ***\r\nAccept: */*"},
		"api key header":        {"x-api-key: 12345 x", "x-api-key: *** x"},
		"goog header":           {"X-Goog-Api-Key:abc", "X-Goog-Api-Key:***"},
		"json field":            {`{"api_key":"abc","n":1}`, `{"api_key":"***","n":1}`},
		"json in json":          {`{\"authorization\":\"Bearer x\",\"n\":1}`, `{\"authorization\":\"***\",\"n\":1}`},
		"query first":           {"GET /v1beta/models?key=abc&alt=sse", "GET /v1beta/models?key=***&alt=sse"},
		"query later":           {"https://h/p?alt=sse&key=abc failed", "https://h/p?alt=sse&key=*** failed"},
		"url user and password": {`dial socks5://bob:p%40ss@10.0.0.1:1080: refused`, `dial socks5://***@10.0.0.1:1080: refused`},
		"url user only":         {"http://tok3n@host/", "http://***@host/"},
		"telegram":              {"https://api.telegram.org/bot123456789:AAE-x_y/sendMessage", "https://api.telegram.org/bot***/sendMessage"},
		"two in one text":       {"sk-aaaaaaaaaaaa and sk-bbbbbbbbbbbb", "sk-*** and sk-***"},
		"at the very end":       {"password=", "password="},
		"go header map":         {"map[X-Api-Key:[abc] Accept:[x]]", "map[X-Api-Key:***] Accept:[x]]"},
	}
	for name, test := range tests {
		require.Equal(t, test.want, secrets.Redact(test.in), name)
	}
}

func TestRedactLeavesOrdinaryTextAlone(t *testing.T) {
	t.Parallel()
	for _, s := range []string{
		"", "invalid x-api-key", "Bearer authentication is required", "Unexpected token: }",
		`{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}`,
		"max_tokens: 4096 exceeds the limit", "the key: value pairs", "https://api.example.com/v1/messages?beta=true",
		"mail bob@example.com", "task-force sk-1", "dial tcp 10.0.0.1:443: connect: connection refused",
		"eyJ is how a token starts", "robots and bot1:2", "ratio 3://",
	} {
		require.Equal(t, s, secrets.Redact(s))
	}
}

func TestRedactTwiceIsRedactOnce(t *testing.T) {
	t.Parallel()
	part := rapid.OneOf(
		rapid.SampledFrom([]string{
			"sk-", "abcdefgh12", "AIza", "eyJabcdef", ".", "Bearer ", "Authorization: ", `"api_key":"`, "?key=", "&",
			"://", "@", ":", "\n", " ", "***", "/bot123456:", `\"`, "cookie=", "ya29.", "password", "=",
		}),
		rapid.String(),
	)
	rapid.Check(t, func(t *rapid.T) {
		s := strings.Join(rapid.SliceOfN(part, 0, 12).Draw(t, "parts"), "")
		once := secrets.Redact(s)
		require.Equal(t, once, secrets.Redact(once))
	})
}

func TestRedactHidesADrawnKeyAnywhere(t *testing.T) {
	t.Parallel()
	key := secrets.NewKey().Reveal()
	rapid.Check(t, func(t *rapid.T) {
		before := rapid.SampledFrom([]string{"", " ", "\"", "key=", "é", "(", "Bearer ", "http://h/?key="}).Draw(t, "before")
		after := rapid.SampledFrom([]string{"", " ", "\"", ",", ".", "é", ")", "&x=1"}).Draw(t, "after")
		require.NotContains(t, secrets.Redact(before+key+after), key[4:])
	})
}

func TestRedactOfCleanTextDoesNotAllocate(t *testing.T) {
	text := strings.Repeat(`{"message":"the model is overloaded, try again"} `, 40)
	require.Zero(t, testing.AllocsPerRun(50, func() { secrets.Redact(text) }))
}

func BenchmarkRedactClean2KB(b *testing.B) {
	text := strings.Repeat(`{"message":"the model is overloaded, try again"} `, 41)
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		secrets.Redact(text)
	}
}
