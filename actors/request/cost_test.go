package request

import (
	"bytes"
	"encoding/json"
	"os"
	"testing"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/internal/domain"
	"github.com/claude-code-hub/cch/internal/pricing"
)

// acme is a price of 2 USD in and 8 USD out per million tokens.
var acme = &domain.ModelPrice{
	ID: 41, Model: "acme-1", Source: "manual", Data: []byte(`{"rates":{"input":"2","output":"8"}}`), ValidFrom: noon,
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
		require.NoError(t, json.Unmarshal([]byte(r.fx.record.Detail.Cost), &stored))
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
	require.NoError(t, json.Unmarshal([]byte(rec.Detail.Cost), &c))
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
		failed.fx.record.Detail.Cost)
}

func BenchmarkCost(b *testing.B) {
	r := newWorld(func(w *world) { w.prices, w.request.Model = []*domain.ModelPrice{acme}, "acme-1" }).run()
	r.start(noon)
	r.quotaAnswered(granted, noon)
	r.sessionAnswered(view, noon)
	r.slotAnswered(free, 0, noon)
	res := r.success()
	b.ReportAllocs()
	for b.Loop() {
		c := r.costOf(&work{served: r.record.served, res: res})
		if c.Charge == 0 {
			b.Fatal("nothing")
		}
	}
}
