package limits_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/internal/domain"
	"github.com/claude-code-hub/cch/internal/limits"
)

func TestAKeyMayNotBeAllowedMoreThanItsUser(t *testing.T) {
	t.Parallel()
	user := domain.Limits{USD5h: 10, USDDaily: 10, USDWeekly: 10, USDMonthly: 10, USDTotal: 10, ConcurrentSessions: 3, RPM: 5}
	require.Empty(t, limits.KeyExcess(&user, &user), "as much is fine")
	require.Empty(t, limits.KeyExcess(&domain.Limits{RPM: 9}, &user), "no limit of its own, and no rule for the rate")
	require.Empty(t, limits.KeyExcess(&user, &domain.Limits{}), "a user without limits")

	key := domain.Limits{USD5h: 11, USDDaily: 12, USDWeekly: 13, USDMonthly: 14, USDTotal: 15, ConcurrentSessions: 4}
	require.Equal(t, []limits.Excess{
		{Kind: "5H", Code: "KEY_LIMIT_5H_EXCEEDS_USER_LIMIT", Money: true, KeyLimit: 11, UserLimit: 10},
		{Kind: "DAILY", Code: "KEY_LIMIT_DAILY_EXCEEDS_USER_LIMIT", Money: true, KeyLimit: 12, UserLimit: 10},
		{Kind: "WEEKLY", Code: "KEY_LIMIT_WEEKLY_EXCEEDS_USER_LIMIT", Money: true, KeyLimit: 13, UserLimit: 10},
		{Kind: "MONTHLY", Code: "KEY_LIMIT_MONTHLY_EXCEEDS_USER_LIMIT", Money: true, KeyLimit: 14, UserLimit: 10},
		{Kind: "TOTAL", Code: "KEY_LIMIT_TOTAL_EXCEEDS_USER_LIMIT", Money: true, KeyLimit: 15, UserLimit: 10},
		{Kind: "CONCURRENT", Code: "KEY_LIMIT_CONCURRENT_EXCEEDS_USER_LIMIT", Money: false, KeyLimit: 4, UserLimit: 3},
	}, limits.KeyExcess(&key, &user))
}
