package telemetry

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestAWarningIsNotRepeatedForEver(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	h := newCalm(slog.NewTextHandler(&out, nil))
	start := time.Unix(1_000_000, 0)
	say := func(level slog.Level, message string, after time.Duration) {
		log := h.WithAttrs([]slog.Attr{slog.String("actor", "x")}) // each actor has a logger of its own
		require.NoError(t, log.Handle(t.Context(), slog.NewRecord(start.Add(after), level, message, 0)))
	}
	for i := range 25 {
		say(slog.LevelWarn, "store is away", time.Duration(i)*time.Millisecond)
		say(slog.LevelInfo, "request", time.Duration(i)*time.Millisecond)
	}
	say(slog.LevelError, "store is away", time.Second)
	require.Equal(t, 10, strings.Count(out.String(), "level=WARN"))
	require.Equal(t, 25, strings.Count(out.String(), "level=INFO"), "what was asked for comes whole")
	require.Equal(t, 1, strings.Count(out.String(), "level=ERROR"), "another level is another message")

	out.Reset()
	say(slog.LevelWarn, "store is away", 10*time.Second)
	require.Contains(t, out.String(), "left_out_before=15")
	out.Reset()
	say(slog.LevelWarn, "store is away", 11*time.Second)
	require.NotContains(t, out.String(), "left_out_before")

	out.Reset()
	say(slog.LevelWarn, "store is away", -time.Hour)
	require.NotEmpty(t, out.String(), "a clock that was put back silences nobody")
}

func TestTheBookOfMessagesIsBounded(t *testing.T) {
	t.Parallel()
	b := newCalm(slog.DiscardHandler).book
	for i := range 3 * calmMessages {
		b.note(calmKey{slog.LevelWarn, strings.Repeat("x", i)}, time.Unix(0, 0))
	}
	require.LessOrEqual(t, len(b.runs), calmMessages)
}
