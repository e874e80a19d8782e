package gemini_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/tidwall/gjson"

	"github.com/claude-code-hub/cch/converters/gemini"
	"github.com/claude-code-hub/cch/converters/neutral"
	"github.com/claude-code-hub/cch/converters/sse"
)

// losses is a Fold that also keeps what was lost.
type losses struct {
	neutral.Fold
	drops []string
}

func (l *losses) Event(e *neutral.Event) {
	if e.Kind == neutral.OutputLoss {
		l.drops = append(l.drops, e.Loss)
	}
	l.Fold.Event(e)
}

func read(t *testing.T, frames ...string) (*neutral.Answer, []string) {
	t.Helper()
	l := &losses{}
	r := gemini.NewReader(neutral.NewEmitter(l, nil), "req")
	for _, data := range frames {
		r.Frame(data)
	}
	r.Close()
	a, fault := l.Answer()
	require.Nil(t, fault)
	return a, l.drops
}

func parts(p, rest string) string {
	return `{"responseId":"r","candidates":[{"content":{"parts":[` + p + `]}` + rest + `}]}`
}

const stop = `,"finishReason":"STOP"`

func TestReaderAssemblesStreamedArguments(t *testing.T) {
	t.Parallel()
	a, _ := read(t,
		parts(`{"functionCall":{"name":"f","id":"i","willContinue":true},"thoughtSignature":"G"}`, ""),
		parts(`{"functionCall":{"partialArgs":[{"jsonPath":"$.city","stringValue":"Par","willContinue":true}],"willContinue":true}}`, ""),
		parts(`{"functionCall":{"partialArgs":[{"jsonPath":"$.city","stringValue":"is"},{"jsonPath":"$.at[0].n","numberValue":1.50},{"jsonPath":"$.ok","boolValue":true},{"jsonPath":"$.no","nullValue":null}],"willContinue":true}}`, ""),
		parts(`{"functionCall":{}}`, ""),
		parts(`{"functionCall":{"name":"g"}}`, stop))
	require.Len(t, a.Blocks, 2)
	require.JSONEq(t, `{"city":"Paris","at":[{"n":1.50}],"ok":true,"no":null}`, a.Blocks[0].Text)
	require.Equal(t, "G", a.Blocks[0].Sig.Payload)
	require.Equal(t, "i", a.Blocks[0].ID)
	require.Equal(t, "call_r_1", a.Blocks[1].ID)
	require.Equal(t, neutral.FinishTool, a.Reason)
}

func TestReaderCountsSourcesInCodePoints(t *testing.T) {
	t.Parallel()
	a, _ := read(t, parts(`{"text":"é你 ok"}`, ""), parts(`{"text":""}`, stop+`,"groundingMetadata":{
		"groundingChunks":[{"web":{"uri":"u","title":"t"}},{"maps":{}}],
		"groundingSupports":[{"segment":{"startIndex":2,"endIndex":5},"groundingChunkIndices":[0,1,9]}]}`))
	require.Equal(t, []neutral.Citation{{URL: "u", Title: "t", From: 1, To: 2, Ranged: true}}, a.Blocks[0].Cites)
}

func TestReaderNotesWhatCannotBeShown(t *testing.T) {
	t.Parallel()
	a, drops := read(t, parts(`{"text":"x"},{"inlineData":{"mimeType":"image/png","data":"AA"}},{"executableCode":{"code":"1"}}`, `,"finishReason":"OTHER"`))
	require.Equal(t, []string{"output_media:image/png", "finish_reason:OTHER"}, drops)
	require.Equal(t, neutral.FinishStop, a.Reason)
	require.Len(t, a.Blocks, 1)
}

func TestReaderReasons(t *testing.T) {
	t.Parallel()
	for reason, want := range map[string]neutral.FinishReason{
		"STOP": neutral.FinishStop, "MAX_TOKENS": neutral.FinishLength, "SAFETY": neutral.FinishFilter, "SPII": neutral.FinishFilter, "IMAGE_SAFETY": neutral.FinishFilter,
	} {
		a, _ := read(t, parts(`{"text":"x"}`, `,"finishReason":"`+reason+`"`), `{"usageMetadata":{"promptTokenCount":3}}`)
		require.Equal(t, want, a.Reason, reason)
		require.EqualValues(t, 3, a.Usage.Input, "usage may follow the finish")
	}
}

func TestWrapAndUnwrap(t *testing.T) {
	t.Parallel()
	bare := "{ \"contents\" : [1.0],\"serviceTier\":\"flex\" }"
	wrapped := gemini.Wrap([]byte(bare), "gemini-3", "p-1")
	require.True(t, bytes.Equal([]byte(`{"model":"gemini-3","project":"p-1","request":{ "contents" : [1.0] }}`), wrapped), "%s", wrapped)
	back, model, ok := gemini.Unwrap([]byte(`{"model":"gemini-3","project":"p","request":{ "contents" : [1.0], "session_id":"s" }}`))
	require.True(t, ok)
	require.Equal(t, "gemini-3", model)
	require.True(t, bytes.Equal([]byte(`{ "contents" : [1.0] }`), back), "%s", back)
	_, _, ok = gemini.Unwrap([]byte(bare))
	require.False(t, ok)

	answer := gemini.AppendWrapped(nil, []byte(`{"candidates":[]}`), "t1")
	require.True(t, bytes.Equal([]byte(`{"response":{"candidates":[]},"traceId":"t1"}`), answer), "%s", answer)
	require.JSONEq(t, `{"candidates":[]}`, string(gemini.UnwrapAnswer(answer)))
	require.JSONEq(t, `{"error":{}}`, string(gemini.UnwrapAnswer([]byte(`{"error":{}}`))))
}

func TestSplitter(t *testing.T) {
	t.Parallel()
	in := "[{\"a\":\"]}\\\"\"}\n,\r\n{\"b\":[{}]}\n]"
	for step := 1; step <= len(in); step++ {
		var s gemini.Splitter
		var got []string
		for rest := []byte(in); len(rest) > 0; {
			n := min(step, len(rest))
			s.Feed(rest[:n])
			rest = rest[n:]
			for {
				e, ok, err := s.Next()
				require.NoError(t, err)
				if !ok {
					break
				}
				got = append(got, string(e))
			}
		}
		require.Equal(t, []string{`{"a":"]}\""}`, `{"b":[{}]}`}, got, "by %d", step)
	}
}

func TestSplitterLimit(t *testing.T) {
	t.Parallel()
	var s gemini.Splitter
	s.Feed([]byte(`[{"a":"`))
	chunk := []byte(strings.Repeat("x", 1<<20))
	for range 17 {
		s.Feed(chunk)
	}
	_, ok, err := s.Next()
	require.False(t, ok)
	require.ErrorIs(t, err, sse.ErrFrameTooLarge)
}

func TestWriterSignatureOfGoogleStaysBare(t *testing.T) {
	t.Parallel()
	w := gemini.NewWriter(&neutral.Client{Model: "m", RequestID: "r"})
	r := gemini.NewReader(neutral.NewEmitter(w, nil), "r")
	r.Body(gjson.Parse(parts(`{"functionCall":{"name":"f","args":{"x": 1}},"thoughtSignature":"G=="}`, stop)))
	out := string(w.Take())
	require.Contains(t, out, `"args":{"x":1}},"thoughtSignature":"G=="`)
}
