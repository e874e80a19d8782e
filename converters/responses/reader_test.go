package responses_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/tidwall/gjson"

	"github.com/claude-code-hub/cch/converters/neutral"
	"github.com/claude-code-hub/cch/converters/responses"
)

func read(frames ...string) (*neutral.Answer, *neutral.Error) {
	f := &neutral.Fold{}
	r := responses.NewReader(neutral.NewEmitter(f, nil))
	for _, data := range frames {
		r.Frame(data)
	}
	r.Close()
	return f.Answer()
}

const items = `{"type":"reasoning","id":"rs","summary":[{"type":"summary_text","text":"a"},{"type":"summary_text","text":"b"}],"encrypted_content":"E"},
	{"type":"web_search_call","id":"ws"},
	{"type":"message","content":[{"type":"output_text","text":"hi","annotations":[{"type":"url_citation","url":"u","title":"t","start_index":0,"end_index":2}]},{"type":"refusal","refusal":"no"}]},
	{"type":"function_call","call_id":"c","namespace":"ns","name":"f","arguments":"{}"},
	{"type":"custom_tool_call","call_id":"d","name":"p","input":"raw"}`

func check(t *testing.T, a *neutral.Answer) {
	t.Helper()
	require.Len(t, a.Blocks, 5)
	require.Equal(t, "a\n\nb", a.Blocks[0].Text)
	require.Equal(t, neutral.Sig{Vendor: neutral.OpenAI, ID: "rs", Payload: "E"}, a.Blocks[0].Sig)
	require.Equal(t, "hi", a.Blocks[1].Text)
	require.Len(t, a.Blocks[1].Cites, 1)
	require.Equal(t, neutral.RefusalBlock, a.Blocks[2].Kind)
	require.Equal(t, "ns__f", a.Blocks[3].Name)
	require.True(t, a.Blocks[4].Custom)
	require.Equal(t, "raw", a.Blocks[4].Text)
	require.Equal(t, neutral.FinishTool, a.Reason)
}

// TestReaderOfRelaysThatSaveEvents reads answers of which only the end of each
// item came, only the end of all, or no stream at all.
func TestReaderOfRelaysThatSaveEvents(t *testing.T) {
	t.Parallel()
	terminal := `{"type":"response.completed","response":{"id":"resp_1","status":"completed","output":[` + items + `]}}`
	a, fault := read(terminal)
	require.Nil(t, fault)
	check(t, a)

	frames := []string{`{"type":"response.created","response":{"id":"resp_1"}}`}
	for i, item := range gjson.Parse("[" + items + "]").Array() {
		frames = append(frames, `{"type":"response.output_item.done","output_index":`+string(rune('0'+i))+`,"item":`+item.Raw+`}`)
	}
	a, fault = read(append(frames, terminal)...)
	require.Nil(t, fault)
	check(t, a)

	f := &neutral.Fold{}
	responses.NewReader(neutral.NewEmitter(f, nil)).Body(gjson.Parse(`{"id":"resp_1","status":"completed","output":[` + items + `]}`))
	a, fault = f.Answer()
	require.Nil(t, fault)
	check(t, a)
}

func TestReaderErrors(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]*neutral.Error{
		`{"type":"error","code":"rate_limit_exceeded","message":"slow"}`:                                          {Kind: neutral.RateLimit, Status: 429, Message: "slow"},
		`{"type":"response.failed","response":{"error":{"code":"server_error","message":"x"}}}`:                   {Kind: neutral.Upstream, Status: 500, Message: "x"},
		`{"type":"response.failed","response":{"error":{"code":"context_length_exceeded","message":"too long"}}}`: {Kind: neutral.BadRequest, Status: 400, Message: "too long", ContextLength: true},
		`{"type":"response.output_text.delta","output_index":0,"delta":"x"}`:                                      {Kind: neutral.Upstream, Status: 502, Message: "upstream stream ended before completion"},
	} {
		_, fault := read(in)
		require.Equal(t, want, fault)
	}
}

func TestReaderReasoningText(t *testing.T) {
	t.Parallel()
	a, fault := read(
		`{"type":"response.output_item.added","output_index":0,"item":{"type":"reasoning","id":"rs"}}`,
		`{"type":"response.reasoning_text.delta","output_index":0,"delta":"raw "}`,
		`{"type":"response.reasoning_text.delta","output_index":0,"delta":"thought"}`,
		`{"type":"response.output_item.done","output_index":0,"item":{"type":"reasoning","id":"rs","summary":[],"content":[{"type":"reasoning_text","text":"raw thought"}]}}`,
		`{"type":"response.incomplete","response":{"status":"incomplete","incomplete_details":{"reason":"content_filter"}}}`)
	require.Nil(t, fault)
	require.Len(t, a.Blocks, 1)
	require.Equal(t, "raw thought", a.Blocks[0].Text)
	require.Equal(t, neutral.FinishFilter, a.Reason)
}

// TestWriterLocalShell turns the function that stood for the shell back into
// the tool that Codex knows.
func TestWriterLocalShell(t *testing.T) {
	t.Parallel()
	client := &neutral.Client{Model: "m", RequestID: "r", LocalShell: true}
	body := `{"id":"resp_1","status":"completed","output":[{"type":"function_call","call_id":"c","name":"local_shell","arguments":"{\"command\":[\"ls\"],\"workdir\":\"/w\",\"timeout_ms\":5}"}]}`
	w := responses.NewWriter(client)
	responses.NewReader(neutral.NewEmitter(w, nil)).Body(gjson.Parse(body))
	out := string(w.Take())
	want := `"type":"local_shell_call","status":"completed","call_id":"c","action":{"type":"exec","command":["ls"],"env":{},"timeout_ms":5,"working_directory":"/w"}`
	require.Contains(t, out, want)
	require.NotContains(t, out, "function_call_arguments")

	f := &neutral.Fold{}
	responses.NewReader(neutral.NewEmitter(f, nil)).Body(gjson.Parse(body))
	a, fault := f.Answer()
	require.Nil(t, fault)
	require.Contains(t, string(responses.AppendAnswer(nil, a, client)), want)
}

// TestWriterWrapsFreeformInput shows a custom call of the upstream to a client
// that declared the tool as a function.
func TestWriterWrapsFreeformInput(t *testing.T) {
	t.Parallel()
	w := responses.NewWriter(&neutral.Client{Model: "m"})
	r := responses.NewReader(neutral.NewEmitter(w, nil))
	r.Frame(`{"type":"response.output_item.added","output_index":0,"item":{"type":"custom_tool_call","call_id":"c","name":"p"}}`)
	r.Frame(`{"type":"response.custom_tool_call_input.delta","output_index":0,"delta":"a\"b"}`)
	r.Frame(`{"type":"response.output_item.done","output_index":0,"item":{"type":"custom_tool_call"}}`)
	require.Contains(t, string(w.Take()), `"arguments":"{\"input\":\"a\\\"b\"}"`)
}

func TestAnswerKeepsOpenAIItems(t *testing.T) {
	t.Parallel()
	f := &neutral.Fold{}
	responses.NewReader(neutral.NewEmitter(f, nil)).Body(gjson.Parse(`{"id":"resp_1","status":"completed","output":[` + items + `]}`))
	a, fault := f.Answer()
	require.Nil(t, fault)
	out := responses.AppendAnswer(nil, a, &neutral.Client{Custom: map[string]bool{"p": true}, Namespaces: map[string][2]string{"ns__f": {"ns", "f"}}})
	require.Equal(t, `["rs","msg_1_1","msg_1_2","fc_1_3","ctc_1_4"]`, gjson.GetBytes(out, "output.#.id").Raw, "OpenAI's own reasoning keeps its id")
	require.Equal(t, "E", gjson.GetBytes(out, "output.0.encrypted_content").Str)
	require.Equal(t, "ns", gjson.GetBytes(out, "output.3.namespace").Str)
	require.Equal(t, "raw", gjson.GetBytes(out, "output.4.input").Str)
}

// TestReaderOfOverlappingItems gets text while a call is open: the call ends,
// and what still comes for it is dropped rather than shown in the wrong place.
func TestReaderOfOverlappingItems(t *testing.T) {
	t.Parallel()
	a, fault := read(
		`{"type":"response.output_item.added","output_index":0,"item":{"type":"function_call","call_id":"c","name":"f"}}`,
		`{"type":"response.function_call_arguments.delta","output_index":0,"delta":"{"}`,
		`{"type":"response.output_text.delta","output_index":1,"delta":"x"}`,
		`{"type":"response.function_call_arguments.delta","output_index":0,"delta":"}"}`,
		`{"type":"response.completed","response":{"status":"completed"}}`)
	require.Nil(t, fault)
	require.Len(t, a.Blocks, 2)
	require.Equal(t, "{", a.Blocks[0].Text)
	require.Equal(t, "x", a.Blocks[1].Text)
}
