package adminapi_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/tidwall/gjson"

	"github.com/claude-code-hub/cch/internal/domain"
)

// A user sees by which model a request was billed, as in the bill, and not which
// seller's price that is.
func TestWhoSellsIsNotForUsers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ann := w.person("ann", nil, nil)
	route := w.routed(ann, []domain.ChainEntry{{ProviderID: 1, Reason: domain.ReasonRequestSuccess, AttemptNumber: 1, StatusCode: 200}}, []domain.SpecialSetting{
		{Type: domain.SpecialClaudeEffort, Effort: "high"},
		{Type: domain.SpecialPriceResolving, ProviderID: 1, Attempt: 1, Source: "provider_node", PriceFound: &domain.PriceFound{Named: "opus", Model: "claude-opus-4-8", Node: "cheap-shop"}},
	}, nil)
	const full = `{"type":"pricing_resolution","providerId":1,"attempt":1,"source":"provider_node","modelName":"opus","resolvedModelName":"claude-opus-4-8","resolvedPricingProviderKey":"cheap-shop"}`
	for path, at := range map[string]string{route: "attempts.0.changes.0", strings.TrimSuffix(route, "/route"): "specialSettings.1"} {
		a := w.admin(http.MethodGet, path, nil)
		require.JSONEq(t, full, gjson.Get(a.text, at).Raw, a.text)
		a = w.as(ann, path)
		require.JSONEq(t, `{"type":"pricing_resolution","providerId":1,"attempt":1,"modelName":"opus","resolvedModelName":"claude-opus-4-8"}`, gjson.Get(a.text, at).Raw, a.text)
	}
}
