package pricing_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/internal/pricing"
)

// entry is what an import must give, in our own format.
func entry(t *testing.T, name, own string) *pricing.Model {
	t.Helper()
	m, err := pricing.ParseModel(name, []byte(own))
	require.NoError(t, err)
	return m
}

func sameModel(t *testing.T, want, got *pricing.Model) {
	t.Helper()
	equal := cmp.Comparer(func(a, b decimal.Decimal) bool { return a.Equal(b) })
	require.Empty(t, cmp.Diff(want, got, equal))
}

func byID(t *testing.T, i *pricing.Import, id string) *pricing.Model {
	t.Helper()
	for _, m := range i.File.Models {
		if m.ID == id {
			return m
		}
	}
	require.Fail(t, "not imported", id)
	return nil
}

func TestDetect(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]pricing.Format{
		`{"schema":"ai-price-table/v1"}`:       pricing.FormatOwn,
		` {"schema":"cchp.pricing-table/v1"}`:  pricing.FormatCPT,
		`{"gpt-4o":{"mode":"chat"}}`:           pricing.FormatLiteLLM,
		"[metadata]\nversion = \"2026.08.22\"": pricing.FormatPricesBase,
	} {
		got, err := pricing.Detect([]byte(text))
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
	for _, text := range []string{"", " \n", "{", `{"schema":"other/v9"}`} {
		_, err := pricing.Detect([]byte(text))
		require.ErrorIs(t, err, pricing.ErrFormat, text)
	}
}

const litellmList = `{
	"sample_spec": {"input_cost_per_token": 1, "output_cost_per_token": 1},
	"claude-x": {"litellm_provider": "anthropic", "mode": "chat", "max_input_tokens": 200000, "max_output_tokens": "64000",
		"input_cost_per_token": 3e-06, "output_cost_per_token": 1.5e-05,
		"cache_creation_input_token_cost": 3.75e-06, "cache_creation_input_token_cost_above_1hr": 6e-06,
		"cache_read_input_token_cost": 3.0000000000000004e-07,
		"input_cost_per_token_above_200k_tokens": 6e-06, "output_cost_per_token_above_200k_tokens": 2.25e-05,
		"cache_creation_input_token_cost_above_1hr_above_200k_tokens": 1.2e-05,
		"input_cost_per_token_priority": 6e-06, "input_cost_per_token_above_272k_tokens_flex": 1e-06,
		"output_cost_per_token_batches": 7.5e-06, "input_cost_per_token_above_xk_tokens": 9, "input_cost_per_token_turbo": 9,
		"search_context_cost_per_query": {"search_context_size_low": 0.02, "search_context_size_medium": 0.01},
		"file_search_cost_per_1k_calls": 2.5, "output_cost_per_image": 0.04,
		"provider_specific_entry": {"fast": 6.0, "us": 1.1}, "supports_vision": true},
	"qwen-x": {"litellm_provider": "dashscope", "tiered_pricing": [
		{"range": [0, 32000.0], "input_cost_per_token": 1e-06, "output_cost_per_token": 5e-06},
		{"range": [32000.0, 128000.0], "input_cost_per_token": 1.8e-06, "output_cost_per_token": 9e-06}]},
	"no-price": {"litellm_provider": "x", "mode": "chat"},
	"negative": {"input_cost_per_token": -1}
}`

func TestLiteLLMLists(t *testing.T) {
	t.Parallel()
	got, err := pricing.ParseJSON([]byte(litellmList))
	require.NoError(t, err)
	require.Equal(t, []string{"negative", "no-price"}, got.Skipped)
	require.Len(t, got.File.Models, 2)
	sameModel(t, entry(t, "claude-x", `{"vendor":"anthropic","mode":"chat","context_tokens":200000,"max_output_tokens":64000,
		"rates":{"input":"3","output":"15","cache_read":"0.3","cache_write_5m":"3.75","cache_write_1h":"6"},
		"tiers":[{"above_input_tokens":200000,"rates":{"input":"6","output":"22.5","cache_write_1h":"12"}}],
		"service_tiers":{"priority":{"rates":{"input":"6"}},"batch":{"rates":{"output":"7.5"}},
			"flex":{"rates":{},"tiers":[{"above_input_tokens":272000,"rates":{"input":"1"}}]}},
		"multipliers":{"speed_fast":"6","geo_us":"1.1"},
		"fees":{"web_search_call":"0.01","file_search_call":"0.0025","image_output_each":"0.04"}}`), byID(t, got, "claude-x"))
	sameModel(t, entry(t, "qwen-x", `{"vendor":"dashscope","rates":{"input":"1","output":"5"},
		"tiers":[{"above_input_tokens":32000,"rates":{"input":"1.8","output":"9"}}]}`), byID(t, got, "qwen-x"))
}

const cptList = `{"schema":"cchp.pricing-table/v1","version":"v7","currency":"USD","refreshed_at":"2026-07-01T00:00:00.000Z","providers":{},
"models":[
 {"slug":"anthropic/claude-x","model_name":"claude-x","vendor":"anthropic","display_name":"Claude X","aliases":["claude-x-1","anthropic/claude-x"],
  "model_type":null,"max_input_tokens":200000,"max_output_tokens":64000,"pricing":[
   {"provider":"anthropic","official":true,"region":null,"charges":{
     "prompt":{"unit":"per_M_tokens","price":"3"},"completion":{"unit":"per_M_tokens","price":"15"},
     "cache_read":{"unit":"per_M_tokens","price":"0.3"},"cache_write":{"unit":"per_M_tokens","price":"3.75"},
     "cache_storage":{"unit":"per_M_tokens_per_hour","price":"4.5"},"web_search":{"unit":"per_k_calls","price":"10"}},
    "tracks":[
     {"label":"1M","factor":"1","charge_factors":{"prompt":"2","completion":"1.5","cache_read":"2","cache_write":"2"},"triggers":[
       {"kind":"header_matches","header":"anthropic-beta","pattern":"context-1m-\\d{4}"},{"kind":"input_tokens_above","threshold":200000,"inclusive":false}]},
     {"label":"header only","factor":"9","triggers":[{"kind":"header_matches","pattern":"context-1m"}]},
     {"label":"fast","factor":"6","triggers":[{"kind":"body_matches","field":"speed","pattern":"^fast$"}]},
     {"label":"unknown","factor":"9","triggers":[{"kind":"moon_phase"}]},
     {"label":"standard","factor":"1","triggers":[]}]},
   {"provider":"amazon-bedrock","official":false,"region":"us-east-1","charges":{"prompt":{"unit":"per_M_tokens","price":3.3}},"tracks":null},
   {"provider":"cn","official":false,"charges":{"prompt":{"unit":"per_M_tokens","price":"20","currency":"CNY"}}}]},
 {"slug":"other/gpt-x","model_name":"gpt-x","vendor":"other","pricing":[{"provider":"openrouter","charges":{"prompt":{"unit":"per_M_tokens","price":"9"}}}]},
 {"slug":"openai/gpt-x","model_name":"gpt-x","vendor":"openai","model_type":"image","pricing":[
   {"provider":"openai","official":true,"charges":{"prompt":{"unit":"per_M_tokens","price":"10"},"completion":{"unit":"per_M_tokens","price":"40"},
     "image_output":{"unit":"per_image","price":"0.04"},"image_input":{"unit":"per_M_tokens","price":"5"},"request":{"unit":"per_request","price":"0.002"}},
    "tracks":[
     {"factor":"1","charge_factors":{"prompt":"4","completion":"3"},"triggers":[{"kind":"body_matches","field":"service_tier","pattern":"^priority$"},{"kind":"input_tokens_above","threshold":272000,"inclusive":true}]},
     {"factor":"2","triggers":[{"kind":"body_matches","field":"service_tier","pattern":"^priority$"}]},
     {"factor":"7","triggers":[{"kind":"body_matches","field":"service_tier","pattern":"^priority$"}]},
     {"factor":"0.5","triggers":[{"kind":"endpoint_matches","pattern":"^batch\\."}]},
     {"factor":"2","triggers":[{"kind":"input_tokens_above","threshold":200000000000}]},
     {"factor":"0.5","triggers":[]}]}]},
 {"slug":"x/none","model_name":"none","vendor":"x","pricing":[]},
 {"model_name":"broken","pricing":"no"}
]}`

func TestCloudLists(t *testing.T) {
	t.Parallel()
	got, err := pricing.ParseJSON([]byte(cptList))
	require.NoError(t, err)
	require.Equal(t, "v7", got.File.Version)
	require.Equal(t, []string{"broken", "none"}, got.Skipped)
	require.Len(t, got.File.Models, 2)
	sameModel(t, entry(t, "claude-x", `{"vendor":"anthropic","mode":"chat","display_name":"Claude X","aliases":["claude-x-1","anthropic/claude-x"],
		"context_tokens":200000,"max_output_tokens":64000,"nodes":{
		"anthropic":{"official":true,"rates":{"input":"3","output":"15","cache_read":"0.3","cache_write_5m":"3.75"},
			"tiers":[{"above_input_tokens":200000,"rates":{"input":"6","output":"22.5","cache_read":"0.6","cache_write_5m":"7.5"}}],
			"multipliers":{"speed_fast":"6"},"fees":{"web_search_call":"0.01"}},
		"amazon-bedrock@us-east-1":{"rates":{"input":"3.3"}}}}`), byID(t, got, "claude-x"))
	sameModel(t, entry(t, "gpt-x", `{"vendor":"openai","mode":"image_generation","aliases":["openai/gpt-x"],"nodes":{
		"openai":{"official":true,"rates":{"input":"5","output":"20","input_image":"2.5"},
			"service_tiers":{"priority":{"rates":{"input":"20","output":"80","input_image":"10"},
				"tiers":[{"above_input_tokens":271999,"rates":{"input":"40","output":"120","input_image":"5"}}]},
				"batch":{"rates":{"input":"5","output":"20","input_image":"2.5"}}},
			"fees":{"image_output_each":"0.04","request":"0.002"}}}}`), byID(t, got, "gpt-x"))

	table := pricing.NewTable(got.File.Rows(pricing.SourceCloud), nil, time.Time{})
	p := table.Resolve(pricing.Lookup{Requested: "claude-x", Nodes: []string{"anthropic"}})
	require.Equal(t, pricing.HowProvider, p.How)
}

func TestPricesBaseListsBillBySellerOnly(t *testing.T) {
	t.Parallel()
	got, err := pricing.ParsePricesBase(map[string]any{
		"metadata": map[string]any{"version": "2026.08.22"},
		"models": map[string]any{
			"gemini-x": map[string]any{
				"litellm_provider": "google", "mode": "chat", "max_output_tokens": int64(65535),
				"input_cost_per_token": 9e-6, "reasoning_cost_per_token": 8e-6,
				"pricing": map[string]any{
					"google": map[string]any{"input_cost_per_token": 1.25e-6, "output_cost_per_token": 1e-5, "input_cost_per_token_above_200k_tokens": 2.5e-6},
					"relay":  map[string]any{"input_cost_per_token": 2e-6, "reasoning_cost_per_token": 4.0000000000000003e-06},
					"empty":  map[string]any{"mode": "chat"},
				},
			},
			"merged-only": map[string]any{"input_cost_per_token": 9e-6},
		},
	})
	require.NoError(t, err)
	require.Equal(t, "2026.08.22", got.File.Version)
	require.Equal(t, []string{"merged-only"}, got.Skipped)
	sameModel(t, entry(t, "gemini-x", `{"vendor":"google","mode":"chat","max_output_tokens":65535,"nodes":{
		"google":{"official":true,"rates":{"input":"1.25","output":"10"},"tiers":[{"above_input_tokens":200000,"rates":{"input":"2.5"}}]},
		"relay":{"rates":{"input":"2","reasoning":"4"}}}}`), got.File.Models[0])

	for _, tree := range []map[string]any{nil, {"models": 3}, {"models": map[string]any{}}} {
		_, err := pricing.ParsePricesBase(tree)
		require.ErrorIs(t, err, pricing.ErrFormat)
	}
}

func TestListsOfNothingAreRefused(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		`{}`, `{"a":1}`, `{"schema":"cchp.pricing-table/v1","models":[]}`, `{"schema":"cchp.pricing-table/v1","currency":"CNY"}`,
		`{"schema":"cchp.pricing-table/v1","models":3}`, "a = 1",
	} {
		_, err := pricing.ParseJSON([]byte(text))
		require.ErrorIs(t, err, pricing.ErrFormat, text)
	}
}

func FuzzParseJSON(f *testing.F) {
	f.Add([]byte(litellmList))
	f.Add([]byte(cptList))
	f.Add([]byte(`{"schema":"ai-price-table/v1","models":[{"id":"a","rates":{"input":"1e-9"}}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		got, err := pricing.ParseJSON(data)
		if err != nil {
			return
		}
		table := pricing.NewTable(got.File.Rows(pricing.SourceManual), got.File.VendorFees, time.Time{})
		for _, r := range table.Rows() {
			p := table.Resolve(pricing.Lookup{Requested: r.Model.ID})
			require.NotNil(t, p)
			cost := pricing.Bill(p, tokens(pricing.Tokens{pricing.Input: 300_000, pricing.Output: 10}), pricing.StandardTerms())
			require.GreaterOrEqual(t, int64(cost.Charge), int64(0))
		}
	})
}
