package limits_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/internal/domain"
	"github.com/claude-code-hub/cch/internal/limits"
)

func failing(l domain.LimitType, s domain.Scope, reset time.Time) limits.Check {
	return limits.Check{Limit: l, Scope: s, Current: 1, Max: 1, ResetAt: reset, Failing: true}
}

func TestNothingFailingIsNoRefusal(t *testing.T) {
	t.Parallel()
	require.Nil(t, limits.Decide(nil))
	require.Nil(t, limits.Decide([]limits.Check{
		{Limit: domain.LimitRPM, Scope: domain.ScopeUser, Current: 2, Max: 3},
		limits.CheckRequests(domain.ScopeKey, 7, 0),
		limits.CheckRequests(domain.ScopeUser, 7, 8),
	}))
}

func TestRefusalFollowsTheOrderOfLimits(t *testing.T) {
	t.Parallel()
	want := []limits.Check{
		failing(domain.LimitTotal, domain.ScopeKey, time.Time{}),
		failing(domain.LimitTotal, domain.ScopeUser, time.Time{}),
		failing(domain.LimitConcurrentSessions, domain.ScopeKey, at(5)),
		failing(domain.LimitConcurrentSessions, domain.ScopeUser, at(5)),
		limits.CheckRequests(domain.ScopeKey, 4, 4),
		limits.CheckRequests(domain.ScopeUser, 5, 4),
		failing(domain.LimitRPM, domain.ScopeKey, at(7)),
		failing(domain.LimitRPM, domain.ScopeUser, at(8)),
		failing(domain.Limit5h, domain.ScopeKey, at(9)),
		failing(domain.Limit5h, domain.ScopeUser, at(10)),
		failing(domain.LimitDaily, domain.ScopeKey, at(11)),
		failing(domain.LimitDaily, domain.ScopeUser, at(12)),
		failing(domain.LimitWeekly, domain.ScopeKey, at(13)),
		failing(domain.LimitWeekly, domain.ScopeUser, at(14)),
		failing(domain.LimitMonthly, domain.ScopeKey, at(15)),
		failing(domain.LimitMonthly, domain.ScopeUser, at(16)),
	}
	rng := rand.New(rand.NewPCG(1, 2))
	for first := range want {
		checks := append([]limits.Check{}, want[first:]...)
		rng.Shuffle(len(checks), func(i, j int) { checks[i], checks[j] = checks[j], checks[i] })
		got := limits.Decide(checks)
		require.Equal(t, want[first], got.Check)
	}
}

func TestRefusalWaitsForTheLastFailingLimit(t *testing.T) {
	t.Parallel()
	got := limits.Decide([]limits.Check{
		failing(domain.LimitRPM, domain.ScopeUser, at(30)),
		failing(domain.LimitDaily, domain.ScopeUser, at(3600)),
		{Limit: domain.LimitMonthly, Scope: domain.ScopeUser, ResetAt: at(99_999)},
	})
	require.Equal(t, domain.LimitRPM, got.Limit)
	require.Equal(t, at(3600), got.ResetAt)
}

func TestAnExhaustedTotalHasNoReset(t *testing.T) {
	t.Parallel()
	got := limits.Decide([]limits.Check{
		failing(domain.LimitRPM, domain.ScopeUser, at(30)),
		failing(domain.LimitTotal, domain.ScopeUser, time.Time{}),
	})
	require.Equal(t, domain.LimitTotal, got.Limit)
	require.Zero(t, got.ResetAt)
}

func TestALimitThatIsUsedUpOutranksAReservedOne(t *testing.T) {
	t.Parallel()
	reserved := failing(domain.Limit5h, domain.ScopeKey, time.Time{})
	reserved.Reserved = true
	got := limits.Decide([]limits.Check{reserved, failing(domain.LimitMonthly, domain.ScopeUser, at(1))})
	require.Equal(t, domain.LimitMonthly, got.Limit)
	require.True(t, limits.Decide([]limits.Check{reserved}).Reserved)
}
