package request

import (
	"fmt"
	"time"

	"github.com/claude-code-hub/cch/actors/protocol"
	"github.com/claude-code-hub/cch/internal/domain"
)

// reservedRetryAfter is told when the budget is merely reserved by requests
// that still run.
const reservedRetryAfter = 2 * time.Second

func quotaUnavailable() *domain.Fault {
	f := domain.NewFault(domain.KindNoProvider, domain.CodeQuotaUnavailable, "the limits of this API key cannot be checked right now")
	f.RetryAfter = 5 * time.Second
	return f
}

// limitFault says to the client which limit refused it and when to come back.
func limitFault(r *protocol.QuotaRefusal, now time.Time) *domain.Fault {
	if r == nil || r.Reason == protocol.RefusedReleased || r.Reason == protocol.RefusedUnavailable {
		return quotaUnavailable()
	}
	limit := &domain.LimitFault{Type: r.Limit, Scope: r.Scope, Current: float64(r.Current), Limit: float64(r.Max)}
	if r.Limit.Money() {
		limit.Current, limit.Limit = domain.Money(r.Current).USD(), domain.Money(r.Max).USD()
	}
	f := domain.NewFault(limitKind(r), domain.Code(r.Limit), limitMessage(limit))
	f.Limit = limit
	switch {
	case r.Reason == protocol.RefusedReserved:
		f.Code, f.RetryAfter = domain.CodeBudgetReserved, reservedRetryAfter
	case r.ResetAt > 0:
		limit.ResetAt = time.UnixMilli(r.ResetAt).UTC()
		f.RetryAfter = max(limit.ResetAt.Sub(now), 0)
	}
	return f
}

func limitKind(r *protocol.QuotaRefusal) domain.Kind {
	switch {
	case r.Reason == protocol.RefusedReserved, r.Limit == domain.LimitRPM:
		return domain.KindRateLimited
	case r.Limit.Money():
		return domain.KindQuotaExceeded
	}
	return domain.KindConcurrencyLimited
}

func limitMessage(l *domain.LimitFault) string {
	owner := "this API key"
	if l.Scope == domain.ScopeUser {
		owner = "this user"
	}
	if l.Type.Money() {
		return fmt.Sprintf("the %s limit of %s is spent: %.4f of %.4f USD", l.Type, owner, l.Current, l.Limit)
	}
	return fmt.Sprintf("the %s limit of %s is reached: %.0f of %.0f", l.Type, owner, l.Current, l.Limit)
}

// logStatus is the status under which a fault stands in the log: the one most
// clients get for it. The answer itself is put together where the client's
// protocol is known.
func logStatus(f *domain.Fault) int {
	if f.Upstream != nil {
		return f.Upstream.Status
	}
	switch f.Kind {
	case domain.KindInvalid:
		return 400
	case domain.KindQuotaExceeded:
		return 402
	case domain.KindRateLimited, domain.KindConcurrencyLimited, domain.KindUpstreamRateLimited:
		return 429
	case domain.KindNoProvider, domain.KindAllFailed, domain.KindOverloaded:
		return 503
	case domain.KindUpstreamRefused:
		return 502
	case domain.KindUpstreamTimeout:
		return 504
	case domain.KindClientGone:
		return domain.StatusClientGone
	default:
		return 500
	}
}
