package pricing_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/internal/pricing"
)

func row(tb testing.TB, id int64, source pricing.Source, model, entry string) *pricing.Row {
	tb.Helper()
	m := &pricing.Model{}
	require.NoError(tb, json.Unmarshal([]byte(entry), m))
	m.ID = model
	return &pricing.Row{ID: id, Source: source, Model: m}
}

func TestTheStrongestSourceAndNewestRowWin(t *testing.T) {
	t.Parallel()
	day := func(n int) time.Time { return time.Date(2026, 1, n, 0, 0, 0, 0, time.UTC) }
	rows := func() []*pricing.Row {
		seed := row(t, 1, pricing.SourceSeed, "m", `{"rates":{"input":"1"}}`)
		old := row(t, 2, pricing.SourceCloud, "m", `{"rates":{"input":"2"}}`)
		old.ValidFrom, old.ValidTo = day(2), day(4)
		cloud := row(t, 3, pricing.SourceCloud, "m", `{"rates":{"input":"3"}}`)
		cloud.ValidFrom = day(4)
		manual := row(t, 4, pricing.SourceManual, "m", `{"rates":{"input":"4"}}`)
		manual.ValidFrom, manual.ValidTo = day(6), day(8)
		empty := row(t, 5, pricing.SourceManual, "m", `{"rates":{}}`)
		return []*pricing.Row{manual, empty, cloud, seed, old}
	}
	for n, want := range map[int]int64{1: 1, 2: 2, 3: 2, 4: 3, 6: 4, 7: 4, 8: 3} {
		table := pricing.NewTable(rows(), nil, day(n))
		require.Len(t, table.Rows(), 1)
		require.Equal(t, want, table.Row("m").ID, "day %d", n)
	}
}

func TestNamesAreStrippedInOrder(t *testing.T) {
	t.Parallel()
	table := pricing.NewTable([]*pricing.Row{
		row(t, 1, pricing.SourceSeed, "claude-sonnet-4-5", `{"rates":{"input":"3"},"aliases":["claude-sonnet-latest"]}`),
		row(t, 2, pricing.SourceSeed, "deepseek-v3", `{"rates":{"input":"1"}}`),
		row(t, 3, pricing.SourceSeed, "deepseek/deepseek-v3", `{"rates":{"input":"9"}}`),
		row(t, 4, pricing.SourceSeed, "MiniMax-M2", `{"rates":{"input":"1"},"aliases":["MM2"]}`),
		row(t, 5, pricing.SourceSeed, "gpt-4o", `{"rates":{"input":"2"}}`),
	}, nil, time.Time{})
	for name, want := range map[string]int64{
		"claude-sonnet-4-5[1m]":                         1,
		"claude-sonnet-4-5-20250929":                    1,
		"claude-sonnet-4-5@20250929":                    1,
		"eu.anthropic.claude-sonnet-4-5-20250929-v1:0":  1,
		"anthropic.claude-sonnet-4-5-20250929-v1:0":     1,
		"anthropic/claude-sonnet-4-5:thinking":          1,
		"openrouter/anthropic/claude-sonnet-4-5:online": 1,
		"anthropic/claude-sonnet-latest":                1,
		"accounts/fireworks/models/deepseek-v3":         2,
		"openrouter/deepseek/deepseek-v3:free":          3,
		"minimax-m2":                                    4,
		"mm2":                                           4,
		"gpt-4o-2024-05-13":                             5,
		"Claude-Sonnet-4-5-20250929":                    1,
	} {
		p := table.Resolve(pricing.Lookup{Requested: name})
		require.NotNil(t, p, name)
		require.Equal(t, want, p.Row.ID, name)
	}
	for _, name := range []string{"", "claude", "sonnet-4-5", "///", "[1m]", "gpt-4o-mini", "anthropic."} {
		require.Nil(t, table.Resolve(pricing.Lookup{Requested: name}), name)
	}
}

func TestFallbackModelIsTheLastResort(t *testing.T) {
	t.Parallel()
	table := pricing.NewTable([]*pricing.Row{
		row(t, 1, pricing.SourceSeed, "a", `{"rates":{"input":"3"}}`),
		row(t, 2, pricing.SourceSeed, "b", `{"rates":{"input":"3"}}`),
	}, nil, time.Time{})
	l := pricing.Lookup{Requested: "x", Redirected: "b", Unknown: pricing.Unknown{Model: "a"}}
	require.EqualValues(t, 2, table.Resolve(l).Row.ID)
	l.Redirected = "y"
	require.EqualValues(t, 1, table.Resolve(l).Row.ID)
}

func TestRichestNodeWithoutAnOfficialOne(t *testing.T) {
	t.Parallel()
	table := pricing.NewTable([]*pricing.Row{row(t, 1, pricing.SourceCloud, "m", `{"rates":{"input":"99"},"nodes":{
		"b":{"rates":{"input":"1","output":"2"}},
		"a":{"rates":{"input":"3"}},
		"c":{"official":true},
		"d":{"rates":{"input":"5","output":"6"}}}}`)}, nil, time.Time{})
	p := table.Resolve(pricing.Lookup{Requested: "m"})
	require.Equal(t, "b", p.Node)
	require.Equal(t, pricing.HowRichest, p.How)
	p = table.Resolve(pricing.Lookup{Requested: "m", Nodes: []string{"c", "a"}})
	require.Equal(t, "a", p.Node, "a node that lists nothing is passed over")
	bill := pricing.Bill(p, tokens(pricing.Tokens{pricing.Output: 1000}), pricing.StandardTerms())
	require.Zero(t, bill.Charge, "a node's missing rates are not filled from elsewhere")
}

func TestABillCanBeWorkedOutAgain(t *testing.T) {
	t.Parallel()
	r := row(t, 7, pricing.SourceCloud, "m", `{"rates":{"input":"1"},"nodes":{"a":{"rates":{"input":"3"}}}}`)
	r.ValidTo = time.Unix(1, 0)
	table := pricing.NewTable(nil, nil, time.Unix(2, 0))
	used := tokens(pricing.Tokens{pricing.Input: 1000})
	require.EqualValues(t, 3_000_000, pricing.Bill(table.Again(r, "a"), used, pricing.StandardTerms()).Charge)
	require.EqualValues(t, 1_000_000, pricing.Bill(table.Again(r, ""), used, pricing.StandardTerms()).Charge)
	require.Nil(t, table.Again(r, "gone"))
}

func TestHostsOfProviders(t *testing.T) {
	t.Parallel()
	hosts, err := pricing.KnownHosts()
	require.NoError(t, err)
	for url, want := range map[string]string{
		"https://API.openai.com:443/v1":              "openai",
		"https://eu.api.openai.com":                  "openai",
		"https://us-east5-aiplatform.googleapis.com": "google-vertex",
		"https://aiplatform.googleapis.com":          "google-vertex",
		"https://x.openai.azure.com/openai":          "azure",
	} {
		require.Equal(t, want, hosts.NodesOf("", url)[0], url)
	}
	for _, url := range []string{"https://notopenrouter.ai", "https://api.openai.com.evil.example", "demo:", "::", ""} {
		require.Empty(t, hosts.NodesOf("", url), url)
	}
}

func TestSeedIsComplete(t *testing.T) {
	t.Parallel()
	f, err := pricing.Seed()
	require.NoError(t, err)
	require.Len(t, f.Models, 176)
	require.NotEmpty(t, f.AsOf)
	table := seedTable(t)
	require.Len(t, table.Rows(), 176)
	for _, m := range f.Models {
		for _, name := range append([]string{m.ID}, m.Aliases...) {
			p := table.Resolve(pricing.Lookup{Requested: name})
			require.NotNil(t, p, name)
			require.Equal(t, m.ID, p.Row.Model.ID, "%s belongs to one model", name)
		}
	}
}

func TestFilesSurviveAnExport(t *testing.T) {
	t.Parallel()
	f, err := pricing.Seed()
	require.NoError(t, err)
	data, err := json.Marshal(f)
	require.NoError(t, err)
	back, err := pricing.ParseFile(data)
	require.NoError(t, err)
	again, err := json.Marshal(back)
	require.NoError(t, err)
	require.JSONEq(t, string(data), string(again))
	require.Len(t, back.VendorFees, len(f.VendorFees))
	for i, m := range f.Models {
		require.Equal(t, m.Rates, back.Models[i].Rates, m.ID)
		require.Equal(t, m.ServiceTiers, back.Models[i].ServiceTiers, m.ID)
	}
}

func TestEntriesThatWouldBillWronglyAreRefused(t *testing.T) {
	t.Parallel()
	for entry, want := range map[string]string{
		`{}`:                          "at least one rate or fee",
		`{"rates":{"outputs":"3"}}`:   `"outputs" is no price`,
		`{"rates":{"input":"-1"}}`:    `input is "-1"`,
		`{"rates":{"input":"NaN"}}`:   "finite",
		`{"rates":{"input":"1e400"}}`: "finite",
		`{"rates":{"input":true}}`:    "decimal",
		`{"fees":{"request":{}}}`:     "decimal",
		`{"rates":[]}`:                "read prices",
		`[`:                           "invalid price",
		`{"rates":{"input":"1"},"tiers":[{"above_input_tokens":0,"rates":{}}]}`:                                     "must be positive",
		`{"rates":{"input":"1"},"tiers":[{"above_input_tokens":5,"rates":{}},{"above_input_tokens":5,"rates":{}}]}`: "two above 5",
		`{"rates":{"input":"1"},"service_tiers":{"turbo":{"rates":{}}}}`:                                            "priority, flex, batch",
		`{"rates":{"input":"1"},"service_tiers":{"flex":null}}`:                                                     "is null",
		`{"rates":{"input":"1"},"web_search_unit":"page"}`:                                                          "call, query, prompt",
		`{"nodes":{"x":{"rates":{"input":"1"},"tiers":[{"above_input_tokens":-1,"rates":{}}]}}}`:                    "nodes.x.tiers",
		`{"rates":{"input":"1"},"nodes":{"x":null}}`:                                                                "nodes.x: is null",
	} {
		_, err := pricing.ParseModel("m", []byte(entry))
		require.ErrorIs(t, err, pricing.ErrModel, entry)
		require.ErrorContains(t, err, want, entry)
	}
	for _, file := range []string{``, `{}`, `{"schema":"ai-price-table/v2"}`, `{"schema":"ai-price-table/v1","currency":"CNY"}`, `{"schema":"ai-price-table/v1","models":[null]}`} {
		_, err := pricing.ParseFile([]byte(file))
		require.ErrorIs(t, err, pricing.ErrFormat, file)
	}
}

func TestTiersAreSortedAndNoiseIsCut(t *testing.T) {
	t.Parallel()
	m, err := pricing.ParseModel("m", []byte(`{"rates":{"input":0.30000000000000004,"output":"2.9999999999999997e-07"},
		"tiers":[{"above_input_tokens":256000,"rates":{"input":"6"}},{"above_input_tokens":32000,"rates":{"input":"2"}}]}`))
	require.NoError(t, err)
	require.Equal(t, "0.3", m.Rates[pricing.Input].Decimal.String())
	require.Equal(t, "0.0000003", m.Rates[pricing.Output].Decimal.String())
	require.EqualValues(t, 32_000, m.Tiers[0].AboveInputTokens)
}
