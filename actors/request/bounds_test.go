package request

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/actors/protocol"
	"github.com/claude-code-hub/cch/internal/domain"
)

// reserved is what a request of the world asks its quota actor for.
func (w *world) reserved(t *testing.T) *protocol.QuotaReserve {
	t.Helper()
	r := w.run()
	r.start(noon)
	m, ok := r.fx.msgs[0].(*protocol.QuotaReserve)
	require.True(t, ok)
	return m
}

// demanding is a call for Sonnet 4.5 (3 and 15 dollars a million, 3.75 and 0.3
// for cache writes and reads) by a user with a limit of money.
func demanding(w *world) {
	w.request.User = &domain.User{ID: 8, CostMultiplier: domain.MultiplierOne, Limits: domain.Limits{USDTotal: domain.NanoPerUSD}}
	w.request.Demand = protocol.Demand{TextBytes: 40_000, Images: 1, MaxOutput: 1000}
}

const micro domain.Money = domain.NanoPerUSD / 1_000_000

func TestARequestSendsItsBounds(t *testing.T) {
	t.Parallel()
	m := newWorld(demanding).reserved(t)
	// 20,000 tokens of text and 1,600 of the image at the dearest rate, that of
	// an hour of cache; 1,000 tokens of output.
	require.Equal(t, 21_600*6*micro+1000*15*micro, m.Upper)
	// 10,000 tokens read from the cache; 200 of output.
	require.Equal(t, 3000*micro+200*15*micro, m.Low)
	require.Equal(t, "claude-sonnet-4-5", m.Model)
}

func TestBoundsReachFromTheCheapestToTheDearestProvider(t *testing.T) {
	t.Parallel()
	plain := newWorld(demanding).reserved(t)
	m := newWorld(demanding, func(w *world) {
		w.providers[0].Routing.CostMultiplier = 3 * domain.MultiplierOne
		w.providers[1].Routing.CostMultiplier = domain.MultiplierOne / 2
		w.providers[2].Routing.CostMultiplier = 9 * domain.MultiplierOne
		w.providers[2].Enabled = false
		w.request.User.CostMultiplier = 2 * domain.MultiplierOne
	}).reserved(t)
	require.Equal(t, 6*plain.Upper, m.Upper)
	require.Equal(t, plain.Low, m.Low)
}

func TestWhatReservesNothing(t *testing.T) {
	t.Parallel()
	for name, edit := range map[string]func(*world){
		"a count":          func(w *world) { w.request.Class = domain.CallCount },
		"an unknown model": func(w *world) { w.request.Model = "nobody-knows-it" },
	} {
		m := newWorld(demanding, edit).reserved(t)
		require.Zero(t, m.Upper, name)
		require.Zero(t, m.Low, name)
	}
}
