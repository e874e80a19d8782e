package convert_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
	"github.com/tidwall/gjson"
	"pgregory.net/rapid"

	"github.com/claude-code-hub/cch/converters/convert"
	"github.com/claude-code-hub/cch/converters/neutral"
)

// gist is what every format keeps of an answer: blocks of a kind run together,
// as Chat knows no blocks.
type gist struct {
	Text, Think string
	Calls       []neutral.Block
	Reason      string
	Prompt, Out int64
}

func gistOf(t require.TestingT, f neutral.Format, body []byte) gist {
	fold := &neutral.Fold{}
	newReader(f, neutral.NewEmitter(fold, nil)).Body(gjson.ParseBytes(body))
	a, fault := fold.Answer()
	require.Nil(t, fault, "%s", body)
	var g gist
	for _, b := range a.Blocks {
		switch b.Kind {
		case neutral.TextBlock, neutral.RefusalBlock:
			g.Text += b.Text
		case neutral.ThinkBlock:
			g.Think += b.Text
		case neutral.CallBlock:
			call := neutral.Part{Args: b.Text, Custom: b.Custom}
			g.Calls = append(g.Calls, neutral.Block{ID: b.ID, Name: b.Name, Text: call.Arguments()})
		}
	}
	g.Reason = map[neutral.FinishReason]string{
		neutral.FinishLength: "cut", neutral.FinishContext: "cut", neutral.FinishTool: "tool",
		neutral.FinishFilter: "filter", neutral.FinishRefusal: "filter",
	}[a.Reason]
	if a.Usage != nil {
		g.Prompt, g.Out = a.Usage.Prompt(), a.Usage.Completion()
	}
	return g
}

// claudeAnswer draws an answer as Anthropic would give it, in the order its
// models keep: thinking, text, calls.
func claudeAnswer(t *rapid.T) string {
	text := rapid.StringMatching(`[a-zA-Zé你"\\ \n<&>]{1,30}`)
	var blocks []string
	quote := func(s string) string { return gjson.Parse(string(mustJSON(s))).Raw }
	for range rapid.IntRange(0, 2).Draw(t, "thoughts") {
		blocks = append(blocks, `{"type":"thinking","thinking":`+quote(text.Draw(t, "thought"))+`,"signature":"S1G"}`)
	}
	for range rapid.IntRange(0, 2).Draw(t, "texts") {
		blocks = append(blocks, `{"type":"text","text":`+quote(text.Draw(t, "text"))+`}`)
	}
	calls := rapid.IntRange(0, 3).Draw(t, "calls")
	for i := range calls {
		blocks = append(blocks, `{"type":"tool_use","id":"toolu_`+string(rune('a'+i))+`","name":"f","input":{"x":`+quote(text.Draw(t, "arg"))+`}}`)
	}
	reason := "tool_use"
	if calls == 0 {
		reason = rapid.SampledFrom([]string{"end_turn", "max_tokens", "stop_sequence"}).Draw(t, "reason")
	}
	return `{"id":"msg_7","type":"message","role":"assistant","content":[` + strings.Join(blocks, ",") + `],"stop_reason":"` + reason +
		`","usage":{"input_tokens":3,"cache_read_input_tokens":4,"output_tokens":9,"output_tokens_details":{"thinking_tokens":2}}}`
}

// TestStreamAndWholeSayTheSame converts random answers both whole and as a
// stream, reads each back and compares: nothing is lost on either way, and both
// writers of a format agree.
func TestStreamAndWholeSayTheSame(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		answer := []byte(claudeAnswer(t))
		want := gistOf(t, neutral.Claude, answer)
		for _, to := range formats() {
			x := &convert.Exchange{From: neutral.Claude, To: to, Client: neutral.Client{Model: "m", RequestID: "r", WantUsage: true}}
			whole, fault := x.Whole(answer)
			require.Nil(t, fault)
			require.Empty(t, cmp.Diff(want, gistOf(t, to, whole)), "whole, %s: %s", to, whole)

			stream, fault := x.Unfold(answer)
			require.Nil(t, fault)
			back := &convert.Exchange{From: to, To: neutral.Claude, Client: neutral.Client{Model: "m", RequestID: "r"}}
			f := back.Fold()
			f.Feed(stream)
			folded, fault := f.Finish()
			require.Nil(t, fault, "%s", stream)
			require.Empty(t, cmp.Diff(want, gistOf(t, neutral.Claude, folded)), "stream, %s: %s", to, stream)
		}
	})
}

// TestUnfoldFinishesTheStream gives streaming clients an answer that came whole.
func TestUnfoldFinishesTheStream(t *testing.T) {
	t.Parallel()
	ends := map[neutral.Format]string{
		neutral.Claude: "event: message_stop", neutral.Chat: "data: [DONE]", neutral.Responses: "event: response.completed", neutral.Gemini: `"finishReason":"STOP"`,
	}
	body := []byte(`{"id":"chatcmpl-1","created":5,"choices":[{"index":0,"message":{"role":"assistant","content":"hi"},"finish_reason":"stop"}]}`)
	for to, end := range ends {
		x := &convert.Exchange{From: neutral.Chat, To: to, Client: neutral.Client{Model: "m", RequestID: "r"}}
		out, fault := x.Unfold(body)
		require.Nil(t, fault)
		require.Contains(t, string(out), end)
		require.Contains(t, string(out), `"hi"`)
	}
}

// TestStreamTakesAnyFraming feeds a stream converter what some providers send
// instead of an event stream.
func TestStreamTakesAnyFraming(t *testing.T) {
	t.Parallel()
	whole := `{"responseId":"r","candidates":[{"content":{"parts":[{"text":"hi ]}\"[{"}]},"finishReason":"STOP"}]}`
	array := "[" + `{"responseId":"r","candidates":[{"content":{"parts":[{"text":"hi "}]}}]}` + "\n,\r\n" +
		`{"candidates":[{"content":{"parts":[{"text":"]}\"[{"}]},"finishReason":"STOP"}]}` + "\n]"
	for name, in := range map[string]string{"one body": whole, "an array": array, "space before": " \n" + array} {
		for _, pieces := range [][][]byte{{[]byte(in)}, bytes.SplitAfter([]byte(in), nil)} {
			x := &convert.Exchange{From: neutral.Gemini, To: neutral.Chat, Client: neutral.Client{Model: "m", RequestID: "r"}}
			out := string(streamed(x, pieces...))
			require.Contains(t, out, `"finish_reason":"stop"`, name)
			require.True(t, strings.HasSuffix(out, "data: [DONE]\n\n"), name)
			var text string
			for _, f := range frames(t, []byte(out)) {
				if m, ok := f.Data.(map[string]any); ok {
					if s, ok := m["choices"].([]any)[0].(map[string]any)["delta"].(map[string]any)["content"].(string); ok {
						text += s
					}
				}
			}
			require.Equal(t, `hi ]}"[{`, text, name)
		}
	}
}

// TestErrorsBeforeContentAreHeldBack lets another provider try: until the answer
// says something, an error is not shown to the client.
func TestErrorsBeforeContentAreHeldBack(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		from   neutral.Format
		in     string
		status int
		kind   neutral.ErrorKind
	}{
		"error event after start": {neutral.Claude, "data: {\"type\":\"message_start\",\"message\":{\"id\":\"m\"}}\n\ndata: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"x\"}}\n\n", 503, neutral.Overloaded},
		"json error body":         {neutral.Chat, `{"error":{"message":"x","type":"rate_limit_error","code":"rate_limit_exceeded"}}`, 429, neutral.RateLimit},
		"html body":               {neutral.Chat, "<html>sorry</html>", 502, neutral.Upstream},
		"nothing":                 {neutral.Responses, "", 502, neutral.Upstream},
		"not json":                {neutral.Claude, "data: {broken\n\n", 502, neutral.Upstream},
		"abnormal gemini finish":  {neutral.Gemini, "data: {\"candidates\":[{\"finishReason\":\"MALFORMED_FUNCTION_CALL\"}]}\n\n", 502, neutral.Upstream},
		"gemini error array":      {neutral.Gemini, `[{"error":{"code":429,"message":"x","status":"RESOURCE_EXHAUSTED"}}]`, 429, neutral.RateLimit},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, to := range formats() {
				x := &convert.Exchange{From: c.from, To: to, Client: neutral.Client{Model: "m", RequestID: "r"}}
				s := x.Stream()
				out := append(bytes.Clone(s.Feed([]byte(c.in))), s.Finish()...)
				require.Empty(t, string(out))
				require.False(t, s.Begun())
				require.True(t, s.Over())
				require.Equal(t, c.status, s.Err().Status)
				require.Equal(t, c.kind, s.Err().Kind)
			}
		})
	}
}

// TestOpenCommits shows what goes out when a keep-alive was needed first.
func TestOpenCommits(t *testing.T) {
	t.Parallel()
	wants := map[neutral.Format][2]string{ // start and keep-alive; the error after them
		neutral.Claude:    {"event: ping\ndata: {\"type\":\"ping\"}\n\n", "event: error\n"},
		neutral.Chat:      {": ping\n\n", `data: {"error":{`},
		neutral.Responses: {": ping\n\n", "event: response.failed\n"},
		neutral.Gemini:    {"", `data: {"error":{"code":504`},
	}
	for to, want := range wants {
		x := &convert.Exchange{From: neutral.Chat, To: to, Client: neutral.Client{Model: "m", RequestID: "r"}}
		s := x.Stream()
		require.Empty(t, s.Feed([]byte("data: {\"id\":\"1\",\"choices\":[]}\n\n")))
		opened := string(s.Open())
		require.Equal(t, to == neutral.Gemini, opened == "", "the start goes out")
		require.Equal(t, want[0], string(s.KeepAlive()))
		require.True(t, s.Begun())
		failed := string(s.Abort(&neutral.Error{Kind: neutral.Timeout, Status: 504, Message: "too slow"}))
		require.Contains(t, failed, want[1])
		require.Contains(t, failed, "too slow")
		require.NotContains(t, failed, "[DONE]")
		require.Empty(t, string(s.Finish()), "nothing follows the error")
	}
}

func TestGeminiClientVariants(t *testing.T) {
	t.Parallel()
	head, one, tail := deltas(neutral.Claude)
	upstream := []byte(head + one + tail)
	x := convert.Exchange{From: neutral.Claude, To: neutral.GeminiCLI, Client: neutral.Client{Model: "m", RequestID: "req_9"}}
	for _, f := range frames(t, streamed(&x, upstream)) {
		m := f.Data.(map[string]any)
		require.Equal(t, "req_9", m["traceId"])
		require.Contains(t, m["response"], "candidates")
	}
	f := x.Fold()
	f.Feed(upstream)
	whole, fault := f.Finish()
	require.Nil(t, fault)
	require.Equal(t, "hello", gjson.GetBytes(whole, "response.candidates.0.content.parts.0.text").Str)

	x = convert.Exchange{From: neutral.Claude, To: neutral.Gemini, Client: neutral.Client{Model: "m", RequestID: "r", Array: true}}
	out := streamed(&x, upstream)
	require.True(t, gjson.ValidBytes(out), "%s", out)
	require.Equal(t, `["hello"]`, gjson.GetBytes(out, "#.candidates.0.content.parts.0.text").Raw)
	require.Equal(t, "STOP", gjson.GetBytes(out, "1.candidates.0.finishReason").Str)
}

func TestFenceIsStripped(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"```json\n{\"a\":1}\n```":    `{"a":1}`,
		"```\n{\"a\":1}\n```\n":      `{"a":1}`,
		"{\"a\":\"```\"}":            "{\"a\":\"```\"}",
		"``":                         "``",
		"```json\n{\"a\":\"`\"}":     "{\"a\":\"`\"}",
		"plain ```text``` with it":   "plain ```text``` with it",
		"```json\n{\n\"b\": 2\n}```": "{\n\"b\": 2\n}",
	} {
		for _, step := range []int{1, 2, 100} {
			head, _, tail := deltas(neutral.Claude)
			stream := head
			for rest := in; rest != ""; {
				n := min(step, len(rest))
				stream += "data: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":" + string(mustJSON(rest[:n])) + "}}\n\n"
				rest = rest[n:]
			}
			x := &convert.Exchange{From: neutral.Claude, To: neutral.Chat, StripFence: true, Client: neutral.Client{Model: "m", RequestID: "r"}}
			f := x.Fold()
			for frame := range strings.SplitAfterSeq(stream+tail, "\n\n") { // the buffer of each is used again
				f.Feed([]byte(frame))
			}
			body, fault := f.Finish()
			require.Nil(t, fault)
			require.Equal(t, want, gjson.GetBytes(body, "choices.0.message.content").Str, "%q by %d", in, step)
		}
	}
}

// TestFoldOfTheSameFormat gathers a Responses stream for a Responses client: the
// terminal event holds the answer, items of hosted tools and all, in the
// server's own words.
func TestFoldOfTheSameFormat(t *testing.T) {
	t.Parallel()
	item := `{"type":"message","content":[{"type":"output_text","text":"hi"}]}`
	x := &convert.Exchange{From: neutral.Responses, To: neutral.Responses, Client: neutral.Client{Model: "m", RequestID: "r"}}
	f := x.Fold()
	whole := `{ "id":"resp_1","status":"completed","output":[{"type":"web_search_call"},` + item + `],"usage":null}`
	f.Feed([]byte("data: {\"type\":\"response.completed\",\"response\":" + whole + "}\n\n"))
	body, fault := f.Finish()
	require.Nil(t, fault)
	require.Equal(t, whole, string(body))

	f = x.Fold()
	f.Feed([]byte(`data: {"type":"response.completed","response":{"id":"r","model":"other","status":"completed","output":[` + item + "]}}\n\n"))
	body, fault = f.Finish()
	require.Nil(t, fault)
	require.Equal(t, `{"id":"r","model":"m","status":"completed","output":[`+item+`]}`, string(body))

	f = x.Fold()
	f.Feed([]byte("data: {\"type\":\"response.output_item.done\",\"output_index\":0,\"item\":" + item + "}\n\n" +
		"data: {\"type\":\"response.completed\",\"response\":{\"id\":\"resp_1\",\"status\":\"completed\",\"output\":[]}}\n\n"))
	body, fault = f.Finish()
	require.Nil(t, fault)
	require.Equal(t, "hi", gjson.GetBytes(body, "output.0.content.0.text").Str, "an output left out is gathered")
}

// TestAnswersNameTheModelOnWish: the client's name, or the upstream's.
func TestAnswersNameTheModelOnWish(t *testing.T) {
	t.Parallel()
	answer := `{"id":"1","model":"served","choices":[{"index":0,"message":{"role":"assistant","content":"hi"},"finish_reason":"stop"}]}`
	for to, path := range map[neutral.Format]string{
		neutral.Claude: "model", neutral.Chat: "model", neutral.Responses: "model",
		neutral.Gemini: "modelVersion", neutral.GeminiCLI: "response.modelVersion",
	} {
		for echo, want := range map[bool]string{false: "asked", true: "served"} {
			x := &convert.Exchange{From: neutral.Chat, To: to, Client: neutral.Client{Model: "asked", RequestID: "r", EchoModel: echo}}
			body, fault := x.Whole([]byte(answer))
			require.Nil(t, fault)
			require.Equal(t, want, gjson.GetBytes(body, path).Str, "%s %s", to, body)
			stream, fault := x.Unfold([]byte(answer))
			require.Nil(t, fault)
			require.Contains(t, string(stream), `"`+want+`"`, to)
			require.Equal(t, echo, strings.Contains(string(stream), `"served"`), to)
		}
	}
}
