package neutral_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/converters/neutral"
)

func TestLevelsAndBudgets(t *testing.T) {
	t.Parallel()
	for _, effort := range []string{"none", "minimal", "low", "medium", "high", "xhigh", "max"} {
		require.Equal(t, effort, neutral.EffortOf(neutral.BudgetOf(effort)), "there and back")
		require.Equal(t, effort, neutral.ParseEffort(effort))
	}
	// What Claude Code asks for with its keywords.
	for budget, want := range map[int64]string{4000: "medium", 10000: "high", 31999: "xhigh", 1: "minimal", 65537: "max"} {
		require.Equal(t, want, neutral.EffortOf(budget), budget)
	}
	require.Empty(t, neutral.ParseEffort("ultra"))
}

func TestClampEffort(t *testing.T) {
	t.Parallel()
	m := neutral.Model{Efforts: []string{"low", "high"}}
	for in, want := range map[string]string{"none": "low", "low": "low", "medium": "low", "high": "high", "max": "high"} {
		got, moved := m.ClampEffort(in)
		require.Equal(t, want, got)
		require.Equal(t, in != want, moved)
	}
	got, moved := (&neutral.Model{}).ClampEffort("xhigh")
	require.Equal(t, "xhigh", got)
	require.False(t, moved)
}

func TestDropsAreListedInOrder(t *testing.T) {
	t.Parallel()
	var d neutral.Drops
	d.Add(neutral.DropVerbosity)
	d.AddDetail(neutral.DropHostedTool, "mcp")
	d.Add(neutral.DropTopK)
	d.Add(neutral.DropTopK)
	d.AddDetail(neutral.DropHostedTool, "bash")
	require.Equal(t, []string{"top_k", "hosted_tool:mcp", "hosted_tool:bash", "verbosity"}, d.Sorted())
}

func TestCapsNameTheFirst(t *testing.T) {
	t.Parallel()
	require.Empty(t, neutral.Caps(0).First())
	require.Equal(t, "audio", (neutral.NeedPrompt | neutral.NeedAudio).First())
	require.Equal(t, "hosted_tool_choice", neutral.NeedHostedToolChoice.First())
	require.Equal(t, neutral.NeedN, neutral.Missing(neutral.NeedN|neutral.NeedImage, &neutral.Target{Format: neutral.Chat}))
}
