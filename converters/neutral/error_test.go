package neutral_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/tidwall/gjson"

	"github.com/claude-code-hub/cch/converters/neutral"
)

func TestReadErrorShapes(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name   string
		status int
		body   string
		kind   neutral.ErrorKind
		text   string
	}{
		{"text in place of an object", 400, `{"error":"no such thing"}`, neutral.BadRequest, "no such thing"},
		{"message at the top", 403, `{"message":"no"}`, neutral.Forbidden, "no"},
		{"detail at the top", 422, `{"detail":"bad"}`, neutral.BadRequest, "bad"},
		{"nothing to read", 500, ``, neutral.Upstream, "upstream returned HTTP 500"},
		{"an empty object", 529, `{}`, neutral.Overloaded, "upstream returned HTTP 529"},
		{"code assist", 404, `{"response":{"error":{"code":404,"message":"x"}}}`, neutral.NotFound, "x"},
		{"too large", 413, `{"error":{"message":"x"}}`, neutral.TooLarge, "x"},
		{"timeout", 408, `{"error":{"message":"x"}}`, neutral.Timeout, "x"},
		{"an odd status", 302, `{"error":{"message":"x"}}`, neutral.Upstream, "x"},
		{
			"a key in the message", 401, `{"error":{"message":"Incorrect API key provided: sk-abc***xyz. See https://platform.example.com/keys."}}`, neutral.Unauthenticated,
			"Incorrect API key provided: [redacted] See [redacted]",
		},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			e := neutral.ReadError(c.status, nil, []byte(c.body))
			require.Equal(t, c.kind, e.Kind)
			require.Equal(t, c.text, e.Message)
			require.EqualError(t, e, c.text)
		})
	}
}

func TestStreamErrorFindsItsStatus(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]int{
		`{"type":"error","error":{"type":"overloaded_error","message":"x"}}`:        503,
		`{"type":"error","error":{"type":"api_error","message":"x"}}`:               500,
		`{"error":{"code":429,"status":"RESOURCE_EXHAUSTED","message":"x"}}`:        429,
		`{"error":{"type":"insufficient_quota","message":"x"}}`:                     402,
		`{"error":{"type":"invalid_request_error","message":"prompt is too long"}}`: 400,
		`{"error":{"type":"authentication_error","message":"x"}}`:                   401,
		`{"error":{"code":"model_not_found","type":"invalid_request_error"}}`:       404,
		`{"error":"boom"}`: 500,
	} {
		require.Equal(t, want, neutral.StreamError(gjson.Parse(in)).Status, in)
	}
	require.True(t, neutral.StreamError(gjson.Parse(`{"error":{"type":"invalid_request_error","message":"prompt is too long"}}`)).ContextLength)
}

func TestRetryAfter(t *testing.T) {
	t.Parallel()
	header := http.Header{"Retry-After": {"1.2"}}
	e := neutral.ReadError(503, header, nil)
	require.Equal(t, 1200*time.Millisecond, e.RetryAfter)
	require.Equal(t, 2, e.RetrySeconds())
	require.Equal(t, 5, neutral.ReadError(429, nil, nil).RetrySeconds(), "a rate limit always names a time")
	require.Zero(t, neutral.ReadError(503, http.Header{"Retry-After": {"soon"}}, nil).RetrySeconds())
	body := `{"error":{"code":503,"details":[{"retryDelay":"2s"}]}}`
	require.Equal(t, 2, neutral.ReadError(503, nil, []byte(body)).RetrySeconds())
}

func TestContextLengthFigures(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][2]int64{
		"prompt is too long: 10 tokens > 5 maximum":                                                {10, 5},
		"This model's maximum context length is 5 tokens. However, you requested 10 tokens (9 in)": {10, 5},
		"The input token count (10) exceeds the maximum number of tokens allowed (5).":             {10, 5},
		"The input token count exceeds the maximum number of tokens allowed":                       {0, 0},
	} {
		e := neutral.ReadError(400, nil, []byte(`{"error":{"message":"`+text+`"}}`))
		require.True(t, e.ContextLength, text)
		require.Equal(t, want, [2]int64{e.Tokens, e.MaxTokens}, text)
	}
	require.False(t, neutral.ReadError(500, nil, []byte(`{"error":{"message":"prompt is too long"}}`)).ContextLength)
}
