package storetest

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/internal/domain"
	"github.com/claude-code-hub/cch/persistence/store"
)

func testVendorsAndEndpoints(t *testing.T, open Open) {
	t.Helper()
	s, ctx := open(t), t.Context()
	acme, v1, err := s.Vendors().Create(ctx, domain.Vendor{Domain: "acme.example", DisplayName: "Acme"})
	require.NoError(t, err)
	require.Positive(t, v1)
	_, _, err = s.Vendors().Create(ctx, domain.Vendor{Domain: "acme.example"})
	requireFault(t, err, domain.KindConflict)
	acme.WebsiteURL, acme.DisplayName = "https://acme.example", ""
	changed, v2, err := s.Vendors().Update(ctx, acme, 1)
	require.NoError(t, err)
	require.Greater(t, v2, v1)
	acme.Version, acme.UpdatedAt = 2, changed.UpdatedAt
	require.Empty(t, cmp.Diff(acme, changed))
	_, _, err = s.Vendors().Update(ctx, acme, 1)
	requireFault(t, err, domain.KindStaleVersion)

	one, _, err := s.Endpoints().Create(ctx, domain.Endpoint{VendorID: acme.ID, Type: domain.TypeClaude, URL: "https://a.acme.example", SortOrder: 3, Enabled: true})
	require.NoError(t, err)
	_, _, err = s.Endpoints().Create(ctx, domain.Endpoint{VendorID: acme.ID, Type: domain.TypeClaude, URL: one.URL})
	requireFault(t, err, domain.KindConflict)
	one.Label, one.Enabled = "A", false
	updated, _, err := s.Endpoints().Update(ctx, one, 1)
	require.NoError(t, err)
	one.Version, one.UpdatedAt = 2, updated.UpdatedAt
	require.Empty(t, cmp.Diff(one, updated))

	testProbes(t, s, one.ID)
	got, err := s.Endpoints().Get(ctx, one.ID)
	require.NoError(t, err)
	require.False(t, got.Probe.OK)
	require.Equal(t, "timeout", got.Probe.ErrorType)

	p := provider("of acme")
	p.VendorID = acme.ID
	made, _, err := s.Providers().Create(ctx, p)
	require.NoError(t, err)
	require.Equal(t, acme.ID, made.VendorID)
	c, err := s.Configuration(ctx)
	require.NoError(t, err)
	require.Len(t, domain.NewCatalog(c).Endpoints(domain.PoolKey{Vendor: acme.ID, Type: domain.TypeClaude}), 1)

	_, err = s.Vendors().Delete(ctx, acme.ID, 0)
	requireFault(t, err, domain.KindConflict)
	_, err = s.Providers().Delete(ctx, made.ID, 0)
	require.NoError(t, err)
	_, err = s.Vendors().Delete(ctx, acme.ID, 0)
	require.NoError(t, err)
	_, err = s.Endpoints().Get(ctx, one.ID)
	requireFault(t, err, domain.KindNotFound)
	left, err := s.Endpoints().Probes(ctx, one.ID, 0, 10)
	require.NoError(t, err)
	require.Empty(t, left, "probes go with their endpoint")
}

// testProbeRounds keeps outcomes in batches, which change the configuration only
// where ranks do, and forgets the old ones.
func testProbeRounds(t *testing.T, s *store.Store, id domain.EndpointID) {
	t.Helper()
	r, ctx := s.Endpoints(), t.Context()
	before, err := s.ConfigVersion(ctx)
	require.NoError(t, err)
	round := []domain.EndpointProbe{
		{Endpoint: 999, At: Start().Add(2 * time.Minute), Source: domain.ProbeScheduled, OK: true},
		{Endpoint: id, At: Start().Add(2 * time.Minute), Source: domain.ProbeScheduled, ErrorType: "timeout", Error: "too slow"},
	}
	require.NoError(t, r.ProbedAll(ctx, round, false))
	after, err := s.ConfigVersion(ctx)
	require.NoError(t, err)
	require.Equal(t, before, after)
	got, err := r.Get(ctx, id)
	require.NoError(t, err)
	require.True(t, got.Probe.At.Equal(round[1].At))
	require.NoError(t, r.ProbedAll(ctx, round[1:], true))
	after, err = s.ConfigVersion(ctx)
	require.NoError(t, err)
	require.Greater(t, after, before)

	n, err := r.PruneProbes(ctx, Start().Add(2*time.Minute), 1)
	require.NoError(t, err)
	require.Equal(t, 1, n)
	n, err = r.PruneProbes(ctx, Start().Add(2*time.Minute), 10)
	require.NoError(t, err)
	require.Equal(t, 1, n)
	left, err := r.Probes(ctx, id, 0, 10)
	require.NoError(t, err)
	require.Len(t, left, 2)
}

func testProbes(t *testing.T, s *store.Store, id domain.EndpointID) {
	t.Helper()
	r := s.Endpoints()
	ok := domain.EndpointProbe{Endpoint: id, At: Start(), Source: domain.ProbeManual, OK: true, Latency: 12 * time.Millisecond, Status: 204}
	bad := domain.EndpointProbe{Endpoint: id, At: Start().Add(time.Minute), Source: domain.ProbeScheduled, ErrorType: "timeout", Error: "too slow"}
	before, err := r.Probed(t.Context(), ok)
	require.NoError(t, err)
	after, err := r.Probed(t.Context(), bad)
	require.NoError(t, err)
	require.Greater(t, after, before, "ranks change with it")
	list, err := r.Probes(t.Context(), id, 0, 10)
	require.NoError(t, err)
	require.Len(t, list, 2)
	bad.ID, ok.ID = list[0].ID, list[1].ID
	require.Empty(t, cmp.Diff([]domain.EndpointProbe{bad, ok}, list))
	list, err = r.Probes(t.Context(), id, bad.ID, 10)
	require.NoError(t, err)
	require.Len(t, list, 1)
	_, err = r.Probed(t.Context(), domain.EndpointProbe{Endpoint: 999, At: Start(), Source: domain.ProbeManual})
	require.Error(t, err)
	testProbeRounds(t, s, id)
}
