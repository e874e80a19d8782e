package adminapi

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/claude-code-hub/cch/http/middleware"
	"github.com/claude-code-hub/cch/internal/domain"
)

func (a *API) declareSettings() {
	tags := []string{"Settings"}
	operation(a, LevelSelf, huma.Operation{
		OperationID: "displaySettings", Method: http.MethodGet, Path: "/settings/display", Tags: tags,
		Summary: "Settings that change what is shown",
	}, a.displaySettings)
	operation(a, LevelAdmin, huma.Operation{
		OperationID: "getSettings", Method: http.MethodGet, Path: "/settings", Tags: tags, Summary: "Read the settings",
	}, a.getSettings)
	operation(a, LevelAdmin, huma.Operation{
		OperationID: "updateSettings", Method: http.MethodPatch, Path: "/settings", Tags: tags,
		Summary: "Change settings; null sets one back to its default",
	}, a.updateSettings)
}

type settingsBody struct {
	SiteTitle                       string                 `json:"siteTitle"`
	Timezone                        *string                `json:"timezone"                        doc:"null = the process's"`
	AllowGlobalUsageView            bool                   `json:"allowGlobalUsageView"`
	ExposeProviderNames             bool                   `json:"exposeProviderNames"`
	VerboseProviderError            bool                   `json:"verboseProviderError"`
	PassThroughUpstreamErrorMessage bool                   `json:"passThroughUpstreamErrorMessage"`
	MaxProviderSwitches             int                    `json:"maxProviderSwitches"`
	MaxTotalAttempts                int                    `json:"maxTotalAttempts"`
	PrecommitDeadlineMs             int64                  `json:"precommitDeadlineMs"`
	TierStrategy                    string                 `json:"tierStrategy"                    enum:"weighted,cheapest_first,least_inflight"`
	StickyReturn                    bool                   `json:"stickyReturn"`
	StickyPriorityMode              string                 `json:"stickyPriorityMode"              enum:"binding,priority"`
	AffinityIgnoreClientSessionID   bool                   `json:"affinityIgnoreClientSessionId"`
	MaxInFlightPerKey               int                    `json:"maxInFlightPerKey"`
	MaxInFlightPerUser              int                    `json:"maxInFlightPerUser"`
	OnClientAbort                   string                 `json:"onClientAbort"                   enum:"drain,cancel"`
	ClientAbortDrainMs              int64                  `json:"clientAbortDrainMs"`
	StreamGateMode                  string                 `json:"streamGateMode"                  enum:"off,shadow,enforce"`
	GateKeepaliveAfterMs            int64                  `json:"gateKeepaliveAfterMs"`
	EchoUpstreamModel               bool                   `json:"echoUpstreamModel"`
	CodexInstructions               *string                `json:"codexInstructions"               doc:"null = the text that comes with the program"`
	ThinkingSignatureRectifier      bool                   `json:"thinkingSignatureRectifier"`
	GeminiFunctionIDRectifier       bool                   `json:"geminiFunctionIdRectifier"`
	ThinkingBudgetRectifier         bool                   `json:"thinkingBudgetRectifier"`
	EffortConflictRectifier         bool                   `json:"effortConflictRectifier"`
	BillingHeaderRectifier          string                 `json:"billingHeaderRectifier"          enum:"reactive,always,off"`
	ClaudeUserIDInjection           bool                   `json:"claudeUserIdInjection"`
	CodexSessionIDCompletion        bool                   `json:"codexSessionIdCompletion"`
	ResponsesInputRectifier         bool                   `json:"responsesInputRectifier"`
	InjectStreamUsage               bool                   `json:"injectStreamUsage"`
	StripUnderscoreKeys             bool                   `json:"stripUnderscoreKeys"`
	ResponseFixer                   domain.ResponseFixer   `json:"responseFixer"`
	AllowNonConversationFallback    bool                   `json:"allowNonConversationFallback"`
	HighConcurrencyMode             bool                   `json:"highConcurrencyMode"`
	EnableHTTP2                     bool                   `json:"enableHttp2"`
	FakeStreaming                   []domain.FakeStreaming `json:"fakeStreamingWhitelist"`
	ReplayEnabled                   *bool                  `json:"replayEnabled"                   doc:"null = ENABLE_REQUEST_REPLAY"`
	HedgeEnabled                    bool                   `json:"hedgeEnabled"`
	HedgeAfterMs                    int64                  `json:"hedgeAfterMs"`
	HedgeMaxParallel                int                    `json:"hedgeMaxParallel"`
	HedgeBudgetPercent              int                    `json:"hedgeBudgetPercent"`
	BillHedgeLosers                 bool                   `json:"billHedgeLosers"`
	CleanupEnabled                  bool                   `json:"cleanupEnabled"`
	CleanupRetentionDays            int                    `json:"cleanupRetentionDays"`
	BillingModelSource              string                 `json:"billingModelSource"              enum:"original,redirected,actual"`
	PriorityBillingSource           string                 `json:"priorityBillingSource"           enum:"actual,requested"`
	BillNonSuccessfulRequests       bool                   `json:"billNonSuccessfulRequests"`
	BillPartial                     string                 `json:"billPartial"                     enum:"estimate,reported,never"`
	UnknownPrice                    string                 `json:"unknownPrice"                    enum:"free,fallback,reject"`
	UnknownPriceModel               *string                `json:"unknownPriceModel"`
	CacheFallback                   string                 `json:"cacheFallback"                   enum:"standard,cch"`
	PriceSyncIntervalMin            int                    `json:"priceSyncIntervalMin"`
	QuotaFailMode                   string                 `json:"quotaFailMode"                   enum:"open,closed"`
	QuotaReservationPolicy          string                 `json:"quotaReservationPolicy"          enum:"balanced,strict,parity"`
	AdmissionWaitMs                 int64                  `json:"admissionWaitMs"`
	ConcurrencyWaitMs               int64                  `json:"concurrencyWaitMs"`
	BalanceTargetUSD                float64                `json:"balanceTargetUsd"`
	BalanceFloorUSD                 float64                `json:"balanceFloorUsd"`
	TrustedProxies                  []string               `json:"trustedProxies"`
}

func showSettings(s *domain.Settings) settingsBody {
	return settingsBody{
		SiteTitle: s.SiteTitle, Timezone: optional(s.Timezone), AllowGlobalUsageView: s.AllowGlobalUsageView,
		ExposeProviderNames:             s.ExposeProviderNames,
		VerboseProviderError:            s.VerboseProviderError,
		PassThroughUpstreamErrorMessage: s.PassThroughUpstreamErrorMessage,
		MaxProviderSwitches:             s.MaxProviderSwitches, MaxTotalAttempts: s.MaxTotalAttempts,
		PrecommitDeadlineMs: s.PrecommitDeadline.Milliseconds(), TierStrategy: string(s.TierStrategy),
		StickyReturn: s.StickyReturn, StickyPriorityMode: string(s.StickyPriorityMode),
		AffinityIgnoreClientSessionID: s.AffinityIgnoreClientSessionID,
		MaxInFlightPerKey:             s.MaxInFlightPerKey, MaxInFlightPerUser: s.MaxInFlightPerUser,
		OnClientAbort: string(s.OnClientAbort), ClientAbortDrainMs: s.ClientAbortDrain.Milliseconds(),
		StreamGateMode: string(s.StreamGate), GateKeepaliveAfterMs: s.GateKeepaliveAfter.Milliseconds(),
		EchoUpstreamModel: s.EchoUpstreamModel, ClaudeUserIDInjection: s.ClaudeUserIDInjection,
		CodexInstructions: optional(s.CodexInstructions), ThinkingSignatureRectifier: s.ThinkingSignatureRectifier,
		GeminiFunctionIDRectifier: s.GeminiFunctionIDRectifier, ThinkingBudgetRectifier: s.ThinkingBudgetRectifier,
		EffortConflictRectifier: s.EffortConflictRectifier, BillingHeaderRectifier: string(s.BillingHeaderRectifier),
		CodexSessionIDCompletion: s.CodexSessionIDCompletion, ResponsesInputRectifier: s.ResponsesInputRectifier,
		InjectStreamUsage: s.InjectStreamUsage, StripUnderscoreKeys: s.StripUnderscoreKeys, ResponseFixer: s.ResponseFixer,
		AllowNonConversationFallback: s.AllowNonConversationFallback, EnableHTTP2: s.EnableHTTP2, HighConcurrencyMode: s.HighConcurrencyMode,
		FakeStreaming: list(s.FakeStreaming), ReplayEnabled: s.ReplayEnabled,
		HedgeEnabled: s.HedgeEnabled, HedgeAfterMs: s.HedgeAfter.Milliseconds(), HedgeMaxParallel: s.HedgeMaxParallel,
		HedgeBudgetPercent: s.HedgeBudgetPercent, BillHedgeLosers: s.BillHedgeLosers, QuotaFailMode: string(s.QuotaFailMode),
		BillingModelSource: string(s.BillingModelSource), PriorityBillingSource: string(s.PriorityBillingSource),
		BillNonSuccessfulRequests: s.BillNonSuccessfulRequests, BillPartial: string(s.BillPartial),
		UnknownPrice: string(s.UnknownPrice), UnknownPriceModel: optional(s.UnknownPriceModel),
		CacheFallback: string(s.CacheFallback), PriceSyncIntervalMin: int(s.PriceSyncInterval.Minutes()),
		QuotaReservationPolicy: string(s.ReservationPolicy), AdmissionWaitMs: s.AdmissionWait.Milliseconds(),
		ConcurrencyWaitMs: s.ConcurrencyWait.Milliseconds(),
		CleanupEnabled:    s.CleanupEnabled, CleanupRetentionDays: s.CleanupRetentionDays,
		BalanceTargetUSD: s.BalanceTarget.USD(), BalanceFloorUSD: s.BalanceFloor.USD(),
		TrustedProxies: list(s.TrustedProxies),
	}
}

// fakeStreamingEntry is domain.FakeStreaming with its bounds.
type fakeStreamingEntry struct {
	Model  string   `json:"model"            minLength:"1" maxLength:"256" doc:"exactly as clients call it"`
	Groups []string `json:"groups,omitempty" maxItems:"100"                doc:"of callers; empty = all"`
}

// responseFixerFields is a merge patch of domain.ResponseFixer.
type responseFixerFields struct {
	Enabled          *bool `json:"enabled,omitempty"`
	FixTruncatedJSON *bool `json:"fixTruncatedJson,omitempty" doc:"close what was left open"`
	FixSSEFormat     *bool `json:"fixSseFormat,omitempty"     doc:"missing field names and blank lines"`
	FixEncoding      *bool `json:"fixEncoding,omitempty"      doc:"replace bytes that are no UTF-8"`
	MaxJSONDepth     *int  `json:"maxJsonDepth,omitempty"     minimum:"1" maximum:"1000"`
	MaxFixSize       *int  `json:"maxFixSize,omitempty"       minimum:"1024" maximum:"16777216" doc:"bytes of a frame or body"`
}

func (f *responseFixerFields) apply(to *domain.ResponseFixer) {
	given(f.Enabled, &to.Enabled)
	given(f.FixTruncatedJSON, &to.FixTruncatedJSON)
	given(f.FixSSEFormat, &to.FixSSEFormat)
	given(f.FixEncoding, &to.FixEncoding)
	given(f.MaxJSONDepth, &to.MaxJSONDepth)
	given(f.MaxFixSize, &to.MaxFixSize)
}

func given[T any](value, to *T) {
	if value != nil {
		*to = *value
	}
}

type settingsFields struct {
	SiteTitle                       field[string]               `json:"siteTitle,omitzero"                       minLength:"1" maxLength:"128"`
	Timezone                        field[string]               `json:"timezone,omitzero"                        maxLength:"64" doc:"IANA name"`
	AllowGlobalUsageView            field[bool]                 `json:"allowGlobalUsageView,omitzero"            doc:"show users the sums of everybody's usage"`
	ExposeProviderNames             field[bool]                 `json:"exposeProviderNames,omitzero"             doc:"show providers' names to users"`
	VerboseProviderError            field[bool]                 `json:"verboseProviderError,omitzero"`
	PassThroughUpstreamErrorMessage field[bool]                 `json:"passThroughUpstreamErrorMessage,omitzero"`
	MaxProviderSwitches             field[int]                  `json:"maxProviderSwitches,omitzero"             minimum:"0" maximum:"20"`
	MaxTotalAttempts                field[int]                  `json:"maxTotalAttempts,omitzero"                minimum:"1" maximum:"50"`
	PrecommitDeadlineMs             field[int64]                `json:"precommitDeadlineMs,omitzero"             minimum:"0" maximum:"3600000" doc:"0 = none"`
	TierStrategy                    field[string]               `json:"tierStrategy,omitzero"                    enum:"weighted,cheapest_first,least_inflight"`
	StickyReturn                    field[bool]                 `json:"stickyReturn,omitzero"                    doc:"sessions idle for 5 minutes go back to a better priority that has been well for a minute"`
	StickyPriorityMode              field[string]               `json:"stickyPriorityMode,omitzero"              enum:"binding,priority" doc:"what weighs more: a session's provider or a better priority"`
	AffinityIgnoreClientSessionID   field[bool]                 `json:"affinityIgnoreClientSessionId,omitzero"   doc:"with ENABLE_PREFIX_AFFINITY: what a conversation begins with counts more than the session that its client names"`
	MaxInFlightPerKey               field[int]                  `json:"maxInFlightPerKey,omitzero"               minimum:"1" maximum:"100000"`
	MaxInFlightPerUser              field[int]                  `json:"maxInFlightPerUser,omitzero"              minimum:"1" maximum:"100000"`
	OnClientAbort                   field[string]               `json:"onClientAbort,omitzero"                   enum:"drain,cancel"`
	ClientAbortDrainMs              field[int64]                `json:"clientAbortDrainMs,omitzero"              minimum:"0" maximum:"600000"`
	StreamGateMode                  field[string]               `json:"streamGateMode,omitzero"                  enum:"off,shadow,enforce"`
	GateKeepaliveAfterMs            field[int64]                `json:"gateKeepaliveAfterMs,omitzero"            minimum:"0" maximum:"600000"`
	EchoUpstreamModel               field[bool]                 `json:"echoUpstreamModel,omitzero"`
	CodexInstructions               field[string]               `json:"codexInstructions,omitzero"               maxLength:"100000" doc:"put before requests to Codex providers that insist on their own; null = the text that comes with the program"`
	ThinkingSignatureRectifier      field[bool]                 `json:"thinkingSignatureRectifier,omitzero"      doc:"drop signed thinking that an upstream refused, and ask it again"`
	GeminiFunctionIDRectifier       field[bool]                 `json:"geminiFunctionIdRectifier,omitzero"       doc:"leave out ids of function calls that an upstream of a Gemini client refused, and ask it again"`
	ThinkingBudgetRectifier         field[bool]                 `json:"thinkingBudgetRectifier,omitzero"         doc:"raise a thinking budget that an upstream found too small, and ask it again"`
	EffortConflictRectifier         field[bool]                 `json:"effortConflictRectifier,omitzero"         doc:"drop the effort of a request without thinking where an upstream refused the two together, and ask it again"`
	BillingHeaderRectifier          field[string]               `json:"billingHeaderRectifier,omitzero"          enum:"reactive,always,off" doc:"leave Claude Code's billing line out: for upstreams that refused it, for all, for none"`
	ClaudeUserIDInjection           field[bool]                 `json:"claudeUserIdInjection,omitzero"`
	CodexSessionIDCompletion        field[bool]                 `json:"codexSessionIdCompletion,omitzero"        doc:"complete session-id and prompt_cache_key of Responses calls"`
	ResponsesInputRectifier         field[bool]                 `json:"responsesInputRectifier,omitzero"         doc:"wrap an input that is no array"`
	InjectStreamUsage               field[bool]                 `json:"injectStreamUsage,omitzero"               doc:"ask Chat streams for their usage"`
	StripUnderscoreKeys             field[bool]                 `json:"stripUnderscoreKeys,omitzero"             doc:"leave top-level members whose names begin with an underscore out of native requests"`
	ResponseFixer                   field[responseFixerFields]  `json:"responseFixer,omitzero"                   doc:"what is put right in native answers that do not parse; left out members stay as they are"`
	AllowNonConversationFallback    field[bool]                 `json:"allowNonConversationFallback,omitzero"`
	FakeStreaming                   field[[]fakeStreamingEntry] `json:"fakeStreamingWhitelist,omitzero" maxItems:"200" doc:"models whose streams are made from whole answers"`
	ReplayEnabled                   field[bool]                 `json:"replayEnabled,omitzero"                   doc:"give an answer again to a client that asks the same with an Idempotency-Key, or that left before it had it; null = ENABLE_REQUEST_REPLAY"`
	HedgeEnabled                    field[bool]                 `json:"hedgeEnabled,omitzero"                    doc:"call a second provider when a stream shows no content for too long; the first content wins"`
	HedgeAfterMs                    field[int64]                `json:"hedgeAfterMs,omitzero"                    minimum:"0" maximum:"600000" doc:"0 = as long as 95 of 100 calls of the provider wait, at least 5 s"`
	HedgeMaxParallel                field[int]                  `json:"hedgeMaxParallel,omitzero"                minimum:"1" maximum:"2"`
	HedgeBudgetPercent              field[int]                  `json:"hedgeBudgetPercent,omitzero"              minimum:"0" maximum:"100" doc:"of the streams of a node"`
	BillHedgeLosers                 field[bool]                 `json:"billHedgeLosers,omitzero"                 doc:"let the slower call run on and bill what it used; else it is cancelled"`
	HighConcurrencyMode             field[bool]                 `json:"highConcurrencyMode,omitzero"             doc:"leave out what is nice to have and costs memory or time: snapshots of requests"`
	EnableHTTP2                     field[bool]                 `json:"enableHttp2,omitzero"                     doc:"offer HTTP/2 to providers that do not say themselves"`
	CleanupEnabled                  field[bool]                 `json:"cleanupEnabled,omitzero"                  doc:"delete request logs after a time"`
	CleanupRetentionDays            field[int]                  `json:"cleanupRetentionDays,omitzero"            minimum:"1" maximum:"3650"`
	BillingModelSource              field[string]               `json:"billingModelSource,omitzero"              enum:"original,redirected,actual" doc:"by which of its names a request is billed first"`
	PriorityBillingSource           field[string]               `json:"priorityBillingSource,omitzero"           enum:"actual,requested" doc:"whose word counts on the service tier"`
	BillNonSuccessfulRequests       field[bool]                 `json:"billNonSuccessfulRequests,omitzero"       doc:"charge users for failures that report usage"`
	BillPartial                     field[string]               `json:"billPartial,omitzero"                     enum:"estimate,reported,never" doc:"what an answer costs that its client left"`
	UnknownPrice                    field[string]               `json:"unknownPrice,omitzero"                    enum:"free,fallback,reject" doc:"what becomes of requests for models without a price"`
	UnknownPriceModel               field[string]               `json:"unknownPriceModel,omitzero"               maxLength:"200" doc:"whose rates fallback takes; null = the closest of the family"`
	CacheFallback                   field[string]               `json:"cacheFallback,omitzero"                   enum:"standard,cch" doc:"cache rates where none are listed"`
	PriceSyncIntervalMin            field[int]                  `json:"priceSyncIntervalMin,omitzero"            minimum:"1" maximum:"10080" doc:"minutes between two looks at the cloud price list"`
	QuotaFailMode                   field[string]               `json:"quotaFailMode,omitzero"                   enum:"open,closed"`
	QuotaReservationPolicy          field[string]               `json:"quotaReservationPolicy,omitzero"          enum:"balanced,strict,parity" doc:"what is held of a budget for a request whose cost is not known yet: the expected cost, the highest possible one, or nothing"`
	ConcurrencyWaitMs               field[int64]                `json:"concurrencyWaitMs,omitzero"               minimum:"0" maximum:"60000" doc:"how long a request waits for a place among those in flight; 0 = it is refused at once"`
	AdmissionWaitMs                 field[int64]                `json:"admissionWaitMs,omitzero"                 minimum:"0" maximum:"30000" doc:"how long a request waits for a budget that is only reserved; 0 = not at all"`
	BalanceTargetUSD                field[float64]              `json:"balanceTargetUsd,omitzero"                minimum:"0.01" maximum:"1000000" doc:"a provider with so much left is not spared"`
	BalanceFloorUSD                 field[float64]              `json:"balanceFloorUsd,omitzero"                 minimum:"0" maximum:"1000000" doc:"a provider with so much left is not used"`
	TrustedProxies                  field[[]string]             `json:"trustedProxies,omitzero"                  maxItems:"100" doc:"addresses or CIDRs"`
}

// apply changes the settings; null sets one back to its default.
func (f *settingsFields) apply(s *domain.Settings) {
	d := domain.DefaultSettings()
	f.applyGeneral(s, &d)
	f.applyRouting(s, &d)
	f.applyAnswers(s, &d)
	f.applyMends(s, &d)
	f.applyBilling(s, &d)
	f.applyLimits(s, &d)
}

// applyGeneral changes how the hub shows itself and is reached, and what it keeps.
func (f *settingsFields) applyGeneral(s, d *domain.Settings) {
	f.SiteTitle.to(&s.SiteTitle, d.SiteTitle)
	f.Timezone.to(&s.Timezone, d.Timezone)
	f.AllowGlobalUsageView.to(&s.AllowGlobalUsageView, d.AllowGlobalUsageView)
	f.ExposeProviderNames.to(&s.ExposeProviderNames, d.ExposeProviderNames)
	f.VerboseProviderError.to(&s.VerboseProviderError, d.VerboseProviderError)
	f.PassThroughUpstreamErrorMessage.to(&s.PassThroughUpstreamErrorMessage, d.PassThroughUpstreamErrorMessage)
	f.HighConcurrencyMode.to(&s.HighConcurrencyMode, d.HighConcurrencyMode)
	f.EnableHTTP2.to(&s.EnableHTTP2, d.EnableHTTP2)
	f.CleanupEnabled.to(&s.CleanupEnabled, d.CleanupEnabled)
	f.CleanupRetentionDays.to(&s.CleanupRetentionDays, d.CleanupRetentionDays)
	f.TrustedProxies.to(&s.TrustedProxies, d.TrustedProxies)
}

// applyRouting changes how providers are chosen, and how often.
func (f *settingsFields) applyRouting(s, d *domain.Settings) {
	f.MaxProviderSwitches.to(&s.MaxProviderSwitches, d.MaxProviderSwitches)
	f.MaxTotalAttempts.to(&s.MaxTotalAttempts, d.MaxTotalAttempts)
	millisTo(f.PrecommitDeadlineMs, &s.PrecommitDeadline, d.PrecommitDeadline)
	named(f.TierStrategy, &s.TierStrategy, d.TierStrategy)
	f.StickyReturn.to(&s.StickyReturn, d.StickyReturn)
	named(f.StickyPriorityMode, &s.StickyPriorityMode, d.StickyPriorityMode)
	f.AffinityIgnoreClientSessionID.to(&s.AffinityIgnoreClientSessionID, d.AffinityIgnoreClientSessionID)
	f.AllowNonConversationFallback.to(&s.AllowNonConversationFallback, d.AllowNonConversationFallback)
	f.HedgeEnabled.to(&s.HedgeEnabled, d.HedgeEnabled)
	millisTo(f.HedgeAfterMs, &s.HedgeAfter, d.HedgeAfter)
	f.HedgeMaxParallel.to(&s.HedgeMaxParallel, d.HedgeMaxParallel)
	f.HedgeBudgetPercent.to(&s.HedgeBudgetPercent, d.HedgeBudgetPercent)
	f.BillHedgeLosers.to(&s.BillHedgeLosers, d.BillHedgeLosers)
}

// applyAnswers changes how answers are carried to clients.
func (f *settingsFields) applyAnswers(s, d *domain.Settings) {
	named(f.OnClientAbort, &s.OnClientAbort, d.OnClientAbort)
	millisTo(f.ClientAbortDrainMs, &s.ClientAbortDrain, d.ClientAbortDrain)
	named(f.StreamGateMode, &s.StreamGate, d.StreamGate)
	millisTo(f.GateKeepaliveAfterMs, &s.GateKeepaliveAfter, d.GateKeepaliveAfter)
	f.EchoUpstreamModel.to(&s.EchoUpstreamModel, d.EchoUpstreamModel)
	f.CodexInstructions.to(&s.CodexInstructions, d.CodexInstructions)
	if f.FakeStreaming.set {
		s.FakeStreaming = nil
		for _, e := range f.FakeStreaming.value {
			s.FakeStreaming = append(s.FakeStreaming, domain.FakeStreaming(e))
		}
	}
	switch {
	case f.ReplayEnabled.null:
		s.ReplayEnabled = nil
	case f.ReplayEnabled.set:
		s.ReplayEnabled = &f.ReplayEnabled.value
	}
}

// applyMends changes what is put right in requests and answers.
func (f *settingsFields) applyMends(s, d *domain.Settings) {
	f.GeminiFunctionIDRectifier.to(&s.GeminiFunctionIDRectifier, d.GeminiFunctionIDRectifier)
	f.ThinkingSignatureRectifier.to(&s.ThinkingSignatureRectifier, d.ThinkingSignatureRectifier)
	f.ThinkingBudgetRectifier.to(&s.ThinkingBudgetRectifier, d.ThinkingBudgetRectifier)
	f.EffortConflictRectifier.to(&s.EffortConflictRectifier, d.EffortConflictRectifier)
	named(f.BillingHeaderRectifier, &s.BillingHeaderRectifier, d.BillingHeaderRectifier)
	f.ClaudeUserIDInjection.to(&s.ClaudeUserIDInjection, d.ClaudeUserIDInjection)
	f.CodexSessionIDCompletion.to(&s.CodexSessionIDCompletion, d.CodexSessionIDCompletion)
	f.ResponsesInputRectifier.to(&s.ResponsesInputRectifier, d.ResponsesInputRectifier)
	f.InjectStreamUsage.to(&s.InjectStreamUsage, d.InjectStreamUsage)
	f.StripUnderscoreKeys.to(&s.StripUnderscoreKeys, d.StripUnderscoreKeys)
	switch {
	case f.ResponseFixer.null:
		s.ResponseFixer = d.ResponseFixer
	case f.ResponseFixer.set:
		f.ResponseFixer.value.apply(&s.ResponseFixer)
	}
}

// applyBilling changes what requests cost.
func (f *settingsFields) applyBilling(s, d *domain.Settings) {
	named(f.BillingModelSource, &s.BillingModelSource, d.BillingModelSource)
	named(f.PriorityBillingSource, &s.PriorityBillingSource, d.PriorityBillingSource)
	f.BillNonSuccessfulRequests.to(&s.BillNonSuccessfulRequests, d.BillNonSuccessfulRequests)
	named(f.BillPartial, &s.BillPartial, d.BillPartial)
	named(f.UnknownPrice, &s.UnknownPrice, d.UnknownPrice)
	f.UnknownPriceModel.to(&s.UnknownPriceModel, d.UnknownPriceModel)
	named(f.CacheFallback, &s.CacheFallback, d.CacheFallback)
	if f.PriceSyncIntervalMin.set {
		s.PriceSyncInterval = time.Duration(f.PriceSyncIntervalMin.value) * time.Minute
		if f.PriceSyncIntervalMin.null {
			s.PriceSyncInterval = d.PriceSyncInterval
		}
	}
}

// applyLimits changes how limits are held.
func (f *settingsFields) applyLimits(s, d *domain.Settings) {
	f.MaxInFlightPerKey.to(&s.MaxInFlightPerKey, d.MaxInFlightPerKey)
	f.MaxInFlightPerUser.to(&s.MaxInFlightPerUser, d.MaxInFlightPerUser)
	named(f.QuotaFailMode, &s.QuotaFailMode, d.QuotaFailMode)
	named(f.QuotaReservationPolicy, &s.ReservationPolicy, d.ReservationPolicy)
	millisTo(f.AdmissionWaitMs, &s.AdmissionWait, d.AdmissionWait)
	millisTo(f.ConcurrencyWaitMs, &s.ConcurrencyWait, d.ConcurrencyWait)
	dollarsTo(f.BalanceTargetUSD, &s.BalanceTarget, d.BalanceTarget)
	dollarsTo(f.BalanceFloorUSD, &s.BalanceFloor, d.BalanceFloor)
}

func (f *settingsFields) check() error {
	var wrong faults
	if f.Timezone.given() && f.Timezone.value != "" {
		if _, err := time.LoadLocation(f.Timezone.value); err != nil || f.Timezone.value == "Local" {
			wrong.add("invalid_choice", "is not an IANA time zone", "timezone")
		}
	}
	for i, p := range f.TrustedProxies.value {
		if _, err := middleware.ParseProxies([]string{p}); err != nil {
			wrong.add("invalid_format", "is neither an address nor a CIDR", "trustedProxies", i)
		}
	}
	return wrong.err()
}

// dollarsTo writes a given amount; null writes cleared.
func dollarsTo(f field[float64], target *domain.Money, cleared domain.Money) {
	switch {
	case f.null:
		*target = cleared
	case f.set:
		*target = domain.MoneyFromUSD(f.value)
	}
}

type settingsOutput struct{ Body settingsBody }

func (a *API) getSettings(ctx context.Context, _ *struct{}) (*settingsOutput, error) {
	s, err := a.Stores.Settings.Get(ctx)
	if err != nil {
		return nil, err
	}
	return &settingsOutput{Body: showSettings(&s)}, nil
}

type updateSettingsInput struct{ Body settingsFields }

func (a *API) updateSettings(ctx context.Context, in *updateSettingsInput) (*settingsOutput, error) {
	if err := in.Body.check(); err != nil {
		return nil, err
	}
	s, version, err := a.Stores.Settings.Update(ctx, callerOf(ctx).userID(), func(s *domain.Settings) error {
		in.Body.apply(s)
		return nil
	})
	if err != nil {
		return nil, err
	}
	a.settled(ctx, version)
	return &settingsOutput{Body: showSettings(&s)}, nil
}

type displayOutput struct {
	Body struct {
		SiteTitle            string  `json:"siteTitle"`
		Timezone             *string `json:"timezone"`
		AllowGlobalUsageView bool    `json:"allowGlobalUsageView"`
		ExposeProviderNames  bool    `json:"exposeProviderNames"`
	}
}

func (a *API) displaySettings(context.Context, *struct{}) (*displayOutput, error) {
	s, out := a.Catalog.Current().Settings(), &displayOutput{}
	out.Body.SiteTitle, out.Body.Timezone, out.Body.ExposeProviderNames = s.SiteTitle, optional(s.Timezone), s.ExposeProviderNames
	out.Body.AllowGlobalUsageView = s.AllowGlobalUsageView
	return out, nil
}
