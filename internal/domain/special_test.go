package domain_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/internal/domain"
)

// What is stored comes back, with a trace and without; nothing takes no room.
func TestSpecialSettingsAreStored(t *testing.T) {
	t.Parallel()
	list := []domain.SpecialSetting{
		{Type: domain.SpecialClaudeEffort, Effort: "high"},
		{Type: domain.SpecialSignedModel, ProviderID: 1, Attempt: 2, Source: domain.SignedModelFound, ModelSigned: &domain.ModelSigned{Asked: "a", Found: "b", Any: true}},
		{Type: domain.SpecialCodexTier, ServiceFound: &domain.ServiceFound{Requested: "priority", By: domain.ServiceRequested, Priority: true}},
		{Type: domain.SpecialPriceResolving, Source: "alias", PriceFound: &domain.PriceFound{Named: "x", Model: "y"}},
	}
	came := time.UnixMilli(1_000_000)
	trace := &domain.RouteTrace{Guards: []domain.GuardTime{{Name: domain.StepBody, TookMs: 7}}}
	trace.Dial(2, &domain.Dialed{Connected: came.Add(12 * time.Millisecond), Secured: came.Add(-time.Millisecond)}, came)
	require.Equal(t, []domain.DialTime{{Attempt: 2, ConnectMs: new(int64(12)), TLSMs: new(int64(0))}}, trace.Dials)

	for _, want := range []*domain.RouteTrace{trace, nil} {
		for _, settings := range [][]domain.SpecialSetting{list, {}} {
			got, traced, err := domain.DecodeSpecial(string(domain.AppendSpecial(nil, settings, want)))
			require.NoError(t, err)
			require.Equal(t, settings, got)
			require.Equal(t, want, traced)
		}
	}
	require.Empty(t, domain.AppendSpecial(nil, nil, nil))
	require.Empty(t, domain.AppendSpecial(nil, nil, &domain.RouteTrace{}))
	_, _, err := domain.DecodeSpecial("{")
	require.Error(t, err)
}
