package domain

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestEveryLimitHasATextInEveryLanguage(t *testing.T) {
	t.Parallel()
	english := limitTexts()["en"]
	for language, words := range limitTexts() {
		require.Len(t, words, len(english), language)
		for _, l := range []LimitFault{
			{Type: LimitRPM},
			{Type: Limit5h},
			{Type: Limit5h, Rolling: true},
			{Type: LimitDaily},
			{Type: LimitDaily, Rolling: true},
			{Type: LimitWeekly},
			{Type: LimitMonthly},
			{Type: LimitTotal},
			{Type: LimitConcurrentSessions},
			{Type: LimitConcurrentRequests},
			{Type: LimitDaily, Reserved: true},
			{Type: LimitDaily, TooLarge: true},
		} {
			l.Current, l.Limit = 12.5, 12
			require.Contains(t, words, l.key(), language)
			text := l.Text(language)
			require.Contains(t, text, "12", language)
			require.NotContains(t, text, "{")
		}
	}
	l := LimitFault{Type: LimitWeekly, Current: 1.5, Limit: 1, ResetAt: time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC)}
	const want = "Weekly spending limit exceeded: $1.5000 USD (limit: $1.0000 USD). Resets at 2026-03-02T10:00:00Z"
	require.Equal(t, want, l.Text("en"))
	require.Equal(t, want, l.Text("tlh"))
}
