package pricing_test

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/internal/domain"
	"github.com/claude-code-hub/cch/internal/pricing"
)

// acme is a price of 2 USD in and 8 USD out per million tokens.
var acme = &domain.ModelPrice{
	ID: 41, Model: "acme-1", Source: "manual", Data: []byte(`{"rates":{"input":"2","output":"8"}}`),
}

// sold is an answer of 1000 tokens in and 500 out, which cost 6,000,000 nano-USD.
func sold(edit ...func(*pricing.Work)) *pricing.Work {
	w := &pricing.Work{
		Class: domain.CallGenerate, Requested: "acme-1", Sent: "acme-1", User: domain.MultiplierOne, Group: domain.MultiplierOne,
		Provider: &domain.Provider{ID: 1, Routing: domain.Routing{CostMultiplier: domain.MultiplierOne}},
		Ended:    true, Outcome: domain.ClassOK, Evidence: domain.UsageUpstream,
	}
	used(w, domain.UsagePass{Input: 1000, Output: 500})
	for _, e := range edit {
		e(w)
	}
	return w
}

func used(w *pricing.Work, passes ...domain.UsagePass) { w.Metered.Passes = passes }

// tariffWith bills by prices under settings.
func tariffWith(t *testing.T, settings *domain.Settings, prices ...*domain.ModelPrice) pricing.Tariff {
	t.Helper()
	if settings == nil {
		s := domain.DefaultSettings()
		settings = &s
	}
	return pricing.Tariff{Prices: listOf(t, catalogWith(prices...)), Settings: settings}
}

// listOf is the price list of a catalog, in a world where ids are its own.
func listOf(t testing.TB, c *domain.Catalog) *pricing.List {
	t.Helper()
	p, err := pricing.NewPrices()
	require.NoError(t, err)
	l, err := p.Take(c)
	require.NoError(t, err)
	return l
}

func catalogWith(prices ...*domain.ModelPrice) *domain.Catalog {
	return domain.NewCatalog(domain.Configuration{Version: 1, Prices: prices})
}

func TestCostSaysHowItCameAbout(t *testing.T) {
	t.Parallel()
	w := sold(func(w *pricing.Work) {
		w.Provider.Routing.CostMultiplier, w.Group, w.User = 5_000, 12_000, 5_000
		w.Metered.ServiceTier, w.Metered.ReportedCost = "priority", "0.0071"
	})
	got := tariffWith(t, nil, acme).Charge(w)
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
	text, err := json.Marshal(got)
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(text, &back))
	require.Empty(t, cmp.Diff(want, back))
}

func TestWhatIsBilled(t *testing.T) {
	t.Parallel()
	tariff := tariffWith(t, nil, acme)
	tests := map[string]struct {
		edit     func(*pricing.Work)
		state    string
		reason   string
		charge   domain.Money
		provider domain.Money
	}{
		"a success":                      {func(*pricing.Work) {}, "billed", "", 6_000_000, 6_000_000},
		"a provider that costs nothing":  {func(w *pricing.Work) { w.Provider.Routing.CostMultiplier = 0 }, "free", "", 0, 0},
		"a user who pays nothing":        {func(w *pricing.Work) { w.User = 0 }, "free", "", 0, 6_000_000},
		"a model without a price":        {func(w *pricing.Work) { w.Requested, w.Sent = "x", "y" }, "unpriced", "", 0, 0},
		"the name sent upstream":         {func(w *pricing.Work) { w.Requested = "x" }, "billed", "", 6_000_000, 6_000_000},
		"the requested name first":       {func(w *pricing.Work) { w.Sent = "claude-opus-4-6" }, "billed", "", 6_000_000, 6_000_000},
		"an answer without usage":        {func(w *pricing.Work) { used(w) }, "missing_usage", "", 0, 0},
		"a failure":                      {func(w *pricing.Work) { w.Outcome = domain.ClassProviderError; used(w) }, "not_billed", "failed", 0, 0},
		"a failure that used something":  {func(w *pricing.Work) { w.Outcome = domain.ClassProviderError }, "not_billed", "failed", 0, 6_000_000},
		"a client error":                 {func(w *pricing.Work) { w.Outcome = domain.ClassClientError; used(w) }, "not_billed", "failed", 0, 0},
		"an answer that the client left": {func(w *pricing.Work) { left(w) }, "estimated", "", 6_000_000, 6_000_000},
		"a client that left before it": {func(w *pricing.Work) {
			left(w)
			used(w)
		}, "not_billed", "client_aborted", 0, 0},
		"a drained answer": {func(w *pricing.Work) {
			left(w)
			w.Evidence = domain.UsageUpstream
		}, "billed", "", 6_000_000, 6_000_000},
		"the demo upstream":      {func(w *pricing.Work) { w.Provider.URL = domain.DemoURL }, "free", "demo", 0, 0},
		"counting tokens":        {func(w *pricing.Work) { w.Class = domain.CallCount }, "free", "call_class", 0, 0},
		"a resource":             {func(w *pricing.Work) { w.Class = domain.CallResource }, "free", "call_class", 0, 0},
		"nobody served":          {func(w *pricing.Work) { w.Provider, w.Ended = nil, false }, "not_billed", "not_served", 0, 0},
		"an attempt without end": {func(w *pricing.Work) { w.Ended = false }, "not_billed", "not_served", 0, 0},
		"the upstream's own figure": {func(w *pricing.Work) {
			w.Provider.Billing.CostSource, w.Group = domain.CostReported, 20_000
			w.Metered.ReportedCost = "0.001"
		}, "billed", "", 2_000_000, 1_000_000},
		"the upstream's own figure for a stranger": {func(w *pricing.Work) {
			w.Provider.Billing.CostSource, w.Requested, w.Sent = domain.CostReported, "x", "y"
			w.Metered.ReportedCost = "1e-3"
		}, "billed", "", 1_000_000, 1_000_000},
		"an upstream that states nothing": {func(w *pricing.Work) {
			w.Provider.Billing.CostSource = domain.CostReported
		}, "billed", "", 6_000_000, 6_000_000},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := sold(tc.edit)
			got := tariff.Charge(w)
			require.Equal(t, tc.state, got.State)
			require.Equal(t, tc.reason, got.Reason)
			require.Equal(t, tc.charge, got.Charge)
			require.Equal(t, tc.provider, got.ProviderNet)
		})
	}
}

func left(w *pricing.Work) {
	w.Outcome, w.Evidence = domain.ClassClientAbort, domain.UsagePartial
}

func TestSettingsChangeTheBill(t *testing.T) {
	t.Parallel()
	dear := &domain.ModelPrice{
		ID: 42, Model: "acme-2", Source: "manual",
		Data: []byte(`{"rates":{"input":"20","output":"80"},"service_tiers":{"flex":{"rates":{"input":"10","output":"40"}}}}`),
	}
	tests := map[string]struct {
		set    func(*domain.Settings)
		edit   func(*pricing.Work)
		state  string
		rule   string
		charge domain.Money
	}{
		"the model that was sent": {
			func(s *domain.Settings) { s.BillingModelSource = domain.BillRedirected },
			func(w *pricing.Work) { w.Sent = "acme-2" }, "billed", "manual", 60_000_000,
		},
		"the model that answered": {
			func(s *domain.Settings) { s.BillingModelSource = domain.BillActual },
			func(w *pricing.Work) { w.Answered = "acme-2" }, "billed", "manual", 60_000_000,
		},
		"the model that answered, without a price": {
			func(s *domain.Settings) { s.BillingModelSource = domain.BillActual },
			func(w *pricing.Work) { w.Answered = "who" }, "billed", "manual", 6_000_000,
		},
		"the tier that was asked for": {
			func(s *domain.Settings) { s.PriorityBillingSource = domain.ServiceRequested },
			func(w *pricing.Work) { w.Requested, w.Asked.Tier, w.Metered.ServiceTier = "acme-2", "flex", "default" },
			"billed", "manual", 30_000_000,
		},
		"a failure with usage": {
			func(s *domain.Settings) { s.BillNonSuccessfulRequests = true },
			func(w *pricing.Work) { w.Outcome = domain.ClassProviderError }, "billed", "manual", 6_000_000,
		},
		"a failure without usage": {
			func(s *domain.Settings) { s.BillNonSuccessfulRequests = true },
			func(w *pricing.Work) { w.Outcome = domain.ClassProviderError; used(w) }, "not_billed", "", 0,
		},
		"partial answers as reported": {
			func(s *domain.Settings) { s.BillPartial = domain.PartialReported }, left, "billed", "manual", 6_000_000,
		},
		"partial answers never": {
			func(s *domain.Settings) { s.BillPartial = domain.PartialNever }, left, "not_billed", "manual", 0,
		},
		"strangers as a named model": {
			func(s *domain.Settings) { s.UnknownPrice, s.UnknownPriceModel = domain.UnknownFallback, "acme-2" },
			func(w *pricing.Work) { w.Requested, w.Sent = "x", "y" }, "billed", "fallback", 60_000_000,
		},
		"strangers as their family": {
			func(s *domain.Settings) { s.UnknownPrice = domain.UnknownFallback },
			func(w *pricing.Work) { w.Requested, w.Sent = "claude-opus-4-99", "y" }, "billed", "family", 17_500_000,
		},
		"CCH's cache ratios": {
			func(s *domain.Settings) { s.CacheFallback = domain.CacheCCH },
			func(w *pricing.Work) { used(w, domain.UsagePass{CacheRead: 1000}) }, "billed", "manual", 200_000,
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := domain.DefaultSettings()
			tc.set(&s)
			w := sold(tc.edit)
			got := tariffWith(t, &s, acme, dear).Charge(w)
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
	w := sold(func(w *pricing.Work) {
		w.Requested = "sold-1"
		w.Provider.Billing = domain.Billing{PricingKey: "shop", SwapCacheTTL: true}
		used(w, domain.UsagePass{Input: 1000, CacheWrite5m: 1000})
	})
	catalog := domain.NewCatalog(domain.Configuration{
		Version: 1, Prices: []*domain.ModelPrice{sellers}, Providers: []*domain.Provider{w.Provider},
	})
	got := pricing.Tariff{Prices: listOf(t, catalog), Settings: &settings}.Charge(w)
	require.Equal(t, "shop", got.PriceNode)
	require.Equal(t, "provider_node", got.Rule)
	require.Equal(t, domain.Money(3_000_000+9_000_000), got.Charge)
}
