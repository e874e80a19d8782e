package domain

import (
	"errors"
	"fmt"
	"time"
)

// Kind sorts faults by what a caller can do about them. Only http/problem
// knows which status a kind becomes.
type Kind uint8

// The kinds.
const (
	KindInternal Kind = iota
	KindInvalid
	KindUnauthenticated
	KindForbidden
	KindNotFound
	KindConflict
	KindStaleVersion
	KindTooLarge
	KindUnsupportedEncoding
	KindQuotaExceeded
	KindRateLimited
	KindConcurrencyLimited
	KindUpstreamRefused
	KindUpstreamTimeout
	KindUpstreamRateLimited
	KindNoProvider
	KindAllFailed
	KindOverloaded
	KindClientGone
)

//nolint:gochecknoglobals // read-only table
var kindNames = [...]string{
	"internal", "invalid", "unauthenticated", "forbidden", "not_found", "conflict", "stale_version",
	"too_large", "unsupported_encoding", "quota_exceeded", "rate_limited", "concurrency_limited",
	"upstream_refused", "upstream_timeout", "upstream_rate_limited", "no_provider", "all_failed",
	"overloaded", "client_gone",
}

func (k Kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return "unknown"
}

// Code is the reason code a client of the data plane sees.
type Code string

// The reason codes of the data plane.
const (
	CodeAuthMissing             Code = "auth_missing"
	CodeAuthConflict            Code = "auth_conflict"
	CodeInvalidAPIKey           Code = "invalid_api_key"
	CodeKeyDisabled             Code = "key_disabled"
	CodeKeyExpired              Code = "key_expired"
	CodeUserDisabled            Code = "user_disabled"
	CodeUserExpired             Code = "user_expired"
	CodeTooManyAuthFailures     Code = "too_many_auth_failures"
	CodeClientNotAllowed        Code = "client_not_allowed"
	CodeClientBlocked           Code = "client_blocked"
	CodeModelNotAllowed         Code = "model_not_allowed"
	CodeUserAgentRequired       Code = "user_agent_required"
	CodeModelRequired           Code = "model_required"
	CodeModelNotPriced          Code = "model_not_priced"
	CodeBadJSON                 Code = "bad_json"
	CodeBadEncoding             Code = "bad_encoding"
	CodeUnconvertible           Code = "unconvertible"
	CodeBodyTooLarge            Code = "body_too_large"
	CodeUnsupportedEncoding     Code = "unsupported_encoding"
	CodeUnknownEndpoint         Code = "unknown_endpoint"
	CodeRPM                     Code = "rpm"
	CodeConcurrentSessions      Code = "concurrent_sessions"
	CodeConcurrentRequests      Code = "concurrent_requests"
	CodeBudgetReserved          Code = "budget_reserved"
	CodeUSD5h                   Code = "usd_5h"
	CodeDailyQuota              Code = "daily_quota"
	CodeUSDWeekly               Code = "usd_weekly"
	CodeUSDMonthly              Code = "usd_monthly"
	CodeUSDTotal                Code = "usd_total"
	CodeGroupEmpty              Code = "group_empty"
	CodeNoAvailableProviders    Code = "no_available_providers"
	CodeAllRateLimited          Code = "all_rate_limited"
	CodeAllCircuitsOpen         Code = "all_circuits_open"
	CodeMixedUnavailable        Code = "mixed_unavailable"
	CodeQuotaUnavailable        Code = "quota_unavailable"
	CodeOverloaded              Code = "overloaded"
	CodeUpstreamRateLimited     Code = "upstream_rate_limited"
	CodeAllProvidersFailed      Code = "all_providers_failed"
	CodeUpstreamTimeout         Code = "upstream_timeout"
	CodeUpstreamError           Code = "upstream_error"
	CodeInternalError           Code = "internal_error"
	CodeClientGone              Code = "client_gone"
	CodeServerShutdown          Code = "server_shutdown"
	CodeStreamAborted           Code = "stream_aborted"
	CodeStreamIdleTimeout       Code = "stream_idle_timeout"
	CodeResourceProviderMissing Code = "resource_provider_unavailable"
)

// Fault is an error a caller may act on. Detail is safe to show to a client;
// the cause is not.
type Fault struct { //nolint:errname // the word used everywhere for it
	Kind       Kind
	Code       Code
	Detail     string
	RetryAfter time.Duration // 0 = unknown
	Limit      *LimitFault   // set when a limit refused
	Upstream   *UpstreamFault
	cause      error
}

// LimitFault says which limit refused and when it will admit again.
type LimitFault struct {
	Type    LimitType
	Scope   Scope
	Current float64 // in the limit's unit; USD for money
	Limit   float64
	ResetAt time.Time // zero = no such instant
	Rolling bool      // the window of money has no fixed borders

	// Why a limit of money refused that is not spent:
	Reserved bool // requests in flight hold what is left
	TooLarge bool // the request may cost more than is left
}

// UpstreamFault is an upstream's own refusal that goes to the client as it is.
type UpstreamFault struct {
	Status      int
	ContentType string
	Body        []byte // at most 64 KiB, in the provider's protocol
	RequestID   string
	Overridden  bool // an error rule says what the client is told
}

// NewFault makes a fault.
func NewFault(kind Kind, code Code, detail string) *Fault {
	return &Fault{Kind: kind, Code: code, Detail: detail}
}

// Because returns a copy of f that wraps cause.
func (f *Fault) Because(cause error) *Fault {
	g := *f
	g.cause = cause
	return &g
}

func (f *Fault) Error() string { return f.Kind.String() + ": " + f.Detail }

func (f *Fault) Unwrap() error { return f.cause }

// AsFault finds the fault in err's chain, or makes an internal one of it.
func AsFault(err error) *Fault {
	if f, ok := errors.AsType[*Fault](err); ok {
		return f
	}
	return NewFault(KindInternal, CodeInternalError, "internal error").Because(err)
}

// NotFound is the fault of a configuration object that does not exist.
func NotFound(what string, id any) *Fault {
	return NewFault(KindNotFound, "", fmt.Sprintf("%s %v does not exist", what, id))
}

// IsKind tells whether err carries a fault of the kind.
func IsKind(err error, k Kind) bool {
	f, ok := errors.AsType[*Fault](err)
	return ok && f.Kind == k
}
