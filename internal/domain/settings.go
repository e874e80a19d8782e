package domain

import "time"

// Settings are what an operator changes at run time. They live in the store,
// travel inside the catalog and take effect on the next request.
type Settings struct {
	SiteTitle                       string
	Timezone                        string // IANA name; empty = the process's
	AllowGlobalUsageView            bool   // users see everybody's sums
	ExposeProviderNames             bool
	VerboseProviderError            bool
	PassThroughUpstreamErrorMessage bool

	MaxProviderSwitches int // after the first provider
	MaxTotalAttempts    int
	PrecommitDeadline   time.Duration // 0 = none
	TierStrategy        TierStrategy
	StickyReturn        bool // idle sessions go back to a better provider that is well again
	StickyPriorityMode  StickyPriority
	// AffinityIgnoreClientSessionID lets the beginning of a conversation find its
	// provider also where the client names its session.
	AffinityIgnoreClientSessionID bool
	MaxInFlightPerKey             int
	MaxInFlightPerUser            int

	OnClientAbort                ClientAbort
	ClientAbortDrain             time.Duration
	StreamGate                   GateMode
	GateKeepaliveAfter           time.Duration
	EchoUpstreamModel            bool   // leave the upstream's model name in the answer
	CodexInstructions            string // put before requests to Codex back ends that insist; empty = the text that comes with the program
	GeminiFunctionIDRectifier    bool   // leave out ids of calls that an upstream refused, and ask again
	ThinkingSignatureRectifier   bool   // drop signed thinking that an upstream refused, and ask again
	ThinkingBudgetRectifier      bool   // raise a thinking budget that an upstream found too small, and ask again
	EffortConflictRectifier      bool   // drop the effort where thinking is off and an upstream refused that, and ask again
	BillingHeaderRectifier       BillingHeader
	ClaudeUserIDInjection        bool
	CodexSessionIDCompletion     bool // the session id and prompt_cache_key that Codex would send
	ResponsesInputRectifier      bool // wrap an input that is no array
	InjectStreamUsage            bool // ask Chat streams for their usage
	StripUnderscoreKeys          bool // leave top-level members whose names begin with _ out of native requests
	ResponseFixer                ResponseFixer
	AllowNonConversationFallback bool
	HighConcurrencyMode          bool // what is nice to have and costs memory or time is left out: snapshots
	EnableHTTP2                  bool // to providers that say nothing themselves
	FakeStreaming                []FakeStreaming
	ReplayEnabled                *bool // answers are given again; nil = as the process was told

	HedgeEnabled       bool
	HedgeAfter         time.Duration // without content; 0 = as long as 95 of 100 calls of the provider wait, at least 5 s
	HedgeMaxParallel   int           // calls of one request at a time, 1 or 2
	HedgeBudgetPercent int           // of the calls that may be made twice
	BillHedgeLosers    bool          // and let them finish, within bounds; else they are cancelled

	CleanupEnabled       bool // request logs are deleted after a time
	CleanupRetentionDays int

	BillingModelSource        BillingModelSource
	PriorityBillingSource     ServiceSource
	BillNonSuccessfulRequests bool // failures that report usage are charged
	BillPartial               PartialBilling
	UnknownPrice              UnknownPrice
	UnknownPriceModel         string // billed under UnknownFallback; empty = the closest of the model's family
	CacheFallback             CacheFallback
	PriceSyncInterval         time.Duration

	QuotaFailMode     FailMode
	ReservationPolicy ReservationPolicy
	AdmissionWait     time.Duration // for money that is only reserved; 0 = none
	ConcurrencyWait   time.Duration // for a place among a user's or key's requests in flight; 0 = none
	BalanceTarget     Money         // an upstream account with so much left is not spared
	BalanceFloor      Money         // one with so much left is not used
	TrustedProxies    []string      // CIDRs or addresses

	Setup Setup
}

// MaxInstructions bounds the setting CodexInstructions, in characters.
const MaxInstructions = 100_000

// ResponseFixer says what is put right in native answers that do not parse.
type ResponseFixer struct {
	Enabled          bool `json:"enabled"`
	FixTruncatedJSON bool `json:"fixTruncatedJson"` // close what was left open
	FixSSEFormat     bool `json:"fixSseFormat"`     // field names and blank lines that are missing
	FixEncoding      bool `json:"fixEncoding"`      // bytes that are no UTF-8
	MaxJSONDepth     int  `json:"maxJsonDepth"`     // of what is closed
	MaxFixSize       int  `json:"maxFixSize"`       // of a frame or body, bytes
}

// FakeStreaming lists a model whose streams are made from whole answers, because
// some upstream's streams of it are not to be trusted.
type FakeStreaming struct {
	Model  string   `json:"model"`  // exactly as clients call it
	Groups []string `json:"groups"` // of callers; empty = all
}

// LongestWait is how long a request may stand in line for its user's limits.
func (s *Settings) LongestWait() time.Duration { return max(s.AdmissionWait, s.ConcurrencyWait) }

// TierStrategy is how one provider is drawn from the best tier.
type TierStrategy string

// The strategies.
const (
	TierWeighted      TierStrategy = "weighted"
	TierCheapestFirst TierStrategy = "cheapest_first"
	TierLeastInFlight TierStrategy = "least_inflight"
)

// StickyPriority says whether a session's binding or a provider's priority
// weighs more.
type StickyPriority string

// The modes.
const (
	StickyBinding       StickyPriority = "binding"  // a binding outranks priority
	StickyPriorityFirst StickyPriority = "priority" // sessions move as soon as a better tier can serve them
)

// ClientAbort is what happens to the upstream call when the client leaves mid-stream.
type ClientAbort string

// The choices.
const (
	AbortDrain  ClientAbort = "drain"
	AbortCancel ClientAbort = "cancel"
)

// BillingHeader is what becomes of the billing line that Claude Code puts into
// its system texts for Anthropic.
type BillingHeader string

// The choices.
const (
	BillingHeaderReactive BillingHeader = "reactive" // left out for providers that refused it
	BillingHeaderAlways   BillingHeader = "always"   // left out
	BillingHeaderOff      BillingHeader = "off"      // left as it is
)

// GateMode is whether a stream is held until its first content.
type GateMode string

// The gate modes.
const (
	GateOff     GateMode = "off"
	GateShadow  GateMode = "shadow"
	GateEnforce GateMode = "enforce"
)

// FailMode is what an unreachable quota actor means for a request.
type FailMode string

// The fail modes.
const (
	FailOpen   FailMode = "open"
	FailClosed FailMode = "closed"
)

// BillingModelSource says by which of a request's model names it is billed.
type BillingModelSource string

// The sources. Where the first name has no price the others are tried.
const (
	BillOriginal   BillingModelSource = "original"   // as requested, then as sent
	BillRedirected BillingModelSource = "redirected" // as sent upstream, then as requested
	BillActual     BillingModelSource = "actual"     // as answered, then as sent, then as requested
)

// ServiceSource says whose word counts on the service tier.
type ServiceSource string

// The sources. An upstream that downgrades a request must not bill priority, so
// actual is the default.
const (
	ServiceActual    ServiceSource = "actual"    // as answered, else as requested
	ServiceRequested ServiceSource = "requested" // as requested
)

// PartialBilling is what an answer costs that its client left in the middle.
type PartialBilling string

// The choices.
const (
	PartialEstimate PartialBilling = "estimate" // what it carried, where the upstream did not say
	PartialReported PartialBilling = "reported" // what the upstream reported until then
	PartialNever    PartialBilling = "never"    // nothing
)

// UnknownPrice is what becomes of a request whose model has no price.
type UnknownPrice string

// The choices.
const (
	UnknownFree     UnknownPrice = "free"     // it costs nothing, and is marked
	UnknownFallback UnknownPrice = "fallback" // it is billed as another model
	UnknownReject   UnknownPrice = "reject"   // it is refused
)

// CacheFallback says what cached tokens cost where the price list does not.
type CacheFallback string

// The choices.
const (
	CacheStandard CacheFallback = "standard" // Anthropic's ratios for its models, the input rate for others
	CacheCCH      CacheFallback = "cch"      // Anthropic's ratios for all
)

// ReservationPolicy is how carefully a budget is reserved before a request's
// cost is known.
type ReservationPolicy string

// The policies. Whatever the policy, a budget that is spent admits nothing.
const (
	// ReserveBalanced reserves what a request is expected to cost. When nothing
	// is reserved in a window, one request may pass although it does not fit.
	ReserveBalanced ReservationPolicy = "balanced"
	// ReserveStrict reserves what a request may cost at most, without exception.
	ReserveStrict ReservationPolicy = "strict"
	// ReserveParity reserves nothing.
	ReserveParity ReservationPolicy = "parity"
)

// DefaultSettings are in force until an operator changes them.
func DefaultSettings() Settings {
	return Settings{
		SiteTitle:                       "Claude Code Hub",
		PassThroughUpstreamErrorMessage: true,
		MaxProviderSwitches:             3,
		MaxTotalAttempts:                8,
		TierStrategy:                    TierWeighted,
		StickyPriorityMode:              StickyBinding,
		MaxInFlightPerKey:               256,
		MaxInFlightPerUser:              256,
		OnClientAbort:                   AbortDrain,
		ClientAbortDrain:                15 * time.Second,
		StreamGate:                      GateEnforce,
		GateKeepaliveAfter:              10 * time.Second,
		ClaudeUserIDInjection:           true,
		CodexSessionIDCompletion:        true,
		ResponsesInputRectifier:         true,
		InjectStreamUsage:               true,
		ResponseFixer: ResponseFixer{
			Enabled: true, FixTruncatedJSON: true, FixSSEFormat: true, FixEncoding: true, MaxJSONDepth: 200, MaxFixSize: 1 << 20,
		},
		GeminiFunctionIDRectifier:    true,
		ThinkingSignatureRectifier:   true,
		ThinkingBudgetRectifier:      true,
		EffortConflictRectifier:      true,
		BillingHeaderRectifier:       BillingHeaderReactive,
		AllowNonConversationFallback: true,
		HedgeMaxParallel:             2,
		HedgeBudgetPercent:           10,
		BillHedgeLosers:              true,
		CleanupEnabled:               true,
		CleanupRetentionDays:         30,
		BillingModelSource:           BillOriginal,
		PriorityBillingSource:        ServiceActual,
		BillPartial:                  PartialEstimate,
		UnknownPrice:                 UnknownFree,
		CacheFallback:                CacheStandard,
		PriceSyncInterval:            30 * time.Minute,
		QuotaFailMode:                FailOpen,
		ReservationPolicy:            ReserveBalanced,
		AdmissionWait:                3 * time.Second,
		BalanceTarget:                5 * NanoPerUSD,
	}
}
