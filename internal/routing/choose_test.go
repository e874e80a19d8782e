package routing_test

import (
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/claude-code-hub/cch/internal/domain"
	"github.com/claude-code-hub/cch/internal/routing"
)

// reasons are the filter reasons of a context by provider.
func reasons(ctx *domain.DecisionContext) map[domain.ProviderID]string {
	out := map[domain.ProviderID]string{}
	for _, f := range ctx.Filtered {
		out[f.ID] = f.Reason
	}
	return out
}

func TestChooseFilters(t *testing.T) {
	t.Parallel()
	chat := func(p *domain.Provider) { p.Type = domain.TypeOpenAICompatible }
	tests := map[string]struct {
		other  *domain.Provider // filtered; provider 1 always serves
		edit   func(*routing.Input)
		reason string // empty: dropped silently
	}{
		"another group":            {other: provider(2, groups("vip"))},
		"disabled":                 {other: provider(2, disabled), reason: "disabled"},
		"another protocol":         {other: provider(2, chat), reason: "format_type_mismatch"},
		"model not listed":         {other: provider(2, models(domain.MatchExact, "claude-opus-4-1")), reason: "model_not_allowed"},
		"model rules heed case":    {other: provider(2, models(domain.MatchExact, "Claude-Sonnet-4-5")), reason: "model_not_allowed"},
		"tried":                    {other: provider(2), edit: exclude(2, routing.FilteredExcluded), reason: "excluded"},
		"refused":                  {other: provider(2), edit: exclude(2, "concurrent_limit_failed"), reason: "concurrent_limit_failed"},
		"open breaker":             {other: provider(2), edit: reports(2, open(time.Minute)), reason: "circuit_open"},
		"opened without an end":    {other: provider(2), edit: reports(2, domain.ProviderHealth{Breaker: domain.BreakerOpen}), reason: "circuit_open"},
		"cooling down":             {other: provider(2), edit: reports(2, cooling(time.Second)), reason: "cooling_down"},
		"model cooling down":       {other: provider(2), edit: reports(2, coolingModel("claude-sonnet-4-5")), reason: "cooling_down"},
		"renamed model cooling":    {other: provider(2, renames("claude-sonnet-4-5", "other")), edit: reports(2, coolingModel("other")), reason: "cooling_down"},
		"tier with many refusals":  {other: provider(2, priority(-1)), edit: func(in *routing.Input) { in.ClosedTiers = []routing.Tier{{Priority: -1}} }, reason: "tier_exhausted"},
		"disabled before protocol": {other: provider(2, disabled, chat), reason: "disabled"},
		"client not allowed":       {other: provider(2, clients([]string{"codex-cli"}, nil)), reason: "client_restriction"},
		"client blocked":           {other: provider(2, clients(nil, []string{"curl"})), edit: from("curl/8.5"), reason: "client_restriction"},
		"client before disabled":   {other: provider(2, disabled, clients([]string{"codex-cli"}, nil)), reason: "client_restriction"},
		"draining":                 {other: provider(2, draining), reason: "draining"},
		"tried and draining":       {other: provider(2, draining), edit: exclude(2, routing.FilteredExcluded), reason: "excluded"},
		"outside its hours":        {other: provider(2, active("13:00", "18:00")), reason: "schedule_inactive"},
		"hours before protocol":    {other: provider(2, active("13:00", "18:00"), chat), reason: "schedule_inactive"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			in := input(plan(provider(1), tc.other))
			if tc.edit != nil {
				tc.edit(in)
			}
			for seed := range uint64(20) {
				got := routing.Choose(in, seeded(seed))
				require.NotNil(t, got.Provider)
				require.Equal(t, domain.ProviderID(1), got.Provider.ID)
				require.Equal(t, tc.reason, reasons(got.Context)[2])
			}
		})
	}
}

func exclude(id domain.ProviderID, reason string) func(*routing.Input) {
	return func(in *routing.Input) { in.Excluded = append(in.Excluded, routing.Exclusion{ID: id, Reason: reason}) }
}

func reports(id domain.ProviderID, h domain.ProviderHealth) func(*routing.Input) {
	return func(in *routing.Input) { in.Health.(health)[id] = h }
}

func TestChooseHeedsCoolingModelsAlone(t *testing.T) {
	t.Parallel()
	for name, h := range map[string]domain.ProviderHealth{
		"another model":    coolingModel("claude-opus-4-1"),
		"the time is over": {Breaker: domain.BreakerClosed, CoolingModels: []domain.ModelCooling{{Model: "claude-sonnet-4-5", Until: noon}}},
	} {
		require.NotNil(t, routing.Choose(input(plan(provider(1)), reports(1, h)), seeded(1)).Provider, name)
	}
	renamed := plan(provider(1, renames("claude-sonnet-4-5", "other")))
	require.NotNil(t, routing.Choose(input(renamed, reports(1, coolingModel("claude-sonnet-4-5"))), seeded(1)).Provider, "it is asked for another")
}

func TestChooseModelRules(t *testing.T) {
	t.Parallel()
	tests := []struct {
		kind    domain.MatchType
		pattern string
		model   string
		want    bool
	}{
		{domain.MatchExact, "claude-opus-4", "claude-opus-4", true},
		{domain.MatchExact, "claude-opus-4", "claude-opus-4-1", false},
		{domain.MatchPrefix, "claude-", "claude-opus-4", true},
		{domain.MatchPrefix, "claude-", "my-claude-opus", false},
		{domain.MatchSuffix, "-4", "claude-opus-4", true},
		{domain.MatchSuffix, "-4", "claude-opus-4-1", false},
		{domain.MatchContains, "opus", "claude-opus-4", true},
		{domain.MatchContains, "opus", "claude-sonnet-4", false},
		{domain.MatchRegex, `opus-\d`, "claude-opus-4-1", true}, // unanchored
		{domain.MatchRegex, `^opus`, "claude-opus-4", false},
		{domain.MatchRegex, "*-opus-4", "claude-opus-4", true}, // no regex: a glob, anchored
		{domain.MatchRegex, "*-opus-4", "claude-opus-4-1", false},
		{domain.MatchRegex, "*opus?4", "claude-opus-4", true},
		{domain.MatchExact, "claude-opus-4", "", true}, // no model named
	}
	for _, tc := range tests {
		t.Run(fmt.Sprintf("%s %s %s", tc.kind, tc.pattern, tc.model), func(t *testing.T) {
			t.Parallel()
			in := input(plan(provider(1, models(tc.kind, tc.pattern))))
			in.Model = tc.model
			require.Equal(t, tc.want, routing.Choose(in, seeded(1)).Provider != nil)
		})
	}
}

func TestChooseGroups(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		caller, provider []string
		want             bool
	}{
		"no group is default":    {[]string{"default"}, nil, true},
		"second group counts":    {[]string{"a", "b"}, []string{"b"}, true},
		"disjoint":               {[]string{"a"}, []string{"b"}, false},
		"star sees everything":   {[]string{"*"}, []string{"b"}, true},
		"star sees groupless":    {[]string{"*"}, nil, true},
		"groupless not for vips": {[]string{"vip"}, nil, false},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			in := input(plan(provider(1, groups(tc.provider...))))
			in.Groups = tc.caller
			got := routing.Choose(in, seeded(1))
			require.Equal(t, tc.want, got.Provider != nil)
			if !tc.want {
				require.Equal(t, domain.CodeGroupEmpty, got.Fault.Code)
			}
		})
	}
}

func TestChoosePriority(t *testing.T) {
	t.Parallel()
	p := plan(
		provider(1, priority(5)),
		provider(2, priority(0), weight(100)),
		provider(3, priority(9), groups("default", "vip"), func(p *domain.Provider) {
			p.GroupPriorities = map[string]int{"vip": -2, "gold": -1, "other": -9}
		}),
	)
	got := routing.Choose(input(p), seeded(1))
	require.Equal(t, domain.ProviderID(2), got.Provider.ID)
	require.Equal(t, []int{0, 5, 9}, got.Context.PriorityLevels)
	require.Zero(t, got.Context.SelectedPriority)
	require.Len(t, got.Context.Candidates, 1)

	got = routing.Choose(input(p, func(in *routing.Input) { in.Groups = []string{"default", "vip"} }), seeded(1))
	require.Equal(t, domain.ProviderID(3), got.Provider.ID)
	require.Equal(t, -2, got.Priority)
	for _, both := range [][]string{{"gold", "vip"}, {"vip", "gold"}} {
		got = routing.Choose(input(p, func(in *routing.Input) { in.Groups = append([]string{"default"}, both...) }), seeded(1))
		require.Equal(t, -2, got.Priority, "the smallest counts, in any order")
	}
}

func TestChooseLeavesFullOnesForLast(t *testing.T) {
	t.Parallel()
	p := plan(provider(1, weight(100)), provider(2, weight(1)), provider(3, priority(1)))
	busy := domain.ProviderHealth{Breaker: domain.BreakerHalfOpen, ProbesInFlight: 1, At: noon}

	for name, h := range map[string]domain.ProviderHealth{"full": full(0), "probing": busy} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for seed := range uint64(50) {
				got := routing.Choose(input(p, reports(1, h)), seeded(seed))
				require.Equal(t, domain.ProviderID(2), got.Provider.ID, "a free one of the tier goes first")
				got = routing.Choose(input(p, reports(1, h), exclude(2, routing.FilteredExcluded)), seeded(seed))
				require.Equal(t, domain.ProviderID(1), got.Provider.ID, "a full one beats the next tier")
			}
		})
	}
	got := routing.Choose(input(p, reports(1, full(time.Minute)), exclude(2, "excluded")), seeded(1))
	require.InDelta(t, 1, got.Context.Candidates[0].Probability, 1e-9)
	stale := 0
	for seed := range uint64(50) {
		if routing.Choose(input(p, reports(1, full(time.Minute))), seeded(seed)).Provider.ID == 1 {
			stale++
		}
	}
	require.Greater(t, stale, 40, "an old report says nothing about slots")
}

func TestChooseAnOpenBreakerWhoseTimeIsOver(t *testing.T) {
	t.Parallel()
	got := routing.Choose(input(plan(provider(1)), reports(1, open(-time.Second))), seeded(1))
	require.NotNil(t, got.Provider)
}

func TestChooseStrategies(t *testing.T) {
	t.Parallel()
	p := plan(provider(1, cost(1.5), weight(90)), provider(2, cost(0.5), weight(1)), provider(3, cost(0.5), weight(3)))
	got := routing.Choose(input(p, func(in *routing.Input) { in.Strategy = domain.TierCheapestFirst }), seeded(1))
	require.Equal(t, domain.MethodCheapestFirst, got.Method)
	require.Equal(t, []domain.Candidate{
		{ID: 2, Name: "p2", Weight: 1, CostMultiplier: 0.5, Probability: 0.25},
		{ID: 3, Name: "p3", Weight: 3, CostMultiplier: 0.5, Probability: 0.75},
		{ID: 1, Name: "p1", Weight: 90, CostMultiplier: 1.5},
	}, got.Context.Candidates)

	p = plan(provider(1, weight(10)), provider(2, weight(10)))
	got = routing.Choose(input(p,
		func(in *routing.Input) { in.Strategy = domain.TierLeastInFlight },
		reports(1, domain.ProviderHealth{InFlight: 4, At: noon})), seeded(1))
	require.Equal(t, domain.MethodLeastInFlight, got.Method)
	require.InDelta(t, 2.0/12, got.Context.Candidates[0].Probability, 1e-9)
}

// A provider whose breaker closed lately gets a share that grows within a minute.
func TestChooseStartsSlowly(t *testing.T) {
	t.Parallel()
	p := plan(provider(1, weight(10)), provider(2, weight(10)))
	for ago, want := range map[time.Duration]float64{
		0: 1.0 / 11, 3 * time.Second: 1.0 / 11, 30 * time.Second: 5.0 / 15, time.Minute: 0.5, time.Hour: 0.5,
	} {
		got := routing.Choose(input(p, reports(1, domain.ProviderHealth{ClosedAt: noon.Add(-ago), At: noon})), seeded(1))
		require.InDelta(t, want, got.Context.Candidates[0].Probability, 1e-9, "closed %v ago", ago)
	}
}

func TestChooseAllWeightsZero(t *testing.T) {
	t.Parallel()
	p := plan(provider(1, weight(0)), provider(2, weight(0)))
	seen := map[domain.ProviderID]bool{}
	for seed := range uint64(50) {
		seen[routing.Choose(input(p), seeded(seed)).Provider.ID] = true
	}
	require.Len(t, seen, 2)
}

func TestChooseGroupMultiplierOfTheWinner(t *testing.T) {
	t.Parallel()
	p := routing.Compile(domain.NewCatalog(domain.Configuration{
		Providers: []*domain.Provider{provider(1, groups("cheap", "dear"))},
		Groups: []*domain.Group{
			{Name: "cheap", CostMultiplier: 5_000}, {Name: "dear", CostMultiplier: 20_000}, {Name: "first", CostMultiplier: 1},
		},
	}))
	of := func(caller ...string) domain.Multiplier {
		return routing.Choose(input(p, func(in *routing.Input) { in.Groups = caller }), seeded(1)).GroupMultiplier
	}
	require.Equal(t, domain.Multiplier(20_000), of("first", "dear", "cheap"), "the caller's order decides")
	require.Equal(t, domain.Multiplier(5_000), of("*"), "under * the provider's first")
}

func TestChooseExplains(t *testing.T) {
	t.Parallel()
	p := plan(provider(1), provider(2, groups("vip")), provider(3, disabled), provider(4, weight(3)), provider(5))
	got := routing.Choose(input(p, reports(5, open(time.Minute)), exclude(9, "excluded")), seeded(1))
	got.Context.Filtered = nil
	require.Equal(t, &domain.DecisionContext{
		TotalProviders: 5, EnabledProviders: 3, TargetType: "claude", RequestedModel: "claude-sonnet-4-5",
		UserGroup: "default", GroupFilterApplied: true, AfterGroupFilter: 4, AfterModelFilter: 3,
		BeforeHealthCheck: 3, AfterHealthCheck: 2, PriorityLevels: []int{0},
		Candidates: []domain.Candidate{
			{ID: 1, Name: "p1", Weight: 1, CostMultiplier: 1, Probability: 0.25},
			{ID: 4, Name: "p4", Weight: 3, CostMultiplier: 1, Probability: 0.75},
		},
		ExcludedProviderIDs: []domain.ProviderID{9},
	}, got.Context)
}

func TestChooseBoundsItsExplanation(t *testing.T) {
	t.Parallel()
	var all []*domain.Provider
	for i := range 150 {
		all = append(all, provider(i+1, disabled), provider(i+1001))
	}
	for seed := range uint64(20) {
		ctx := routing.Choose(input(plan(all...)), seeded(seed)).Context
		require.Len(t, ctx.Filtered, 100)
		require.Equal(t, 50, ctx.FilteredOmitted)
		require.Len(t, ctx.Candidates, 100)
	}
	far := plan(append(all, provider(5000, cost(9), weight(math.MaxInt32)))...)
	got := routing.Choose(input(far), seeded(1))
	require.Equal(t, domain.ProviderID(5000), got.Provider.ID)
	require.Equal(t, domain.ProviderID(5000), got.Context.Candidates[99].ID, "the winner is always shown")
}

func TestChooseNobodyLeft(t *testing.T) {
	t.Parallel()
	two := plan(provider(1), provider(2))
	refused := func(id domain.ProviderID, reason string, after time.Duration) func(*routing.Input) {
		return func(in *routing.Input) {
			in.Excluded = append(in.Excluded, routing.Exclusion{ID: id, Reason: reason, RetryAfter: after})
		}
	}
	tests := map[string]struct {
		in    *routing.Input
		code  domain.Code
		after time.Duration
	}{
		"no provider at all":   {input(plan()), domain.CodeGroupEmpty, 5 * time.Second},
		"nobody speaks it":     {input(two, func(in *routing.Input) { in.Protocol = domain.ProtocolChat }), domain.CodeNoAvailableProviders, 5 * time.Second},
		"all open":             {input(two, reports(1, open(time.Hour)), reports(2, open(time.Minute))), domain.CodeAllCircuitsOpen, time.Minute},
		"open and half open":   {input(two, reports(1, open(time.Hour)), refused(2, "half_open_busy", 0)), domain.CodeAllCircuitsOpen, time.Hour},
		"all limited":          {input(two, reports(1, cooling(9*time.Second)), refused(2, "concurrent_limit_failed", 3*time.Second)), domain.CodeAllRateLimited, 3 * time.Second},
		"some of each":         {input(two, reports(1, open(time.Hour)), refused(2, "rate_limited", 0)), domain.CodeMixedUnavailable, time.Hour},
		"one open, one unfit":  {input(plan(provider(1), provider(2, disabled)), reports(1, open(time.Minute))), domain.CodeAllCircuitsOpen, time.Minute},
		"refused for no limit": {input(two, refused(1, "disabled", 0), refused(2, "draining", 0)), domain.CodeNoAvailableProviders, 5 * time.Second},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := routing.Choose(tc.in, seeded(1))
			require.Nil(t, got.Provider)
			require.NotNil(t, got.Context)
			require.Equal(t, tc.code, got.Fault.Code)
			require.Equal(t, domain.KindNoProvider, got.Fault.Kind)
			require.Equal(t, tc.after, got.Fault.RetryAfter)
		})
	}
}

// The share of each provider is that of its weight, within four standard
// deviations. The seeds are fixed, so a failure is a change and no bad luck.
func TestChooseSharesFollowWeights(t *testing.T) {
	t.Parallel()
	for seed, weights := range [][]int{{1, 1}, {1, 100}, {3, 5, 7}, {10, 20, 30, 40}, {1, 2, 3, 4, 5, 6}, {100, 100, 1}} {
		t.Run(fmt.Sprint(weights), func(t *testing.T) {
			t.Parallel()
			var all []*domain.Provider
			sum := 0
			for i, w := range weights {
				all = append(all, provider(i+1, weight(w)))
				sum += w
			}
			const draws = 10_000
			in, draw := input(plan(all...)), seeded(uint64(seed))
			hits := map[domain.ProviderID]int{}
			for range draws {
				hits[routing.Choose(in, draw).Provider.ID]++
			}
			for i, w := range weights {
				p := float64(w) / float64(sum)
				require.InDelta(t, draws*p, hits[domain.ProviderID(i+1)], 4*math.Sqrt(draws*p*(1-p)), "weight %d of %d", w, sum)
			}
		})
	}
}

// Whoever is chosen passed every filter, and the same seed chooses the same.
func TestChooseNeverPicksTheUnfit(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 12).Draw(t, "n")
		view := health{}
		var all []*domain.Provider
		for i := 1; i <= n; i++ {
			p := provider(i, priority(rapid.IntRange(0, 2).Draw(t, "priority")), weight(rapid.IntRange(0, 5).Draw(t, "weight")))
			p.Enabled = rapid.Bool().Draw(t, "enabled")
			all = append(all, p)
			view[p.ID] = rapid.SampledFrom([]domain.ProviderHealth{
				{}, open(time.Minute), open(-time.Minute), cooling(time.Minute), cooling(-time.Minute), full(0),
			}).Draw(t, "health")
		}
		in := input(plan(all...), func(in *routing.Input) { in.Health = view })
		in.Strategy = rapid.SampledFrom([]domain.TierStrategy{domain.TierWeighted, domain.TierCheapestFirst, domain.TierLeastInFlight}).Draw(t, "strategy")
		if rapid.Bool().Draw(t, "excluding") {
			exclude(1, "excluded")(in)
		}
		seed := rapid.Uint64().Draw(t, "seed")
		got, again := routing.Choose(in, seeded(seed)), routing.Choose(in, seeded(seed))
		if got.Provider != again.Provider {
			t.Fatalf("the same seed chose %v and %v", got.Provider, again.Provider)
		}
		eligible := 0
		for _, p := range all {
			h := view[p.ID]
			excluded := len(in.Excluded) > 0 && p.ID == 1
			broken := h.Breaker == domain.BreakerOpen && h.OpenUntil.After(noon)
			ok := p.Enabled && !excluded && !broken && !h.CoolingUntil.After(noon)
			if ok {
				eligible++
			}
			if got.Provider == p && !ok {
				t.Fatalf("chose unfit provider %d", p.ID)
			}
			if ok && got.Provider != nil && p.Routing.Priority < got.Priority {
				t.Fatalf("chose priority %d though %d has %d", got.Priority, p.ID, p.Routing.Priority)
			}
		}
		if (got.Provider == nil) != (eligible == 0) {
			t.Fatalf("%d eligible, chose %v", eligible, got.Provider)
		}
	})
}

func BenchmarkChoose(b *testing.B) {
	for _, n := range []int{10, 100, 1000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			view := health{}
			var all []*domain.Provider
			for i := range n {
				p := provider(i+1, weight(1+i%7), priority(i%3), models(domain.MatchPrefix, "claude-"))
				if i%10 == 9 {
					view[p.ID] = open(time.Minute)
				} else {
					view[p.ID] = domain.ProviderHealth{InFlight: i % 5, At: noon}
				}
				all = append(all, p)
			}
			in, draw := input(plan(all...), func(in *routing.Input) { in.Health = view }), seeded(1)
			b.ReportAllocs()
			for b.Loop() {
				if routing.Choose(in, draw).Provider == nil {
					b.Fatal("nobody chosen")
				}
			}
		})
	}
}
