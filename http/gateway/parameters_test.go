package gateway_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/tidwall/gjson"

	"github.com/claude-code-hub/cch/internal/domain"
)

func TestOverridesAreSpliced(t *testing.T) {
	t.Parallel()
	h, calls := spied(says(200, "application/json", message))
	w := newWorld(t, func(w *world) {
		p := w.config.Providers[0]
		p.Overrides = &domain.Overrides{MaxTokens: 32, Context1M: domain.Context1MForce}
		p.CacheTTL, w.config.Keys[0].CacheTTL = domain.Cache5m, domain.Cache1h
	}, h)
	body := `{ "model":"claude-5","max_tokens" : 64,"metadata":{"user_id":"u"},"messages":[{"role":"user","content":[{"type":"text","text":"h\u00e9","cache_control":{"type":"ephemeral"}}]}]} `
	r := w.request(t.Context(), body)
	r.Header.Set("Anthropic-Beta", "one, two")
	require.Equal(t, 200, w.do(r).status)
	got := <-calls
	requireSame(t, strings.Replace(strings.Replace(body, "64", "32", 1), `"ephemeral"`, `"ephemeral","ttl":"1h"`, 1), got.body)
	require.Equal(t, "one,two,extended-cache-ttl-2025-04-11,context-1m-2025-08-07", got.header.Get("Anthropic-Beta"))
	require.Equal(t, []domain.SpecialSetting{
		{Type: domain.SpecialParameterOverride, ProviderID: 1, Attempt: 1, Changes: []domain.ParameterChange{
			{Path: "max_tokens", Before: json.RawMessage("64"), After: json.RawMessage("32")},
			{Path: "cache_control.ttl", Before: json.RawMessage("null"), After: json.RawMessage(`"1h"`)},
		}},
		{Type: domain.SpecialCacheTTL, ProviderID: 1, Attempt: 1, Mode: "1h"},
		{Type: domain.SpecialContext1M, ProviderID: 1, Attempt: 1, Mode: "force_enable"},
	}, w.actor.only(t).Special)
}

func TestOverridesThatChangeNothingLeaveEveryByte(t *testing.T) {
	t.Parallel()
	h, calls := spied(says(200, "application/json", message))
	w := newWorld(t, func(w *world) {
		w.config.Providers[0].Overrides = &domain.Overrides{GoogleSearch: domain.ToolEnabled, Context1M: domain.Context1MDisabled}
		w.config.Providers[0].CacheTTL = domain.Cache5m
	}, h)
	r := w.request(t.Context(), oddBody)
	r.Header.Set("Anthropic-Beta", "context-1m-2025-08-07")
	require.Equal(t, 200, w.do(r).status)
	got := <-calls
	requireSame(t, oddBody, got.body)
	require.Empty(t, got.header.Values("Anthropic-Beta"))
}

// What one provider overrides never shows at the next one, and filters of the
// final phase see it.
func TestOverridesBelongToTheirAttempt(t *testing.T) {
	t.Parallel()
	first, calls1 := spied(says(503, "application/json", `{"error":"busy"}`))
	second, calls2 := spied(says(200, "application/json", message))
	last := doing(t, "last", domain.FilterFinal, `[{"op":"remove","path":"max_tokens","matcher":{"value":32}},{"op":"set","scope":"header","path":"anthropic-beta","value":"mine"}]`)
	w := newWorld(t, func(w *world) {
		filtering(boundTo(last, 1))(w)
		w.config.Providers[0].Overrides = &domain.Overrides{MaxTokens: 32}
		w.config.Providers[0].CacheTTL = domain.Cache1h
	}, first, second)
	require.Equal(t, 200, w.post(plainBody).status)
	one, two := <-calls1, <-calls2
	requireSame(t, strings.Replace(plainBody, `"max_tokens":64,`, "", 1), one.body)
	require.Equal(t, "mine", one.header.Get("Anthropic-Beta"))
	requireSame(t, plainBody, two.body)
	require.Empty(t, two.header.Values("Anthropic-Beta"))
}

func TestOverridesOfAConvertedCall(t *testing.T) {
	t.Parallel()
	h, calls := spied(streams(chatStream(t)))
	convert := converting(t, domain.TypeCodex)
	w := newWorld(t, func(w *world) {
		convert(w)
		w.config.Providers[0].Overrides = &domain.Overrides{ReasoningEffort: "low", ServiceTier: "flex"}
	}, h)
	r := w.request(t.Context(), streamBody)
	_ = w.do(r)
	got := (<-calls).body
	require.Equal(t, "low", gjson.Get(got, "reasoning.effort").Str, got)
	require.Equal(t, "flex", gjson.Get(got, "service_tier").Str)
}

func TestCountsAreNotOverridden(t *testing.T) {
	t.Parallel()
	h, calls := spied(says(200, "application/json", `{"input_tokens":3}`))
	w := newWorld(t, func(w *world) { w.config.Providers[0].Overrides = &domain.Overrides{MaxTokens: 32} }, h)
	r := w.request(t.Context(), plainBody)
	r.URL.Path = "/v1/messages/count_tokens"
	require.Equal(t, http.StatusOK, w.do(r).status)
	requireSame(t, plainBody, (<-calls).body)
}
