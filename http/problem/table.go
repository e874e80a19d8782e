package problem

import (
	"net/http"

	"github.com/claude-code-hub/cch/internal/domain"
)

// shape is how one code looks in every protocol.
type shape struct {
	status int
	claude string // error.type of the Anthropic API
	openai string // error.type of the OpenAI APIs
	gemini string // error.status of the Google APIs
}

// Status is the HTTP status a data plane client gets for the fault.
func Status(f *domain.Fault) int {
	if f.Upstream != nil && showable(f.Upstream) {
		return f.Upstream.Status
	}
	return shapeOf(f).status
}

// shapeOf is the table of codes. A fault without a code of the data plane is
// shown by its kind.
func shapeOf(f *domain.Fault) shape {
	switch f.Code {
	case domain.CodeAuthMissing, domain.CodeAuthConflict, domain.CodeInvalidAPIKey, domain.CodeKeyDisabled,
		domain.CodeKeyExpired, domain.CodeUserDisabled, domain.CodeUserExpired:
		return shape{http.StatusUnauthorized, "authentication_error", "invalid_request_error", "UNAUTHENTICATED"}
	case domain.CodeClientNotAllowed, domain.CodeClientBlocked, domain.CodeModelNotAllowed:
		return shape{http.StatusForbidden, "permission_error", "invalid_request_error", "PERMISSION_DENIED"}
	case domain.CodeUserAgentRequired, domain.CodeModelRequired, domain.CodeBadJSON, domain.CodeBadEncoding,
		domain.CodeUnconvertible, domain.CodeModelNotPriced:
		return shape{http.StatusBadRequest, "invalid_request_error", "invalid_request_error", "INVALID_ARGUMENT"}
	case domain.CodeBodyTooLarge:
		return shape{http.StatusRequestEntityTooLarge, "request_too_large", "invalid_request_error", "INVALID_ARGUMENT"}
	case domain.CodeUnsupportedEncoding:
		return shape{http.StatusUnsupportedMediaType, "invalid_request_error", "invalid_request_error", "INVALID_ARGUMENT"}
	case domain.CodeUnknownEndpoint, domain.CodeResourceProviderMissing:
		return shape{http.StatusNotFound, "not_found_error", "invalid_request_error", "NOT_FOUND"}
	case domain.CodeTooManyAuthFailures, domain.CodeRPM, domain.CodeConcurrentSessions, domain.CodeConcurrentRequests,
		domain.CodeBudgetReserved, domain.CodeUpstreamRateLimited:
		return shape{http.StatusTooManyRequests, "rate_limit_error", "rate_limit_error", "RESOURCE_EXHAUSTED"}
	case domain.CodeUSD5h, domain.CodeDailyQuota, domain.CodeUSDWeekly, domain.CodeUSDMonthly, domain.CodeUSDTotal:
		return shape{http.StatusPaymentRequired, "billing_error", "insufficient_quota", "RESOURCE_EXHAUSTED"}
	case domain.CodeGroupEmpty, domain.CodeNoAvailableProviders, domain.CodeAllRateLimited, domain.CodeAllCircuitsOpen,
		domain.CodeMixedUnavailable, domain.CodeQuotaUnavailable, domain.CodeOverloaded, domain.CodeServerShutdown:
		return shape{http.StatusServiceUnavailable, "overloaded_error", "server_error", "UNAVAILABLE"}
	case domain.CodeAllProvidersFailed:
		return shape{http.StatusServiceUnavailable, "api_error", "server_error", "UNAVAILABLE"}
	case domain.CodeUpstreamTimeout, domain.CodeStreamIdleTimeout:
		return shape{http.StatusGatewayTimeout, "timeout_error", "server_error", "DEADLINE_EXCEEDED"}
	case domain.CodeUpstreamError, domain.CodeStreamAborted:
		return shape{http.StatusBadGateway, "api_error", "server_error", "UNAVAILABLE"}
	case domain.CodeClientGone:
		return shape{domain.StatusClientGone, "api_error", "server_error", "CANCELLED"}
	case domain.CodeInternalError:
		return internalShape()
	}
	return kindShape(f.Kind)
}

func internalShape() shape {
	return shape{http.StatusInternalServerError, "api_error", "server_error", "INTERNAL"}
}

// kindShape serves faults that carry no code of the data plane.
func kindShape(k domain.Kind) shape {
	code, ok := map[domain.Kind]domain.Code{
		domain.KindInvalid:             domain.CodeBadJSON,
		domain.KindUnauthenticated:     domain.CodeInvalidAPIKey,
		domain.KindForbidden:           domain.CodeModelNotAllowed,
		domain.KindNotFound:            domain.CodeUnknownEndpoint,
		domain.KindTooLarge:            domain.CodeBodyTooLarge,
		domain.KindUnsupportedEncoding: domain.CodeUnsupportedEncoding,
		domain.KindQuotaExceeded:       domain.CodeUSDTotal,
		domain.KindRateLimited:         domain.CodeRPM,
		domain.KindConcurrencyLimited:  domain.CodeConcurrentRequests,
		domain.KindUpstreamRefused:     domain.CodeUpstreamError,
		domain.KindUpstreamTimeout:     domain.CodeUpstreamTimeout,
		domain.KindUpstreamRateLimited: domain.CodeUpstreamRateLimited,
		domain.KindNoProvider:          domain.CodeNoAvailableProviders,
		domain.KindAllFailed:           domain.CodeAllProvidersFailed,
		domain.KindOverloaded:          domain.CodeOverloaded,
		domain.KindClientGone:          domain.CodeClientGone,
	}[k]
	if !ok {
		return internalShape()
	}
	return shapeOf(&domain.Fault{Code: code})
}
