package limits_test

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

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

// listed is the plainest Recent there is.
type listed struct {
	list    []listedKey
	longest time.Duration
}

type listedKey struct {
	key   int
	until time.Time
}

func (l *listed) deadline(key int) (until time.Time) {
	for _, e := range l.list {
		if e.key == key && e.until.After(until) {
			until = e.until
		}
	}
	return until
}

func (l *listed) add(key int, until, now time.Time) {
	l.forget(now)
	l.longest = max(l.longest, until.Sub(now))
	if until.After(l.deadline(key)) {
		l.list = slices.DeleteFunc(l.list, func(e listedKey) bool { return e.key == key })
		l.list = append(l.list, listedKey{key, until})
	}
}

func (l *listed) forget(now time.Time) {
	for len(l.list) > 0 {
		if e := l.list[0]; now.Before(e.until) && !e.until.After(now.Add(l.longest)) {
			return
		}
		l.list = l.list[1:]
	}
}

// Keys come and come again, few and many, the clock goes on and steps back.
func TestRecentAgainstModel(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		var r limits.Recent[int]
		var model listed
		now, many := start, 0
		keys := rapid.IntRange(0, 40)
		add := func(key, seconds int) {
			until := now.Add(time.Duration(seconds) * time.Second)
			r.Add(key, until, now)
			model.add(key, until, now)
		}
		rt.Repeat(map[string]func(*rapid.T){
			"add": func(rt *rapid.T) {
				add(keys.Draw(rt, "key"), rapid.SampledFrom([]int{-1, 0, 30, 60, 60, 60, 90}).Draw(rt, "seconds"))
			},
			"add many": func(rt *rapid.T) {
				for range rapid.IntRange(1, 60).Draw(rt, "n") {
					many++
					add(100+many%70, 60)
				}
			},
			"wait": func(rt *rapid.T) {
				now = now.Add(time.Duration(rapid.IntRange(-20, 60).Draw(rt, "seconds")) * time.Second)
			},
			"trim": func(*rapid.T) {
				r.Trim(now)
				model.forget(now)
			},
			"": func(rt *rapid.T) {
				var got []listedKey
				for key, until := range r.All() {
					got = append(got, listedKey{key, until})
				}
				require.Equal(rt, len(model.list), r.Len())
				require.Len(rt, got, len(model.list))
				for i, want := range model.list {
					require.Equal(rt, want.key, got[i].key)
					require.True(rt, want.until.Equal(got[i].until))
				}
				for key := range 180 {
					require.Equal(rt, now.Before(model.deadline(key)), r.Has(key, now), key)
				}
				if n := len(model.list); n > 0 {
					require.True(rt, r.Last().Equal(model.list[n-1].until))
				} else {
					require.Zero(rt, r.Last())
				}
			},
		})
	})
}
