package provider

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/actors/protocol"
	"github.com/claude-code-hub/cch/internal/domain"
)

func forModel(model string) func(*protocol.SlotAcquire) {
	return func(m *protocol.SlotAcquire) { m.Model = model }
}

func refused(model string, code int, retryAfter time.Duration) func(*protocol.SlotReport) {
	return func(m *protocol.SlotReport) {
		status(code)(m)
		m.Model, m.ModelRefused, m.RetryAfterMs = model, true, retryAfter.Milliseconds()
	}
}

func TestARefusedModelCoolsAlone(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.got(1, forModel("big"))
	b.ended(1, refused("big", 429, time.Minute))
	require.EqualValues(t, 60_000, b.denied(protocol.DeniedCoolingDown, 2, forModel("big")).RetryAfterMs)
	b.got(3, forModel("small"))
	until := b.now.Add(time.Minute)
	require.Equal(t, []domain.ModelCooling{{Model: "big", Until: until}}, b.s.health(b.now).CoolingModels)
	require.Zero(t, b.s.health(b.now).CoolingUntil)

	next := b.reborn(nil)
	next.denied(protocol.DeniedCoolingDown, 4, forModel("big"))
	next.wait(time.Minute)
	next.got(4, forModel("big"))
	require.Empty(t, next.s.health(next.now).CoolingModels)
}

func TestPausesOfAModelGrowUntilItIsServed(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.p.Breaker.FailureThreshold = 0
	for n, want := range []time.Duration{time.Second, 2 * time.Second, 4 * time.Second} {
		b.got(n, forModel("big"))
		b.ended(n, refused("big", 429, 0))
		b.wait(want - 1)
		b.denied(protocol.DeniedCoolingDown, 100+n, forModel("big"))
		b.wait(1)
	}
	b.got(10, forModel("big"))
	b.ended(10, func(m *protocol.SlotReport) { m.Model = "big" })
	b.got(11, forModel("big"))
	b.ended(11, refused("big", 429, 0))
	b.wait(time.Second)
	b.got(12, forModel("big"))
}

func TestResetOpensTheGatesOfModels(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.got(1, forModel("big"))
	b.ended(1, refused("big", 529, 0))
	b.denied(protocol.DeniedCoolingDown, 2, forModel("big"))
	b.s.set(&protocol.BreakerSet{Action: protocol.BreakerReset}, b.now)
	b.got(2, forModel("big"))
}

func TestAnOutageBlamesNobody(t *testing.T) {
	t.Parallel()
	o := Options{CountNetworkErrors: true, outage: &outage{}}
	bench := func(id domain.ProviderID) *bench {
		b := newBench(t)
		b.s = newState(id, o)
		b.s.use(b.p)
		return b
	}
	reset := func(m *protocol.SlotReport) {
		m.Class, m.Failure, m.Status = domain.ClassSystemError, domain.FailReset, 0
	}
	one, two := bench(1), bench(2)
	one.got(1)
	one.ended(1, reset)
	require.Equal(t, 1, one.s.breaker.Failures, "alone it is the provider's")
	two.got(1)
	two.ended(1, reset)
	one.got(2)
	one.ended(2, reset)
	require.Zero(t, two.s.breaker.Failures)
	require.Equal(t, 1, one.s.breaker.Failures, "nobody is reached: the network is to blame")

	two.got(2)
	two.ended(2)
	one.got(3)
	one.ended(3, reset)
	require.Equal(t, 2, one.s.breaker.Failures, "the other one was reached in between")
}
