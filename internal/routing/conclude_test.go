package routing_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/internal/domain"
	"github.com/claude-code-hub/cch/internal/routing"
)

func TestOnlyTheUpstreamsOwnWordsReachTheClient(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		last routing.Try
		want string
	}{
		{"its words", routing.Try{Failure: domain.FailStatus, Status: 500, Excerpt: `{"error":{"message":"try later"}}`}, "try later"},
		{"closed", routing.Try{Failure: domain.FailReset, Excerpt: "reset: EOF"}, "the upstream could not be reached"},
		{"cut", routing.Try{Failure: domain.FailReset, Excerpt: "reset: unexpected EOF"}, "the upstream could not be reached"},
		{"unknown host", routing.Try{Failure: domain.FailDial, Excerpt: "dial: lookup box: no such host"}, "the upstream could not be reached"},
		{
			"silent",
			routing.Try{Failure: domain.FailTimeout, Status: domain.StatusTimeout, Excerpt: "timeout: no first byte in time"},
			"the upstream did not answer in time",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			c.last.Class = domain.ClassProviderError
			f := routing.Conclude([]routing.Try{c.last}, domain.CallGenerate, true)
			require.Equal(t, domain.CodeAllProvidersFailed, f.Code)
			require.Equal(t, c.want, f.Detail)
		})
	}
}

func TestClientsAreSentAwayForAsLongAsTheProviderRests(t *testing.T) {
	t.Parallel()
	overloaded := routing.Try{Provider: 1, Class: domain.ClassProviderError, Failure: domain.FailStatus, Status: 529}
	broken := routing.Try{Provider: 2, Class: domain.ClassProviderError, Failure: domain.FailStatus, Status: 500}
	named := overloaded
	named.RetryAfter = 7 * time.Second
	for want, history := range map[time.Duration][]routing.Try{
		domain.OverloadedPause: {overloaded, broken},
		7 * time.Second:        {overloaded, named},
		5 * time.Second:        {broken},
	} {
		f := routing.Conclude(history, domain.CallGenerate, true)
		require.Equal(t, domain.CodeAllProvidersFailed, f.Code)
		require.Equal(t, want, f.RetryAfter)
	}
}

// What a rule blames on the client is not told with a status that is about the
// hub's own credentials, unless an operator chose it.
func TestWhatRulesBlameOnTheClientIsNoMatterOfCredentials(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		up   domain.UpstreamFault
		want int
	}{
		{domain.UpstreamFault{Status: 403}, 400},
		{domain.UpstreamFault{Status: 422}, 422},
		{domain.UpstreamFault{Status: 403, Overridden: true}, 403},
	} {
		f := routing.Conclude([]routing.Try{{
			Class: domain.ClassClientError, Failure: domain.FailStatus, Status: c.up.Status, Upstream: &c.up,
		}}, domain.CallGenerate, true)
		require.NotNil(t, f.Upstream)
		require.Equal(t, c.want, f.Upstream.Status)

	}
}
