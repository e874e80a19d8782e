package adminapi

import (
	"encoding/json"
	"errors"
	"reflect"
	"slices"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/claude-code-hub/cch/internal/domain"
)

// ProviderFields are what can be said about a provider beside name, type, URL
// and key.
type ProviderFields struct {
	Description         field[string]                 `json:"description,omitzero"                  maxLength:"200"`
	IsEnabled           field[bool]                   `json:"isEnabled,omitzero"`
	Groups              field[[]string]               `json:"groups,omitzero"                       maxItems:"100" doc:"unknown names are created"`
	GroupPriorities     field[map[string]int]         `json:"groupPriorities,omitzero"              doc:"priority inside a group, where it differs"`
	Weight              field[int]                    `json:"weight,omitzero"                       minimum:"1" maximum:"100"`
	Priority            field[int]                    `json:"priority,omitzero"                     minimum:"0" maximum:"1000000" doc:"the smallest wins"`
	CostMultiplier      field[float64]                `json:"costMultiplier,omitzero"               minimum:"0" maximum:"10000"`
	MaxAttempts         field[int]                    `json:"maxAttempts,omitzero"                  minimum:"1" maximum:"10" doc:"null = the node's default"`
	AllowedModels       field[[]modelRule]            `json:"allowedModels,omitzero"                maxItems:"500" doc:"empty = any"`
	ModelRedirects      field[[]domain.ModelRedirect] `json:"modelRedirects,omitzero"               maxItems:"200" doc:"the first match wins"`
	DisableSessionReuse field[bool]                   `json:"disableSessionReuse,omitzero"`
	VendorID            field[int64]                  `json:"vendorId,omitzero"                     minimum:"1" doc:"it is then called at the vendor's endpoints; null = at its URL alone"`
	AllowedClients      field[[]string]               `json:"allowedClients,omitzero"               maxItems:"100" doc:"keywords such as claude-code or codex-cli, globs, or parts of a User-Agent; empty = any"`
	BlockedClients      field[[]string]               `json:"blockedClients,omitzero"               maxItems:"100" doc:"beat allowedClients"`
	ActiveTimeStart     field[string]                 `json:"activeTimeStart,omitzero"              pattern:"^([01][0-9]|2[0-3]):[0-5][0-9]$" patternDescription:"a time of day, HH:mm" doc:"in the time zone of the settings; null = always"`
	ActiveTimeEnd       field[string]                 `json:"activeTimeEnd,omitzero"                pattern:"^([01][0-9]|2[0-3]):[0-5][0-9]$" patternDescription:"a time of day, HH:mm" doc:"excluded; before activeTimeStart = on the next day"`
	Draining            field[bool]                   `json:"draining,omitzero"                     doc:"takes no new sessions; bound ones stay until they lapse"`
	AcceptFormats       field[acceptFormats]          `json:"acceptFormats,omitzero"`
	CodexInstructions   field[string]                 `json:"codexInstructions,omitzero"            enum:"auto,force,keep"`
	CacheTTL            field[string]                 `json:"cacheTtl,omitzero"                     enum:"inherit,5m,1h" doc:"Claude: how long it keeps what requests mark to be cached; inherit = as the client wants it; a key's own goes first"`
	Overrides           *overrideFields               `json:"overrides,omitempty"                   doc:"values that take the place of the client's; null = as the client wants it"`
	Conversion          *conversionFields             `json:"conversion,omitempty"                  doc:"how requests that are written for it differ from the usual"`
	CircuitBreaker      *breakerFields                `json:"circuitBreaker,omitempty"`
	ProxyURL            field[string]                 `json:"proxyUrl,omitzero"                     maxLength:"512" pattern:"^$|^(https?|socks5h?)://" patternDescription:"an http, https, socks5 or socks5h URL" writeOnly:"true" doc:"http, https, socks5 or socks5h; null = direct"`
	ProxyFallback       field[bool]                   `json:"proxyFallbackToDirect,omitzero"`
	FirstByteTimeoutMs  field[int64]                  `json:"firstByteTimeoutStreamingMs,omitzero"  minimum:"0" maximum:"180000" doc:"0 = off, else from 1000"`
	StreamIdleTimeoutMs field[int64]                  `json:"streamingIdleTimeoutMs,omitzero"       minimum:"0" maximum:"600000" doc:"0 = off, else from 60000"`
	RequestTimeoutMs    field[int64]                  `json:"requestTimeoutNonStreamingMs,omitzero" minimum:"0" maximum:"1800000" doc:"0 = off, else from 60000"`
	AuthStyle           field[string]                 `json:"authStyle,omitzero"                    enum:"auto,x-api-key,bearer,both"`
	PreserveClientIP    field[bool]                   `json:"preserveClientIp,omitzero"`
	EnableHTTP2         field[bool]                   `json:"enableHttp2,omitzero"                  doc:"never over SOCKS; null = as the settings say"`
	CustomHeaders       field[map[string]string]      `json:"customHeaders,omitzero"                writeOnly:"true" doc:"sent with every call"`
	PricingKey          field[string]                 `json:"pricingKey,omitzero"                   maxLength:"100" doc:"the seller's key in price lists; null = found by the URL's host"`
	CostSource          field[string]                 `json:"costSource,omitzero"                   enum:"computed,reported" doc:"reported = the cost that the upstream states, where it does"`
	SwapCacheTTLBilling field[bool]                   `json:"swapCacheTtlBilling,omitzero"          doc:"it reports 5 minute and 1 hour cache writes the wrong way round"`
	LimitFields
}

type conversionFields struct {
	AlwaysStream        field[bool]   `json:"alwaysStream,omitzero"        doc:"it refuses calls that are not streamed"`
	DeveloperRole       field[bool]   `json:"developerRole,omitzero"       doc:"Chat: system text as role developer"`
	CacheBreakpoints    field[bool]   `json:"cacheBreakpoints,omitzero"    doc:"OpenAI: cache_control as explicit breakpoints"`
	DeriveCacheKey      field[bool]   `json:"deriveCacheKey,omitzero"      doc:"OpenAI: prompt_cache_key from the session where the client gave none"`
	AutoCache           field[bool]   `json:"autoCache,omitzero"           doc:"Claude: set cache breakpoints where the client set none; default true"`
	MaxCompletionTokens field[bool]   `json:"maxCompletionTokens,omitzero" doc:"Chat: max_completion_tokens for every model"`
	DefaultMaxTokens    field[int64]  `json:"defaultMaxTokens,omitzero"    doc:"Claude: output limit where the client names none and the model's is unknown; null = 32000" minimum:"1" maximum:"1000000"`
	Project             field[string] `json:"project,omitzero"             doc:"Gemini CLI: the project of its envelope" maxLength:"128"`
	InlineRemoteMedia   field[bool]   `json:"inlineRemoteMedia,omitzero"   doc:"fetch images and documents that a request only points at, and send them inline"`
}

func (f *conversionFields) apply(c *domain.ConversionFlags) {
	if f == nil {
		return
	}
	f.AlwaysStream.to(&c.AlwaysStream, false)
	f.DeveloperRole.to(&c.DeveloperRole, false)
	f.CacheBreakpoints.to(&c.CacheBreakpoints, false)
	f.DeriveCacheKey.to(&c.DeriveCacheKey, false)
	if f.AutoCache.set {
		c.NoAutoCache = !f.AutoCache.null && !f.AutoCache.value
	}
	f.MaxCompletionTokens.to(&c.MaxCompletionTokens, false)
	f.DefaultMaxTokens.to(&c.DefaultMaxTokens, 0)
	f.Project.to(&c.Project, "")
	f.InlineRemoteMedia.to(&c.InlineRemoteMedia, false)
}

type breakerFields struct {
	FailureThreshold field[int]   `json:"failureThreshold,omitzero"         minimum:"0"    maximum:"1000"     doc:"0 = off"`
	OpenDurationMs   field[int64] `json:"openDurationMs,omitzero"           minimum:"1000" maximum:"86400000"`
	HalfOpenSuccess  field[int]   `json:"halfOpenSuccessThreshold,omitzero" minimum:"1"    maximum:"10"`
	FailureWindowMs  field[int64] `json:"failureWindowMs,omitzero"          minimum:"1000" maximum:"86400000"`
	HalfOpenProbes   field[int]   `json:"halfOpenMaxProbes,omitzero"        minimum:"1"    maximum:"10"`
}

func (f *breakerFields) apply(b *domain.BreakerSettings) {
	if f == nil {
		return
	}
	standard := domain.DefaultBreakerSettings()
	f.FailureThreshold.to(&b.FailureThreshold, standard.FailureThreshold)
	millisTo(f.OpenDurationMs, &b.OpenDuration, standard.OpenDuration)
	f.HalfOpenSuccess.to(&b.HalfOpenSuccess, standard.HalfOpenSuccess)
	millisTo(f.FailureWindowMs, &b.FailureWindow, standard.FailureWindow)
	f.HalfOpenProbes.to(&b.HalfOpenProbes, standard.HalfOpenProbes)
}

func millisTo(f field[int64], d *time.Duration, cleared time.Duration) {
	if f.set {
		*d = time.Duration(f.value) * time.Millisecond
		if f.null {
			*d = cleared
		}
	}
}

// multiplierTo writes a given factor; null writes 1.
func multiplierTo(f field[float64], m *domain.Multiplier) {
	switch {
	case f.null:
		*m = domain.MultiplierOne
	case f.set:
		*m = domain.MultiplierFromFloat(f.value)
	}
}

// apply changes p and reports what is wrong with the fields or with how they
// fit together.
func (f *ProviderFields) apply(p *domain.Provider) faults {
	var wrong faults
	f.Description.to(&p.Description, "")
	f.IsEnabled.to(&p.Enabled, true)
	if f.Groups.set {
		p.Groups = wrong.checkGroups(f.Groups.value)
	}
	if len(p.Groups) == 0 {
		p.Groups = []string{domain.DefaultGroup}
	}
	if f.VendorID.set {
		p.VendorID = domain.VendorID(f.VendorID.value)
	}
	f.GroupPriorities.to(&p.GroupPriorities, nil)
	named(f.CodexInstructions, &p.Conversion.CodexInstructions, domain.InstructionsAuto)
	cacheTTLTo(f.CacheTTL, &p.CacheTTL)
	f.Overrides.apply(p)
	f.Conversion.apply(&p.Conversion.ConversionFlags)
	if f.AcceptFormats.set {
		p.Conversion.AcceptAll, p.Conversion.AcceptFormats = f.AcceptFormats.value.all, f.AcceptFormats.value.list
	}
	f.CircuitBreaker.apply(&p.Breaker)
	f.LimitFields.apply(&p.Limits)
	f.applyRouting(&p.Routing)
	f.applyTransport(&p.Transport)
	f.PricingKey.to(&p.Billing.PricingKey, "")
	named(f.CostSource, &p.Billing.CostSource, domain.CostComputed)
	f.SwapCacheTTLBilling.to(&p.Billing.SwapCacheTTL, false)
	wrong.checkProvider(p)
	return wrong
}

func (f *ProviderFields) applyRouting(r *domain.Routing) {
	f.Weight.to(&r.Weight, 1)
	f.Priority.to(&r.Priority, 0)
	f.MaxAttempts.to(&r.MaxAttempts, 0)
	f.ModelRedirects.to(&r.ModelRedirects, nil)
	f.DisableSessionReuse.to(&r.DisableSessionReuse, false)
	f.AllowedClients.to(&r.AllowedClients, nil)
	f.BlockedClients.to(&r.BlockedClients, nil)
	f.ActiveTimeStart.to(&r.Active.Start, "")
	f.ActiveTimeEnd.to(&r.Active.End, "")
	f.Draining.to(&r.Draining, false)
	multiplierTo(f.CostMultiplier, &r.CostMultiplier)
	if f.AllowedModels.set {
		r.AllowedModels = nil
		for _, m := range f.AllowedModels.value {
			r.AllowedModels = append(r.AllowedModels, domain.ModelRule(m))
		}
	}
}

func (f *ProviderFields) applyTransport(t *domain.Transport) {
	if f.ProxyURL.set {
		t.ProxyURL = domain.Secret(f.ProxyURL.value)
	}
	f.ProxyFallback.to(&t.ProxyFallbackToDirect, false)
	millisTo(f.FirstByteTimeoutMs, &t.FirstByteTimeout, 0)
	millisTo(f.StreamIdleTimeoutMs, &t.StreamIdleTimeout, 0)
	millisTo(f.RequestTimeoutMs, &t.RequestTimeout, 0)
	named(f.AuthStyle, &t.AuthStyle, domain.AuthAuto)
	f.PreserveClientIP.to(&t.PreserveClientIP, false)
	if f.EnableHTTP2.set {
		t.HTTP2 = nil
		if !f.EnableHTTP2.null {
			t.HTTP2 = new(f.EnableHTTP2.value)
		}
	}
	if f.CustomHeaders.set {
		t.CustomHeaders = nil
		for name, value := range f.CustomHeaders.value {
			if t.CustomHeaders == nil {
				t.CustomHeaders = map[string]domain.Secret{}
			}
			t.CustomHeaders[name] = domain.Secret(value)
		}
	}
}

// modelRule is a rule, or a plain name that must match exactly.
type modelRule domain.ModelRule

// UnmarshalJSON takes "name" for {"matchType":"exact","pattern":"name"}.
func (m *modelRule) UnmarshalJSON(b []byte) error {
	if len(b) > 0 && b[0] == '"' {
		m.MatchType = domain.MatchExact
		return json.Unmarshal(b, &m.Pattern)
	}
	return json.Unmarshal(b, (*domain.ModelRule)(m))
}

// Schema is a string or a rule.
func (modelRule) Schema(r huma.Registry) *huma.Schema {
	rule := r.Schema(reflect.TypeFor[modelRuleObject](), true, "")
	return &huma.Schema{OneOf: []*huma.Schema{{Type: huma.TypeString, MinLength: new(1), MaxLength: new(256)}, rule}}
}

// modelRuleObject is the documented form of a rule.
type modelRuleObject struct {
	MatchType string `json:"matchType" enum:"exact,prefix,suffix,contains,regex"`
	Pattern   string `json:"pattern"   minLength:"1" maxLength:"256"`
}

// acceptFormats is "native", "all" or a list of client protocols.
type acceptFormats struct {
	all  bool
	list []domain.Protocol
}

var errAcceptFormats = errors.New(`use "native", "all" or a list of protocols`)

// UnmarshalJSON reads any of the three forms.
func (f *acceptFormats) UnmarshalJSON(b []byte) error {
	if len(b) > 0 && b[0] == '[' {
		return json.Unmarshal(b, &f.list)
	}
	var word string
	if err := json.Unmarshal(b, &word); err != nil {
		return err
	}
	if word != "native" && word != "all" {
		return errAcceptFormats
	}
	f.all = word == "all"
	return nil
}

// MarshalJSON writes the form it would be read from.
func (f acceptFormats) MarshalJSON() ([]byte, error) {
	switch {
	case f.all:
		return json.Marshal("all")
	case len(f.list) == 0:
		return json.Marshal("native")
	}
	return json.Marshal(f.list)
}

// Schema lists the three forms.
func (acceptFormats) Schema(huma.Registry) *huma.Schema {
	var protocols []any
	for _, t := range domain.ProviderTypes() {
		if p := string(t.Protocol()); !slices.Contains(protocols, any(p)) {
			protocols = append(protocols, p)
		}
	}
	return &huma.Schema{OneOf: []*huma.Schema{
		{Type: huma.TypeString, Enum: []any{"native", "all"}},
		{Type: huma.TypeArray, Items: &huma.Schema{Type: huma.TypeString, Enum: protocols}},
	}}
}
