package storetest

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/internal/domain"
	"github.com/claude-code-hub/cch/persistence/store"
)

func fullLimits() domain.Limits {
	return domain.Limits{
		USD5h: 1, USD5hMode: domain.WindowFixed, USDDaily: 2, DailyMode: domain.WindowRolling,
		DailyResetTime: "04:30", USDWeekly: 3, USDMonthly: 4, USDTotal: 5, ConcurrentSessions: 6,
		ConcurrentRequests: 7, RPM: 8,
		CostResetAt: time.UnixMilli(1_700_000_000_001).UTC(), Cost5hResetAt: time.UnixMilli(1_700_000_000_002).UTC(),
	}
}

func testUsers(t *testing.T, open Open) {
	t.Helper()
	s, ctx := open(t), t.Context()

	want := user("ann")
	want.Description, want.Role, want.ExpiresAt = "first", domain.RoleAdmin, time.UnixMilli(1_800_000_000_000).UTC()
	want.Limits, want.Groups, want.AllowedModels = fullLimits(), []string{"team-b", "default", "team-a", "team-b"}, []string{"m1", "m2"}
	created, v1, err := s.Users().Create(ctx, want)
	require.NoError(t, err)
	require.Positive(t, v1)

	want.ID, want.Version, want.CreatedAt, want.UpdatedAt = created.ID, 1, created.CreatedAt, created.UpdatedAt
	want.Groups = []string{"team-b", "default", "team-a"} // in order, each once
	require.Empty(t, cmp.Diff(want, created))
	require.False(t, created.CreatedAt.IsZero())
	got, err := s.Users().Get(ctx, created.ID)
	require.NoError(t, err)
	require.Empty(t, cmp.Diff(want, got))

	_, _, err = s.Users().Create(ctx, user("ann"))
	requireFault(t, err, domain.KindConflict)
	require.Contains(t, err.Error(), "name")
	version, err := s.ConfigVersion(ctx)
	require.NoError(t, err)
	require.Equal(t, v1, version, "a refused write is no change")

	got.Name, got.Limits, got.Groups, got.ExpiresAt, got.AllowedModels = "anna", domain.Limits{}, nil, time.Time{}, nil
	updated, v2, err := s.Users().Update(ctx, got, 1)
	require.NoError(t, err)
	require.Greater(t, v2, v1)
	require.Equal(t, 2, updated.Version)
	require.Equal(t, "anna", updated.Name)
	require.Empty(t, updated.Groups)
	require.Empty(t, updated.AllowedModels)
	require.Zero(t, updated.Limits.USDTotal)
	require.Zero(t, updated.ExpiresAt)
	require.Equal(t, created.CreatedAt, updated.CreatedAt)

	_, _, err = s.Users().Update(ctx, got, 1)
	requireFault(t, err, domain.KindStaleVersion)
	got.ID = 999
	_, _, err = s.Users().Update(ctx, got, 1)
	requireFault(t, err, domain.KindNotFound)
	_, err = s.Users().Get(ctx, 999)
	requireFault(t, err, domain.KindNotFound)
	_, err = s.Users().Delete(ctx, 999, 0)
	requireFault(t, err, domain.KindNotFound)
	_, err = s.Users().Delete(ctx, created.ID, 1)
	requireFault(t, err, domain.KindStaleVersion)

	testUserDeletion(t, s)
}

// A deleted user takes its keys with it, and its name is free again, however
// often that happens in one millisecond.
func testUserDeletion(t *testing.T, s *store.Store) {
	t.Helper()
	ctx := t.Context()
	for i := range 3 {
		u, _, err := s.Users().Create(ctx, user("again"))
		require.NoError(t, err)
		k, _, err := s.Keys().Create(ctx, key(u.ID, fmt.Sprint("again", i)))
		require.NoError(t, err)
		_, err = s.Users().Delete(ctx, u.ID, 0)
		require.NoError(t, err)
		_, err = s.Users().Get(ctx, u.ID)
		requireFault(t, err, domain.KindNotFound)
		_, err = s.Keys().Get(ctx, k.ID)
		requireFault(t, err, domain.KindNotFound)
		_, _, err = s.Keys().Create(ctx, key(u.ID, fmt.Sprint("late", i)))
		requireFault(t, err, domain.KindNotFound)
	}
	users, err := s.Users().List(ctx)
	require.NoError(t, err)
	for _, u := range users {
		require.NotEqual(t, "again", u.Name)
	}
}

func testKeys(t *testing.T, open Open) {
	t.Helper()
	s, ctx := open(t), t.Context()
	owner, _, err := s.Users().Create(ctx, user("owner"))
	require.NoError(t, err)

	want := key(owner.ID, "one")
	want.CacheTTL = domain.Cache5m
	want.CanLoginWebUI, want.Groups, want.Limits = true, []string{"g2", "g1"}, fullLimits()
	created, version, err := s.Keys().Create(ctx, want)
	require.NoError(t, err)
	require.Positive(t, version)
	want.ID, want.Version, want.CreatedAt, want.UpdatedAt = created.ID, 1, created.CreatedAt, created.UpdatedAt
	require.Empty(t, cmp.Diff(want, created))

	_, _, err = s.Keys().Create(ctx, key(owner.ID, "one"))
	requireFault(t, err, domain.KindConflict)

	other, _, err := s.Keys().Create(ctx, key(owner.ID, "two"))
	require.NoError(t, err)
	list, err := s.Keys().ListByUser(ctx, owner.ID)
	require.NoError(t, err)
	require.Equal(t, []domain.KeyID{created.ID, other.ID}, []domain.KeyID{list[0].ID, list[1].ID})
	require.Equal(t, []string{"g2", "g1"}, list[0].Groups)
	require.Empty(t, list[1].Groups)

	// Owner and credential stay, whatever the update says.
	changed := key(owner.ID+1, "three")
	changed.ID, changed.Name, changed.Enabled = created.ID, "desktop", false
	updated, _, err := s.Keys().Update(ctx, changed, 1)
	require.NoError(t, err)
	require.Equal(t, "desktop", updated.Name)
	require.False(t, updated.Enabled)
	require.Equal(t, created.Hash, updated.Hash)
	require.Equal(t, owner.ID, updated.UserID)
	require.Equal(t, 2, updated.Version)
	_, _, err = s.Keys().Update(ctx, changed, 1)
	requireFault(t, err, domain.KindStaleVersion)

	_, err = s.Keys().Delete(ctx, created.ID, 2)
	require.NoError(t, err)
	_, err = s.Keys().Delete(ctx, created.ID, 0)
	requireFault(t, err, domain.KindNotFound)
	list, err = s.Keys().List(ctx)
	require.NoError(t, err)
	require.Len(t, list, 1)

	for i := range 40 { // more than a short list
		k := key(owner.ID, fmt.Sprint("bulk", i))
		k.Groups = []string{fmt.Sprint("bulk", i)}
		_, _, err := s.Keys().Create(ctx, k)
		require.NoError(t, err)
	}
	list, err = s.Keys().List(ctx)
	require.NoError(t, err)
	require.Len(t, list, 41)
	require.Equal(t, []string{"bulk39"}, list[40].Groups)
}

func testGroups(t *testing.T, open Open) {
	t.Helper()
	s, ctx := open(t), t.Context()
	seeded, err := s.Groups().List(ctx)
	require.NoError(t, err)
	require.Len(t, seeded, 2)
	require.Equal(t, domain.DefaultGroup, seeded[0].Name)
	require.Equal(t, domain.GroupAll, seeded[1].Name)
	require.Equal(t, domain.MultiplierOne, seeded[0].CostMultiplier)

	g, version, err := s.Groups().Create(ctx, domain.Group{Name: "fast", CostMultiplier: 12_500, Description: "d"})
	require.NoError(t, err)
	require.Positive(t, version)
	got, err := s.Groups().Get(ctx, g.ID)
	require.NoError(t, err)
	require.Equal(t, domain.Group{ID: g.ID, Version: 1, Name: "fast", CostMultiplier: 12_500, Description: "d"}, got)
	_, _, err = s.Groups().Create(ctx, domain.Group{Name: "fast"})
	requireFault(t, err, domain.KindConflict)

	got.Name, got.Description = "faster", ""
	got, _, err = s.Groups().Update(ctx, got, 1)
	require.NoError(t, err)
	require.Equal(t, domain.Group{ID: g.ID, Version: 2, Name: "faster", CostMultiplier: 12_500}, got)
	_, _, err = s.Groups().Update(ctx, got, 1)
	requireFault(t, err, domain.KindStaleVersion)

	u := user("member")
	u.Groups = []string{"faster"}
	member, _, err := s.Users().Create(ctx, u)
	require.NoError(t, err)
	_, err = s.Groups().Delete(ctx, g.ID, 0)
	requireFault(t, err, domain.KindConflict)
	_, err = s.Users().Delete(ctx, member.ID, 0)
	require.NoError(t, err)
	_, err = s.Groups().Delete(ctx, g.ID, 1)
	requireFault(t, err, domain.KindStaleVersion)
	_, err = s.Groups().Delete(ctx, g.ID, 2)
	require.NoError(t, err)
	_, err = s.Groups().Delete(ctx, g.ID, 0)
	requireFault(t, err, domain.KindNotFound)

	for _, builtIn := range seeded {
		_, err = s.Groups().Delete(ctx, builtIn.ID, 0)
		requireFault(t, err, domain.KindConflict)
		renamed := builtIn
		renamed.Name = "other"
		_, _, err = s.Groups().Update(ctx, renamed, 0)
		requireFault(t, err, domain.KindConflict)
		builtIn.CostMultiplier = 20_000
		builtIn, _, err = s.Groups().Update(ctx, builtIn, 0)
		require.NoError(t, err)
		require.Equal(t, domain.Multiplier(20_000), builtIn.CostMultiplier)
	}
}

// Only users whose time is over are disabled for it, and once.
func testExpiry(t *testing.T, open Open) {
	t.Helper()
	s, ctx := open(t), t.Context()
	add := func(name string, expires time.Time, enabled bool) domain.User {
		u := user(name)
		u.ExpiresAt, u.Enabled = expires, enabled
		created, _, err := s.Users().Create(ctx, u)
		require.NoError(t, err)
		return created
	}
	past, future := time.UnixMilli(1_000), time.Now().Add(time.Hour)
	for _, tc := range []struct {
		user    domain.User
		enabled bool
		version int
	}{
		{add("over", past, true), false, 2},
		{add("disabled", past, false), false, 1},
		{add("not yet", future, true), true, 1},
		{add("never", time.Time{}, true), true, 1},
	} {
		for range 2 {
			require.NoError(t, s.Users().Expire(ctx, tc.user.ID))
		}
		got, err := s.Users().Get(ctx, tc.user.ID)
		require.NoError(t, err)
		require.Equal(t, tc.enabled, got.Enabled, got.Name)
		require.Equal(t, tc.version, got.Version, got.Name)
	}
}

func testProviders(t *testing.T, open Open) {
	t.Helper()
	s, ctx := open(t), t.Context()
	want := provider("acme")
	want.Description, want.Type = "d", domain.TypeCodex
	want.Groups, want.GroupPriorities = []string{"b", "a"}, map[string]int{"a": 3}
	want.Limits = fullLimits()
	want.Routing = domain.Routing{
		Weight: 7, Priority: -1, CostMultiplier: 8_000, MaxAttempts: 4, DisableSessionReuse: true,
		AllowedModels:  []domain.ModelRule{{MatchType: domain.MatchPrefix, Pattern: "claude-"}},
		ModelRedirects: []domain.ModelRedirect{{MatchType: domain.MatchExact, Source: "a", Target: "b"}},
		AllowedClients: []string{"claude-code"}, BlockedClients: []string{"curl", "*bot*"},
		Active: domain.DailyWindow{Start: "22:00", End: "06:30"}, Draining: true,
	}
	want.Breaker = domain.BreakerSettings{FailureThreshold: 1, FailureWindow: time.Second, OpenDuration: 2 * time.Second, HalfOpenSuccess: 3, HalfOpenProbes: 4}
	want.Transport = domain.Transport{
		ProxyURL: "http://proxy.example:8080", ProxyFallbackToDirect: true, FirstByteTimeout: time.Second,
		StreamIdleTimeout: time.Minute, RequestTimeout: time.Hour, AuthStyle: domain.AuthBearer, PreserveClientIP: true,
		HTTP2:         new(true),
		CustomHeaders: map[string]domain.Secret{"x-extra": "value"},
	}
	want.Conversion = domain.Conversion{AcceptFormats: []domain.Protocol{domain.ProtocolChat}, CodexInstructions: domain.InstructionsForce}
	want.Conversion.ConversionFlags = domain.ConversionFlags{
		AlwaysStream: true, DeveloperRole: true, CacheBreakpoints: true, DeriveCacheKey: true, NoAutoCache: true,
		MaxCompletionTokens: true, DefaultMaxTokens: 9000, Project: "p",
	}
	want.Billing = domain.Billing{PricingKey: "shop", CostSource: domain.CostReported, SwapCacheTTL: true}
	want.CacheTTL = domain.Cache1h
	want.Overrides = &domain.Overrides{
		Context1M: domain.Context1MForce, MaxTokens: 9000, ThinkingBudget: 4000,
		AdaptiveThinking: &domain.AdaptiveThinking{Effort: "high", ModelMode: domain.AdaptiveSpecific, Models: []string{"claude-opus-5"}},
		ReasoningEffort:  "low", ReasoningSummary: "auto", TextVerbosity: "high", ParallelTools: new(false), ServiceTier: "flex",
		ImageGeneration: domain.ToolDisabled, GoogleSearch: domain.ToolEnabled,
	}
	created, version, err := s.Providers().Create(ctx, want)
	require.NoError(t, err)
	require.Positive(t, version)
	want.ID, want.Version, want.KeyLast4 = created.ID, 1, "0001"
	want.CreatedAt, want.UpdatedAt = created.CreatedAt, created.UpdatedAt
	require.Empty(t, cmp.Diff(want, created))
	got, err := s.Providers().Get(ctx, created.ID)
	require.NoError(t, err)
	require.Empty(t, cmp.Diff(want, got))

	bare, _, err := s.Providers().Create(ctx, provider("acme")) // names may repeat
	require.NoError(t, err)
	require.Equal(t, domain.AuthAuto, bare.Transport.AuthStyle)
	require.Equal(t, domain.Conversion{CodexInstructions: domain.InstructionsAuto}, bare.Conversion)
	require.Nil(t, bare.Transport.CustomHeaders)

	got.Key, got.Transport.ProxyURL, got.Transport.CustomHeaders = "another-credential-0002", "", nil
	got.Conversion = domain.Conversion{AcceptAll: true, CodexInstructions: domain.InstructionsKeep}
	got.Groups, got.GroupPriorities = []string{"a"}, nil
	updated, _, err := s.Providers().Update(ctx, got, 1)
	require.NoError(t, err)
	got.Version, got.KeyLast4, got.UpdatedAt = 2, "0002", updated.UpdatedAt
	require.Empty(t, cmp.Diff(got, updated))
	_, _, err = s.Providers().Update(ctx, got, 1)
	requireFault(t, err, domain.KindStaleVersion)

	_, err = s.Providers().Delete(ctx, created.ID, 2)
	require.NoError(t, err)
	_, err = s.Providers().Get(ctx, created.ID)
	requireFault(t, err, domain.KindNotFound)
	_, _, err = s.Providers().Update(ctx, got, 0)
	requireFault(t, err, domain.KindNotFound)
	list, err := s.Providers().List(ctx)
	require.NoError(t, err)
	require.Len(t, list, 1)
}

func testSettings(t *testing.T, open Open) {
	t.Helper()
	s, ctx := open(t), t.Context()
	got, err := s.Settings().Get(ctx)
	require.NoError(t, err)
	require.Empty(t, cmp.Diff(domain.DefaultSettings(), got))

	want, version, err := s.Settings().Update(ctx, domain.AdminTokenUserID, func(c *domain.Settings) error {
		c.SiteTitle, c.Timezone, c.VerboseProviderError = "Hub", "Europe/Berlin", true
		c.MaxTotalAttempts, c.PrecommitDeadline = 5, 1500*time.Millisecond
		c.TierStrategy, c.StreamGate, c.QuotaFailMode = domain.TierLeastInFlight, domain.GateOff, domain.FailClosed
		c.TrustedProxies = []string{"10.0.0.0/8", "::1"}
		c.PassThroughUpstreamErrorMessage = false
		c.Setup = domain.Setup{Done: []string{"route"}, Dismissed: true, Demo: domain.DemoSet{Provider: 1, User: 2, Group: 3}}
		return nil
	})
	require.NoError(t, err)
	require.Positive(t, version)
	got, err = s.Settings().Get(ctx)
	require.NoError(t, err)
	require.Empty(t, cmp.Diff(want, got))
	require.Equal(t, 1500*time.Millisecond, got.PrecommitDeadline)

	_, _, err = s.Settings().Update(ctx, 1, func(c *domain.Settings) error {
		c.MaxTotalAttempts, c.TierStrategy, c.Timezone, c.SiteTitle = 0, "random", "Mars/Base", "lost"
		c.TrustedProxies = []string{"example.com"}
		return nil
	})
	requireFault(t, err, domain.KindInvalid)
	for _, name := range []string{"max_total_attempts", "tier_strategy", "timezone", "trusted_proxies"} {
		require.Contains(t, err.Error(), name)
	}
	again, err := s.Settings().Get(ctx)
	require.NoError(t, err)
	require.Empty(t, cmp.Diff(got, again), "nothing is half written")

	back, _, err := s.Settings().Update(ctx, 1, func(c *domain.Settings) error {
		*c = domain.DefaultSettings()
		return nil
	})
	require.NoError(t, err)
	got, err = s.Settings().Get(ctx)
	require.NoError(t, err)
	require.Empty(t, cmp.Diff(back, got))
}

// The version never goes back, every write raises it once, and a configuration
// is read as of one instant even while others write.
func testConfiguration(t *testing.T, open Open) {
	t.Helper()
	s, ctx := open(t), t.Context()
	empty, err := s.Configuration(ctx)
	require.NoError(t, err)
	require.Zero(t, empty.Version)
	require.Len(t, empty.Groups, 2)

	const writers, each = 4, 10
	versions := make(chan int64, writers*each)
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			for i := range each {
				u, v, err := s.Users().Create(ctx, user(fmt.Sprintf("u%d-%d", w, i)))
				if err != nil {
					t.Errorf("create: %v", err)
					return
				}
				versions <- v
				c, err := s.Configuration(ctx)
				if err != nil || c.Version < v || domain.NewCatalog(c).User(u.ID) == nil || int(c.Version) != len(c.Users) {
					t.Errorf("version %d, configuration of %d with %d users: %v", v, c.Version, len(c.Users), err)
				}
			}
		})
	}
	wg.Wait()
	close(versions)
	seen := make(map[int64]bool)
	for v := range versions {
		require.False(t, seen[v], "version %d was given twice", v)
		seen[v] = true
	}
	require.Len(t, seen, writers*each)

	u, _, err := s.Users().Create(ctx, user("owner"))
	require.NoError(t, err)
	k, _, err := s.Keys().Create(ctx, key(u.ID, "credential"))
	require.NoError(t, err)
	p, version, err := s.Providers().Create(ctx, provider("p"))
	require.NoError(t, err)
	c, err := s.Configuration(ctx)
	require.NoError(t, err)
	catalog := domain.NewCatalog(c)
	require.Equal(t, version, catalog.Version())
	require.Equal(t, k.ID, catalog.KeyByHash(k.Hash).ID)
	require.Equal(t, p.Key, catalog.Provider(p.ID).Key)
}
