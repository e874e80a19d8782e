package request

import (
	"bytes"
	"encoding/json"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/actors/protocol"
	"github.com/claude-code-hub/cch/internal/domain"
	"github.com/claude-code-hub/cch/internal/pricing"
)

// acme is a price of 2 USD in and 8 USD out per million tokens.
var acme = &domain.ModelPrice{
	ID: 41, Model: "acme-1", Source: "manual", Data: []byte(`{"rates":{"input":"2","output":"8"}}`), ValidFrom: noon,
}

// sold is an answer of 1000 tokens in and 500 out, which cost 6,000,000 nano-USD.
func sold(edit ...func(*work)) work {
	w := work{
		class: domain.CallGenerate, requested: "acme-1", user: domain.MultiplierOne,
		served: served{
			provider:   &domain.Provider{ID: 1, Routing: domain.Routing{CostMultiplier: domain.MultiplierOne}},
			multiplier: domain.MultiplierOne, attempts: 1, model: "acme-1",
		},
		res: &protocol.AttemptResult{N: 1, Class: domain.ClassOK, UsageSource: domain.UsageUpstream},
	}
	w.used(domain.UsagePass{Input: 1000, Output: 500})
	for _, e := range edit {
		e(&w)
	}
	return w
}

func (w *work) used(passes ...domain.UsagePass) { w.res.Metered.Passes = passes }

// tariffWith bills by prices under settings.
func tariffWith(settings *domain.Settings, prices ...*domain.ModelPrice) tariff {
	if settings == nil {
		s := domain.DefaultSettings()
		settings = &s
	}
	return tariff{prices: listOf(catalogWith(prices...)), settings: settings}
}

func catalogWith(prices ...*domain.ModelPrice) *domain.Catalog {
	return domain.NewCatalog(domain.Configuration{Version: 1, Prices: prices})
}

func TestCostSaysHowItCameAbout(t *testing.T) {
	t.Parallel()
	w := sold(func(w *work) {
		w.served.provider.Routing.CostMultiplier, w.served.multiplier, w.user = 5_000, 12_000, 5_000
		w.res.Metered.ServiceTier, w.res.Metered.ReportedCost = "priority", "0.0071"
	})
	got := tariffWith(nil, acme).costOf(&w)
	want := domain.CostBreakdown{
		State: "billed", Model: "acme-1", Source: "manual", PriceID: 41, Rule: "manual",
		Passes: []domain.UsagePass{{Input: 1000, Output: 500}},
		Terms:  domain.CostTerms{Service: "priority"},
		Lines: []domain.CostLine{
			{Name: "input", Units: 1000, Rate: "2", Amount: 2_000_000},
			{Name: "output", Units: 500, Rate: "8", Amount: 4_000_000},
		},
		Base: 6_000_000, ByProvider: 5_000, ByGroup: 12_000, ByUser: 5_000, ProviderNet: 3_000_000, Charge: 1_800_000,
		ReportedCost: new(domain.Money(7_100_000)),
	}
	require.Empty(t, cmp.Diff(want, got))
	var back domain.CostBreakdown
	require.NoError(t, json.Unmarshal(encodeCost(&got), &back))
	require.Empty(t, cmp.Diff(want, back))
}

func TestWhatIsBilled(t *testing.T) {
	t.Parallel()
	tariff := tariffWith(nil, acme)
	tests := map[string]struct {
		edit     func(*work)
		state    string
		reason   string
		charge   domain.Money
		provider domain.Money
	}{
		"a success":                      {func(*work) {}, "billed", "", 6_000_000, 6_000_000},
		"a provider that costs nothing":  {func(w *work) { w.served.provider.Routing.CostMultiplier = 0 }, "free", "", 0, 0},
		"a user who pays nothing":        {func(w *work) { w.user = 0 }, "free", "", 0, 6_000_000},
		"a model without a price":        {func(w *work) { w.requested, w.served.model = "x", "y" }, "unpriced", "", 0, 0},
		"the name sent upstream":         {func(w *work) { w.requested = "x" }, "billed", "", 6_000_000, 6_000_000},
		"the requested name first":       {func(w *work) { w.served.model = "claude-opus-4-6" }, "billed", "", 6_000_000, 6_000_000},
		"an answer without usage":        {func(w *work) { w.used() }, "missing_usage", "", 0, 0},
		"a failure":                      {func(w *work) { w.res.Class = domain.ClassProviderError; w.used() }, "not_billed", "failed", 0, 0},
		"a failure that used something":  {func(w *work) { w.res.Class = domain.ClassProviderError }, "not_billed", "failed", 0, 6_000_000},
		"a client error":                 {func(w *work) { w.res.Class = domain.ClassClientError; w.used() }, "not_billed", "failed", 0, 0},
		"an answer that the client left": {func(w *work) { w.left() }, "estimated", "", 6_000_000, 6_000_000},
		"a client that left before it": {func(w *work) {
			w.left()
			w.used()
		}, "not_billed", "client_aborted", 0, 0},
		"a drained answer": {func(w *work) {
			w.left()
			w.res.UsageSource = domain.UsageUpstream
		}, "billed", "", 6_000_000, 6_000_000},
		"the demo upstream":      {func(w *work) { w.served.provider.URL = domain.DemoURL }, "free", "demo", 0, 0},
		"counting tokens":        {func(w *work) { w.class = domain.CallCount }, "free", "call_class", 0, 0},
		"a resource":             {func(w *work) { w.class = domain.CallResource }, "free", "call_class", 0, 0},
		"nobody served":          {func(w *work) { w.served, w.res = served{}, nil }, "not_billed", "not_served", 0, 0},
		"an attempt without end": {func(w *work) { w.served.attempts = 2 }, "not_billed", "not_served", 0, 0},
		"the upstream's own figure": {func(w *work) {
			w.served.provider.Billing.CostSource, w.served.multiplier = domain.CostReported, 20_000
			w.res.Metered.ReportedCost = "0.001"
		}, "billed", "", 2_000_000, 1_000_000},
		"the upstream's own figure for a stranger": {func(w *work) {
			w.served.provider.Billing.CostSource, w.requested, w.served.model = domain.CostReported, "x", "y"
			w.res.Metered.ReportedCost = "1e-3"
		}, "billed", "", 1_000_000, 1_000_000},
		"an upstream that states nothing": {func(w *work) {
			w.served.provider.Billing.CostSource = domain.CostReported
		}, "billed", "", 6_000_000, 6_000_000},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := sold(tc.edit)
			got := tariff.costOf(&w)
			require.Equal(t, tc.state, got.State)
			require.Equal(t, tc.reason, got.Reason)
			require.Equal(t, tc.charge, got.Charge)
			require.Equal(t, tc.provider, got.ProviderNet)
		})
	}
}

func (w *work) left() {
	w.res.Class, w.res.UsageSource = domain.ClassClientAbort, domain.UsagePartial
}

func TestSettingsChangeTheBill(t *testing.T) {
	t.Parallel()
	dear := &domain.ModelPrice{
		ID: 42, Model: "acme-2", Source: "manual",
		Data: []byte(`{"rates":{"input":"20","output":"80"},"service_tiers":{"flex":{"rates":{"input":"10","output":"40"}}}}`),
	}
	tests := map[string]struct {
		set    func(*domain.Settings)
		edit   func(*work)
		state  string
		rule   string
		charge domain.Money
	}{
		"the model that was sent": {
			func(s *domain.Settings) { s.BillingModelSource = domain.BillRedirected },
			func(w *work) { w.served.model = "acme-2" }, "billed", "manual", 60_000_000,
		},
		"the model that answered": {
			func(s *domain.Settings) { s.BillingModelSource = domain.BillActual },
			func(w *work) { w.res.ModelReturned = "acme-2" }, "billed", "manual", 60_000_000,
		},
		"the model that answered, without a price": {
			func(s *domain.Settings) { s.BillingModelSource = domain.BillActual },
			func(w *work) { w.res.ModelReturned = "who" }, "billed", "manual", 6_000_000,
		},
		"the tier that was asked for": {
			func(s *domain.Settings) { s.PriorityBillingSource = domain.ServiceRequested },
			func(w *work) { w.requested, w.asked.Tier, w.res.Metered.ServiceTier = "acme-2", "flex", "default" },
			"billed", "manual", 30_000_000,
		},
		"a failure with usage": {
			func(s *domain.Settings) { s.BillNonSuccessfulRequests = true },
			func(w *work) { w.res.Class = domain.ClassProviderError }, "billed", "manual", 6_000_000,
		},
		"a failure without usage": {
			func(s *domain.Settings) { s.BillNonSuccessfulRequests = true },
			func(w *work) { w.res.Class = domain.ClassProviderError; w.used() }, "not_billed", "", 0,
		},
		"partial answers as reported": {
			func(s *domain.Settings) { s.BillPartial = domain.PartialReported }, (*work).left, "billed", "manual", 6_000_000,
		},
		"partial answers never": {
			func(s *domain.Settings) { s.BillPartial = domain.PartialNever }, (*work).left, "not_billed", "manual", 0,
		},
		"strangers as a named model": {
			func(s *domain.Settings) { s.UnknownPrice, s.UnknownPriceModel = domain.UnknownFallback, "acme-2" },
			func(w *work) { w.requested, w.served.model = "x", "y" }, "billed", "fallback", 60_000_000,
		},
		"strangers as their family": {
			func(s *domain.Settings) { s.UnknownPrice = domain.UnknownFallback },
			func(w *work) { w.requested, w.served.model = "claude-opus-4-99", "y" }, "billed", "family", 17_500_000,
		},
		"CCH's cache ratios": {
			func(s *domain.Settings) { s.CacheFallback = domain.CacheCCH },
			func(w *work) { w.used(domain.UsagePass{CacheRead: 1000}) }, "billed", "manual", 200_000,
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := domain.DefaultSettings()
			tc.set(&s)
			w := sold(tc.edit)
			got := tariffWith(&s, acme, dear).costOf(&w)
			require.Equal(t, tc.state, got.State)
			require.Equal(t, tc.rule, got.Rule)
			require.Equal(t, tc.charge, got.Charge)
		})
	}
}

// A provider's own seller, and cache writes that it reports the wrong way round.
func TestAProvidersBillingChangesTheBill(t *testing.T) {
	t.Parallel()
	sellers := &domain.ModelPrice{ID: 43, Model: "sold-1", Source: "cloud", Data: []byte(
		`{"nodes":{"maker":{"official":true,"rates":{"input":"2"}},"shop":{"rates":{"input":"3","cache_write_5m":"4","cache_write_1h":"9"}}}}`)}
	settings := domain.DefaultSettings()
	w := sold(func(w *work) {
		w.requested = "sold-1"
		w.served.provider.Billing = domain.Billing{PricingKey: "shop", SwapCacheTTL: true}
		w.used(domain.UsagePass{Input: 1000, CacheWrite5m: 1000})
	})
	catalog := domain.NewCatalog(domain.Configuration{
		Version: 1, Prices: []*domain.ModelPrice{sellers}, Providers: []*domain.Provider{w.served.provider},
	})
	got := tariff{prices: listOf(catalog), settings: &settings}.costOf(&w)
	require.Equal(t, "shop", got.PriceNode)
	require.Equal(t, "provider_node", got.Rule)
	require.Equal(t, domain.Money(3_000_000+9_000_000), got.Charge)
}

// vector is a published case of a cost.
type vector struct {
	Name    string            `json:"name"`
	Model   string            `json:"model"`
	Usage   json.RawMessage   `json:"usage"`
	Options map[string]string `json:"options"`
	Expect  struct {
		Base         string       `json:"base_total"`
		Charge       domain.Money `json:"charge_nusd"`
		ProviderCost domain.Money `json:"provider_cost_nusd"`
	} `json:"expect"`
}

type vectorUsage struct {
	Model           string `json:"model"`
	Input           int64  `json:"input_tokens"`
	Output          int64  `json:"output_tokens"`
	CacheRead       int64  `json:"cache_read_tokens"`
	CacheWrite5m    int64  `json:"cache_write_5m_tokens"`
	CacheWrite1h    int64  `json:"cache_write_1h_tokens"`
	InputAudio      int64  `json:"input_audio_tokens"`
	OutputImage     int64  `json:"output_image_tokens"`
	ReasoningApart  int64  `json:"reasoning_tokens_separate"`
	ImagesOut       int64  `json:"images_out"`
	WebSearches     int64  `json:"web_search_calls"`
	FileSearches    int64  `json:"file_search_calls"`
	CodeInterpreter int64  `json:"code_interpreter_sessions"`
}

func (v *vectorUsage) pass() domain.UsagePass {
	return domain.UsagePass{
		Model: v.Model, Input: v.Input, Output: v.Output + v.ReasoningApart, Reasoning: v.ReasoningApart,
		CacheRead: v.CacheRead, CacheWrite5m: v.CacheWrite5m, CacheWrite1h: v.CacheWrite1h,
		InputAudio: v.InputAudio, OutputImage: v.OutputImage, ImagesOut: v.ImagesOut,
		WebSearches: v.WebSearches, FileSearches: v.FileSearches, CodeInterpreter: v.CodeInterpreter,
	}
}

// passes reads the usage of a case, which is one pass or a list.
func (v *vector) passes(t *testing.T) []domain.UsagePass {
	t.Helper()
	raw := v.Usage
	if raw[0] != '[' {
		raw = json.RawMessage("[" + string(raw) + "]")
	}
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.DisallowUnknownFields()
	var list []vectorUsage
	require.NoError(t, decoder.Decode(&list), v.Name)
	passes := make([]domain.UsagePass, len(list))
	for i := range list {
		passes[i] = list[i].pass()
	}
	return passes
}

// world is a request that comes about as the case says.
func (v *vector) world(t *testing.T, prices []*domain.ModelPrice) *world {
	t.Helper()
	group, settings := domain.MultiplierOne, domain.DefaultSettings()
	w := newWorld(func(w *world) {
		w.prices, w.request.Model, w.settings = prices, v.Model, settings
		for name, text := range v.Options {
			switch name {
			case "provider_multiplier":
				w.providers[0].Routing.CostMultiplier = multiplier(text)
			case "group_multiplier":
				group = multiplier(text)
			case "user_multiplier":
				w.request.User.CostMultiplier = multiplier(text)
			case "service_tier", "speed", "inference_geo":
			default:
				t.Fatalf("%s: unknown option %s", v.Name, name)
			}
		}
		w.groups = []*domain.Group{{Name: domain.DefaultGroup, CostMultiplier: group}}
	})
	return w
}

func multiplier(text string) domain.Multiplier {
	return domain.Multiplier(decimal.RequireFromString(text).Shift(4).IntPart())
}

// Every published case costs what it should when it goes through the machine of
// a request: in the row, in the detail and in what the quota actor is told. Each
// bill can be worked out again from what is stored.
func TestCostVectors(t *testing.T) {
	t.Parallel()
	var file struct {
		Prices map[string]json.RawMessage `json:"prices"`
		Cases  []vector                   `json:"cases"`
	}
	data, err := os.ReadFile("../../internal/pricing/testdata/vectors/cost.json")
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(data, &file))
	var rows []*domain.ModelPrice
	for model, entry := range file.Prices {
		rows = append(rows, &domain.ModelPrice{ID: int64(len(rows) + 1), Model: model, Source: "manual", Data: entry})
	}
	require.Len(t, file.Cases, 42)
	for _, c := range file.Cases {
		r := c.world(t, rows).run().to(t, attempting)
		res := r.success()
		res.Metered = domain.Metered{
			Passes: c.passes(t), ServiceTier: c.Options["service_tier"], Speed: c.Options["speed"], InferenceGeo: c.Options["inference_geo"],
		}
		r.attempted(res, noon)
		require.Equal(t, c.Expect.Charge, r.fx.record.Log.Cost, c.Name)
		require.Equal(t, c.Expect.Charge, r.fx.record.Settles[0].Charge, c.Name)
		require.Equal(t, c.Expect.ProviderCost, r.fx.record.Settles[0].ProviderCost, c.Name)
		var stored domain.CostBreakdown
		require.NoError(t, json.Unmarshal(r.fx.record.Detail.Cost, &stored))
		base, net, charge, err := pricing.Recompute(&stored)
		require.NoError(t, err, c.Name)
		require.Equal(t, []domain.Money{stored.Base, c.Expect.ProviderCost, c.Expect.Charge}, []domain.Money{base, net, charge}, c.Name)
	}
	t.Logf("%d cost vectors through the machine", len(file.Cases))
}

// Where strangers are refused, no provider is asked for them, unless one of them
// sells them under another name.
func TestStrangersCanBeRefused(t *testing.T) {
	t.Parallel()
	refusing := func(w *world) {
		w.settings.UnknownPrice = domain.UnknownReject
		w.request.Model = "stranger-1"
	}
	r := newWorld(refusing).run().to(t, admitting)
	r.quotaAnswered(granted, noon)
	r.sessionAnswered(view, noon)
	require.Equal(t, settling, r.state)
	f := r.ending.decision.Reject.Fault
	require.Equal(t, domain.CodeModelNotPriced, f.Code)
	require.Equal(t, domain.KindInvalid, f.Kind)
	require.Equal(t, domain.BlockedModel, r.fx.record.Log.Result.BlockedBy)
	require.Equal(t, "not_billed", r.fx.record.Settles[0].State)

	r = newWorld(refusing, func(w *world) {
		w.providers[2].Routing.ModelRedirects = []domain.ModelRedirect{
			{MatchType: domain.MatchExact, Source: "stranger-1", Target: "claude-sonnet-4-5"},
		}
	}).run().to(t, attempting)
	require.Equal(t, domain.ProviderID(3), r.slot.choice.Provider.ID)
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
	require.JSONEq(t, `{"state":"not_billed","reason":"failed","providerMultiplier":0,"groupMultiplier":0,"userMultiplier":0,"charge":0}`,
		string(failed.fx.record.Detail.Cost))
}

func BenchmarkCost(b *testing.B) {
	tariff, w := tariffWith(nil, acme), sold()
	b.ReportAllocs()
	for b.Loop() {
		c := tariff.costOf(&w)
		if encodeCost(&c) == nil {
			b.Fatal("nothing")
		}
	}
}
