package chat_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/tidwall/gjson"

	"github.com/claude-code-hub/cch/converters/chat"
	"github.com/claude-code-hub/cch/converters/neutral"
)

func read(frames ...string) (*neutral.Answer, *neutral.Error) {
	f := &neutral.Fold{}
	r := chat.NewReader(neutral.NewEmitter(f, nil), "req")
	for _, data := range frames {
		r.Frame(data)
	}
	r.Close()
	return f.Answer()
}

// delta is a chunk with one delta.
func delta(d string) string { return `{"id":"chatcmpl-1","choices":[{"index":0,"delta":` + d + `}]}` }

func finish(reason string) string {
	return `{"choices":[{"index":0,"delta":{},"finish_reason":"` + reason + `"}]}`
}

func TestReaderDialects(t *testing.T) {
	t.Parallel()
	type call struct{ id, name, args string }
	cases := []struct {
		name   string
		frames []string
		text   string
		think  string
		calls  []call
		reason neutral.FinishReason
	}{
		{name: "all calls under index 0", frames: []string{
			delta(`{"tool_calls":[{"index":0,"id":"a","function":{"name":"f","arguments":"{}"}}]}`),
			delta(`{"tool_calls":[{"index":0,"id":"b","function":{"name":"g","arguments":"{\"x\":1}"}}]}`), finish("tool_calls"),
		}, calls: []call{{"a", "f", "{}"}, {"b", "g", `{"x":1}`}}, reason: neutral.FinishTool},
		{name: "no index at all", frames: []string{
			delta(`{"tool_calls":[{"id":"a","function":{"name":"f","arguments":"{\"x\""}}]}`),
			delta(`{"tool_calls":[{"function":{"arguments":":1}"}}]}`),
			delta(`{"tool_calls":[{"id":"b","function":{"name":"g","arguments":""}}]}`), finish("function_call"),
		}, calls: []call{{"a", "f", `{"x":1}`}, {"b", "g", ""}}, reason: neutral.FinishTool},
		{name: "name and id said again", frames: []string{
			delta(`{"tool_calls":[{"index":0,"id":"a","function":{"name":"f","arguments":"{"}}]}`),
			delta(`{"tool_calls":[{"index":0,"id":"a","function":{"name":"f","arguments":"}"}}]}`), finish("stop"),
		}, calls: []call{{"a", "f", "{}"}}, reason: neutral.FinishTool},
		{name: "arguments as an object", frames: []string{
			delta(`{"tool_calls":[{"index":0,"id":"a","function":{"name":"f","arguments":{"x": 1}}}]}`), finish("stop"),
		}, calls: []call{{"a", "f", `{"x":1}`}}, reason: neutral.FinishTool},
		{name: "text after a call ends it", frames: []string{
			delta(`{"tool_calls":[{"index":0,"id":"a","function":{"name":"f","arguments":"{"}}]}`),
			delta(`{"content":"hm"}`),
			delta(`{"tool_calls":[{"index":0,"function":{"arguments":"}"}}]}`), finish("stop"),
		}, text: "hm", calls: []call{{"a", "f", "{"}}, reason: neutral.FinishTool},
		{name: "reasoning under its other name", frames: []string{delta(`{"reasoning":"t"}`), delta(`{"content":"x"}`), finish("stop")}, think: "t", text: "x"},
		{name: "content as a list", frames: []string{
			delta(`{"content":[{"type":"thinking","thinking":[{"type":"text","text":"t"}]}]}`),
			delta(`{"content":[{"type":"text","text":"x"}]}`), finish("length"),
		}, think: "t", text: "x", reason: neutral.FinishLength},
		{name: "the end mark alone", frames: []string{delta(`{"content":"x"}`), "[DONE]"}, text: "x"},
		{name: "another choice is ignored", frames: []string{`{"choices":[{"index":1,"delta":{"content":"no"},"finish_reason":"stop"}]}`, delta(`{"content":"x"}`), finish("stop")}, text: "x"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			a, fault := read(c.frames...)
			require.Nil(t, fault)
			var calls []call
			var text, think string
			for _, b := range a.Blocks {
				switch b.Kind {
				case neutral.CallBlock:
					calls = append(calls, call{b.ID, b.Name, b.Text})
				case neutral.ThinkBlock:
					think += b.Text
				default:
					text += b.Text
				}
			}
			require.Equal(t, c.calls, calls)
			require.Equal(t, c.text, text)
			require.Equal(t, c.think, think)
			require.Equal(t, c.reason, a.Reason)
		})
	}
}

func TestReaderWantsAnEnd(t *testing.T) {
	t.Parallel()
	for _, frames := range [][]string{nil, {delta(`{"content":"x"}`)}, {"[DONE]"}} {
		_, fault := read(frames...)
		require.NotNil(t, fault, "%q", frames)
		require.Equal(t, 502, fault.Status)
	}
}

func TestGoogleSignatureOfAChatServer(t *testing.T) {
	t.Parallel()
	a, fault := read(delta(`{"tool_calls":[{"index":0,"id":"a","function":{"name":"f","arguments":"{}"},"extra_content":{"google":{"thought_signature":"G"}}}]}`), finish("tool_calls"))
	require.Nil(t, fault)
	require.Equal(t, neutral.Sig{Vendor: neutral.Google, Payload: "G"}, a.Blocks[0].Sig)
}

func TestAnnotationsOfAChatServer(t *testing.T) {
	t.Parallel()
	a, fault := read(delta(`{"content":"Go"}`),
		delta(`{"annotations":[{"type":"url_citation","url_citation":{"url":"u","title":"t","start_index":0,"end_index":2}}]}`), finish("stop"))
	require.Nil(t, fault)
	require.Equal(t, []neutral.Citation{{URL: "u", Title: "t", To: 2, Ranged: true}}, a.Blocks[0].Cites)
	out := chat.AppendAnswer(nil, a, &neutral.Client{})
	require.EqualValues(t, 2, gjson.GetBytes(out, "choices.0.message.annotations.0.url_citation.end_index").Int())
}

// TestFreeformToolOfAChatClient turns a function call back into the custom tool
// that the client declared.
func TestFreeformToolOfAChatClient(t *testing.T) {
	t.Parallel()
	client := &neutral.Client{Custom: map[string]bool{"p": true}}
	w := chat.NewWriter(client)
	r := chat.NewReader(neutral.NewEmitter(w, nil), "req")
	for _, f := range []string{
		delta(`{"tool_calls":[{"index":0,"id":"a","function":{"name":"p","arguments":"{\"input\":"}}]}`),
		delta(`{"tool_calls":[{"index":0,"function":{"arguments":"\"x\\n\"}"}}]}`), finish("tool_calls"),
	} {
		r.Frame(f)
	}
	r.Close()
	out := string(w.Take())
	require.Contains(t, out, `"type":"custom","custom":{"name":"p","input":""}`)
	require.Contains(t, out, `"custom":{"input":"x\n"}`)
	require.NotContains(t, out, `"function"`)
}

func TestReaderTakesNullForNothing(t *testing.T) {
	t.Parallel()
	a, fault := read(delta(`{"content":"x","tool_calls":null,"annotations":null,"refusal":null,"reasoning_content":null}`), finish("stop"))
	require.Nil(t, fault)
	require.Len(t, a.Blocks, 1)
	require.Equal(t, neutral.FinishStop, a.Reason)
}
