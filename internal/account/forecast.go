package account

import (
	"time"

	"github.com/claude-code-hub/cch/internal/domain"
)

// burnOver is the time whose consumption is carried on.
const burnOver = 24 * time.Hour

// leastSpan keeps a forecast from being made of a few minutes.
const leastSpan = 30 * time.Minute

// EmptyAt is when a quota will be used up if it goes on like in the last day;
// zero if it will not, or not before it resets, or nobody knows. points are the
// hours before, oldest first.
func EmptyAt(q *domain.ProviderQuota, points []domain.AccountPoint, now time.Time) time.Time {
	if q.Refills || q.Unlimited || q.Status == domain.QuotaRejected {
		return time.Time{}
	}
	var burnt float64
	var first time.Time
	var before *domain.ProviderQuota
	step := func(next *domain.ProviderQuota) {
		if now.Sub(next.ObservedAt) > burnOver {
			return
		}
		if before == nil {
			first = next.ObservedAt
		} else if used := left(before) - left(next); used > 0 {
			burnt += used // what came in between, a payment or a reset, is no use
		}
		before = next
	}
	for i := range points {
		for j := range points[i].Quotas {
			if p := &points[i].Quotas[j]; p.Label == q.Label && p.Kind == q.Kind {
				step(p)
			}
		}
	}
	step(q)
	span := now.Sub(first)
	if first.IsZero() || span < leastSpan || burnt <= 0 || left(q) <= 0 {
		return time.Time{}
	}
	hours := left(q) / burnt * span.Hours()
	const tooFar = 24 * 365
	if hours > tooFar {
		return time.Time{}
	}
	at := now.Add(time.Duration(hours * float64(time.Hour)))
	if q.Kind == domain.QuotaWindow && !q.ResetAt.IsZero() && !at.Before(q.ResetAt) {
		return time.Time{}
	}
	return at
}

// left is what is left of a quota, in its own measure.
func left(q *domain.ProviderQuota) float64 {
	if q.Kind == domain.QuotaBalance {
		return q.Remaining
	}
	return 1 - q.Used
}
