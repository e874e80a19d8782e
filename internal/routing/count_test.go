package routing_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/internal/domain"
	"github.com/claude-code-hub/cch/internal/routing"
)

func TestUncountable(t *testing.T) {
	t.Parallel()
	for code, want := range map[domain.Code]bool{
		domain.CodeUnconvertible: true, domain.CodeNoAvailableProviders: true,
		domain.CodeGroupEmpty: false, domain.CodeAllCircuitsOpen: false, domain.CodeAllRateLimited: false, domain.CodeMixedUnavailable: false,
	} {
		require.Equal(t, want, routing.Uncountable(domain.NewFault(domain.KindNoProvider, code, ""), nil), code)
	}
	f := domain.NewFault(domain.KindAllFailed, domain.CodeAllProvidersFailed, "")
	said := func(status int) routing.Try { return routing.Try{Failure: domain.FailStatus, Status: status} }
	require.True(t, routing.Uncountable(f, []routing.Try{said(404), said(405), said(501)}))
	require.False(t, routing.Uncountable(f, []routing.Try{said(404), said(500)}), "one that can failed")
	require.False(t, routing.Uncountable(f, []routing.Try{{Failure: domain.FailFake200, Status: 404}}))
	require.False(t, routing.Uncountable(f, []routing.Try{{Failure: domain.FailDial}}))
}
