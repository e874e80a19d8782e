package request

import (
	"encoding/json"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/actors/protocol"
	"github.com/claude-code-hub/cch/internal/domain"
)

// acme is a price of 2 USD in and 8 USD out per million tokens.
var acme = &domain.ModelPrice{
	ID: 41, Model: "acme-1", Source: "manual", Data: []byte(`{"rates":{"input":"2","output":"8"}}`), ValidFrom: noon,
}

// sold is an answer of 1000 tokens in and 500 out, which cost 6,000,000 nano-USD.
func sold(edit ...func(*work)) work {
	w := work{
		class: domain.CallGenerate, requested: "acme-1",
		served: served{
			provider:   &domain.Provider{ID: 1, Routing: domain.Routing{CostMultiplier: domain.MultiplierOne}},
			multiplier: domain.MultiplierOne, attempts: 1, model: "acme-1",
		},
		last: &protocol.AttemptResult{
			N: 1, Class: domain.ClassOK, Usage: domain.Usage{Input: 1000, Output: 500}, UsageSource: domain.UsageUpstream,
		},
	}
	for _, e := range edit {
		e(&w)
	}
	return w
}

func catalogWith(prices ...*domain.ModelPrice) *domain.Catalog {
	return domain.NewCatalog(domain.Configuration{Version: 1, Prices: prices})
}

func TestCostSaysHowItCameAbout(t *testing.T) {
	t.Parallel()
	got := costOf(listOf(catalogWith(acme)), sold(func(w *work) {
		w.served.provider.Routing.CostMultiplier, w.served.multiplier = 5_000, 12_000
	}))
	want := domain.CostBreakdown{
		State: "billed", Model: "acme-1", Source: "manual", PriceID: 41, Rule: "manual",
		Lines: []domain.CostLine{{Name: "input", Amount: 2_000_000}, {Name: "output", Amount: 4_000_000}},
		Base:  6_000_000, ByProvider: 5_000, ByGroup: 12_000, ProviderNet: 3_000_000, Charge: 3_600_000,
	}
	require.Empty(t, cmp.Diff(want, got))
	var back domain.CostBreakdown
	require.NoError(t, json.Unmarshal(encodeCost(&got), &back))
	require.Empty(t, cmp.Diff(want, back))
}

func TestWhatIsBilled(t *testing.T) {
	t.Parallel()
	list := listOf(catalogWith(acme))
	tests := map[string]struct {
		edit   func(*work)
		state  string
		reason string
		charge domain.Money
	}{
		"a success":                      {func(*work) {}, "billed", "", 6_000_000},
		"a provider that costs nothing":  {func(w *work) { w.served.provider.Routing.CostMultiplier = 0 }, "free", "", 0},
		"a model without a price":        {func(w *work) { w.requested, w.served.model = "x", "y" }, "unpriced", "", 0},
		"the name sent upstream":         {func(w *work) { w.requested = "x" }, "billed", "", 6_000_000},
		"the requested name first":       {func(w *work) { w.served.model = "claude-opus-4-6" }, "billed", "", 6_000_000},
		"an answer without usage":        {func(w *work) { w.last.Usage = domain.Usage{} }, "missing_usage", "", 0},
		"a failure":                      {func(w *work) { w.last.Class = domain.ClassProviderError }, "not_billed", "failed", 0},
		"a client error":                 {func(w *work) { w.last.Class = domain.ClassClientError }, "not_billed", "failed", 0},
		"an answer that the client left": {func(w *work) { w.left() }, "estimated", "", 6_000_000},
		"a client that left before it": {func(w *work) {
			w.left()
			w.last.Usage = domain.Usage{}
		}, "not_billed", "client_aborted", 0},
		"a drained answer": {func(w *work) {
			w.left()
			w.last.UsageSource = domain.UsageUpstream
		}, "billed", "", 6_000_000},
		"the demo upstream":      {func(w *work) { w.served.provider.URL = domain.DemoURL }, "free", "demo", 0},
		"counting tokens":        {func(w *work) { w.class = domain.CallCount }, "free", "call_class", 0},
		"a resource":             {func(w *work) { w.class = domain.CallResource }, "free", "call_class", 0},
		"nobody served":          {func(w *work) { w.served, w.last = served{}, nil }, "not_billed", "not_served", 0},
		"an attempt without end": {func(w *work) { w.served.attempts = 2 }, "not_billed", "not_served", 0},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := costOf(list, sold(tc.edit))
			require.Equal(t, tc.state, got.State)
			require.Equal(t, tc.reason, got.Reason)
			require.Equal(t, tc.charge, got.Charge)
		})
	}
}

func (w *work) left() {
	w.last.Class, w.last.UsageSource = domain.ClassClientAbort, domain.UsagePartial
}

// Every published case that a request can bring about costs what it should.
func TestCostVectors(t *testing.T) {
	t.Parallel()
	var file struct {
		Prices map[string]json.RawMessage `json:"prices"`
		Cases  []struct {
			Name    string            `json:"name"`
			Model   string            `json:"model"`
			Usage   json.RawMessage   `json:"usage"`
			Options map[string]string `json:"options"`
			Expect  struct {
				Charge       domain.Money `json:"charge_nusd"`
				ProviderCost domain.Money `json:"provider_cost_nusd"`
			} `json:"expect"`
		} `json:"cases"`
	}
	data, err := os.ReadFile("../../internal/pricing/testdata/vectors/cost.json")
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(data, &file))
	var rows []*domain.ModelPrice
	for model, entry := range file.Prices {
		rows = append(rows, &domain.ModelPrice{ID: int64(len(rows) + 1), Model: model, Source: "manual", Data: entry})
	}
	list, ran := listOf(catalogWith(rows...)), 0
	for _, c := range file.Cases {
		var counts map[string]int64
		if json.Unmarshal(c.Usage, &counts) != nil {
			continue // several passes
		}
		w := sold(func(w *work) { w.requested, w.last.Usage = c.Model, domain.Usage{} })
		if !w.counted(counts) || !w.multiplied(c.Options) {
			continue
		}
		ran++
		got := costOf(list, w)
		require.Equal(t, c.Expect.Charge, got.Charge, c.Name)
		require.Equal(t, c.Expect.ProviderCost, got.ProviderNet, c.Name)
	}
	require.GreaterOrEqual(t, ran, 20)
	t.Logf("%d cases", ran)
}

// counted takes over counts; false if there is one that a log row lacks.
func (w *work) counted(counts map[string]int64) bool {
	u := &w.last.Usage
	known := map[string]*int64{
		"input_tokens": &u.Input, "output_tokens": &u.Output, "cache_read_tokens": &u.CacheRead,
		"cache_write_5m_tokens": &u.CacheWrite5m, "cache_write_1h_tokens": &u.CacheWrite1h,
	}
	for name, n := range counts {
		if known[name] == nil {
			return false
		}
		*known[name] = n
	}
	return true
}

func (w *work) multiplied(options map[string]string) bool {
	known := map[string]*domain.Multiplier{
		"provider_multiplier": &w.served.provider.Routing.CostMultiplier, "group_multiplier": &w.served.multiplier,
	}
	for name, text := range options {
		if known[name] == nil {
			return false
		}
		*known[name] = domain.Multiplier(decimal.RequireFromString(text).Shift(4).IntPart())
	}
	return true
}

// The row, its detail and what the quota actor is told say the same.
func TestAMachineSettlesTheCost(t *testing.T) {
	t.Parallel()
	r := newWorld(func(w *world) {
		w.prices = []*domain.ModelPrice{acme}
		w.request.Model = "acme-1"
		w.providers[0].Routing.CostMultiplier = 20_000
	}).run().to(t, settling)
	rec := r.fx.record
	require.Equal(t, domain.Money(360_000), rec.Log.Cost)
	require.Equal(t, domain.Multiplier(20_000), rec.Log.Upstream.CostMultiplier)
	var c domain.CostBreakdown
	require.NoError(t, json.Unmarshal(rec.Detail.Cost, &c))
	require.Equal(t, rec.Log.Cost, c.Charge)
	require.Equal(t, "billed", rec.Settles[0].State)
	require.Equal(t, rec.Log.Cost, rec.Settles[0].Charge)
	require.Equal(t, domain.Money(360_000), rec.Settles[0].ProviderCost)

	failed := newWorld().run().to(t, attempting)
	res := failed.failure(400)
	res.Class = domain.ClassClientError
	failed.attempted(res, noon)
	require.Zero(t, failed.fx.record.Log.Cost)
	require.Equal(t, "not_billed", failed.fx.record.Settles[0].State)
	require.JSONEq(t, `{"state":"not_billed","reason":"failed","providerMultiplier":0,"groupMultiplier":0,"charge":0}`,
		string(failed.fx.record.Detail.Cost))
}

func BenchmarkCost(b *testing.B) {
	list, w := listOf(catalogWith(acme)), sold()
	b.ReportAllocs()
	for b.Loop() {
		c := costOf(list, w)
		if encodeCost(&c) == nil {
			b.Fatal("nothing")
		}
	}
}
