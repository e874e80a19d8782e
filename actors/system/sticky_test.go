package system_test

import (
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/actors/kit"
	"github.com/claude-code-hub/cch/actors/protocol"
	"github.com/claude-code-hub/cch/internal/domain"
)

// flapping makes providers fail in turn. Of twenty, the first ten do: each is
// broken, or asks for a pause, in one round of two.
func flapping(id domain.ProviderID, round int) *protocol.AttemptResult {
	switch {
	case id > 10 || (int(id)+round)%2 == 0:
		return success(0)
	case id%2 == 0:
		return &protocol.AttemptResult{Class: domain.ClassProviderError, Failure: domain.FailStatus, Status: 500}
	}
	return &protocol.AttemptResult{
		Class: domain.ClassProviderError, Failure: domain.FailStatus, Status: 429, RetryAfter: 20 * time.Second,
	}
}

// bound is the provider a session is bound to.
func (n *real) bound(t *testing.T, session string) domain.ProviderID {
	t.Helper()
	key := domain.SessionKey{KeyID: 2, ID: session}
	view, err := kit.Ask[*protocol.SessionView](t.Context(), n.sessions.Ref(key.Hash()), &protocol.SessionRead{Session: key})
	require.NoError(t, err)
	return view.ProviderID
}

// well tells whether a provider may be asked now.
func (n *real) well(id domain.ProviderID) bool {
	h, known := n.health.Health(id)
	return !known || h.Breaker == domain.BreakerClosed && !h.CoolingUntil.After(time.Now())
}

// A thousand sessions over twenty providers, half of which come and go: a
// session leaves its provider for no other reason than that this one fails.
func TestAThousandSessionsKeepTheirProvider(t *testing.T) {
	t.Parallel()
	const sessions, rounds, calm = 1000, 4, 2
	synctest.Test(t, func(t *testing.T) {
		var all []*domain.Provider
		for id := range 20 {
			all = append(all, upstreamOf(id+1, 0))
		}
		n := newReal(catalogOf(domain.Limits{}, all...), nil)
		defer n.close(t)
		home := make([]domain.ProviderID, sessions) // after the last round
		for round := range rounds + calm {
			var wait sync.WaitGroup
			for s := range sessions {
				wait.Go(func() {
					name := fmt.Sprint("s-", s)
					before := n.bound(t, name)
					well := n.well(before)
					require.Equal(t, home[s], before, "nothing happened to it in between")
					var asked []domain.ProviderID
					d, err := n.exchange(t.Context(), domain.RequestID(round*sessions+s+1), name, func(a *protocol.Attempt) *protocol.AttemptResult {
						asked = append(asked, a.ProviderID)
						if round < rounds {
							return flapping(a.ProviderID, round)
						}
						return success(0)
					})
					require.NoError(t, err)
					require.NotNil(t, d.Done, "somebody is well")
					if before != 0 && well && n.well(before) { // before the request and after it
						require.Equal(t, before, asked[0], "session %s left a provider that was well in round %d", name, round)
					}
				})
			}
			wait.Wait()
			synctest.Wait()
			moved := 0
			for s := range sessions {
				now := n.bound(t, fmt.Sprint("s-", s))
				if home[s] > 10 {
					require.Equal(t, home[s], now, "session %d left a provider that never failed", s)
				}
				if now != home[s] && home[s] != 0 {
					moved++
				}
				home[s] = now
			}
			if round >= rounds {
				require.Zero(t, moved, "all providers are well")
			}
			time.Sleep(30 * time.Second)
		}
	})
}
