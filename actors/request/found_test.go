package request

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/internal/domain"
)

// What decided about a bill is told in the record, where it is not plain.
func TestWhatDecidedAboutABill(t *testing.T) {
	t.Parallel()
	// A price of the table, of a vendor and of a seller.
	prices := []*domain.ModelPrice{
		{ID: 41, Model: "acme-1", Source: "cloud", Data: []byte(`{"rates":{"input":"2","output":"8"},"tiers":[{"above_input_tokens":1000,"rates":{"input":"4"}}],"aliases":["acme"]}`), ValidFrom: noon},
		{ID: 42, Model: "acme-2", Source: "cloud", Data: []byte(`{"nodes":{"shop":{"rates":{"input":"2","output":"8"}}}}`), ValidFrom: noon},
	}
	codex := func(asked, given string, source domain.ServiceSource) func(*world) {
		return func(w *world) {
			w.providers[0].Type, w.request.Protocol = domain.TypeCodex, domain.ProtocolResponses
			w.request.Service.Tier, w.settings.PriorityBillingSource = asked, source
			w.request.Log.Call.Endpoint = given // where the case below finds it
		}
	}
	for name, c := range map[string]struct {
		edit   func(*world)
		prompt int64
		want   string
	}{
		"plain":                    {func(w *world) { w.request.Model = "acme-1" }, 1000, ""},
		"long":                     {func(w *world) { w.request.Model = "acme-1" }, 1001, `[{"type":"long_context_pricing","providerId":1,"attempt":1,"thresholdTokens":1000,"pricingScope":"request"}]`},
		"alias":                    {func(w *world) { w.request.Model = "acme" }, 10, `[{"type":"pricing_resolution","providerId":1,"attempt":1,"source":"alias","modelName":"acme","resolvedModelName":"acme-1"}]`},
		"date":                     {func(w *world) { w.request.Model = "acme-1-20250805" }, 10, `[{"type":"pricing_resolution","providerId":1,"attempt":1,"source":"table","modelName":"acme-1-20250805","resolvedModelName":"acme-1"}]`},
		"seller":                   {func(w *world) { w.request.Model = "acme-2" }, 10, `[{"type":"pricing_resolution","providerId":1,"attempt":1,"source":"richest","modelName":"acme-2","resolvedModelName":"acme-2","resolvedPricingProviderKey":"shop"}]`},
		"no price":                 {func(w *world) { w.request.Model = "nobody-1" }, 10, ""},
		"no service":               {codex("", "default", domain.ServiceActual), 10, ""},
		"asked for, not told":      {codex("priority", "", domain.ServiceActual), 10, `[{"type":"codex_service_tier_result","providerId":1,"attempt":1,"requestedServiceTier":"priority","billingSourcePreference":"actual","resolvedFrom":"requested","effectivePriority":true}]`},
		"asked for, not given":     {codex("priority", "default", domain.ServiceActual), 10, `[{"type":"codex_service_tier_result","providerId":1,"attempt":1,"requestedServiceTier":"priority","actualServiceTier":"default","billingSourcePreference":"actual","resolvedFrom":"actual"}]`},
		"asked for, which counts":  {codex("priority", "default", domain.ServiceRequested), 10, `[{"type":"codex_service_tier_result","providerId":1,"attempt":1,"requestedServiceTier":"priority","actualServiceTier":"default","billingSourcePreference":"requested","resolvedFrom":"requested","effectivePriority":true}]`},
		"not asked for, but given": {codex("", "flex", domain.ServiceActual), 10, `[{"type":"codex_service_tier_result","providerId":1,"attempt":1,"actualServiceTier":"flex","billingSourcePreference":"actual","resolvedFrom":"actual"}]`},
		"given, which counts not":  {codex("", "priority", domain.ServiceRequested), 10, `[{"type":"codex_service_tier_result","providerId":1,"attempt":1,"actualServiceTier":"priority","billingSourcePreference":"requested"}]`},
		"no Codex":                 {func(w *world) { w.request.Service.Tier, w.request.Model = "priority", "acme-1" }, 10, ""},
		"of the request, in its own": {func(w *world) {
			w.request.Model, w.request.Special = "acme-1", []domain.SpecialSetting{{Type: domain.SpecialClaudeEffort, Effort: "high"}}
		}, 1001, `[{"type":"anthropic_effort","effort":"high"},{"type":"long_context_pricing","providerId":1,"attempt":1,"thresholdTokens":1000,"pricingScope":"request"}]`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newWorld(func(w *world) { w.prices, w.request.Model = prices, "acme-1" }, c.edit).run().to(t, attempting)
			res := r.success()
			res.Metered = domain.Metered{
				Passes: []domain.UsagePass{{Input: c.prompt, Output: 1}}, ServiceTier: r.req.Log.Call.Endpoint,
			}
			r.attempted(res, noon)
			if c.want == "" {
				require.Empty(t, r.fx.record.Detail.Special)
				return
			}
			require.JSONEq(t, c.want, string(r.fx.record.Detail.Special))
		})
	}
}

// Nothing is told of what costs nothing: a failure, a call that nobody sells.
func TestNothingDecidedAboutABillThatIsNone(t *testing.T) {
	t.Parallel()
	r := newWorld(func(w *world) {
		w.providers[0].Type, w.request.Protocol, w.request.Service.Tier = domain.TypeCodex, domain.ProtocolResponses, "priority"
	}).run().to(t, attempting)
	res := r.failure(400)
	res.Class = domain.ClassClientError
	r.attempted(res, noon)
	require.Empty(t, r.fx.record.Detail.Special)

	r = newWorld(func(w *world) { w.request.Class, w.request.Model = domain.CallCount, "claude-sonnet-4-5-20250929" }).run().to(t, settling)
	require.Empty(t, r.fx.record.Detail.Special)
}

// The request's own list is shared with the gateway, which goes on reading it.
func TestTheListOfTheRequestStaysItsOwn(t *testing.T) {
	t.Parallel()
	own := make([]domain.SpecialSetting, 1, 4)
	own[0] = domain.SpecialSetting{Type: domain.SpecialClaudeEffort, Effort: "high"}
	r := newWorld(func(w *world) { w.request.Special = own }).run().to(t, attempting)
	res := r.success()
	res.Special = []domain.SpecialSetting{{Type: domain.SpecialStreamUsage}}
	r.attempted(res, noon)
	var told []domain.SpecialSetting
	require.NoError(t, json.Unmarshal([]byte(r.fx.record.Detail.Special), &told))
	require.Len(t, told, 2)
	require.Equal(t, domain.SpecialSetting{}, own[:2][1])
}
