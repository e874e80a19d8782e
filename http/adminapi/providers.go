package adminapi

import (
	"cmp"
	"context"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/claude-code-hub/cch/internal/domain"
)

func (a *API) declareProviders() {
	tags := []string{"Providers"}
	operation(a, LevelAdmin, huma.Operation{
		OperationID: "listProviders", Method: http.MethodGet, Path: "/providers", Tags: tags, Summary: "List providers",
	}, a.listProviders)
	operation(a, LevelAdmin, huma.Operation{
		OperationID: "createProvider", Method: http.MethodPost, Path: "/providers", Tags: tags, Summary: "Create a provider",
		DefaultStatus: http.StatusCreated,
	}, a.createProvider)
	operation(a, LevelAdmin, huma.Operation{
		OperationID: "getProvider", Method: http.MethodGet, Path: "/providers/{id}", Tags: tags, Summary: "Read a provider",
	}, a.getProvider)
	operation(a, LevelAdmin, huma.Operation{
		OperationID: "updateProvider", Method: http.MethodPatch, Path: "/providers/{id}", Tags: tags,
		Summary: "Change a provider; without a key it keeps the one it has",
	}, a.updateProvider)
	operation(a, LevelAdmin, huma.Operation{
		OperationID: "deleteProvider", Method: http.MethodDelete, Path: "/providers/{id}", Tags: tags,
		Summary: "Delete a provider", DefaultStatus: http.StatusNoContent,
	}, a.deleteProvider)
}

type providerBody struct {
	ID                  int64                  `json:"id"`
	Version             int                    `json:"version"`
	Name                string                 `json:"name"`
	Description         *string                `json:"description"`
	Type                string                 `json:"type"                        enum:"claude,claude-auth,codex,openai-compatible,gemini,gemini-cli"`
	URL                 string                 `json:"url"`
	VendorID            *int64                 `json:"vendorId"`
	KeyLast4            string                 `json:"keyLast4"`
	IsEnabled           bool                   `json:"isEnabled"`
	Groups              []string               `json:"groups"`
	GroupPriorities     map[string]int         `json:"groupPriorities"`
	Weight              int                    `json:"weight"`
	Priority            int                    `json:"priority"`
	CostMultiplier      float64                `json:"costMultiplier"`
	MaxAttempts         *int                   `json:"maxAttempts"`
	AllowedModels       []domain.ModelRule     `json:"allowedModels"`
	ModelRedirects      []domain.ModelRedirect `json:"modelRedirects"`
	DisableSessionReuse bool                   `json:"disableSessionReuse"`
	AllowedClients      []string               `json:"allowedClients"`
	BlockedClients      []string               `json:"blockedClients"`
	ActiveTimeStart     *string                `json:"activeTimeStart"             doc:"null = active at all times"`
	ActiveTimeEnd       *string                `json:"activeTimeEnd"`
	Draining            bool                   `json:"draining"`
	AcceptFormats       acceptFormats          `json:"acceptFormats"`
	CodexInstructions   string                 `json:"codexInstructions"`
	Conversion          conversionBody         `json:"conversion"`
	CircuitBreaker      breakerBody            `json:"circuitBreaker"`
	HasProxy            bool                   `json:"hasProxy"`
	ProxyFallback       bool                   `json:"proxyFallbackToDirect"`
	FirstByteTimeoutMs  int64                  `json:"firstByteTimeoutStreamingMs"`
	StreamIdleTimeoutMs int64                  `json:"streamingIdleTimeoutMs"`
	RequestTimeoutMs    int64                  `json:"requestTimeoutNonStreamingMs"`
	AuthStyle           string                 `json:"authStyle"`
	PreserveClientIP    bool                   `json:"preserveClientIp"`
	EnableHTTP2         *bool                  `json:"enableHttp2"                 doc:"null = as the settings say"`
	CustomHeaderNames   []string               `json:"customHeaderNames"           doc:"their values are not shown"`
	PricingKey          *string                `json:"pricingKey"`
	CostSource          string                 `json:"costSource"                  enum:"computed,reported"`
	SwapCacheTTLBilling bool                   `json:"swapCacheTtlBilling"`
	CacheTTL            string                 `json:"cacheTtl"                    enum:"inherit,5m,1h"`
	Overrides           overridesBody          `json:"overrides"                   doc:"null = as the client wants it"`
	LimitBody
	CreatedAt time.Time   `json:"createdAt"`
	UpdatedAt time.Time   `json:"updatedAt"`
	Health    *healthBody `json:"health"    doc:"null until the provider was used or asked about"`
}

type breakerBody struct {
	FailureThreshold int   `json:"failureThreshold"`
	OpenDurationMs   int64 `json:"openDurationMs"`
	HalfOpenSuccess  int   `json:"halfOpenSuccessThreshold"`
	FailureWindowMs  int64 `json:"failureWindowMs"`
	HalfOpenProbes   int   `json:"halfOpenMaxProbes"`
}

func (a *API) showProvider(p *domain.Provider) providerBody {
	t, r := &p.Transport, &p.Routing
	b := providerBody{
		ID: int64(p.ID), Version: p.Version, Name: p.Name, Description: optional(p.Description), Type: string(p.Type),
		URL: p.URL, VendorID: number(p.VendorID), KeyLast4: p.KeyLast4, IsEnabled: p.Enabled, Groups: list(p.Groups),
		GroupPriorities: map[string]int{}, Weight: r.Weight, Priority: r.Priority,
		CostMultiplier: r.CostMultiplier.Float(), MaxAttempts: optional(r.MaxAttempts),
		AllowedModels: list(r.AllowedModels), ModelRedirects: list(r.ModelRedirects),
		DisableSessionReuse: r.DisableSessionReuse,
		AllowedClients:      list(r.AllowedClients), BlockedClients: list(r.BlockedClients),
		ActiveTimeStart: optional(r.Active.Start), ActiveTimeEnd: optional(r.Active.End), Draining: r.Draining,
		AcceptFormats:     acceptFormats{all: p.Conversion.AcceptAll, list: p.Conversion.AcceptFormats},
		CodexInstructions: string(p.Conversion.CodexInstructions), Conversion: showConversion(&p.Conversion.ConversionFlags),
		CircuitBreaker: showBreaker(&p.Breaker),
		HasProxy:       t.ProxyURL != "", ProxyFallback: t.ProxyFallbackToDirect,
		FirstByteTimeoutMs: t.FirstByteTimeout.Milliseconds(), StreamIdleTimeoutMs: t.StreamIdleTimeout.Milliseconds(),
		RequestTimeoutMs: t.RequestTimeout.Milliseconds(), AuthStyle: string(t.AuthStyle),
		PreserveClientIP: t.PreserveClientIP, EnableHTTP2: t.HTTP2, CustomHeaderNames: list(slices.Sorted(maps.Keys(t.CustomHeaders))),
		PricingKey: optional(p.Billing.PricingKey), CostSource: string(p.Billing.CostSource),
		SwapCacheTTLBilling: p.Billing.SwapCacheTTL,
		CacheTTL:            string(cmp.Or(p.CacheTTL, domain.CacheInherit)), Overrides: showOverrides(p.Overrides),
		LimitBody: limitsOf(&p.Limits), CreatedAt: p.CreatedAt.UTC(), UpdatedAt: p.UpdatedAt.UTC(),
	}
	maps.Copy(b.GroupPriorities, p.GroupPriorities)
	if h, ok := a.Live.Health(p.ID); ok {
		b.Health = new(showHealth(&h, a.Now()))
	}
	return b
}

type conversionBody struct {
	AlwaysStream        bool    `json:"alwaysStream"`
	DeveloperRole       bool    `json:"developerRole"`
	CacheBreakpoints    bool    `json:"cacheBreakpoints"`
	DeriveCacheKey      bool    `json:"deriveCacheKey"`
	AutoCache           bool    `json:"autoCache"`
	MaxCompletionTokens bool    `json:"maxCompletionTokens"`
	DefaultMaxTokens    *int64  `json:"defaultMaxTokens"`
	Project             *string `json:"project"`
	InlineRemoteMedia   bool    `json:"inlineRemoteMedia"`
}

func showConversion(c *domain.ConversionFlags) conversionBody {
	return conversionBody{
		AlwaysStream: c.AlwaysStream, DeveloperRole: c.DeveloperRole, CacheBreakpoints: c.CacheBreakpoints,
		DeriveCacheKey: c.DeriveCacheKey, AutoCache: !c.NoAutoCache, MaxCompletionTokens: c.MaxCompletionTokens,
		DefaultMaxTokens: optional(c.DefaultMaxTokens), Project: optional(c.Project), InlineRemoteMedia: c.InlineRemoteMedia,
	}
}

func showBreaker(b *domain.BreakerSettings) breakerBody {
	return breakerBody{
		FailureThreshold: b.FailureThreshold, OpenDurationMs: b.OpenDuration.Milliseconds(),
		HalfOpenSuccess: b.HalfOpenSuccess, FailureWindowMs: b.FailureWindow.Milliseconds(),
		HalfOpenProbes: b.HalfOpenProbes,
	}
}

type providerListInput struct {
	PageInput
	Query   string `query:"q"       maxLength:"64"                  doc:"part of the name, description or URL"`
	Type    string `query:"type"    enum:"claude,claude-auth,codex,openai-compatible,gemini,gemini-cli"`
	Group   string `query:"group"   maxLength:"200"`
	Enabled string `query:"enabled" enum:"true,false"`
	Breaker string `query:"breaker" enum:"closed,open,half_open"`
	Sort    string `query:"sort"    enum:"id,name,priority"         default:"id"`
	Order   string `query:"order"   enum:"asc,desc"                 default:"asc"`
}

func (a *API) listProviders(ctx context.Context, in *providerListInput) (*listOutput[providerBody], error) {
	all, err := a.Stores.Providers.List(ctx)
	if err != nil {
		return nil, err
	}
	all = slices.DeleteFunc(all, func(p domain.Provider) bool { return !a.providerMatches(in, &p) })
	keyOf := func(p *domain.Provider) string {
		switch in.Sort {
		case "name":
			return strings.ToLower(p.Name) + "\x00" + idKey(p.ID)
		case "priority":
			return idKey(int64(p.Routing.Priority)) + idKey(p.ID)
		}
		return idKey(p.ID)
	}
	return pageOf(all, in.PageInput, in.Order == "desc", keyOf, a.showProvider)
}

func (a *API) providerMatches(in *providerListInput, p *domain.Provider) bool {
	state := domain.BreakerClosed
	if h, ok := a.Live.Health(p.ID); ok {
		state = h.Breaker
	}
	text := strings.ToLower(p.Name + "\x00" + p.Description + "\x00" + p.URL)
	return strings.Contains(text, strings.ToLower(in.Query)) &&
		(in.Type == "" || in.Type == string(p.Type)) &&
		(in.Group == "" || slices.Contains(p.Groups, in.Group)) &&
		(in.Enabled == "" || (in.Enabled == "true") == p.Enabled) &&
		(in.Breaker == "" || in.Breaker == string(state))
}

type createProviderInput struct {
	Body struct {
		Name string `json:"name" maxLength:"64" pattern:"\\S" patternDescription:"a text that is not blank"`
		Type string `json:"type" enum:"claude,claude-auth,codex,openai-compatible,gemini,gemini-cli"`
		URL  string `json:"url"  maxLength:"255" pattern:"^\\s*[hH][tT][tT][pP][sS]?://[^/?#@\\s]+(/[^?#]*)?\\s*$" patternDescription:"an http or https URL without user, query and fragment" doc:"base URL"`
		Key  string `json:"key"  maxLength:"16384" pattern:"\\S" patternDescription:"a text that is not blank" writeOnly:"true"`
		ProviderFields
	}
}

func (a *API) createProvider(ctx context.Context, in *createProviderInput) (*output[providerBody], error) {
	p := newProvider(domain.ProviderType(in.Body.Type), in.Body.URL, in.Body.Key)
	p.Name = in.Body.Name
	wrong := in.Body.apply(&p)
	wrong.checkName(&p.Name)
	wrong.checkURL(&p.URL)
	wrong.checkCredential(p.Key)
	wrong.checkVendor(a.Catalog.Current(), &p)
	wrong.checkOverrides(&p)
	if err := wrong.err(); err != nil {
		return nil, err
	}
	created, version, err := a.Stores.Providers.Create(ctx, p)
	if err != nil {
		return nil, err
	}
	a.settled(ctx, version)
	return &output[providerBody]{ETag: etag(created.Version), Body: a.showProvider(&created)}, nil
}

// newProvider has the defaults of a provider about which nothing else is said.
func newProvider(kind domain.ProviderType, url, key string) domain.Provider {
	p := domain.Provider{
		Type: kind, URL: url, Enabled: true, Limits: defaultLimits(), Breaker: domain.DefaultBreakerSettings(),
		Routing:    domain.Routing{Weight: 1, CostMultiplier: domain.MultiplierOne},
		Transport:  domain.Transport{AuthStyle: domain.AuthAuto},
		Conversion: domain.Conversion{CodexInstructions: domain.InstructionsAuto},
		Billing:    domain.Billing{CostSource: domain.CostComputed},
	}
	setProviderKey(&p, key)
	return p
}

func setProviderKey(p *domain.Provider, key string) {
	p.Key = domain.Secret(strings.TrimSpace(key))
	p.KeyLast4 = p.Key.Last4()
}

// ProviderIDInput names a provider in the path.
type ProviderIDInput struct {
	ID int64 `path:"id" minimum:"1"`
}

func (a *API) getProvider(ctx context.Context, in *ProviderIDInput) (*output[providerBody], error) {
	p, err := a.Stores.Providers.Get(ctx, domain.ProviderID(in.ID))
	if err != nil {
		return nil, err
	}
	return &output[providerBody]{ETag: etag(p.Version), Body: a.showProvider(&p)}, nil
}

type updateProviderInput struct {
	ProviderIDInput
	VersionInput
	Body struct {
		Name field[string] `json:"name,omitzero" minLength:"1" maxLength:"64"`
		Type string        `json:"type,omitempty" enum:"claude,claude-auth,codex,openai-compatible,gemini,gemini-cli"`
		URL  field[string] `json:"url,omitzero"  minLength:"1" maxLength:"255" doc:"a new host needs the key again"`
		Key  string        `json:"key,omitempty"  minLength:"1" maxLength:"16384" writeOnly:"true" doc:"left out: unchanged"`
		ProviderFields
	}
}

func (a *API) updateProvider(ctx context.Context, in *updateProviderInput) (*output[providerBody], error) {
	e := edit[domain.ProviderID, domain.Provider, providerBody]{
		repo:    a.Stores.Providers,
		version: func(p *domain.Provider) int { return p.Version },
		show:    a.showProvider,
		apply:   func(_ context.Context, p *domain.Provider) error { return in.merge(p, a.Catalog.Current()) },
	}
	out, err := e.run(ctx, a, domain.ProviderID(in.ID), in.VersionInput)
	if err == nil {
		a.remind(ctx, domain.ProviderID(in.ID))
	}
	return out, err
}

// merge changes the provider. The stored key is never sent to a new host:
// whoever could only redirect a provider would learn it.
func (in *updateProviderInput) merge(p *domain.Provider, c *domain.Catalog) error {
	body, before := &in.Body, p.URL
	wrong := body.apply(p)
	if body.Name.set {
		p.Name = body.Name.value
		wrong.checkName(&p.Name)
	}
	if body.Type != "" {
		p.Type = domain.ProviderType(body.Type)
	}
	if body.URL.set && body.URL.value != p.URL {
		p.URL = body.URL.value
		wrong.checkURL(&p.URL)
	}
	switch {
	case body.Key != "":
		setProviderKey(p, body.Key)
		wrong.checkCredential(p.Key)
	case hostOf(p.URL) != hostOf(before):
		wrong.add("required", "is required when the host of the URL changes", "key")
	}
	wrong.checkVendor(c, p)
	wrong.checkOverrides(p)
	return wrong.err()
}

type deleteProviderInput struct {
	ProviderIDInput
	VersionInput
}

func (a *API) deleteProvider(ctx context.Context, in *deleteProviderInput) (*struct{}, error) {
	return remove(ctx, a, a.Stores.Providers, domain.ProviderID(in.ID), in.VersionInput)
}
