package responses_test

import (
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/converters/responses"
)

func TestInject(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		`{"input":"x"}`:                    `{"instructions":"C","input":"x"}`,
		`{}`:                               `{"instructions":"C"}`,
		`{"instructions":"","input":[1]}`:  `{"instructions":"C","input":[1]}`,
		`{"instructions":null,"input":[]}`: `{"instructions":"C","input":[]}`,
		`{"instructions":"C","input":[]}`:  `{"instructions":"C","input":[]}`,
		`{"instructions":"S", "input":[{"role":"user"}]}`: `{"instructions":"C", "input":[{"type":"message","role":"developer","content":[{"type":"input_text","text":"S"}]},{"role":"user"}]}`,
		`{"instructions":"S","input":"x"}`:                `{"instructions":"C","input":[{"type":"message","role":"developer","content":[{"type":"input_text","text":"S"}]},{"type":"message","role":"user","content":"x"}]}`,
		`{"instructions":"S","input":[]}`:                 `{"instructions":"C","input":[{"type":"message","role":"developer","content":[{"type":"input_text","text":"S"}]}]}`,
		`not json`:                                        `not json`,
	} {
		require.Equal(t, want, string(responses.Inject([]byte(in), "C")), in)
	}
	require.True(t, responses.HasInstructions([]byte(`{"instructions":"x"}`)))
	require.False(t, responses.HasInstructions([]byte(`{"instructions":null}`)))
}

// Instructions that are Codex's own, of whatever version, are replaced: as a
// developer message they would say everything twice.
func TestInjectReplacesOlderTextsOfCodex(t *testing.T) {
	t.Parallel()
	require.True(t, strings.HasPrefix(responses.CodexInstructions(), "You are a coding agent running in the Codex CLI"))
	for _, old := range []string{responses.CodexInstructions(), "You are Codex, based on GPT-5. Be good."} {
		in := `{"instructions":` + strconv.Quote(old) + `,"input":[1]}`
		require.Equal(t, `{"instructions":"C","input":[1]}`, string(responses.Inject([]byte(in), "C"))) //nolint:testifylint // byte by byte
	}
}

func TestWantsInstructions(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		`{"detail":"Instructions are not valid"}`:                                                true,
		`{"detail":"Instructions are required"}`:                                                 true,
		`{"error":{"message":"Missing required parameter: 'instructions'."}}`:                    true,
		`{"error":{"message":"Invalid value for instructions"}}`:                                 true,
		`{"error":{"message":"instructions must be those of Codex"}}`:                            true,
		`{"error":{"message":"Unsupported parameter: temperature"}}`:                             false,
		`{"error":{"message":"Missing required parameter: 'input'."}}`:                           false,
		`{"error":{"message":"see the instructions at our site about the model you asked for"}}`: false,
	} {
		require.Equal(t, want, responses.WantsInstructions(text), text)
	}
}
