package claude_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/tidwall/gjson"

	"github.com/claude-code-hub/cch/converters/claude"
	"github.com/claude-code-hub/cch/converters/neutral"
)

// fold reads frames and returns the answer they make.
func fold(t *testing.T, frames ...string) *neutral.Answer {
	t.Helper()
	f := &neutral.Fold{}
	r := claude.NewReader(neutral.NewEmitter(f, map[string]string{"short_1": "long name"}))
	for _, data := range frames {
		r.Frame(data)
	}
	r.Close()
	a, fault := f.Answer()
	require.Nil(t, fault)
	return a
}

const (
	start = `{"type":"message_start","message":{"id":"msg_1","usage":{"input_tokens":7,"output_tokens":1}}}`
	stop  = `{"type":"message_stop"}`
)

func TestReaderJoinsSignaturePieces(t *testing.T) {
	t.Parallel()
	a := fold(t, start,
		`{"type":"content_block_start","index":0,"content_block":{"type":"thinking","thinking":"A","signature":""}}`,
		`{"type":"content_block_delta","index":0,"delta":{"type":"signature_delta","signature":"S1"}}`,
		`{"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"B"}}`,
		`{"type":"content_block_delta","index":0,"delta":{"type":"signature_delta","signature":"S2"}}`,
		`{"type":"content_block_stop","index":0}`, `{"type":"message_delta","delta":{"stop_reason":"end_turn"}}`, stop)
	require.Len(t, a.Blocks, 1)
	require.Equal(t, "AB", a.Blocks[0].Text)
	require.Equal(t, neutral.Sig{Vendor: neutral.Anthropic, Payload: "S1S2"}, a.Blocks[0].Sig)
}

func TestReaderTakesArgumentsFromTheBlockStart(t *testing.T) {
	t.Parallel()
	a := fold(t, start,
		`{"type":"content_block_start","index":0,"content_block":{"type":"tool_use","id":"a","name":"short_1","input":{"x": 1}}}`,
		`{"type":"content_block_stop","index":0}`,
		`{"type":"content_block_start","index":1,"content_block":{"type":"tool_use","id":"b","name":"f","input":{"x": 1}}}`,
		`{"type":"content_block_delta","index":1,"delta":{"type":"input_json_delta","partial_json":"{}"}}`,
		stop)
	require.Equal(t, `{"x":1}`, a.Blocks[0].Text)
	require.Equal(t, "long name", a.Blocks[0].Name, "the client's own name comes back")
	require.Equal(t, `{}`, a.Blocks[1].Text, "deltas win")
}

func TestReaderHidesServerTools(t *testing.T) {
	t.Parallel()
	a := fold(t, start,
		`{"type":"content_block_start","index":0,"content_block":{"type":"server_tool_use","id":"s","name":"web_search","input":{}}}`,
		`{"type":"content_block_delta","index":0,"delta":{"type":"input_json_delta","partial_json":"{\"q\":1}"}}`,
		`{"type":"content_block_stop","index":0}`,
		`{"type":"content_block_start","index":1,"content_block":{"type":"text","text":"a"}}`,
		`{"type":"content_block_delta","index":1,"delta":{"type":"citations_delta","citation":{"type":"char_location","cited_text":"x"}}}`,
		`{"type":"unheard_of"}`,
		`{"type":"message_delta","delta":{"stop_reason":"pause_turn"},"usage":{"output_tokens":4}}`,
		`{"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":0}}`, stop)
	require.Len(t, a.Blocks, 1)
	require.Empty(t, a.Blocks[0].Cites, "a place in a document has no address")
	require.Equal(t, neutral.FinishPause, a.Reason, "the first reason counts")
	require.EqualValues(t, 7, a.Usage.Input)
	require.EqualValues(t, 4, a.Usage.Output)
}

func TestReaderEndsWithoutMessageStop(t *testing.T) {
	t.Parallel()
	a := fold(t, start, `{"type":"message_delta","delta":{"stop_reason":"stop_sequence","stop_sequence":"#"}}`)
	require.Equal(t, "#", a.StopSequence)
	f := &neutral.Fold{}
	r := claude.NewReader(neutral.NewEmitter(f, nil))
	r.Frame(start)
	r.Close()
	_, fault := f.Answer()
	require.Equal(t, 502, fault.Status)
}

func TestWriterKeepsRedactedThinking(t *testing.T) {
	t.Parallel()
	body := `{"id":"msg_1","content":[{"type":"redacted_thinking","data":"R"},{"type":"thinking","thinking":"t","signature":"S"},{"type":"text","text":"x"}],"stop_reason":"end_turn"}`
	w := claude.NewWriter(&neutral.Client{Model: "m"})
	claude.NewReader(neutral.NewEmitter(w, nil)).Body(gjson.Parse(body))
	out := string(w.Take())
	require.Contains(t, out, `"content_block":{"type":"redacted_thinking","data":"R"}`)
	require.Contains(t, out, `"delta":{"type":"signature_delta","signature":"S"}`)
	require.NotContains(t, out, "gwr1.")
}

func TestReasonsRoundTrip(t *testing.T) {
	t.Parallel()
	for _, reason := range []string{"end_turn", "max_tokens", "tool_use", "refusal", "pause_turn", "model_context_window_exceeded"} {
		f := &neutral.Fold{}
		claude.NewReader(neutral.NewEmitter(f, nil)).Body(gjson.Parse(`{"id":"x","content":[],"stop_reason":"` + reason + `"}`))
		a, fault := f.Answer()
		require.Nil(t, fault)
		out := claude.AppendAnswer(nil, a, &neutral.Client{})
		require.Equal(t, reason, gjson.GetBytes(out, "stop_reason").Str)
	}
}
