package pricing_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/internal/domain"
	"github.com/claude-code-hub/cch/internal/pricing"
)

func readVectors(t *testing.T, name string, into any) {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", "vectors", name))
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(data, into))
}

type vectorUsage struct {
	Model            string `json:"model"`
	Input            int64  `json:"input_tokens"`
	Output           int64  `json:"output_tokens"`
	CacheRead        int64  `json:"cache_read_tokens"`
	CacheWrite5m     int64  `json:"cache_write_5m_tokens"`
	CacheWrite1h     int64  `json:"cache_write_1h_tokens"`
	InputAudio       int64  `json:"input_audio_tokens"`
	OutputImage      int64  `json:"output_image_tokens"`
	ReasoningApart   int64  `json:"reasoning_tokens_separate"`
	ImagesOut        int64  `json:"images_out"`
	WebSearchCalls   int64  `json:"web_search_calls"`
	FileSearchCalls  int64  `json:"file_search_calls"`
	CodeInterpreters int64  `json:"code_interpreter_sessions"`
}

func (v vectorUsage) usage() pricing.Usage {
	return pricing.Usage{
		Tokens: pricing.Tokens{
			pricing.Input: v.Input, pricing.Output: v.Output + v.ReasoningApart, pricing.Reasoning: v.ReasoningApart,
			pricing.CacheRead: v.CacheRead, pricing.CacheWrite5m: v.CacheWrite5m, pricing.CacheWrite1h: v.CacheWrite1h,
			pricing.InputAudio: v.InputAudio, pricing.OutputImage: v.OutputImage,
		},
		WebSearches: v.WebSearchCalls, FileSearches: v.FileSearchCalls, CodeInterpreter: v.CodeInterpreters,
		ImagesOut: v.ImagesOut,
	}
}

// oneOrMore reads a value or a list of values.
func oneOrMore[T any](t *testing.T, raw json.RawMessage) []T {
	t.Helper()
	var list []T
	if json.Unmarshal(raw, &list) == nil {
		return list
	}
	var one T
	require.NoError(t, json.Unmarshal(raw, &one))
	return []T{one}
}

type costCase struct {
	Name    string
	Model   string
	Usage   json.RawMessage
	Options struct {
		ServiceTier  string  `json:"service_tier"`
		Speed        string  `json:"speed"`
		InferenceGeo string  `json:"inference_geo"`
		Provider     *string `json:"provider_multiplier"`
		Group        *string `json:"group_multiplier"`
		User         *string `json:"user_multiplier"`
	}
	Expect struct {
		PromptTotal  json.RawMessage `json:"prompt_total"`
		Entries      []string
		Breakdown    map[string]string
		Base         string       `json:"base_total"`
		ProviderCost string       `json:"provider_cost"`
		Charge       string       `json:"charge"`
		ProviderNano domain.Money `json:"provider_cost_nusd"`
		ChargeNano   domain.Money `json:"charge_nusd"`
	}
}

func (c *costCase) terms() pricing.Terms {
	terms := pricing.StandardTerms()
	terms.Service = pricing.ParseServiceTier(c.Options.ServiceTier)
	terms.Fast = c.Options.Speed == "fast"
	terms.GeoUS = c.Options.InferenceGeo == "us"
	for at, text := range map[*domain.Multiplier]*string{
		&terms.Provider: c.Options.Provider, &terms.Group: c.Options.Group, &terms.User: c.Options.User,
	} {
		if text != nil {
			*at = domain.Multiplier(decimal.RequireFromString(*text).Shift(4).IntPart())
		}
	}
	return terms
}

// shown is how the vectors write an exact figure.
func shown(d decimal.Decimal) string { return d.Round(12).Normalize().String() }

func (c *costCase) run(t *testing.T, table *pricing.Table) {
	t.Helper()
	price := table.Resolve(pricing.Lookup{Requested: c.Model})
	require.NotNil(t, price)
	var passes []pricing.Pass
	for _, u := range oneOrMore[vectorUsage](t, c.Usage) {
		pass := pricing.Pass{Usage: u.usage()}
		if u.Model != "" {
			pass.Price = table.Resolve(pricing.Lookup{Requested: u.Model})
			require.NotNil(t, pass.Price)
		}
		passes = append(passes, pass)
	}
	for i, want := range oneOrMore[int64](t, c.Expect.PromptTotal) {
		require.Equal(t, want, passes[i].Usage.Prompt())
	}
	for i, want := range c.Expect.Entries {
		alone := pricing.BillExact(price, passes[i:i+1], c.terms())
		require.Equal(t, want, shown(alone.Base()))
	}
	exact := pricing.BillExact(price, passes, c.terms())
	lines := map[string]string{}
	for name, amount := range exact.Lines() {
		lines[name] = shown(amount)
	}
	require.Equal(t, c.Expect.Breakdown, lines)
	require.Equal(t, c.Expect.Base, shown(exact.Base()))
	require.Equal(t, c.Expect.ProviderCost, shown(exact.ProviderCost()))
	require.Equal(t, c.Expect.Charge, shown(exact.Charge()))
	cost := pricing.Bill(price, passes, c.terms())
	require.Equal(t, c.Expect.ProviderNano, cost.ProviderCost)
	require.Equal(t, c.Expect.ChargeNano, cost.Charge)
}

func TestCostVectors(t *testing.T) {
	t.Parallel()
	var file struct {
		VendorFees pricing.VendorFees `json:"vendor_fees"`
		Prices     map[string]*pricing.Model
		Cases      []costCase
	}
	readVectors(t, "cost.json", &file)
	list := pricing.File{}
	for _, m := range file.Prices {
		require.NoError(t, m.Validate())
		list.Models = append(list.Models, m)
	}
	table := pricing.NewTable(list.Rows(pricing.SourceSeed), file.VendorFees, time.Time{})
	require.Len(t, file.Cases, 42)
	for _, c := range file.Cases {
		t.Run(c.Name, func(t *testing.T) { t.Parallel(); c.run(t, table) })
	}
	t.Logf("%d cost vectors", len(file.Cases))
}

type resolveCase struct {
	Name       string
	Requested  string
	Redirected string
	Actual     string
	Source     domain.BillingModelSource `json:"billing_model_source"`
	Host       string                    `json:"provider_host"`
	PricingKey string                    `json:"pricing_key"`
	Expect     struct {
		Model *string
		Node  *string
		Input string
		How   string
	}
}

func TestResolveVectors(t *testing.T) {
	t.Parallel()
	var file struct {
		Table []json.RawMessage
		Cases []resolveCase
	}
	readVectors(t, "resolve.json", &file)
	var rows []*pricing.Row
	for _, raw := range file.Table {
		var head struct {
			Model  string         `json:"model"`
			Source pricing.Source `json:"source"`
		}
		require.NoError(t, json.Unmarshal(raw, &head))
		m := &pricing.Model{}
		require.NoError(t, json.Unmarshal(raw, m))
		m.ID = head.Model
		rows = append(rows, &pricing.Row{Source: head.Source, Model: m})
	}
	table := pricing.NewTable(rows, nil, time.Time{})
	hosts, err := pricing.KnownHosts()
	require.NoError(t, err)
	require.Len(t, file.Cases, 17)
	for _, c := range file.Cases {
		t.Run(c.Name, func(t *testing.T) {
			t.Parallel()
			p := table.Resolve(pricing.Lookup{
				Source: c.Source, Requested: c.Requested, Redirected: c.Redirected, Actual: c.Actual,
				Nodes: hosts.NodesOf(c.PricingKey, "https://"+c.Host+"/v1"),
			})
			if c.Expect.Model == nil {
				require.Nil(t, p)
				require.Equal(t, "unpriced", c.Expect.How)
				return
			}
			require.NotNil(t, p)
			require.Equal(t, *c.Expect.Model, p.Row.Model.ID)
			require.Equal(t, c.Expect.Input, p.Rate(pricing.Input).String())
			require.Equal(t, c.Expect.How, string(p.How))
			if c.Expect.Node != nil {
				require.Equal(t, *c.Expect.Node, p.Node)
			}
		})
	}
	t.Logf("%d resolve vectors", len(file.Cases))
}
