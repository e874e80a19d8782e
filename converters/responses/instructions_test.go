package responses_test

import (
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
