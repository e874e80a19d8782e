package limits_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/internal/limits"
)

func TestRecentForgetsInTime(t *testing.T) {
	t.Parallel()
	var r limits.Recent[string]
	require.False(t, r.Has("a", start))
	r.Add("a", start.Add(time.Minute), start)
	require.True(t, r.Has("a", start.Add(time.Minute-1)))
	require.False(t, r.Has("a", start.Add(time.Minute)))
}

func TestRecentKeepsTheLongerDeadline(t *testing.T) {
	t.Parallel()
	var r limits.Recent[string]
	r.Add("a", start.Add(time.Minute), start)
	r.Add("a", start.Add(2*time.Minute), start)
	r.Add("a", start.Add(time.Second), start)
	now := start.Add(time.Minute)
	r.Add("b", now.Add(time.Minute), now)
	require.True(t, r.Has("a", now))
	var keys []string
	for k := range r.All() {
		keys = append(keys, k)
	}
	require.Equal(t, []string{"a", "b"}, keys)
}

func TestRecentIsBounded(t *testing.T) {
	t.Parallel()
	var r limits.Recent[int]
	now := start
	for i := range 10_000 {
		now = now.Add(time.Second)
		r.Add(i, now.Add(time.Minute), now)
		require.LessOrEqual(t, r.Len(), 61)
	}
}

func TestRecentDoesNotPileUpWhenTheClockStepsBack(t *testing.T) {
	t.Parallel()
	var r limits.Recent[int]
	now := start.Add(time.Hour)
	for i := range 100 {
		r.Add(i, now.Add(time.Minute), now)
	}
	for i := range 100 {
		now := start.Add(time.Duration(i) * time.Second)
		r.Add(1000+i, now.Add(time.Minute), now)
	}
	require.LessOrEqual(t, r.Len(), 61)
}
