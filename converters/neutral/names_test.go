package neutral_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/claude-code-hub/cch/converters/neutral"
)

func TestNamerKeepsTheRules(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		limit := rapid.SampledFrom([]int{64, 128}).Draw(t, "limit")
		letter := rapid.Bool().Draw(t, "letter")
		n := neutral.NewNamer(limit, letter)
		name := rapid.OneOf(rapid.StringMatching(`[A-Za-z0-9_-]{1,64}`), rapid.StringN(0, 200, -1)).Draw(t, "name")
		printed := n.Print(name)
		require.LessOrEqual(t, len(printed), limit)
		require.NotEmpty(t, printed)
		require.Empty(t, strings.Trim(printed, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-"))
		if letter {
			require.NotContains(t, "0123456789-", printed[:1])
		}
		require.Equal(t, printed, n.Print(name), "the same every time")
		if printed != name {
			require.Equal(t, name, n.Names()[printed], "and it comes back")
		}
	})
}

func TestIDs(t *testing.T) {
	t.Parallel()
	require.Equal(t, "toolu_01-x", neutral.CallID("toolu_01-x"))
	for _, bad := range []string{"", "functions.ls:0", strings.Repeat("x", 65)} {
		require.Regexp(t, `^call_[0-9a-f]{24}$`, neutral.CallID(bad))
	}
	for in, want := range map[string]string{"msg_01A": "01A", "chatcmpl-a-b": "a_b", "resp_x": "x", "gen-1:2": "1_2", "rEsp-1": "rEsp_1"} {
		require.Equal(t, want, neutral.BaseID(in, "req"))
	}
	require.Regexp(t, `^[0-9a-f]{24}$`, neutral.BaseID("", "req"))
	require.Equal(t, neutral.BaseID("", "req"), neutral.BaseID("msg_", "req"))
	require.Equal(t, "u", neutral.OpenAIUser("u"))
	require.Regexp(t, `^[0-9a-f]{64}$`, neutral.OpenAIUser(strings.Repeat("u", 65)))
}
