package limits_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/claude-code-hub/cch/internal/domain"
	"github.com/claude-code-hub/cch/internal/limits"
)

func at(seconds float64) time.Time {
	return start.Add(time.Duration(seconds * float64(time.Second)))
}

// Three requests a minute: in at :00, :10 and :59, refused at :59.5 with a
// second to wait, let in at 1:00.
func TestRateWindowSlides(t *testing.T) {
	t.Parallel()
	var r limits.Rate
	for _, s := range []float64{0, 10, 59} {
		require.False(t, r.Check(domain.ScopeUser, 3, at(s)).Failing)
		r.Add(at(s))
	}
	c := r.Check(domain.ScopeUser, 3, at(59.5))
	require.True(t, c.Failing)
	require.EqualValues(t, 3, c.Current)
	require.True(t, c.ResetAt.Equal(at(60)))
	require.False(t, r.Check(domain.ScopeUser, 3, at(60)).Failing)
}

func TestRateWithoutLimitNeverFails(t *testing.T) {
	t.Parallel()
	var r limits.Rate
	r.Add(start)
	for _, limit := range []int{0, -1} {
		c := r.Check(domain.ScopeUser, limit, start)
		require.False(t, c.Failing)
		require.Zero(t, c.Max)
	}
}

func TestRateUnderALoweredLimitWaitsForEnoughToLeave(t *testing.T) {
	t.Parallel()
	var r limits.Rate
	for s := range 5 {
		r.Add(at(float64(s)))
	}
	require.True(t, r.FreeAt(at(5), 2).Equal(at(63)), "four of five have to leave")
	require.True(t, r.FreeAt(at(5), 6).Equal(at(5)))
}

func TestRateSurvivesAClockThatStepsBack(t *testing.T) {
	t.Parallel()
	var r limits.Rate
	for range 10 {
		r.Add(start.Add(time.Hour))
	}
	r.Add(start)
	require.Equal(t, 11, r.Count(start))
	require.Equal(t, 11, r.Count(at(59)))
	require.Zero(t, r.Count(at(60)))
}

func TestRateIsBounded(t *testing.T) {
	t.Parallel()
	var r limits.Rate
	now := start
	for range 200_000 {
		r.Add(now)
		now = now.Add(300 * time.Microsecond)
	}
	require.Equal(t, 200_000, r.Count(at(59.9999)))
	require.LessOrEqual(t, len(r.Runs(now)), 60_000)
}

func TestRateRestores(t *testing.T) {
	t.Parallel()
	var r limits.Rate
	for s := range 90 {
		r.Add(at(float64(s)))
	}
	back := limits.RestoreRate(r.Runs(at(90)))
	require.Equal(t, 59, back.Count(at(90)))
	require.Equal(t, r.Count(at(100)), back.Count(at(100)))
}

func TestRateNeverAdmitsMoreThanTheLimitInAnyMinute(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var r limits.Rate
		limit := rapid.IntRange(1, 20).Draw(t, "limit")
		now := start
		var admitted []time.Time
		for range rapid.IntRange(0, 200).Draw(t, "requests") {
			now = now.Add(time.Duration(rapid.IntRange(0, 9_000).Draw(t, "gap")) * time.Millisecond)
			in := 0
			for _, a := range admitted {
				if a.After(now.Add(-time.Minute)) {
					in++
				}
			}
			c := r.Check(domain.ScopeKey, limit, now)
			require.Equal(t, in, int(c.Current))
			require.Equal(t, in >= limit, c.Failing)
			if c.Failing {
				later := limits.RestoreRate(r.Runs(now))
				require.True(t, later.Check(domain.ScopeKey, limit, c.ResetAt.Add(-time.Millisecond)).Failing)
				require.False(t, later.Check(domain.ScopeKey, limit, c.ResetAt).Failing)
				continue
			}
			r.Add(now)
			admitted = append(admitted, now)
		}
	})
}

func BenchmarkRateCheckAndAdd(b *testing.B) {
	var r limits.Rate
	now := start
	b.ReportAllocs()
	for b.Loop() {
		now = now.Add(time.Millisecond)
		r.Check(domain.ScopeUser, 100_000, now)
		r.Add(now)
	}
}
