package domain

import (
	"slices"
	"strings"
	"time"
)

// Provider is one upstream with its credential and how it is to be used.
type Provider struct {
	ID              ProviderID
	Version         int
	Name            string
	Description     string
	Type            ProviderType
	VendorID        VendorID // 0 = none: it has no endpoints but its URL
	URL             string   // base URL without trailing slash
	Key             Secret
	KeyLast4        string
	Enabled         bool
	Groups          []string       // in order; empty = default
	GroupPriorities map[string]int // priority inside a group, where it differs
	Routing         Routing
	Limits          Limits
	Breaker         BreakerSettings
	Transport       Transport
	Conversion      Conversion
	Billing         Billing
	Account         AccountSetup
	Overrides       *Overrides // nil = none
	CacheTTL        CacheTTL
	CreatedAt       time.Time
	UpdatedAt       time.Time
}

// Routing is what selection looks at.
type Routing struct {
	Weight              int // 1..100, default 1
	Priority            int // smaller wins, default 0
	CostMultiplier      Multiplier
	MaxAttempts         int             // tries per request, 1..10; 0 = the node's default
	AllowedModels       []ModelRule     // empty = any
	ModelRedirects      []ModelRedirect // first match wins
	DisableSessionReuse bool
	AllowedClients      []string    // keywords or patterns; empty = any
	BlockedClients      []string    // beat AllowedClients
	Active              DailyWindow // in the system's zone; outside of it the provider is not asked
	Draining            bool        // takes no new sessions; bound ones stay until they lapse
}

// Billing is how a provider's answers are priced, beside its multiplier.
type Billing struct {
	PricingKey   string // the seller's key in price lists; empty = found by the URL's host
	CostSource   CostSource
	SwapCacheTTL bool // it reports 5 minute and 1 hour cache writes the wrong way round
}

// CostSource says whose figure is a provider's cost.
type CostSource string

// The cost sources.
const (
	CostComputed CostSource = "computed" // by the price list
	CostReported CostSource = "reported" // as the upstream states it, where it does
)

// MatchType is how a rule's pattern is compared. All are case-sensitive.
type MatchType string

// The match types.
const (
	MatchExact    MatchType = "exact"
	MatchPrefix   MatchType = "prefix"
	MatchSuffix   MatchType = "suffix"
	MatchContains MatchType = "contains"
	MatchRegex    MatchType = "regex" // RE2, unanchored
)

// ModelRule admits models to a provider.
type ModelRule struct {
	MatchType MatchType `json:"matchType"`
	Pattern   string    `json:"pattern"`
}

// ModelRedirect renames a model for a provider.
type ModelRedirect struct {
	MatchType MatchType `json:"matchType"`
	Source    string    `json:"source"`
	Target    string    `json:"target"`
}

// BreakerSettings configure a provider's circuit breaker.
type BreakerSettings struct {
	FailureThreshold int           // consecutive failures that open it; 0 = off
	FailureWindow    time.Duration // failures further apart do not add up
	OpenDuration     time.Duration
	HalfOpenSuccess  int // successes that close it again
	HalfOpenProbes   int // probes at a time
}

// DefaultBreakerSettings are those of a provider that names none.
func DefaultBreakerSettings() BreakerSettings {
	return BreakerSettings{
		FailureThreshold: 5,
		FailureWindow:    5 * time.Minute,
		OpenDuration:     30 * time.Minute,
		HalfOpenSuccess:  2,
		HalfOpenProbes:   1,
	}
}

// Transport is how a provider is called. A zero duration means no limit of its own.
type Transport struct {
	ProxyURL              Secret // may hold credentials; empty = direct
	ProxyFallbackToDirect bool
	FirstByteTimeout      time.Duration // streaming: send to first body byte
	StreamIdleTimeout     time.Duration // streaming: gap after the first byte
	RequestTimeout        time.Duration // not streaming: send to end of body
	AuthStyle             AuthStyle
	PreserveClientIP      bool
	HTTP2                 *bool             // nil = as the settings say; never over SOCKS
	CustomHeaders         map[string]Secret // values may hold credentials
}

// AuthStyle is how the credential is sent to a Claude provider.
type AuthStyle string

// The authentication styles.
const (
	AuthAuto    AuthStyle = "auto"
	AuthXAPIKey AuthStyle = "x-api-key"
	AuthBearer  AuthStyle = "bearer"
	AuthBoth    AuthStyle = "both"
)

// Conversion says which clients a provider takes besides those of its own
// protocol, and what it wants of the requests made for it.
type Conversion struct {
	AcceptAll         bool
	AcceptFormats     []Protocol // beside the native one; unused when AcceptAll
	CodexInstructions InstructionsMode
	ConversionFlags
}

// InstructionsMode is whether a provider of type codex gets Codex's own
// instructions in front of a request.
type InstructionsMode string

// The modes.
const (
	InstructionsAuto  InstructionsMode = "auto"  // converted requests, where the provider insists on them
	InstructionsForce InstructionsMode = "force" // all requests, native ones too
	InstructionsKeep  InstructionsMode = "keep"  // none
)

// ConversionFlags are how the requests that are written for a provider differ
// from the usual. The zero value is the usual.
type ConversionFlags struct {
	AlwaysStream        bool   `json:"alwaysStream,omitempty"`     // it refuses calls that are not streamed
	DeveloperRole       bool   `json:"developerRole,omitempty"`    // chat: system text as role developer
	CacheBreakpoints    bool   `json:"cacheBreakpoints,omitempty"` // openai: cache_control as explicit breakpoints
	DeriveCacheKey      bool   `json:"deriveCacheKey,omitempty"`   // openai: prompt_cache_key from the session, if the client gave none
	NoAutoCache         bool   `json:"noAutoCache,omitempty"`      // claude: set no cache breakpoints where the client set none
	MaxCompletionTokens bool   `json:"maxCompletionTokens,omitempty"`
	DefaultMaxTokens    int64  `json:"defaultMaxTokens,omitempty"`  // claude: for clients that name no limit; 0 = the model's, else 32000
	Project             string `json:"project,omitempty"`           // gemini-cli
	InlineRemoteMedia   bool   `json:"inlineRemoteMedia,omitempty"` // fetch what a request only points at
}

// DemoScheme is the scheme of the built-in demo upstream, DemoURL its base URL.
const (
	DemoScheme = "demo"
	DemoURL    = DemoScheme + ":"
)

// IsDemo tells whether the provider is the built-in demo upstream, whose
// requests are marked as such and cost nothing.
func (p *Provider) IsDemo() bool { return strings.HasPrefix(p.URL, DemoURL) }

// Accepts tells whether the provider takes calls of the protocol, converting if needed.
func (p *Provider) Accepts(protocol Protocol) bool {
	if p.Type.Protocol() == protocol || p.Conversion.AcceptAll {
		return true
	}
	return slices.Contains(p.Conversion.AcceptFormats, protocol)
}
