package routing_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/claude-code-hub/cch/internal/domain"
	"github.com/claude-code-hub/cch/internal/routing"
)

func chatProvider(p *domain.Provider) { p.Type = domain.TypeOpenAICompatible }

func acceptsAll(p *domain.Provider) { p.Conversion.AcceptAll = true }

func accepts(protocols ...domain.Protocol) func(*domain.Provider) {
	return func(p *domain.Provider) { p.Conversion.AcceptFormats = protocols }
}

// lacking makes a call convertible; capability is what everybody lacks for it.
func lacking(capability string) func(*routing.Input) {
	return func(in *routing.Input) {
		in.Lacks = func(*domain.Provider, string) string { return capability }
	}
}

func TestChooseTakesConvertersThatAcceptTheClient(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		provider *domain.Provider
		edit     func(*routing.Input)
		reason   string // empty: chosen
	}{
		"accepts everything":          {provider(1, chatProvider, acceptsAll), lacking(""), ""},
		"accepts the client's":        {provider(1, chatProvider, accepts(domain.ProtocolGemini, domain.ProtocolClaude)), lacking(""), ""},
		"accepts another":             {provider(1, chatProvider, accepts(domain.ProtocolGemini)), lacking(""), "format_type_mismatch"},
		"accepts its own alone":       {provider(1, chatProvider), lacking(""), "format_type_mismatch"},
		"the call does not convert":   {provider(1, chatProvider, acceptsAll), func(*routing.Input) {}, "format_type_mismatch"},
		"lacks something":             {provider(1, chatProvider, acceptsAll), lacking("audio"), "unconvertible:audio"},
		"lacks it, does not serve":    {provider(1, chatProvider, acceptsAll, models(domain.MatchExact, "x")), lacking("audio"), "model_not_allowed"},
		"its own protocol never asks": {provider(1), lacking("audio"), ""},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := routing.Choose(input(plan(tc.provider), tc.edit), seeded(1))
			require.Equal(t, tc.reason, reasons(got.Context)[1])
			require.Equal(t, tc.reason == "", got.Provider != nil)
			require.Equal(t, got.Provider != nil && tc.provider.Type != domain.TypeClaude, got.Converted)
		})
	}
}

// A redirect decides which model has to be able to carry the call.
func TestChooseAsksAboutTheModelThatIsSent(t *testing.T) {
	t.Parallel()
	p := provider(1, chatProvider, acceptsAll, func(p *domain.Provider) {
		p.Routing.ModelRedirects = []domain.ModelRedirect{{MatchType: domain.MatchPrefix, Source: "claude-", Target: "gpt-5"}}
	})
	asked := ""
	routing.Choose(input(plan(p), func(in *routing.Input) {
		in.Lacks = func(_ *domain.Provider, model string) string {
			asked = model
			return ""
		}
	}), seeded(1))
	require.Equal(t, "gpt-5", asked)
}

func TestChooseNativeBeforeConvertedOfTheSamePriority(t *testing.T) {
	t.Parallel()
	p := plan(provider(1), provider(2, chatProvider, acceptsAll, weight(100), cost(0.1)), provider(3, chatProvider, acceptsAll, priority(-1)))
	for seed := range uint64(30) {
		got := routing.Choose(input(p, lacking("")), seeded(seed))
		require.Equal(t, domain.ProviderID(3), got.Provider.ID, "a better priority comes first, converted or not")
		require.Equal(t, routing.Tier{Priority: -1, Converted: true}, got.Tier)

		got = routing.Choose(input(p, lacking(""), exclude(3, "excluded")), seeded(seed))
		require.Equal(t, domain.ProviderID(1), got.Provider.ID)
		require.Len(t, got.Context.Candidates, 1)

		got = routing.Choose(input(p, lacking(""), exclude(3, "excluded"), reports(1, open(time.Minute))), seeded(seed))
		require.Equal(t, domain.ProviderID(2), got.Provider.ID, "the converter stands in")

		got = routing.Choose(input(p, lacking(""), exclude(3, "excluded"), func(in *routing.Input) {
			in.ClosedTiers = []routing.Tier{{Priority: 0}}
		}), seeded(seed))
		require.Equal(t, domain.ProviderID(2), got.Provider.ID, "many refusals of native ones close their tier alone")
	}
}

func TestChooseNobodyLeftForACapability(t *testing.T) {
	t.Parallel()
	converter := provider(1, chatProvider, acceptsAll)
	tests := map[string]struct {
		plan *routing.Plan
		edit func(*routing.Input)
		kind domain.Kind
		code domain.Code
	}{
		"only that":             {plan(converter, provider(2, disabled)), nil, domain.KindInvalid, domain.CodeUnconvertible},
		"a native one is ill":   {plan(converter, provider(2)), reports(2, open(time.Minute)), domain.KindNoProvider, domain.CodeAllCircuitsOpen},
		"a native one is full":  {plan(converter, provider(2)), exclude(2, "concurrent_limit_failed"), domain.KindNoProvider, domain.CodeAllRateLimited},
		"none takes the client": {plan(provider(1, chatProvider)), nil, domain.KindNoProvider, domain.CodeNoAvailableProviders},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			in := input(tc.plan, lacking("audio"))
			if tc.edit != nil {
				tc.edit(in)
			}
			got := routing.Choose(in, seeded(1))
			require.Nil(t, got.Provider)
			require.Equal(t, tc.code, got.Fault.Code)
			require.Equal(t, tc.kind, got.Fault.Kind)
			if tc.code == domain.CodeUnconvertible {
				require.Equal(t, "audio cannot be converted to the format of any available provider", got.Fault.Detail)
				require.Zero(t, got.Fault.RetryAfter, "waiting does not help")
			}
		})
	}
}

func TestReusableConverter(t *testing.T) {
	t.Parallel()
	p := plan(provider(1, chatProvider, acceptsAll), provider(2))
	bound := routing.Bound{Provider: 1, Source: domain.SessionFromClient, Messages: 1}
	got := routing.Reusable(input(p, lacking("")), bound)
	require.NotNil(t, got.Provider)
	require.True(t, got.Converted)

	got = routing.Reusable(input(p, lacking("pdf")), bound)
	require.Nil(t, got.Provider)
	require.Equal(t, "unconvertible:pdf", got.Reason)

	require.Equal(t, "format_type_mismatch", routing.Reusable(input(p), bound).Reason, "a call that does not convert")
}

func TestRebindComesHomeFromAConverter(t *testing.T) {
	t.Parallel()
	p := plan(provider(1), provider(2, chatProvider, acceptsAll))
	ends := func(bound, served domain.ProviderID) routing.Binding {
		return routing.Rebind(input(p, lacking("")), routing.Ending{
			Bound: bound, Completed: true, Tried: []routing.Try{{Provider: served, Class: domain.ClassOK}},
		})
	}
	require.Equal(t, domain.BindPriorityUpgrade, ends(2, 1).Reason)
	require.Equal(t, domain.BindKeepHealthy, ends(1, 2).Reason)
}

// A converter is chosen only for calls that convert, only if it accepts the
// client and can carry the call, and only when no native provider of its
// priority could be had.
func TestChooseRanksConverters(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var all []*domain.Provider
		lacks := map[domain.ProviderID]bool{}
		for i := 1; i <= rapid.IntRange(1, 10).Draw(t, "n"); i++ {
			p := provider(i, priority(rapid.IntRange(0, 2).Draw(t, "priority")))
			p.Type = rapid.SampledFrom([]domain.ProviderType{
				domain.TypeClaude, domain.TypeOpenAICompatible, domain.TypeCodex, domain.TypeGemini,
			}).Draw(t, "type")
			p.Conversion.AcceptAll = rapid.Bool().Draw(t, "accepts all")
			all = append(all, p)
			lacks[p.ID] = rapid.Bool().Draw(t, "lacks")
		}
		in := input(plan(all...))
		converts := rapid.Bool().Draw(t, "converts")
		if converts {
			in.Lacks = func(p *domain.Provider, _ string) string {
				if lacks[p.ID] {
					return "video"
				}
				return ""
			}
		}
		got := routing.Choose(in, seeded(rapid.Uint64().Draw(t, "seed")))
		eligible := false
		for _, p := range all {
			native := p.Type == domain.TypeClaude
			ok := native || converts && p.Conversion.AcceptAll && !lacks[p.ID]
			eligible = eligible || ok
			switch {
			case got.Provider == p && !ok:
				t.Fatalf("chose %s %d", p.Type, p.ID)
			case got.Provider == p && got.Converted == native:
				t.Fatalf("%s counts as converted: %v", p.Type, got.Converted)
			case got.Provider != nil && ok && p.Routing.Priority < got.Priority,
				got.Provider != nil && native && got.Converted && p.Routing.Priority == got.Priority:
				t.Fatalf("chose %d of priority %d before %s %d", got.Provider.ID, got.Priority, p.Type, p.ID)
			}
		}
		if eligible != (got.Provider != nil) {
			t.Fatalf("eligible %v, chose %v", eligible, got.Provider)
		}
	})
}
