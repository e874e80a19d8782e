package domain

// ChainReason says why an entry stands in the decision chain.
type ChainReason string

// The reasons.
const (
	ReasonSessionReuse        ChainReason = "session_reuse"
	ReasonAffinityHit         ChainReason = "affinity_hit" // it answered the beginning of the conversation
	ReasonInitialSelection    ChainReason = "initial_selection"
	ReasonConcurrentLimit     ChainReason = "concurrent_limit_failed"
	ReasonAcquireRefused      ChainReason = "acquire_refused"             // the provider actor refused for another reason
	ReasonClientRestricted    ChainReason = "client_restriction_filtered" // its lists keep the client's program out
	ReasonPoolExhausted       ChainReason = "endpoint_pool_exhausted"     // its endpoints gave no leave to be called
	ReasonRequestSuccess      ChainReason = "request_success"
	ReasonRetrySuccess        ChainReason = "retry_success"
	ReasonRetryFailed         ChainReason = "retry_failed"
	ReasonVendorAllTimeout    ChainReason = "vendor_type_all_timeout" // the last of a vendor\'s endpoints that were tried
	ReasonResourceNotFound    ChainReason = "resource_not_found"
	ReasonUpstreamRejected    ChainReason = "upstream_rejected"
	ReasonSystemError         ChainReason = "system_error"
	ReasonClientError         ChainReason = "client_error_non_retryable"
	ReasonClientAbort         ChainReason = "client_abort"
	ReasonNoProvider          ChainReason = "no_provider"
	ReasonLimitRefused        ChainReason = "limit_refused"
	ReasonGuardRefused        ChainReason = "guard_refused"
	ReasonInterrupted         ChainReason = "interrupted"
	ReasonServerShutdown      ChainReason = "server_shutdown"
	ReasonBindingKept         ChainReason = "binding_kept"
	ReasonBindingChanged      ChainReason = "binding_changed"
	ReasonInternalError       ChainReason = "internal_error"
	ReasonLocalOverload       ChainReason = "local_overload"
	ReasonHedgeTriggered      ChainReason = "hedge_triggered" // no content for too long
	ReasonHedgeLaunched       ChainReason = "hedge_launched"  // another provider was called as well
	ReasonHedgeWinner         ChainReason = "hedge_winner"
	ReasonHedgeLoserCancelled ChainReason = "hedge_loser_cancelled"
	ReasonHedgeLoserBilled    ChainReason = "hedge_loser_billed"    // it had used something by then
	ReasonHTTP2Fallback       ChainReason = "http2_fallback"        // an upstream call was made again over HTTP/1.1
	ReasonProxyFallback       ChainReason = "proxy_fallback_direct" // or without the proxy
	ReasonReplayed            ChainReason = "replayed"              // an earlier answer was given again
	ReasonEstimated           ChainReason = "estimated"             // nobody can count tokens: the gateway's own guess
)

// SelectionMethod says how a provider was chosen.
type SelectionMethod string

// The methods.
const (
	MethodSessionReuse   SelectionMethod = "session_reuse"
	MethodPrefixAffinity SelectionMethod = "prefix_affinity"
	MethodWeightedRandom SelectionMethod = "weighted_random"
	MethodCheapestFirst  SelectionMethod = "cheapest_first"
	MethodLeastInFlight  SelectionMethod = "least_inflight"
)

// ChainEntry is one decision or outcome in the life of a request, as shown by
// the management API.
type ChainEntry struct {
	ProviderID      ProviderID         `json:"id,omitempty"`
	Name            string             `json:"name,omitempty"`
	VendorID        VendorID           `json:"vendorId,omitempty"`
	ProviderType    ProviderType       `json:"providerType,omitempty"`
	EndpointID      EndpointID         `json:"endpointId,omitempty"`
	EndpointURL     string             `json:"endpointUrl,omitempty"` // scheme and host only
	Reason          ChainReason        `json:"reason"`
	SelectionMethod SelectionMethod    `json:"selectionMethod,omitempty"`
	Priority        *int               `json:"priority,omitempty"`
	Weight          int                `json:"weight,omitempty"`
	CostMultiplier  float64            `json:"costMultiplier,omitempty"`
	Groups          []string           `json:"groups,omitempty"`
	CircuitState    BreakerState       `json:"circuitState,omitempty"`
	Timestamp       int64              `json:"timestamp"` // Unix ms
	AttemptNumber   int                `json:"attemptNumber,omitempty"`
	Context         *DecisionContext   `json:"decisionContext,omitempty"`
	Restriction     *ClientRestriction `json:"clientRestrictionContext,omitempty"` // client_restriction_filtered
	Affinity        *AffinityMatch     `json:"affinity,omitempty"`                 // affinity_hit
	StatusCode      int                `json:"statusCode,omitempty"`
	StatusInferred  bool               `json:"statusCodeInferred,omitempty"`
	DurationMs      int64              `json:"durationMs,omitempty"`
	TTFBMs          int64              `json:"ttfbMs,omitempty"`
	Redirect        *ModelRedirectUsed `json:"modelRedirect,omitempty"`
	StreamGate      *StreamGateAudit   `json:"streamGate,omitempty"`
	Conversion      *ConversionUsed    `json:"conversion,omitempty"`
	ErrorMessage    string             `json:"errorMessage,omitempty"`
	ErrorDetails    *ErrorDetails      `json:"errorDetails,omitempty"`
	Failures        int                `json:"circuitFailureCount,omitempty"`
	FailureLimit    int                `json:"circuitFailureThreshold,omitempty"`
	Phase           string             `json:"phase,omitempty"`  // client_abort: precommit or streaming
	Detail          string             `json:"detail,omitempty"` // a refused lease, a binding's reason
}

// ConversionUsed says that a call was put into another protocol, and what was
// lost by that.
type ConversionUsed struct {
	From  Protocol `json:"from"` // of the client
	To    Protocol `json:"to"`   // of the provider
	Drops []string `json:"drops,omitempty"`
}

// SpecialSetting is something that the gateway did to a call on its own account,
// beyond what its protocol asks for, or that it found out about one and that
// decides about its bill. Its embedded parts are nil but for their own types.
type SpecialSetting struct {
	Type       SpecialType `json:"type"`
	ProviderID ProviderID  `json:"providerId,omitempty"`
	Attempt    int         `json:"attempt,omitempty"`
	Mode       string      `json:"mode,omitempty"`    // the setting by which it was done
	Trigger    string      `json:"trigger,omitempty"` // what called for it
	Filters    []string    `json:"filters,omitempty"` // by their names, in their order

	Changes []ParameterChange `json:"changes,omitempty"` // of values, by an override

	Effort string `json:"effort,omitempty"` // that the client asks for
	Source string `json:"source,omitempty"` // of what was found: a rule of pricing, or of what the model was told by
	*ServiceFound
	*ModelSigned
	*PriceFound
}

// SpecialType names what was done.
type SpecialType string

// What the gateway does by itself.
const (
	SpecialCodexInstructions SpecialType = "codex_instructions"           // put Codex's own in front
	SpecialStreamOptions     SpecialType = "stream_options_rectifier"     // left out: the provider refuses them
	SpecialFunctionID        SpecialType = "gemini_function_id_rectifier" // left out: the provider refuses them
	SpecialThinkingSignature SpecialType = "thinking_signature_rectifier" // signed thinking left out: it was refused
	SpecialThinkingBudget    SpecialType = "thinking_budget_rectifier"    // raised: it was refused for being too small
	SpecialEffortConflict    SpecialType = "effort_conflict_rectifier"    // effort left out: thinking is off
	SpecialBillingHeader     SpecialType = "billing_header_rectifier"     // Claude Code's billing line left out

	SpecialClaudeUserID      SpecialType = "claude_metadata_user_id_injection"   // put in: the client sent none
	SpecialCodexSession      SpecialType = "codex_session_id_completion"         // put in: the client sent one or neither
	SpecialResponseInput     SpecialType = "response_input_rectifier"            // wrapped: it was no array
	SpecialStreamUsage       SpecialType = "stream_usage_injection"              // asked for on our account
	SpecialUnderscoreKeys    SpecialType = "strip_underscore_keys"               // left out, at the top level
	SpecialParameterOverride SpecialType = "provider_parameter_override"         // values of the provider's own; changes tells which
	SpecialCacheTTL          SpecialType = "anthropic_cache_ttl_header_override" // how long caches live; mode tells it
	SpecialContext1M         SpecialType = "anthropic_context_1m_header_override"
	SpecialGoogleSearch      SpecialType = "gemini_google_search_override" // put in, or taken out
	SpecialRequestFilter     SpecialType = "request_filter"                // filters changed the request; mode is their phase
	SpecialResponseFixer     SpecialType = "response_fixer"                // put right: an answer that did not parse
)

// What it finds out.
const (
	SpecialClaudeEffort   SpecialType = "anthropic_effort"       // what a Claude client asks for
	SpecialCodexEffort    SpecialType = "codex_reasoning_effort" // what a Responses client asks for
	SpecialCodexTier      SpecialType = "codex_service_tier_result"
	SpecialSignedModel    SpecialType = "thinking_signature_model_detection"
	SpecialLongContext    SpecialType = "long_context_pricing" // a dearer rate for a long prompt
	SpecialPriceResolving SpecialType = "pricing_resolution"   // billed by another name than the model's own
)

// What called for it.
const (
	TriggerAbsent     = "absent"     // the request had none
	TriggerForced     = "forced"     // the operator wants it always
	TriggerRefused    = "refused"    // the provider refused the request without
	TriggerRemembered = "remembered" // it refused an earlier one
	TriggerFailed     = "failed"     // a filter could not do its work and was left out
)

// DecisionContext explains a selection.
type DecisionContext struct {
	TotalProviders       int                `json:"totalProviders"`
	EnabledProviders     int                `json:"enabledProviders"`
	TargetType           string             `json:"targetType"`
	RequestedModel       string             `json:"requestedModel,omitempty"`
	UserGroup            string             `json:"userGroup,omitempty"`
	GroupFilterApplied   bool               `json:"groupFilterApplied"`
	AfterGroupFilter     int                `json:"afterGroupFilter"`
	AfterModelFilter     int                `json:"afterModelFilter"`
	BeforeHealthCheck    int                `json:"beforeHealthCheck"`
	AfterHealthCheck     int                `json:"afterHealthCheck"`
	Filtered             []FilteredProvider `json:"filteredProviders,omitempty"`
	FilteredOmitted      int                `json:"filteredProvidersOmitted,omitempty"`
	PriorityLevels       []int              `json:"priorityLevels,omitempty"`
	SelectedPriority     int                `json:"selectedPriority"`
	Candidates           []Candidate        `json:"candidatesAtPriority,omitempty"`
	SessionID            string             `json:"sessionId,omitempty"`
	SessionSource        SessionSource      `json:"sessionSource,omitempty"` // where its id came from
	SessionAgeMs         int64              `json:"sessionAge,omitempty"`
	ExcludedProviderIDs  []ProviderID       `json:"excludedProviderIds,omitempty"`
	RetryReason          string             `json:"retryReason,omitempty"`
	ConcurrentLimit      int                `json:"concurrentLimit,omitempty"`
	CurrentConcurrent    int                `json:"currentConcurrent,omitempty"`
	BindingDroppedReason string             `json:"bindingDroppedReason,omitempty"`
}

// FilteredProvider is a provider that selection removed, and why.
type FilteredProvider struct {
	// BlockCause and Endpoints say why a provider has no endpoint to be called at:
	// endpoint_pool_exhausted.
	BlockCause string         `json:"strictBlockCause,omitempty"`
	Endpoints  *EndpointStats `json:"endpointFilterStats,omitempty"`

	ClientRestriction *ClientRestriction `json:"clientRestrictionContext,omitempty"` // client_restriction

	ID      ProviderID `json:"id"`
	Name    string     `json:"name"`
	Reason  string     `json:"reason"`
	Details string     `json:"details,omitempty"`
}

// ClientRestriction tells why a client program may not use a provider.
type ClientRestriction struct {
	MatchType string   `json:"matchType"`                // blocklist, allowlist
	Pattern   string   `json:"matchedPattern,omitempty"` // that blocks it
	Client    string   `json:"detectedClient"`           // its User-Agent, at most 200 characters
	Allowed   []string `json:"providerAllowlist"`
	Blocked   []string `json:"providerBlocklist"`
}

// EndpointStats counts the endpoints of a provider's pool.
type EndpointStats struct {
	Total       int `json:"total"`
	Enabled     int `json:"enabled"`
	CircuitOpen int `json:"circuitOpen"`
	Available   int `json:"available"`
}

// Candidate is a provider that could have been drawn.
type Candidate struct {
	ID             ProviderID `json:"id"`
	Name           string     `json:"name"`
	Weight         int        `json:"weight"`
	CostMultiplier float64    `json:"costMultiplier"`
	Probability    float64    `json:"probability"`
	Headroom       *float64   `json:"headroom,omitempty"`    // share left of the upstream account, where known
	QuotaFactor    float64    `json:"quotaFactor,omitempty"` // of the weight, because of it
}

// ModelRedirectUsed records that a model was renamed for a provider.
type ModelRedirectUsed struct {
	OriginalModel   string `json:"originalModel"`
	RedirectedModel string `json:"redirectedModel"`
	BillingModel    string `json:"billingModel"`
	MatchedRule     string `json:"matchedRule"`
}

// StreamGateAudit tells what the gate held back before the answer was committed.
type StreamGateAudit struct {
	FrameIndex    int    `json:"frameIndex"`
	EventName     string `json:"eventName,omitempty"`
	BufferedBytes int    `json:"bufferedBytes"`
	GateWaitMs    int64  `json:"gateWaitMs"`
	Verdict       string `json:"verdict"`
}

// ErrorDetails is the redacted evidence of a failure.
type ErrorDetails struct {
	Provider *ProviderErrorDetails `json:"provider,omitempty"`
	System   *SystemErrorDetails   `json:"system,omitempty"`
	// ClientError is the upstream's text that a rule took for the client's fault.
	ClientError string               `json:"clientError,omitempty"`
	MatchedRule *MatchedRule         `json:"matchedRule,omitempty"`
	Request     *RequestErrorDetails `json:"request,omitempty"`
}

// RequestErrorDetails is the upstream call that failed. Credentials are masked.
type RequestErrorDetails struct {
	URL           string            `json:"url"` // without query
	Method        string            `json:"method"`
	Headers       map[string]string `json:"headers,omitempty"`
	Body          string            `json:"body,omitempty"` // its beginning, at most 2000 characters
	BodyTruncated bool              `json:"bodyTruncated,omitempty"`
}

// MatchedRule is the error rule that said an upstream's error is the client's
// own.
type MatchedRule struct {
	RuleID      int64  `json:"ruleId"`
	Pattern     string `json:"pattern"`
	MatchType   string `json:"matchType"`
	Category    string `json:"category"`
	Description string `json:"description,omitempty"`

	HasOverrideResponse   bool `json:"hasOverrideResponse"`
	HasOverrideStatusCode bool `json:"hasOverrideStatusCode"`
}

// ProviderErrorDetails is what the upstream said.
type ProviderErrorDetails struct {
	ID           ProviderID `json:"id"`
	Name         string     `json:"name"`
	StatusCode   int        `json:"statusCode"`
	StatusText   string     `json:"statusText,omitempty"`
	UpstreamBody string     `json:"upstreamBody,omitempty"` // at most 2000 characters
	// UpstreamParsed is the body where it is JSON and all there.
	UpstreamParsed any `json:"upstreamParsed,omitempty"`
}

// SystemErrorDetails is what went wrong on the way to the upstream.
type SystemErrorDetails struct {
	ErrorType    string `json:"errorType"` // a FailureKind
	ErrorName    string `json:"errorName,omitempty"`
	ErrorMessage string `json:"errorMessage"`
	ErrorCode    string `json:"errorCode,omitempty"`    // in the terms of errno
	ErrorSyscall string `json:"errorSyscall,omitempty"` // what failed: dial, read, getaddrinfo
}
