package quota_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/actors/kit"
	"github.com/claude-code-hub/cch/actors/protocol"
	"github.com/claude-code-hub/cch/internal/domain"
)

// dear asks for a request that costs 80 cents, of a dollar.
func dear(n int) *protocol.QuotaReserve {
	m := ask(n)
	m.Low, m.Upper = domain.NanoPerUSD*8/10, domain.NanoPerUSD*8/10
	m.T = time.Now().UnixMilli()
	return m
}

func thrifty() *world {
	w := newWorld(domain.Limits{USDTotal: domain.NanoPerUSD})
	settings := domain.DefaultSettings()
	settings.ReservationPolicy = domain.ReserveStrict
	w.catalog = domain.NewCatalog(domain.Configuration{
		Settings: settings,
		Users:    []*domain.User{{ID: 1, Enabled: true, Limits: domain.Limits{USDTotal: domain.NanoPerUSD}}},
		Keys:     []*domain.Key{{ID: 11, UserID: 1, Enabled: true}},
	})
	return w
}

// A request in line is answered as soon as its turn has come, and when it has
// waited long enough.
func TestTheActorAnswersWhoWaits(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := thrifty().start(t, nil)
		defer h.stop()
		first, err := kit.Ask[*protocol.QuotaGrant](t.Context(), h.ref, dear(1))
		require.NoError(t, err)
		require.True(t, first.OK)

		second := dear(2)
		wait, err := kit.Ask[*protocol.QuotaWait](t.Context(), h.ref, second)
		require.NoError(t, err)
		second.WaitUntil = wait.Until
		begun := time.Now()
		time.AfterFunc(time.Second, func() { h.settle(1) })
		g, err := kit.Ask[*protocol.QuotaGrant](t.Context(), h.ref, second)
		require.NoError(t, err)
		require.True(t, g.OK)
		require.Equal(t, time.Second, time.Since(begun))

		third := dear(3)
		wait, err = kit.Ask[*protocol.QuotaWait](t.Context(), h.ref, third)
		require.NoError(t, err)
		third.WaitUntil = wait.Until
		begun = time.Now()
		g, err = kit.Ask[*protocol.QuotaGrant](t.Context(), h.ref, third)
		require.NoError(t, err)
		require.False(t, g.OK)
		require.Equal(t, protocol.RefusedReserved, g.Refusal.Reason)
		require.InDelta(t, 3, time.Since(begun).Seconds(), 0.05, "to the next tick of the clock")
		h.settle(2)
	})
}
