package provider

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/actors/protocol"
	"github.com/claude-code-hub/cch/internal/domain"
)

// reborn is a fresh state with the snapshot of the old one.
func (b *bench) reborn(lives func(string) bool) *bench {
	b.Helper()
	data, err := b.s.snapshot(b.now)
	require.NoError(b, err)
	next := &bench{T: b.T, now: b.now, p: b.p}
	next.s = newState(7, Options{SessionTTL: 5 * time.Minute, NodeLives: lives})
	require.NoError(b, next.s.restore(data, b.now))
	next.s.epoch = 43
	return next
}

func TestSnapshotKeepsTheBreakerAndItsDeadline(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.openBreaker()
	b.wait(20 * time.Second)
	next := b.reborn(nil)
	require.Equal(t, b.s.breaker.Generation, next.s.breaker.Generation)
	require.EqualValues(t, 40_000, next.denied(protocol.DeniedCircuitOpen, 1).RetryAfterMs)
	next.wait(40 * time.Second)
	require.True(t, next.got(2).Probe)
	next.ended(2, status(500))
	require.Equal(t, 2*time.Minute, next.s.breaker.OpenUntil.Sub(next.now))
}

func TestSnapshotKeepsWhatCounts(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.p.Limits = domain.Limits{ConcurrentRequests: 3, ConcurrentSessions: 2, RPM: 3}
	b.got(1, inSession("busy"))
	b.got(2, inSession("idle"))
	b.ended(2)
	b.s.cooling.Until = b.now.Add(time.Second)
	next := b.reborn(nil)

	require.True(t, next.s.slots.Get(lease(1)).Unconfirmed)
	require.EqualValues(t, 1_000, next.denied(protocol.DeniedCoolingDown, 3).RetryAfterMs)
	next.wait(time.Second)
	next.denied(protocol.DeniedConcurrentLimit, 3, inSession("new"))
	next.got(4, inSession("idle"))
	next.denied(protocol.DeniedRateLimited, 5, inSession("idle"))
	require.Equal(t, b.s.slots.Get(lease(1)).Value, next.s.slots.Get(lease(1)).Value)
	next.wait(29 * time.Second)
	next.s.elapse(next.now)
	require.Nil(t, next.s.slots.Get(lease(1)), "never confirmed, it expires at its old deadline")
}

func TestSnapshotKeepsTheProbe(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.openBreaker()
	b.wait(time.Minute)
	require.True(t, b.got(1).Probe)
	next := b.reborn(nil)
	next.denied(protocol.DeniedHalfOpenBusy, 2)
	next.ended(1)
	require.Equal(t, domain.BreakerClosed, next.s.breaker.Current())
}

func TestLeasesOfDeadNodesAreDropped(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.got(1)
	b.got(2, func(m *protocol.SlotAcquire) { m.Node = "n2" })
	next := b.reborn(func(node string) bool { return node == "n2" })
	require.Nil(t, next.s.slots.Get(lease(1)))
	require.NotNil(t, next.s.slots.Get(lease(2)))
}

func TestALateSnapshotTakesNothingBack(t *testing.T) {
	t.Parallel()
	old := newBench(t)
	old.openBreaker()
	old.got(1, func(m *protocol.SlotAcquire) { m.Reclaim = true })
	data, err := old.s.snapshot(old.now)
	require.NoError(t, err)

	b := newBench(t)
	b.got(1)
	b.ended(1)
	b.got(2)
	b.s.set(&protocol.BreakerSet{Action: protocol.BreakerTrip}, b.now)
	b.s.set(&protocol.BreakerSet{Action: protocol.BreakerReset}, b.now)
	require.NoError(t, b.s.restore(data, b.now))
	require.Equal(t, domain.BreakerClosed, b.s.breaker.Current(), "an operator has spoken since")
	require.Nil(t, b.s.slots.Get(lease(1)), "it was given back since")
	require.Equal(t, 1, b.s.slots.Len())
	require.Equal(t, 4, b.s.rate.Count(b.now))
}

func TestSnapshotStaysSmall(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for n := range 6000 {
		b.got(n, inSession(fmt.Sprintf("%s-%d", strings.Repeat("x", 200), n)))
		b.wait(time.Millisecond)
	}
	for range 30_000 {
		b.wait(time.Millisecond)
		b.s.rate.Add(b.now)
	}
	data, err := b.s.snapshot(b.now)
	require.NoError(t, err)
	require.Less(t, len(data), 1<<20)
}

func TestADamagedSnapshotIsAnError(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	require.Error(t, b.s.restore([]byte("garbage"), b.now))
	b.got(1)
}

func TestRecordIsWholeAfterARoundTrip(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.openBreaker()
	b.wait(time.Minute)
	b.got(1)
	first, err := b.s.snapshot(b.now)
	require.NoError(t, err)
	second, err := b.reborn(nil).s.snapshot(b.now)
	require.NoError(t, err)
	if diff := cmp.Diff(first, second); diff != "" {
		t.Error(diff)
	}
}
