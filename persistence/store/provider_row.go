package store

import (
	"cmp"
	"encoding/json"
	"fmt"
	"strconv"

	"github.com/uptrace/bun"

	"github.com/claude-code-hub/cch/internal/domain"
)

type providerRow struct {
	bun.BaseModel `bun:"table:providers"`

	ID             int64  `bun:"id,pk,autoincrement"`
	Version        int    `bun:"version"`
	Name           string `bun:"name"`
	Description    string `bun:"description,nullzero"`
	Type           string `bun:"type"`
	VendorID       int64  `bun:"vendor_id,nullzero"`
	URL            string `bun:"url"`
	KeyEnc         []byte `bun:"key_enc"`
	KeyLast4       string `bun:"key_last4"`
	Enabled        bool   `bun:"is_enabled"`
	Weight         int    `bun:"weight"`
	Priority       int    `bun:"priority"`
	CostMultiplier int64  `bun:"cost_multiplier_e4"`
	limitColumns
	MaxAttempts           int    `bun:"max_attempts,nullzero"`
	AcceptFormats         string `bun:"accept_formats"`
	CodexInstructions     string `bun:"codex_instructions"`
	Conversion            string `bun:"conversion"`
	FailureThreshold      int    `bun:"cb_failure_threshold"`
	OpenDurationMs        int64  `bun:"cb_open_duration_ms"`
	HalfOpenSuccess       int    `bun:"cb_half_open_success_threshold"`
	FailureWindowMs       int64  `bun:"cb_failure_window_ms"`
	HalfOpenProbes        int    `bun:"cb_half_open_max_probes"`
	ProxyURLEnc           []byte `bun:"proxy_url_enc"`
	ProxyFallbackToDirect bool   `bun:"proxy_fallback_to_direct"`
	FirstByteTimeoutMs    int64  `bun:"first_byte_timeout_streaming_ms"`
	StreamIdleTimeoutMs   int64  `bun:"streaming_idle_timeout_ms"`
	RequestTimeoutMs      int64  `bun:"request_timeout_non_streaming_ms"`
	AuthStyle             string `bun:"auth_style"`
	PreserveClientIP      bool   `bun:"preserve_client_ip"`
	HTTP2                 *bool  `bun:"enable_http2"`
	DisableSessionReuse   bool   `bun:"disable_session_reuse"`
	ModelRedirects        string `bun:"model_redirects"`
	AllowedModels         string `bun:"allowed_models"`
	CustomHeadersEnc      []byte `bun:"custom_headers_enc"`
	AllowedClients        string `bun:"allowed_clients"`
	BlockedClients        string `bun:"blocked_clients"`
	ActiveStart           string `bun:"active_time_start,nullzero"`
	ActiveEnd             string `bun:"active_time_end,nullzero"`
	Draining              bool   `bun:"draining"`
	PricingKey            string `bun:"pricing_key,nullzero"`
	CostSource            string `bun:"cost_source"`
	SwapCacheTTL          bool   `bun:"swap_cache_ttl_billing"`
	Overrides             string `bun:"overrides"`
	CacheTTL              string `bun:"cache_ttl"`
	CreatedAt             int64  `bun:"created_at"`
	UpdatedAt             int64  `bun:"updated_at"`
	DeletedAt             int64  `bun:"deleted_at"`
}

// fromProvider fills every column but the sealed ones, see seal.
func fromProvider(p domain.Provider) providerRow {
	return providerRow{
		ID:                    int64(p.ID),
		Version:               1,
		Name:                  p.Name,
		Description:           p.Description,
		Type:                  string(p.Type),
		VendorID:              int64(p.VendorID),
		URL:                   p.URL,
		KeyEnc:                []byte{},
		KeyLast4:              p.Key.Last4(),
		Enabled:               p.Enabled,
		Weight:                p.Routing.Weight,
		Priority:              p.Routing.Priority,
		CostMultiplier:        int64(p.Routing.CostMultiplier),
		limitColumns:          fromLimits(p.Limits),
		MaxAttempts:           p.Routing.MaxAttempts,
		AcceptFormats:         acceptFormats(p.Conversion),
		CodexInstructions:     string(cmp.Or(p.Conversion.CodexInstructions, domain.InstructionsAuto)),
		Conversion:            toObject(p.Conversion.ConversionFlags),
		FailureThreshold:      p.Breaker.FailureThreshold,
		OpenDurationMs:        p.Breaker.OpenDuration.Milliseconds(),
		HalfOpenSuccess:       p.Breaker.HalfOpenSuccess,
		FailureWindowMs:       p.Breaker.FailureWindow.Milliseconds(),
		HalfOpenProbes:        p.Breaker.HalfOpenProbes,
		ProxyFallbackToDirect: p.Transport.ProxyFallbackToDirect,
		FirstByteTimeoutMs:    p.Transport.FirstByteTimeout.Milliseconds(),
		StreamIdleTimeoutMs:   p.Transport.StreamIdleTimeout.Milliseconds(),
		RequestTimeoutMs:      p.Transport.RequestTimeout.Milliseconds(),
		AuthStyle:             cmp.Or(string(p.Transport.AuthStyle), string(domain.AuthAuto)),
		PreserveClientIP:      p.Transport.PreserveClientIP,
		HTTP2:                 p.Transport.HTTP2,
		DisableSessionReuse:   p.Routing.DisableSessionReuse,
		ModelRedirects:        toJSON(p.Routing.ModelRedirects),
		AllowedModels:         toJSON(p.Routing.AllowedModels),
		AllowedClients:        toJSON(p.Routing.AllowedClients),
		BlockedClients:        toJSON(p.Routing.BlockedClients),
		ActiveStart:           p.Routing.Active.Start,
		ActiveEnd:             p.Routing.Active.End,
		Draining:              p.Routing.Draining,
		PricingKey:            p.Billing.PricingKey,
		CostSource:            cmp.Or(string(p.Billing.CostSource), string(domain.CostComputed)),
		SwapCacheTTL:          p.Billing.SwapCacheTTL,
		Overrides:             fromOverrides(p.Overrides),
		CacheTTL:              fromCacheTTL(p.CacheTTL),
	}
}

// seal encrypts the credentials of p for this row, whose id must be known.
func (r *providerRow) seal(sealer Sealer, p domain.Provider) (err error) {
	if r.KeyEnc, err = sealer.Seal(p.Key, r.place("key_enc")); err != nil {
		return fmt.Errorf("seal the key: %w", err)
	}
	r.ProxyURLEnc, r.CustomHeadersEnc = nil, nil
	if p.Transport.ProxyURL != "" {
		if r.ProxyURLEnc, err = sealer.Seal(p.Transport.ProxyURL, r.place("proxy_url_enc")); err != nil {
			return fmt.Errorf("seal the proxy URL: %w", err)
		}
	}
	if len(p.Transport.CustomHeaders) > 0 {
		open := make(map[string]string, len(p.Transport.CustomHeaders))
		for name, value := range p.Transport.CustomHeaders {
			open[name] = value.Reveal()
		}
		text, err := json.Marshal(open)
		if err != nil {
			return fmt.Errorf("encode the custom headers: %w", err)
		}
		if r.CustomHeadersEnc, err = sealer.Seal(domain.Secret(text), r.place("custom_headers_enc")); err != nil {
			return fmt.Errorf("seal the custom headers: %w", err)
		}
	}
	return nil
}

// place names a sealed column of this row.
func (r *providerRow) place(column string) string {
	return "providers:" + column + ":" + strconv.FormatInt(r.ID, 10)
}

// provider opens the row; its groups are read elsewhere.
func (r *providerRow) provider(sealer Sealer) (domain.Provider, error) {
	routing, err := r.routing()
	if err != nil {
		return domain.Provider{}, err
	}
	transport, err := r.transport(sealer)
	if err != nil {
		return domain.Provider{}, err
	}
	conversion, err := r.conversion()
	if err != nil {
		return domain.Provider{}, err
	}
	overrides, err := r.overrides()
	if err != nil {
		return domain.Provider{}, err
	}
	key, err := sealer.Open(r.KeyEnc, r.place("key_enc"))
	if err != nil {
		return domain.Provider{}, fmt.Errorf("open the key: %w", err)
	}
	return domain.Provider{
		ID:          domain.ProviderID(r.ID),
		Version:     r.Version,
		Name:        r.Name,
		Description: r.Description,
		Type:        domain.ProviderType(r.Type),
		VendorID:    domain.VendorID(r.VendorID),
		URL:         r.URL,
		Key:         key,
		KeyLast4:    r.KeyLast4,
		Enabled:     r.Enabled,
		Routing:     routing,
		Limits:      r.limits(),
		Breaker: domain.BreakerSettings{
			FailureThreshold: r.FailureThreshold,
			FailureWindow:    millis(r.FailureWindowMs),
			OpenDuration:     millis(r.OpenDurationMs),
			HalfOpenSuccess:  r.HalfOpenSuccess,
			HalfOpenProbes:   r.HalfOpenProbes,
		},
		Transport:  transport,
		Conversion: conversion,
		Billing: domain.Billing{
			PricingKey: r.PricingKey, CostSource: domain.CostSource(r.CostSource), SwapCacheTTL: r.SwapCacheTTL,
		},
		Overrides: overrides,
		CacheTTL:  toCacheTTL(r.CacheTTL),
		CreatedAt: fromMillis(r.CreatedAt),
		UpdatedAt: fromMillis(r.UpdatedAt),
	}, nil
}

func fromOverrides(o *domain.Overrides) string {
	if o == nil {
		return "{}"
	}
	return toObject(o)
}

// overrides are nil where there are none.
func (r *providerRow) overrides() (*domain.Overrides, error) {
	if r.Overrides == "{}" {
		return nil, nil //nolint:nilnil // none is none
	}
	var o domain.Overrides
	if err := json.Unmarshal([]byte(r.Overrides), &o); err != nil {
		return nil, fmt.Errorf("decode overrides: %w", err)
	}
	return &o, nil
}

// The lifetime of caches is empty in memory where it is inherited.

func fromCacheTTL(t domain.CacheTTL) string { return string(cmp.Or(t, domain.CacheInherit)) }

func toCacheTTL(text string) domain.CacheTTL {
	if t := domain.CacheTTL(text); t != domain.CacheInherit {
		return t
	}
	return ""
}

func (r *providerRow) routing() (domain.Routing, error) {
	models, err := fromJSON[domain.ModelRule]("allowed_models", r.AllowedModels)
	if err != nil {
		return domain.Routing{}, err
	}
	redirects, err := fromJSON[domain.ModelRedirect]("model_redirects", r.ModelRedirects)
	if err != nil {
		return domain.Routing{}, err
	}
	allowed, err := fromJSON[string]("allowed_clients", r.AllowedClients)
	if err != nil {
		return domain.Routing{}, err
	}
	blocked, err := fromJSON[string]("blocked_clients", r.BlockedClients)
	if err != nil {
		return domain.Routing{}, err
	}
	return domain.Routing{
		Weight:              r.Weight,
		Priority:            r.Priority,
		CostMultiplier:      domain.Multiplier(r.CostMultiplier),
		MaxAttempts:         r.MaxAttempts,
		AllowedModels:       models,
		ModelRedirects:      redirects,
		DisableSessionReuse: r.DisableSessionReuse,
		AllowedClients:      allowed,
		BlockedClients:      blocked,
		Active:              domain.DailyWindow{Start: r.ActiveStart, End: r.ActiveEnd},
		Draining:            r.Draining,
	}, nil
}

func (r *providerRow) transport(sealer Sealer) (domain.Transport, error) {
	t := domain.Transport{
		ProxyFallbackToDirect: r.ProxyFallbackToDirect,
		FirstByteTimeout:      millis(r.FirstByteTimeoutMs),
		StreamIdleTimeout:     millis(r.StreamIdleTimeoutMs),
		RequestTimeout:        millis(r.RequestTimeoutMs),
		AuthStyle:             domain.AuthStyle(r.AuthStyle),
		PreserveClientIP:      r.PreserveClientIP,
		HTTP2:                 r.HTTP2,
	}
	var err error
	if len(r.ProxyURLEnc) > 0 {
		if t.ProxyURL, err = sealer.Open(r.ProxyURLEnc, r.place("proxy_url_enc")); err != nil {
			return t, fmt.Errorf("open the proxy URL: %w", err)
		}
	}
	if len(r.CustomHeadersEnc) > 0 {
		text, err := sealer.Open(r.CustomHeadersEnc, r.place("custom_headers_enc"))
		if err != nil {
			return t, fmt.Errorf("open the custom headers: %w", err)
		}
		if err := json.Unmarshal([]byte(text.Reveal()), &t.CustomHeaders); err != nil {
			return t, fmt.Errorf("decode the custom headers: %w", err)
		}
	}
	return t, nil
}

// acceptFormats encodes which clients a provider takes: "native", "all" or a list.
func acceptFormats(c domain.Conversion) string {
	switch {
	case c.AcceptAll:
		return `"all"`
	case len(c.AcceptFormats) == 0:
		return `"native"`
	}
	return toJSON(c.AcceptFormats)
}

func (r *providerRow) conversion() (domain.Conversion, error) {
	c := domain.Conversion{CodexInstructions: domain.InstructionsMode(r.CodexInstructions)}
	if err := json.Unmarshal([]byte(r.Conversion), &c.ConversionFlags); err != nil {
		return c, fmt.Errorf("decode conversion: %w", err)
	}
	switch r.AcceptFormats {
	case `"all"`:
		c.AcceptAll = true
		return c, nil
	case `"native"`:
		return c, nil
	}
	var err error
	c.AcceptFormats, err = fromJSON[domain.Protocol]("accept_formats", r.AcceptFormats)
	return c, err
}
