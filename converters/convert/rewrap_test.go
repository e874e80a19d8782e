package convert_test

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/converters/convert"
	"github.com/claude-code-hub/cch/converters/neutral"
)

func TestRewrapStream(t *testing.T) {
	t.Parallel()
	require.True(t, convert.Rewraps(neutral.Gemini, neutral.GeminiCLI))
	require.False(t, convert.Rewraps(neutral.Gemini, neutral.Chat))
	bare := "data: {\"candidates\":[1.0]}\n\n: note\n\ndata: {\"error\":{\"code\":500}}\n\n"
	wrapped := "data: {\"response\":{\"candidates\":[1.0]},\"traceId\":\"t\"}\n\n: note\n\ndata: {\"error\":{\"code\":500}}\n\n"
	for to, c := range map[neutral.Format][2]string{neutral.GeminiCLI: {bare, wrapped}, neutral.Gemini: {wrapped, bare}} {
		for at := range c[0] {
			r := convert.NewRewrap(to, "t", "")
			var got []byte
			for _, piece := range []string{c[0][:at], c[0][at:]} {
				out, err := r.Feed([]byte(piece))
				require.NoError(t, err)
				got = append(got, out...)
			}
			out, err := r.Finish()
			require.NoError(t, err)
			require.Equal(t, c[1], string(append(got, out...)))
		}
	}
}

func TestRewrapRequest(t *testing.T) {
	t.Parallel()
	bare := []byte(`{ "contents":[1.0] }`)
	in, err := convert.RewrapRequest(bare, convert.Path{Model: "m", Stream: true}, &neutral.Target{Format: neutral.GeminiCLI, Project: "p"})
	require.NoError(t, err)
	require.Equal(t, "/v1internal:streamGenerateContent?alt=sse", in.Path)
	out, err := convert.RewrapRequest(in.Body, convert.Path{}, &neutral.Target{Format: neutral.Gemini})
	require.NoError(t, err)
	require.Equal(t, "/v1beta/models/m:generateContent", out.Path)
	require.True(t, bytes.Equal(bare, out.Body), "%s", out.Body)
	_, err = convert.RewrapRequest(bare, convert.Path{}, &neutral.Target{Format: neutral.Gemini})
	require.Error(t, err)
}

// A redirected model is named as the client knows it, by that one value.
func TestRewrapNamesTheModel(t *testing.T) {
	t.Parallel()
	bare := `{ "candidates":[],"modelVersion" : "other", "responseId":"r"}`
	same := func(want string, got []byte) { // to the byte, not only as JSON
		t.Helper()
		require.Equal(t, []byte(want), got)
	}
	same(`{"response":{ "candidates":[],"modelVersion" : "a\"b", "responseId":"r"},"traceId":"t"}`,
		convert.NewRewrap(neutral.GeminiCLI, "t", `a"b`).Body([]byte(bare)))
	same(`{ "candidates":[],"modelVersion" : "mine", "responseId":"r"}`,
		convert.NewRewrap(neutral.Gemini, "t", "mine").Body([]byte(`{"response":`+bare+`}`)))
	same(`{"candidates":[]}`, convert.NewRewrap(neutral.Gemini, "t", "mine").Body([]byte(`{"candidates":[]}`)))
}
