package convert_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/converters/convert"
	"github.com/claude-code-hub/cch/converters/neutral"
)

// rectification is what a rectifier makes of a body; empty leaves it alone.
type rectification struct{ body, want string }

func checkRectifier(t *testing.T, do func(neutral.Format, []byte) ([]byte, bool), f neutral.Format, cases []rectification) {
	t.Helper()
	for _, c := range cases {
		out, changed := do(f, []byte(c.body))
		require.Equal(t, c.want != "", changed, c.body)
		if !changed {
			c.want = c.body
		}
		require.Equal(t, c.want, string(out))
		_, changed = do(f, out)
		require.False(t, changed, "twice: %s", out)
	}
	for _, other := range formats() {
		if other != f && other != neutral.Chat {
			_, changed := do(other, []byte(cases[0].body))
			require.False(t, changed, other)
		}
	}
}

func TestWithBudget(t *testing.T) {
	t.Parallel()
	checkRectifier(t, convert.WithBudget, neutral.Claude, []rectification{
		{
			` {"max_tokens": 1024, "thinking": {"type":"enabled", "budget_tokens":10},"x":1e3}`,
			` {"max_tokens": 64000, "thinking": {"type":"enabled","budget_tokens":32000},"x":1e3}`,
		},
		{`{"thinking":{"type":"enabled","budget_tokens":1},"a":1}`, `{"thinking":{"type":"enabled","budget_tokens":32000},"max_tokens":64000,"a":1}`},
		{`{"max_tokens":40000,"thinking":{"type":"enabled"}}`, `{"max_tokens":40000,"thinking":{"type":"enabled","budget_tokens":32000}}`},
		{`{"max_tokens":32000,"thinking":{"type":"enabled","budget_tokens":32000}}`, `{"max_tokens":64000,"thinking":{"type":"enabled","budget_tokens":32000}}`},
		{`{"max_tokens":32001,"thinking":{"type":"enabled","budget_tokens":32000}}`, ""},
		{`{"max_tokens":10,"thinking":{"type":"adaptive"}}`, ""},
		{`{"max_tokens":10}`, ""},
	})
}

func TestWithoutEffort(t *testing.T) {
	t.Parallel()
	checkRectifier(t, convert.WithoutEffort, neutral.Claude, []rectification{
		{`{"thinking":{"type":"disabled"}, "output_config":{"effort":"high"},"m":[ ]}`, `{"thinking":{"type":"disabled"},"m":[ ]}`},
		{
			`{"output_config":{"format":{"type":"json_schema"},"effort":"low"},"reasoning_effort":"low","thinking":{"type":"disabled"}}`,
			`{"output_config":{"format":{"type":"json_schema"}},"thinking":{"type":"disabled"}}`,
		},
		{`{"thinking":{"type":"enabled"},"output_config":{"effort":"high"}}`, ""},
		{`{"thinking":{"type":"disabled"},"output_config":{}}`, ""},
		{`{"reasoning_effort":"high"}`, ""},
	})
	out, changed := convert.WithoutEffort(neutral.Chat, []byte(`{"reasoning_effort":"max","thinking":{"type":"disabled"}}`))
	require.True(t, changed)
	require.Equal(t, `{"thinking":{"type":"disabled"}}`, string(out)) //nolint:testifylint // byte by byte
}

func TestWithoutBilling(t *testing.T) {
	t.Parallel()
	const line = `{"type":"text","text":"x-anthropic-billing-header: cc_version=2.1.197; cch=00000;"}`
	checkRectifier(t, convert.WithoutBilling, neutral.Claude, []rectification{
		{
			`{"system":[` + line + `, {"type":"text","text":"You are Claude Code","cache_control":{"type":"ephemeral"}}],"messages":[]}`,
			`{"system":[{"type":"text","text":"You are Claude Code","cache_control":{"type":"ephemeral"}}],"messages":[]}`,
		},
		{`{"system":[` + line + `],"messages":[]}`, `{"messages":[]}`},
		{`{"messages":[],"system":"x-anthropic-billing-header: a"}`, `{"messages":[]}`},
		{`{"system":"\n x-anthropic-billing-header: a\nBe \"brief\".\n"}`, `{"system":"Be \"brief\".\n"}`},
		{`{"system":[{"type":"text","text":"x-anthropic-billing-header: a\n\nrest"}]}`, `{"system":[{"type":"text","text":"rest"}]}`},
		{`{"system":"the x-anthropic-billing-header is odd"}`, ""},
		{`{"messages":[{"role":"user","content":"x-anthropic-billing-header"}]}`, ""},
	})
}

// Signatures where none can be, and a budget on a tool loop that begins without
// thinking, are refused too.
func TestStripOfWhatIsRefusedBesidesThinking(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]string{
		`{"messages":[{"role":"assistant","content":[{"type":"text","text":"a", "signature":"S"}]}]}`://
		`{"messages":[{"role":"assistant","content":[{"type":"text","text":"a"}]}]}`,
		`{"thinking":{"type":"enabled","budget_tokens":2048},"messages":[{"role":"assistant","content":[{"type":"tool_use","id":"a"}]},` +
			`{"role":"user","content":[{"type":"tool_result","tool_use_id":"a"}]}]}`: //
		`{"messages":[{"role":"assistant","content":[{"type":"tool_use","id":"a"}]},{"role":"user","content":[{"type":"tool_result","tool_use_id":"a"}]}]}`,
		`{"thinking":{"type":"enabled"},"messages":[{"role":"assistant","content":[{"type":"text"}]},{"role":"user","content":"more"}]}`: "",
	} {
		out, changed := convert.Strip(neutral.Claude, []byte(body))
		require.Equal(t, want != "", changed)
		if changed {
			require.Equal(t, want, string(out))
		}
	}
}
