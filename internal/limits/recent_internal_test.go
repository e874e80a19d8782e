package limits

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// A burst does not hold its memory while fewer keys go on coming.
func TestRecentGivesBackWhatABurstTook(t *testing.T) {
	t.Parallel()
	var r Recent[int]
	start := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	for i := range 10_000 {
		r.Add(i, start.Add(time.Minute), start)
	}
	require.Less(t, len(r.ring), 13_000)
	for i := range 100 {
		now := start.Add(time.Minute + time.Duration(i)*time.Second)
		r.Add(-i, now.Add(time.Minute), now)
		require.True(t, r.Has(-i, now))
		require.Equal(t, min(i+1, 60), r.Len())
	}
	require.Less(t, len(r.ring), 250)
}
