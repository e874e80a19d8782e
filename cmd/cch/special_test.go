package main

import (
	"encoding/base64"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/internal/testkit"
)

// What the hub found out about a call stands in its record, from the client's
// bytes to the management API: what effort was asked for, who signed the
// thinking, which service it was, why its price is not the plain one.
func TestWhatWasFoundOutAboutACall(t *testing.T) {
	t.Parallel()
	p := testkit.StartProgram(t)
	status, res := p.Admin(t, http.MethodPut, "/model-prices/found-1", testkit.M{
		"vendor": "acme", "mode": "chat", "rates": testkit.M{"input": "2", "output": "10"}, "aliases": []string{"found"},
		"tiers": []testkit.M{{"above_input_tokens": 1000, "rates": testkit.M{"input": "4", "output": "20"}}},
	})
	require.Equal(t, http.StatusOK, status, res.Raw)
	signature := base64.StdEncoding.EncodeToString([]byte("\x12\x14\x0a\x12\x32\x10claude-haiku-4-5" + "\x52\x60" + strings.Repeat("e", 0x60)))
	claude := claudeStream(`{"input_tokens":1001,"output_tokens":1}`, `{"output_tokens":9}`)
	claude = append(claude[:1:1], append([]string{
		event(`{"type":"content_block_start","index":0,"content_block":{"type":"thinking","thinking":"","signature":""}}`),
		event(`{"type":"content_block_delta","index":0,"delta":{"type":"signature_delta","signature":"` + signature + `"}}`),
		event(`{"type":"content_block_stop","index":0}`),
	}, claude[1:]...)...)
	for name, c := range map[string]struct {
		kind   string
		frames []string
		path   string
		body   string
		want   string
	}{
		"claude": {
			"claude", claude, "/v1/messages", `{"model":"found","max_tokens":64,"stream":true,"output_config":{"effort":"high"},"metadata":{"user_id":"u"},"messages":[{"role":"user","content":"hi"}]}`,
			`[{"type":"anthropic_effort","effort":"high"},` +
				`{"type":"thinking_signature_model_detection","providerId":$,"attempt":1,"source":"signature","requestedModel":"found","extractedModel":"claude-haiku-4-5","signatureFound":true},` +
				`{"type":"long_context_pricing","providerId":$,"attempt":1,"thresholdTokens":1000,"pricingScope":"request"},` +
				`{"type":"pricing_resolution","providerId":$,"attempt":1,"source":"manual","modelName":"found","resolvedModelName":"found-1"}]`,
		},
		"codex": {
			"codex", responsesStream("default", "", `{"input_tokens":10,"output_tokens":5,"total_tokens":15}`),
			"/v1/responses", `{"model":"found-1","stream":true,"store":false,"reasoning":{"effort":"low"},"service_tier":"priority","prompt_cache_key":"none","input":[]}`,
			`[{"type":"codex_reasoning_effort","effort":"low"},` +
				`{"type":"codex_service_tier_result","providerId":$,"attempt":1,"requestedServiceTier":"priority","actualServiceTier":"default","billingSourcePreference":"actual","resolvedFrom":"actual"}]`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			provider := p.AddProvider(t, streamed(t, name, c.frames...), testkit.M{"type": c.kind, "groups": []string{name}})
			key := p.AddKey(t, p.AddUser(t, name, testkit.M{"groups": []string{name}}), "key")
			status, header, text := p.Call(t, http.MethodPost, c.path, key, c.body, "Session-Id", "none")
			require.Equal(t, http.StatusOK, status, text)
			id := header.Get("X-Request-Id")
			p.AwaitLogs(t, "requestId="+id, 1)
			row := p.Detail(t, id)
			require.JSONEq(t, strings.ReplaceAll(c.want, "$", strconv.FormatInt(provider, 10)), row.Get("specialSettings").Raw, row.Raw)
		})
	}
}
