package capability_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/converters/capability"
	"github.com/claude-code-hub/cch/converters/neutral"
)

func TestBuiltinKnowsModelsAndFamilies(t *testing.T) {
	t.Parallel()
	table, err := capability.Builtin()
	require.NoError(t, err)

	listed := table.Model("claude-fable-5")
	require.Equal(t, neutral.ThinkingAdaptive, listed.Thinking)
	require.True(t, listed.NoSampling)
	require.True(t, listed.MidSystem)
	require.EqualValues(t, 128000, listed.MaxOutput)
	require.False(t, listed.NoImage)
	require.True(t, listed.NoAudio, "a listed row that says nothing of audio takes none")

	require.Equal(t, listed, table.Model("anthropic/claude-fable-5"))

	for name, want := range map[string]neutral.Thinking{
		"claude-sonnet-4-5-20991231": neutral.ThinkingBudget,
		"claude-opus-4-6-new":        neutral.ThinkingAdaptive,
		"gemini-2.5-pro-new":         neutral.ThinkingBudget,
		"gemini-9-flash":             neutral.ThinkingLevel,
		"gpt-7-giant":                neutral.ThinkingEffort,
		"something-else":             neutral.ThinkingEffort,
	} {
		m := table.Model(name)
		require.Equal(t, want, m.Thinking, name)
		require.False(t, m.NoImage || m.NoPDF || m.NoAudio || m.NoVideo, "a guess refuses nothing")
		require.Equal(t, want == neutral.ThinkingLevel, m.MediaInResults, name)
	}
}

func TestRowsOfPriceTables(t *testing.T) {
	t.Parallel()
	_, ok := capability.ParseRow(nil)
	require.False(t, ok)
	_, ok = capability.ParseRow([]byte(`{"vision":true}`))
	require.False(t, ok, "a row without thinking says too little")
	row, ok := capability.ParseRow([]byte(`{"thinking":"budget","min_budget":128,"vision":false,"pdf":false,"guessed":["pdf"],"web_search":["chat"],"off":true}`))
	require.True(t, ok)
	m := row.Model()
	require.True(t, m.NoImage)
	require.False(t, m.NoPDF, "what is guessed refuses nothing")
	require.True(t, m.WebSearch)
	require.True(t, m.CanOff)
	require.EqualValues(t, 128, m.MinBudget)
}

func TestBrokenTables(t *testing.T) {
	t.Parallel()
	_, err := capability.Parse([]byte(`[`))
	require.Error(t, err)
	_, err = capability.Parse([]byte(`{"families":[{"match":"("}]}`))
	require.Error(t, err)
}
