package routing_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/internal/domain"
	"github.com/claude-code-hub/cch/internal/routing"
)

func TestReusable(t *testing.T) {
	t.Parallel()
	client := routing.Bound{Provider: 1, Source: domain.SessionFromClient, Messages: 1}
	printed := func(messages int) routing.Bound {
		return routing.Bound{Provider: 1, Source: domain.SessionFromFingerprint, Messages: messages}
	}
	noReuse := func(p *domain.Provider) { p.Routing.DisableSessionReuse = true }
	tests := map[string]struct {
		provider *domain.Provider
		edit     func(*routing.Input)
		bound    routing.Bound
		reason   string
		void     bool
	}{
		"stays":                          {provider: provider(1), bound: client},
		"outranks priority":              {provider: provider(1, priority(9)), bound: client},
		"gone":                           {provider: provider(1), bound: routing.Bound{Provider: 7}, reason: "provider_gone", void: true},
		"disabled":                       {provider: provider(1, disabled), bound: client, reason: "disabled", void: true},
		"reuse switched off":             {provider: provider(1, noReuse), bound: client, reason: "session_reuse_disabled", void: true},
		"moved to another group":         {provider: provider(1, groups("vip")), bound: client, reason: "group_mismatch", void: true},
		"model no longer served":         {provider: provider(1, models(domain.MatchExact, "x")), bound: client, reason: "model_not_allowed", void: true},
		"speaks something else":          {provider: provider(1), edit: func(in *routing.Input) { in.Protocol = domain.ProtocolGemini }, bound: client, reason: "format_type_mismatch", void: true},
		"breaker open":                   {provider: provider(1), edit: reports(1, open(time.Minute)), bound: client, reason: "circuit_open"},
		"cooling":                        {provider: provider(1), edit: reports(1, cooling(time.Minute)), bound: client, reason: "cooling_down"},
		"full: its actor decides":        {provider: provider(1), edit: reports(1, full(0)), bound: client},
		"fingerprint, first turn":        {provider: provider(1), bound: printed(1), reason: "single_message"},
		"fingerprint, later turn":        {provider: provider(1), bound: printed(3)},
		"void beats single message":      {provider: provider(1, disabled), bound: printed(1), reason: "disabled", void: true},
		"single message and named by id": {provider: provider(1), bound: client},
		"draining, but bound":            {provider: provider(1, draining), bound: client},
		"client no longer allowed":       {provider: provider(1, clients([]string{"codex-cli"}, nil)), bound: client, reason: "client_restriction", void: true},
		"outside its hours":              {provider: provider(1, active("13:00", "14:00")), bound: client, reason: "schedule_inactive", void: true},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			in := input(plan(tc.provider, provider(2, priority(-5))))
			if tc.edit != nil {
				tc.edit(in)
			}
			got := routing.Reusable(in, tc.bound)
			require.Equal(t, tc.reason, got.Reason)
			require.Equal(t, tc.void, got.Void)
			if tc.reason != "" {
				require.Nil(t, got.Provider)
				return
			}
			require.Equal(t, domain.ProviderID(1), got.Provider.ID)
			require.Equal(t, domain.MethodSessionReuse, got.Method)
		})
	}
}

func TestReusableOrABetterPriority(t *testing.T) {
	t.Parallel()
	always := func(s *domain.Settings) { s.StickyPriorityMode = domain.StickyPriorityFirst }
	comesBack := func(s *domain.Settings) { s.StickyReturn = true }
	closed := func(ago time.Duration) func(*routing.Input) {
		return reports(2, domain.ProviderHealth{Breaker: domain.BreakerClosed, ClosedAt: noon.Add(-ago), At: noon})
	}
	nothing := func(*routing.Input) {}
	tests := map[string]struct {
		settings func(*domain.Settings)
		better   *domain.Provider
		report   func(*routing.Input)
		idle     time.Duration
		reason   string
	}{
		"a binding outranks priority":       {func(*domain.Settings) {}, provider(2, priority(-1)), nothing, time.Hour, ""},
		"priority first":                    {always, provider(2, priority(-1)), nothing, 0, "better_priority"},
		"priority first, equal tier":        {always, provider(2), nothing, 0, ""},
		"priority first, unfit":             {always, provider(2, priority(-1), disabled), nothing, 0, ""},
		"priority first, breaker open":      {always, provider(2, priority(-1)), reports(2, open(time.Minute)), 0, ""},
		"priority first, full":              {always, provider(2, priority(-1)), reports(2, full(0)), 0, ""},
		"return, idle":                      {comesBack, provider(2, priority(-1)), nothing, 5*time.Minute + 1, "better_priority"},
		"return, cache still warm":          {comesBack, provider(2, priority(-1)), nothing, 5 * time.Minute, ""},
		"return, better one closed lately":  {comesBack, provider(2, priority(-1)), closed(time.Minute - 1), time.Hour, ""},
		"return, better one has been well":  {comesBack, provider(2, priority(-1)), closed(time.Minute), time.Hour, "better_priority"},
		"return, better one draining":       {comesBack, provider(2, priority(-1), draining), nothing, time.Hour, ""},
		"return, nobody is better than one": {comesBack, provider(2, priority(1)), nothing, time.Hour, ""},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var settings domain.Settings
			tc.settings(&settings)
			in := input(routing.Compile(domain.NewCatalog(domain.Configuration{
				Providers: []*domain.Provider{provider(1), tc.better}, Settings: settings,
			})), tc.report)
			bound := routing.Bound{Provider: 1, Source: domain.SessionFromClient, Messages: 3, Idle: tc.idle}
			got := routing.Route(in, bound, seeded(1))
			require.Equal(t, tc.reason, got.Context.BindingDroppedReason)
			require.False(t, got.Void)
			if want := domain.ProviderID(1); tc.reason == "" {
				require.Equal(t, want, got.Provider.ID)
				require.Equal(t, domain.ReasonSessionReuse, got.Reason)
			} else {
				require.Equal(t, domain.ProviderID(2), got.Provider.ID)
				require.Equal(t, domain.ReasonInitialSelection, got.Reason)
			}
		})
	}
}

// A call about what exists at one provider goes there or nowhere.
func TestRoutePinned(t *testing.T) {
	t.Parallel()
	pinned := func(id domain.ProviderID) func(*routing.Input) {
		return func(in *routing.Input) { in.Pinned = id }
	}
	bound := func(id domain.ProviderID) routing.Bound {
		return routing.Bound{Provider: id, Source: domain.SessionFromClient, Messages: 3}
	}
	p := plan(provider(1), provider(2, priority(9)), provider(3, groups("vip")))
	for seed := range uint64(10) {
		got := routing.Route(input(p, pinned(2)), bound(1), seeded(seed))
		require.Equal(t, domain.ProviderID(2), got.Provider.ID, "whatever its priority and the session's binding")
		require.False(t, got.Void)
	}
	require.Equal(t, domain.ReasonSessionReuse, routing.Route(input(p, pinned(2)), bound(2), seeded(1)).Reason)
	for name, in := range map[string]*routing.Input{
		"gone":          input(p, pinned(7)),
		"another group": input(p, pinned(3)),
		"breaker open":  input(p, pinned(2), reports(2, open(time.Minute))),
		"refused":       input(p, pinned(2), exclude(2, "concurrent_limit_failed")),
	} {
		got := routing.Route(in, routing.Bound{}, seeded(1))
		require.Nil(t, got.Provider, name)
		require.Equal(t, domain.KindNotFound, got.Fault.Kind, name)
		require.Equal(t, domain.CodeResourceProviderMissing, got.Fault.Code, name)
	}
}

func TestReusableExplains(t *testing.T) {
	t.Parallel()
	got := routing.Reusable(input(plan(provider(1, priority(3)))), routing.Bound{
		Provider: 1, Session: domain.SessionKey{KeyID: 4, ID: "s-1"}, Source: domain.SessionFromClient, Age: 2 * time.Second,
	})
	require.Equal(t, "s-1", got.Context.SessionID)
	require.Equal(t, int64(2000), got.Context.SessionAgeMs)
	require.Equal(t, 3, got.Context.SelectedPriority)
	require.Equal(t, domain.MultiplierOne, got.GroupMultiplier)
}

func TestRebind(t *testing.T) {
	t.Parallel()
	try := func(id domain.ProviderID, class domain.AttemptClass) routing.Try {
		return routing.Try{Provider: id, Class: class}
	}
	served := func(id domain.ProviderID) []routing.Try { return []routing.Try{try(id, domain.ClassOK)} }
	failed := domain.ClassProviderError
	p := plan(provider(1, priority(5)), provider(2, priority(5)), provider(3, priority(1)))
	keep := routing.Binding{Renew: true}

	tests := map[string]struct {
		end    routing.Ending
		health health
		want   routing.Binding
	}{
		"success, unbound": {
			end:  routing.Ending{Tried: served(2), Completed: true},
			want: routing.Binding{Change: true, Renew: true, Provider: 2, Reason: domain.BindFirstSuccess},
		},
		"our own shutdown breaks the stream": {
			end:  routing.Ending{Bound: 1, Tried: []routing.Try{{Provider: 1, Class: domain.ClassLocalOverload, Committed: true}}, Exhausted: true},
			want: keep,
		},
		"success after failures, unbound": {
			end:  routing.Ending{Tried: []routing.Try{try(1, failed), try(2, domain.ClassOK)}, Completed: true},
			want: routing.Binding{Change: true, Renew: true, Provider: 2, Reason: domain.BindFirstSuccess},
		},
		"success where bound": {
			end:  routing.Ending{Bound: 2, Tried: served(2), Completed: true},
			want: routing.Binding{Renew: true, Reason: domain.BindKeepHealthy},
		},
		"success after the bound one failed": {
			end:  routing.Ending{Bound: 1, Tried: []routing.Try{try(1, failed), try(2, domain.ClassOK)}, Completed: true},
			want: routing.Binding{Change: true, Renew: true, Provider: 2, Reason: domain.BindFailoverSuccess},
		},
		"success on a better priority": {
			end:  routing.Ending{Bound: 1, Tried: served(3), Completed: true},
			want: routing.Binding{Change: true, Renew: true, Provider: 3, Reason: domain.BindPriorityUpgrade},
		},
		"success elsewhere, breaker open": {
			end:    routing.Ending{Bound: 1, Tried: served(2), Completed: true},
			health: health{1: open(time.Minute)},
			want:   routing.Binding{Change: true, Renew: true, Provider: 2, Reason: domain.BindCircuitOpenFallback},
		},
		"success elsewhere, binding void": {
			end:  routing.Ending{Bound: 1, Void: true, Tried: served(2), Completed: true},
			want: routing.Binding{Change: true, Renew: true, Provider: 2, Reason: domain.BindProviderGone},
		},
		"success elsewhere, bound one was busy": {
			end:  routing.Ending{Bound: 1, Tried: served(2), Completed: true},
			want: routing.Binding{Renew: true, Reason: domain.BindKeepHealthy},
		},
		"answer without its end": {
			end:  routing.Ending{Tried: served(2)},
			want: routing.Binding{},
		},
		"bound one broke after commit": {
			end:  routing.Ending{Bound: 1, Tried: []routing.Try{{Provider: 1, Class: failed, Failure: domain.FailStreamBroken, Committed: true}}},
			want: routing.Binding{Change: true, Reason: domain.UnbindStreamFailed},
		},
		"bound one answered a fake 200": {
			end:  routing.Ending{Bound: 1, Tried: []routing.Try{{Provider: 1, Class: failed, Failure: domain.FailFake200}}, Exhausted: true},
			want: routing.Binding{Change: true, Reason: domain.UnbindStreamFailed},
		},
		"another broke after commit": {
			end:  routing.Ending{Bound: 1, Tried: []routing.Try{{Provider: 2, Class: failed, Failure: domain.FailStreamBroken, Committed: true}}},
			want: keep,
		},
		"all failed, bound one among them": {
			end:  routing.Ending{Bound: 1, Tried: []routing.Try{try(1, failed), try(2, failed)}, Exhausted: true},
			want: routing.Binding{Change: true, Reason: domain.UnbindAllFailed},
		},
		"all failed, bound one not asked": {
			end:  routing.Ending{Bound: 1, Tried: []routing.Try{try(2, failed)}, Exhausted: true},
			want: keep,
		},
		"the client's own mistake": {
			end:  routing.Ending{Bound: 1, Tried: []routing.Try{try(1, domain.ClassClientError)}},
			want: keep,
		},
		"client left": {
			end:  routing.Ending{Bound: 1, Tried: []routing.Try{try(1, domain.ClassClientAbort)}},
			want: keep,
		},
		"client left after a failure of the bound one": {
			end:  routing.Ending{Bound: 1, Tried: []routing.Try{try(1, failed), try(2, domain.ClassClientAbort)}},
			want: keep,
		},
		"nobody was asked": {end: routing.Ending{Bound: 1}, want: keep},
		"nobody was asked, void": {
			end:  routing.Ending{Bound: 1, Void: true},
			want: routing.Binding{Change: true, Renew: true, Reason: domain.BindProviderGone},
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			in := input(p)
			if tc.health != nil {
				in.Health = tc.health
			}
			require.Equal(t, tc.want, routing.Rebind(in, tc.end))
		})
	}
}

func TestRedirect(t *testing.T) {
	t.Parallel()
	p := plan(provider(1, func(p *domain.Provider) {
		p.Routing.ModelRedirects = []domain.ModelRedirect{
			{MatchType: domain.MatchExact, Source: "a", Target: "b"},
			{MatchType: domain.MatchPrefix, Source: "claude-", Target: "kimi"},
			{MatchType: domain.MatchRegex, Source: "opus", Target: "never reached for claude-"},
			{MatchType: domain.MatchExact, Source: "same", Target: "same"},
		}
	}))
	sent, used := p.Redirect(1, "claude-opus")
	require.Equal(t, "kimi", sent)
	require.Equal(t, &domain.ModelRedirectUsed{
		OriginalModel: "claude-opus", RedirectedModel: "kimi", BillingModel: "claude-opus", MatchedRule: "prefix:claude-",
	}, used)
	for _, model := range []string{"gpt", "same", ""} {
		sent, used = p.Redirect(1, model)
		require.Equal(t, model, sent)
		require.Nil(t, used)
	}
	sent, used = p.Redirect(99, "a")
	require.Equal(t, "a", sent)
	require.Nil(t, used)
}

func TestPlansCompileACatalogOnce(t *testing.T) {
	t.Parallel()
	first := domain.NewCatalog(domain.Configuration{Providers: []*domain.Provider{provider(1)}})
	second := domain.NewCatalog(domain.Configuration{Providers: []*domain.Provider{provider(1)}})
	var plans routing.Plans
	a := plans.For(first)
	require.Same(t, a, plans.For(first))
	b := plans.For(second)
	require.NotSame(t, a, b)
	require.Same(t, second, b.Catalog())
}
