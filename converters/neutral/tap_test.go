package neutral_test

import (
	"encoding/json"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/converters/neutral"
)

type usageCase struct {
	Name string          `json:"name"`
	Wire string          `json:"wire"`
	TTL  string          `json:"request_cache_ttl"`
	Raw  json.RawMessage `json:"raw"`
	Want json.RawMessage `json:"expect"`
}

// expectedUsage is a usage as the vectors spell it.
type expectedUsage struct {
	Model        string `json:"model"`
	Input        int64  `json:"input_tokens"`
	CacheRead    int64  `json:"cache_read_tokens"`
	CacheWrite5m int64  `json:"cache_write_5m_tokens"`
	CacheWrite1h int64  `json:"cache_write_1h_tokens"`
	InputAudio   int64  `json:"input_audio_tokens"`
	Output       int64  `json:"output_tokens"`
	OutputImage  int64  `json:"output_image_tokens"`
	OutputAudio  int64  `json:"output_audio_tokens"`
	Reasoning    int64  `json:"reasoning_tokens"`
	WebSearch    int64  `json:"web_search_calls"`
	FileSearch   int64  `json:"file_search_calls"`
	Tier         string `json:"service_tier"`
	Speed        string `json:"speed"`
	Geo          string `json:"inference_geo"`
	Cost         string `json:"reported_cost"`
	Estimated    bool   `json:"estimated"`
	Prompt       *int64 `json:"prompt_total"`
}

func spell(u neutral.Usage) expectedUsage {
	return expectedUsage{
		Model: u.Model, Input: u.Input, CacheRead: u.CacheRead, CacheWrite5m: u.CacheWrite5m, CacheWrite1h: u.CacheWrite1h,
		InputAudio: u.InputAudio, Output: u.Output, OutputImage: u.OutputImage, OutputAudio: u.OutputAudio,
		Reasoning: u.Reasoning, WebSearch: u.WebSearchCalls, FileSearch: u.FileSearchCalls,
		Tier: u.ServiceTier, Speed: u.Speed, Geo: u.InferenceGeo, Cost: u.ReportedCost, Estimated: u.Estimated,
	}
}

func TestUsageVectors(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile("testdata/usage.json")
	require.NoError(t, err)
	var file struct {
		Cases []usageCase `json:"cases"`
	}
	require.NoError(t, json.Unmarshal(raw, &file))
	require.Len(t, file.Cases, 25)
	t.Logf("%d usage vectors", len(file.Cases))
	for _, c := range file.Cases {
		t.Run(c.Name, func(t *testing.T) {
			t.Parallel()
			require.Empty(t, cmp.Diff(wanted(t, c.Want), measured(t, c)))
		})
	}
}

// wanted reads an expectation: null, one usage or a list. The vectors name a
// service tier only where it is not the standard one.
func wanted(t *testing.T, raw json.RawMessage) []expectedUsage {
	t.Helper()
	var list []expectedUsage
	if raw[0] == '[' {
		require.NoError(t, json.Unmarshal(raw, &list))
		return list
	}
	var one *expectedUsage
	require.NoError(t, json.Unmarshal(raw, &one))
	if one == nil {
		return nil
	}
	return []expectedUsage{*one}
}

func measured(t *testing.T, c usageCase) []expectedUsage {
	t.Helper()
	var stream struct {
		Events  []json.RawMessage `json:"events"`
		Chars   int64             `json:"streamed_output_chars"`
		Request int64             `json:"request_text_bytes"`
	}
	require.NoError(t, json.Unmarshal(c.Raw, &stream))
	tap := neutral.NewTap(neutral.Format(c.Wire), c.TTL == "1h")
	for _, e := range stream.Events {
		tap.Frame(e)
	}
	if stream.Events == nil {
		tap.Body(c.Raw)
	}
	usages := tap.Usage()
	if stream.Chars > 0 {
		var u neutral.Usage
		if len(usages) > 0 {
			u = usages[0]
		}
		usages = []neutral.Usage{neutral.Estimate(u, len(usages) > 0, stream.Chars, stream.Request)}
	}
	want := wanted(t, c.Want)
	var out []expectedUsage
	for i, u := range usages {
		s := spell(u)
		if i < len(want) && want[i].Prompt != nil {
			n := u.Prompt()
			s.Prompt = &n
		}
		if s.Tier == "standard" {
			s.Tier = ""
		}
		out = append(out, s)
	}
	return out
}

func TestTapVerdicts(t *testing.T) {
	t.Parallel()
	type step struct {
		data string
		want neutral.Verdict
	}
	cases := []struct {
		name     string
		format   neutral.Format
		steps    []step
		complete bool
	}{
		{"claude text", neutral.Claude, []step{
			{`{"type":"message_start","message":{"id":"msg_1","model":"m"}}`, neutral.Neutral},
			{`{"type":"ping"}`, neutral.Neutral},
			{`{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}`, neutral.Neutral},
			{`{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":""}}`, neutral.Neutral},
			{`{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"hé"}}`, neutral.Content},
			{`{"type":"content_block_delta","index":0,"delta":{"type":"signature_delta","signature":"x"}}`, neutral.Neutral},
			{`{"type":"content_block_stop","index":0}`, neutral.Neutral},
			{`{"type":"message_delta","delta":{"stop_reason":"end_turn"}}`, neutral.Terminal},
			{`{"type":"message_stop"}`, neutral.Terminal},
		}, true},
		{"claude call without arguments", neutral.Claude, []step{
			{`{"type":"content_block_start","index":1,"content_block":{"type":"tool_use","id":"a","name":"b","input":{}}}`, neutral.Neutral},
			{`{"type":"content_block_delta","index":1,"delta":{"type":"input_json_delta","partial_json":""}}`, neutral.Neutral},
			{`{"type":"content_block_stop","index":1}`, neutral.Content},
		}, false},
		{"claude terminal ends an open call", neutral.Claude, []step{
			{`{"type":"content_block_start","index":0,"content_block":{"type":"tool_use","id":"a","name":"b","input":{}}}`, neutral.Neutral},
			{`{"type":"message_stop"}`, neutral.Content},
		}, true},
		{"claude refusal", neutral.Claude, []step{
			{`{"type":"message_delta","delta":{"stop_reason":"refusal"}}`, neutral.Content},
		}, false},
		{"claude redacted", neutral.Claude, []step{
			{`{"type":"content_block_start","index":0,"content_block":{"type":"redacted_thinking","data":"x"}}`, neutral.Content},
		}, false},
		{"claude error", neutral.Claude, []step{
			{`{"type":"error","error":{"type":"overloaded_error","message":"x"}}`, neutral.Failure},
		}, false},
		{"chat", neutral.Chat, []step{
			{`{"id":"1","choices":[{"delta":{"role":"assistant","content":""}}]}`, neutral.Neutral},
			{`{"choices":[{"delta":{"reasoning_content":"r"}}]}`, neutral.Content},
			{`{"choices":[{"delta":{},"finish_reason":"stop"}]}`, neutral.Terminal},
			{`[DONE]`, neutral.Terminal},
		}, true},
		{"chat length", neutral.Chat, []step{{`{"choices":[{"delta":{},"finish_reason":"length"}]}`, neutral.Content}}, true},
		{"chat call finished by stop", neutral.Chat, []step{
			{`{"choices":[{"delta":{"tool_calls":[{"index":0,"id":"x","function":{"name":"f","arguments":""}}]}}]}`, neutral.Neutral},
			{`{"choices":[{"delta":{},"finish_reason":"stop"}]}`, neutral.Content},
		}, true},
		{"chat null error is none", neutral.Chat, []step{{`{"error":null,"choices":[]}`, neutral.Neutral}}, false},
		{"chat error text", neutral.Chat, []step{{`{"error":"boom"}`, neutral.Failure}}, false},
		{"not json", neutral.Chat, []step{{`<html>`, neutral.Malformed}}, false},
		{"responses", neutral.Responses, []step{
			{`{"type":"response.created","response":{"id":"resp_1"}}`, neutral.Echo},
			{`{"type":"response.output_item.added","item":{"type":"message"}}`, neutral.Neutral},
			{`{"type":"response.output_text.delta","delta":"x"}`, neutral.Content},
			{`{"type":"response.output_item.done","item":{"type":"message","content":[]}}`, neutral.Neutral},
			{`{"type":"response.output_item.done","item":{"type":"function_call","name":"f"}}`, neutral.Content},
			{`{"type":"response.completed","response":{"output":[]}}`, neutral.Terminal},
		}, true},
		{"responses completed alone", neutral.Responses, []step{
			{`{"type":"response.completed","response":{"output":[{"type":"message","content":[{"type":"output_text","text":"x"}]}]}}`, neutral.Content},
		}, true},
		{"responses failed", neutral.Responses, []step{{`{"type":"response.failed","response":{"error":{"code":"x"}}}`, neutral.Failure}}, false},
		{"gemini", neutral.Gemini, []step{
			{`{"candidates":[{"content":{"parts":[{"text":""}]}}]}`, neutral.Neutral},
			{`{"candidates":[{"content":{"parts":[{"text":"a","thought":true}]}}]}`, neutral.Content},
			{`{"candidates":[{"content":{"parts":[]},"finishReason":"STOP"}]}`, neutral.Terminal},
		}, true},
		{"gemini cli call", neutral.GeminiCLI, []step{
			{`{"response":{"candidates":[{"content":{"parts":[{"functionCall":{"name":"f"}}]},"finishReason":"STOP"}]}}`, neutral.Content},
		}, true},
		{"gemini blocked", neutral.Gemini, []step{{`{"promptFeedback":{"blockReason":"SAFETY"}}`, neutral.Content}}, true},
		{"gemini error", neutral.Gemini, []step{{`{"error":{"code":503}}`, neutral.Failure}}, false},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			tap := neutral.NewTap(c.format, false)
			for _, s := range c.steps {
				require.Equal(t, s.want.String(), tap.Frame([]byte(s.data)).String(), s.data)
			}
			require.Equal(t, c.complete, tap.Complete())
		})
	}
}

func TestTapBodies(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name   string
		format neutral.Format
		body   string
		want   neutral.Verdict
	}{
		{"claude", neutral.Claude, `{"id":"x","model":"up","content":[{"type":"text","text":"a"}],"stop_reason":"end_turn"}`, neutral.Content},
		{"claude empty", neutral.Claude, `{"id":"x","model":"up","content":[],"stop_reason":"end_turn"}`, neutral.Neutral},
		{"claude call", neutral.Claude, `{"id":"x","model":"up","content":[{"type":"tool_use","name":"f","input":{}}],"stop_reason":"tool_use"}`, neutral.Content},
		{"claude error", neutral.Claude, `{"type":"error","error":{"type":"api_error"}}`, neutral.Failure},
		{"chat", neutral.Chat, `{"id":"x","model":"up","choices":[{"message":{"content":"a"},"finish_reason":"stop"}]}`, neutral.Content},
		{"chat empty", neutral.Chat, `{"id":"x","model":"up","choices":[{"message":{"content":""},"finish_reason":"stop"}]}`, neutral.Neutral},
		{"responses failed", neutral.Responses, `{"id":"x","model":"up","status":"failed"}`, neutral.Failure},
		{"responses", neutral.Responses, `{"id":"x","model":"up","status":"completed","output":[{"type":"function_call"}]}`, neutral.Content},
		{"gemini array", neutral.Gemini, `[{"responseId":"x","modelVersion":"up","candidates":[{"content":{"parts":[{"text":"a"}]}}]},{"candidates":[{"finishReason":"STOP"}]}]`, neutral.Content},
		{"html", neutral.Gemini, `<!doctype html>`, neutral.Malformed},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			tap := neutral.NewTap(c.format, false)
			require.Equal(t, c.want.String(), tap.Body([]byte(c.body)).String())
			if c.want == neutral.Content {
				require.True(t, tap.Complete())
				require.Equal(t, "up", tap.Model())
				require.Equal(t, "x", tap.ID())
			}
			require.Equal(t, c.want == neutral.Failure, tap.Failed())
		})
	}
}

func TestTapCountsCharacters(t *testing.T) {
	t.Parallel()
	tap := neutral.NewTap(neutral.Claude, false)
	for _, f := range []string{
		`{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"你好"}}`,
		`{"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"abc"}}`,
		`{"type":"content_block_delta","index":0,"delta":{"type":"input_json_delta","partial_json":"{\"a"}}`,
		`{"type":"content_block_delta","index":0,"delta":{"type":"signature_delta","signature":"zzzz"}}`,
	} {
		tap.Frame([]byte(f))
	}
	require.EqualValues(t, 8, tap.OutputChars())
}

func TestTapKeepsNothingOfTheFrame(t *testing.T) {
	t.Parallel()
	tap := neutral.NewTap(neutral.Chat, false)
	frame := []byte(`{"id":"chatcmpl-1","model":"gpt","service_tier":"flex","usage":{"prompt_tokens":1,"completion_tokens":2}}`)
	tap.Frame(frame)
	clear(frame)
	require.Equal(t, "chatcmpl-1", tap.ID())
	require.Equal(t, "gpt", tap.Model())
	require.Equal(t, "flex", tap.Usage()[0].ServiceTier)
}

// BenchmarkTapDelta reads frames as they follow each other in a stream: with
// other texts and, where a format has them, other numbers.
func BenchmarkTapDelta(b *testing.B) {
	for _, c := range []struct {
		format neutral.Format
		frames [2]string
	}{
		{neutral.Claude, [2]string{
			`{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"hello"}}`,
			`{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":" world,\n"}}`,
		}},
		{neutral.Chat, [2]string{
			`{"id":"chatcmpl-123","object":"chat.completion.chunk","created":1700000000,"model":"gpt-5","choices":[{"index":0,"delta":{"content":"hello"},"finish_reason":null}]}`,
			`{"id":"chatcmpl-123","object":"chat.completion.chunk","created":1700000000,"model":"gpt-5","choices":[{"index":0,"delta":{"content":" world"},"finish_reason":null}]}`,
		}},
		{neutral.Responses, [2]string{
			`{"type":"response.output_text.delta","sequence_number":7,"item_id":"msg_1","output_index":0,"content_index":0,"delta":"hello"}`,
			`{"type":"response.output_text.delta","sequence_number":8,"item_id":"msg_1","output_index":0,"content_index":0,"delta":" world"}`,
		}},
		{neutral.Gemini, [2]string{
			`{"candidates":[{"content":{"parts":[{"text":"hello"}],"role":"model"},"index":0}],"usageMetadata":{"promptTokenCount":5,"candidatesTokenCount":9},"modelVersion":"gemini-3","responseId":"abc"}`,
			`{"candidates":[{"content":{"parts":[{"text":" world"}],"role":"model"},"index":0}],"usageMetadata":{"promptTokenCount":5,"candidatesTokenCount":14},"modelVersion":"gemini-3","responseId":"abc"}`,
		}},
	} {
		b.Run(string(c.format), func(b *testing.B) {
			tap := neutral.NewTap(c.format, false)
			frames := [2][]byte{[]byte(c.frames[0]), []byte(c.frames[1])}
			b.SetBytes(int64(len(frames[0])))
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				tap.Frame(frames[i%2])
			}
		})
	}
}

func TestTapTakesNullForNothing(t *testing.T) {
	t.Parallel()
	for f, frames := range map[neutral.Format][]string{
		neutral.Chat: {
			`{"choices":[{"delta":{"content":null,"tool_calls":null,"function_call":null},"finish_reason":null}],"usage":null,"error":null}`,
			`{"choices":[{"delta":{},"finish_reason":"stop"}]}`,
		},
		neutral.Responses: {`{"type":"response.completed","response":{"output":null,"usage":null,"error":null}}`},
		neutral.Gemini:    {`{"candidates":[{"content":{"parts":null},"finishReason":"STOP"}],"promptFeedback":null}`},
	} {
		tap := neutral.NewTap(f, false)
		var last neutral.Verdict
		for _, frame := range frames {
			last = tap.Frame([]byte(frame))
		}
		require.Equal(t, neutral.Terminal, last, "%s", f)
		require.Empty(t, tap.Usage())
	}
}
