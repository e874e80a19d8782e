package convert_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/tidwall/gjson"

	"github.com/claude-code-hub/cch/converters/convert"
	"github.com/claude-code-hub/cch/converters/neutral"
)

func TestCountTokens(t *testing.T) {
	t.Parallel()
	in := `{"model":"m","max_tokens":9,"stream":true,"temperature":0.5,"system":"S","messages":[{"role":"user","content":"x"}],"tools":[{"name":"f","input_schema":{}}]}`
	r, err := convert.Decode(neutral.Claude, []byte(in), convert.Path{})
	require.NoError(t, err)
	wants := map[neutral.Format]struct{ path, members string }{
		neutral.Claude:    {"/v1/messages/count_tokens", `["model","messages","system","tools"]`},
		neutral.Responses: {"/v1/responses/input_tokens", `["model","instructions","input","tools"]`},
		neutral.Gemini:    {"/v1beta/models/up:countTokens", `["generateContentRequest"]`},
	}
	for to, want := range wants {
		out, ok, err := convert.EncodeCount(r, &neutral.Target{Format: to, ModelName: "up", AlwaysStream: true})
		require.NoError(t, err)
		require.True(t, ok)
		require.Equal(t, want.path, out.Path)
		require.True(t, gjson.ValidBytes(out.Body), "%s", out.Body)
		require.JSONEq(t, want.members, gjson.GetBytes(out.Body, "@keys").Raw)
		if to == neutral.Gemini {
			require.Equal(t, "models/up", gjson.GetBytes(out.Body, "generateContentRequest.model").Str)
			back, err := convert.Decode(neutral.Gemini, out.Body, convert.Path{})
			require.NoError(t, err)
			require.Len(t, back.Messages, 1)
		}
	}
	require.True(t, r.Stream, "the request is not changed")
	_, ok, err := convert.EncodeCount(r, &neutral.Target{Format: neutral.Chat})
	require.NoError(t, err)
	require.False(t, ok)
}

func TestCountAnswers(t *testing.T) {
	t.Parallel()
	for _, f := range []neutral.Format{neutral.Claude, neutral.Responses, neutral.Gemini} {
		n, err := convert.ReadCount(f, convert.Count(f, 1234))
		require.NoError(t, err)
		require.EqualValues(t, 1234, n)
		_, err = convert.ReadCount(f, []byte(`{"error":{}}`))
		require.Error(t, err)
		_, err = convert.ReadCount(f, []byte(`<html>`))
		require.Error(t, err)
	}
}
