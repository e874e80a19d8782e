package account_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/claude-code-hub/cch/internal/account"
	"github.com/claude-code-hub/cch/internal/domain"
)

// Less left never means more weight, and a weight is never lost altogether.
func TestScarcityGrowsWithHeadroom(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		a, b := rapid.Float64Range(0, 1).Draw(t, "a"), rapid.Float64Range(0, 1).Draw(t, "b")
		low, high := account.Scarcity(min(a, b)), account.Scarcity(max(a, b))
		require.LessOrEqual(t, low, high)
		require.GreaterOrEqual(t, low, 0.1)
		require.LessOrEqual(t, high, 1.0+1e-9)
	})
}

func TestHasteKeepsItsBounds(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		length := time.Duration(rapid.Int64Range(0, int64(days7)).Draw(t, "length"))
		left := time.Duration(rapid.Int64Range(-int64(time.Hour), int64(days7)).Draw(t, "left"))
		f := account.Haste(rapid.Float64Range(0, 2).Draw(t, "used"), length, left)
		require.GreaterOrEqual(t, f, 1.0)
		require.LessOrEqual(t, f, 2.0)
		if left > length/5 {
			require.InDelta(t, 1.0, f, 1e-12)
		}
	})
}

func quotas(t *rapid.T, at time.Time) domain.ProviderQuota {
	q := domain.ProviderQuota{
		Label: fmt.Sprint("q", rapid.IntRange(0, 5).Draw(t, "label")), ObservedAt: at, Source: domain.QuotaFromHeader,
		Status: rapid.SampledFrom([]domain.QuotaStatus{"", domain.QuotaAllowed, domain.QuotaRejected}).Draw(t, "status"),
		Kind:   rapid.SampledFrom([]domain.QuotaKind{domain.QuotaWindow, domain.QuotaBalance}).Draw(t, "kind"),
	}
	if rapid.Bool().Draw(t, "reset known") {
		q.ResetAt = at.Add(time.Duration(rapid.IntRange(-60, 600).Draw(t, "reset")) * time.Minute)
	}
	if q.Kind == domain.QuotaBalance {
		q.Unit, q.Remaining = "USD", rapid.Float64Range(-1, 10).Draw(t, "remaining")
		return q
	}
	q.Used, q.Length = rapid.Float64Range(0, 1.2).Draw(t, "used"), hours5
	q.Refills, q.Limit = rapid.Bool().Draw(t, "refills"), 100
	return q
}

// Whatever is observed and spent: figures keep their ranges, nobody is excluded
// for longer than a stated reset or the longest hold, and the instant at which
// an exclusion ends is announced, so that it does end.
func TestAccountsUnderRandomEvents(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var a account.Account
		at := now
		for range rapid.IntRange(1, 30).Draw(t, "events") {
			at = at.Add(time.Duration(rapid.IntRange(0, 40).Draw(t, "minutes")) * time.Minute)
			if rapid.Bool().Draw(t, "spend") {
				a.Spend(domain.Money(rapid.Int64Range(0, domain.NanoPerUSD).Draw(t, "cost")), at)
			} else {
				a.Observe([]domain.ProviderQuota{quotas(t, at)}, rules, at)
			}
			checkOutlook(t, &a, at)
		}
	})
}

func checkOutlook(t *rapid.T, a *account.Account, at time.Time) {
	o := outlook(a, "any", at)
	require.GreaterOrEqual(t, o.Headroom, 0.0)
	require.LessOrEqual(t, o.Headroom, 1.0)
	require.GreaterOrEqual(t, o.Factor, 0.1)
	require.LessOrEqual(t, o.Factor, 2.0)
	if !o.Exhausted(at) {
		return
	}
	latest := at.Add(6 * time.Hour)
	for _, q := range a.Quotas(at) {
		if q.ResetAt.After(latest) {
			latest = q.ResetAt
		}
	}
	require.False(t, o.Until.After(latest), "%v after %v", o.Until, latest)
	next := a.NextChange(rules, at)
	require.False(t, next.IsZero())
	require.False(t, next.After(o.Until))
	require.True(t, next.After(at))
}
