package request

import (
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
// bounds are the limits of the user and the key.
func limitFault(r *protocol.QuotaRefusal, user, key *domain.Limits, now time.Time) *domain.Fault {
	if r == nil || r.Reason == protocol.RefusedReleased || r.Reason == protocol.RefusedUnavailable {
		return quotaUnavailable()
	}
	of := user
	if r.Scope == domain.ScopeKey {
		of = key
	}
	limit := &domain.LimitFault{
		Type: r.Limit, Scope: r.Scope, Current: float64(r.Current), Limit: float64(r.Max), Rolling: of.Rolls(r.Limit),
		Reserved: r.Reason == protocol.RefusedReserved, TooLarge: r.Reason == protocol.RefusedTooLarge,
	}
	if r.Limit.Money() {
		limit.Current, limit.Limit = domain.Money(r.Current).USD(), domain.Money(r.Max).USD()
	}
	f := domain.NewFault(limitKind(r), domain.Code(r.Limit), "")
	f.Limit = limit
	switch {
	case limit.Reserved:
		f.Code, f.RetryAfter = domain.CodeBudgetReserved, reservedRetryAfter
	case r.ResetAt > 0:
		limit.ResetAt = time.UnixMilli(r.ResetAt).UTC()
		f.RetryAfter = max(limit.ResetAt.Sub(now), 0)
	}
	f.Detail = limit.Text("en")
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
	case domain.KindNotFound:
		return 404
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
