package limits_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/claude-code-hub/cch/internal/domain"
	"github.com/claude-code-hub/cch/internal/limits"
)

func passing(scope domain.Scope) *limits.Refusal {
	return &limits.Refusal{Check: limits.Check{Scope: scope, Failing: true, Reserved: true, Passing: true}}
}

// next runs Advance with fixed verdicts and returns who left the line, in order.
func next(w *limits.Waiting[string], verdicts map[string]*limits.Refusal) (left []string) {
	w.Advance(func(v string) *limits.Refusal { return verdicts[v] }, func(v string, r *limits.Refusal) {
		if r != nil {
			v += "!"
		}
		left = append(left, v)
	})
	return left
}

func TestWaitingRequestsGoInOrder(t *testing.T) {
	t.Parallel()
	var w limits.Waiting[string]
	for i, v := range []string{"a", "b", "c"} {
		require.True(t, w.Park(lease(byte(i)), 1, domain.ScopeUser, v, at(3)))
	}
	require.True(t, w.Park(lease(1), 1, domain.ScopeUser, "again", at(9)), "waits already")
	require.Equal(t, 3, w.Len())
	require.True(t, w.Behind(2), "a window of the user is needed by every key")

	require.Empty(t, next(&w, map[string]*limits.Refusal{"a": passing(domain.ScopeUser)}), "nobody overtakes")
	require.Equal(t, []string{"a", "b!"}, next(&w, map[string]*limits.Refusal{"b": {}, "c": passing(domain.ScopeUser)}))
	require.Equal(t, []string{"c"}, next(&w, nil))
	require.False(t, w.Behind(1))
}

func TestAKeysWindowHoldsBackThatKeyOnly(t *testing.T) {
	t.Parallel()
	var w limits.Waiting[string]
	w.Park(lease(1), 1, domain.ScopeKey, "1a", at(3))
	require.True(t, w.Behind(1))
	require.False(t, w.Behind(2))
	w.Park(lease(2), 2, domain.ScopeKey, "2a", at(3))
	w.Park(lease(3), 1, domain.ScopeKey, "1b", at(3))
	require.Equal(t, []string{"2a"}, next(&w, map[string]*limits.Refusal{"1a": passing(domain.ScopeKey)}))
	w.Park(lease(4), 2, domain.ScopeKey, "2b", at(3))
	require.Empty(t, next(&w, map[string]*limits.Refusal{"1a": passing(domain.ScopeUser)}), "now it waits for the user's window")
	require.True(t, w.Behind(3))
}

func TestWaitingEnds(t *testing.T) {
	t.Parallel()
	var w limits.Waiting[string]
	require.Zero(t, w.NextExpiry())
	w.Park(lease(1), 1, domain.ScopeUser, "slow", at(5))
	w.Park(lease(2), 1, domain.ScopeUser, "fast", at(3))
	w.Park(lease(3), 1, domain.ScopeUser, "gone", at(9))
	require.Equal(t, at(3), w.NextExpiry())
	v, ok := w.Withdraw(lease(3))
	require.True(t, ok)
	require.Equal(t, "gone", v)
	_, ok = w.Withdraw(lease(3))
	require.False(t, ok)
	require.Empty(t, w.Expire(at(2.9)))
	require.Equal(t, []string{"fast"}, w.Expire(at(3)))
	v, ok = w.Get(lease(1))
	require.True(t, ok)
	require.Equal(t, "slow", v)
	_, ok = w.Get(lease(2))
	require.False(t, ok)
	require.Equal(t, []string{"slow"}, w.Expire(at(10)))
	require.Zero(t, w.Len())
}

func TestTheLineIsBounded(t *testing.T) {
	t.Parallel()
	var w limits.Waiting[string]
	for i := range 64 {
		require.True(t, w.Park(lease(byte(i)), 1, domain.ScopeUser, "", at(3)))
	}
	require.False(t, w.Park(lease(64), 1, domain.ScopeUser, "", at(3)))
	w.Withdraw(lease(0))
	require.True(t, w.Park(lease(64), 1, domain.ScopeUser, "", at(3)))
}

// Whatever ends in whatever order, everyone who waits gets a place while budget
// comes back, and those of one key in the order in which they came.
func TestNobodyWaitsForEver(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		l := domain.Limits{USDDaily: 100}
		s := limits.NewSpend(limits.PlanOf(domain.ScopeUser, &l, nil), start)
		type ask struct {
			n        int
			estimate domain.Money
		}
		var w limits.Waiting[ask]
		var held []domain.Money
		var order []int
		admit := func(a ask) *limits.Refusal {
			r := limits.Decide(s.Checks(nil, domain.ScopeUser, &l, limits.Balanced, a.estimate, start))
			if r == nil {
				s.Hold(start, a.estimate)
				held = append(held, a.estimate)
				order = append(order, a.n)
			}
			return r
		}
		n := rapid.IntRange(1, 60).Draw(t, "requests")
		for i := range n {
			a := ask{i, domain.Money(rapid.Int64Range(1, 150).Draw(t, "estimate"))}
			if w.Behind(1) || admit(a) != nil {
				require.True(t, w.Park(lease(byte(i)), 1, domain.ScopeUser, a, start.Add(time.Second)))
			}
		}
		for len(held) > 0 {
			i := rapid.IntRange(0, len(held)-1).Draw(t, "ends")
			s.Unhold(start, held[i])
			held = append(held[:i], held[i+1:]...)
			w.Advance(admit, func(_ ask, r *limits.Refusal) { require.Nil(t, r) })
		}
		require.Zero(t, w.Len())
		require.Len(t, order, n)
		require.IsIncreasing(t, append([]int{-1}, order...))
	})
}
