package session

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/actors/protocol"
	"github.com/claude-code-hub/cch/internal/domain"
)

const ttl = 5 * time.Minute

var start = time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)

func lease(n byte) domain.LeaseID { return domain.LeaseID{15: n} }

type bench struct {
	*testing.T

	s   *state
	now time.Time
}

func newBench(t *testing.T) *bench {
	t.Helper()
	b := &bench{T: t, s: newState(ttl), now: start}
	b.s.epoch = 42
	return b
}

func (b *bench) wait(d time.Duration) { b.now = b.now.Add(d) }

func (b *bench) resolve(n byte) *protocol.SessionView {
	b.s.elapse(b.now)
	return b.s.resolve(&protocol.SessionResolve{LeaseID: lease(n), TTLMs: 30_000}, b.now)
}

func (b *bench) bind(n byte, to domain.ProviderID, generation int64) bool {
	b.s.elapse(b.now)
	return b.s.bind(&protocol.SessionBind{LeaseID: lease(n), ProviderID: to, Generation: generation}, b.now)
}

func TestResolveNumbersRequestsAndShowsTheBinding(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	if diff := cmp.Diff(&protocol.SessionView{Seq: 1, InFlight: 1, Epoch: 42}, b.resolve(1)); diff != "" {
		t.Error(diff)
	}
	b.wait(time.Second)
	require.True(t, b.bind(1, 7, 0))
	b.wait(time.Second)
	b.resolve(2)
	want := &protocol.SessionView{
		ProviderID: 7, Generation: 1, Seq: 3, InFlight: 2, Epoch: 42,
		BoundAt: start.Add(time.Second).UnixMilli(), LastUsedAt: start.Add(2 * time.Second).UnixMilli(),
	}
	if diff := cmp.Diff(want, b.resolve(3)); diff != "" {
		t.Error(diff)
	}
	require.EqualValues(t, 2, b.resolve(2).Seq, "the same lease keeps its number")
	require.EqualValues(t, 4, b.resolve(4).Seq)
}

func TestOfTwoBindsOfOneGenerationTheFirstDecides(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.resolve(1)
	b.resolve(2)
	require.True(t, b.bind(1, 7, 0))
	require.False(t, b.bind(2, 8, 0))
	require.EqualValues(t, 7, b.s.provider)
	require.Zero(t, b.s.inFlight.Len(), "the lease goes back in any case")
	require.False(t, b.bind(0, 7, 1), "bound there already")
	require.EqualValues(t, 1, b.s.generation)
	require.True(t, b.bind(0, 0, 1))
	require.Zero(t, b.s.provider)
	require.Zero(t, b.s.boundAt)
}

func TestKeepLeavesTheBinding(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.resolve(1)
	b.bind(1, 7, 0)
	b.wait(ttl - time.Second)
	b.resolve(2)
	require.False(t, b.s.bind(&protocol.SessionBind{LeaseID: lease(2), Keep: true, ProviderID: 9, Generation: 1}, b.now))
	b.wait(ttl - time.Second)
	require.EqualValues(t, 7, b.resolve(3).ProviderID)
}

func TestABindingLapsesWithItsSession(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.resolve(1)
	b.bind(1, 7, 0)
	b.wait(ttl - 1)
	require.False(t, b.s.lapsed(b.now))
	b.wait(1)
	require.True(t, b.s.lapsed(b.now))
	v := b.resolve(2)
	require.Zero(t, v.ProviderID)
	require.EqualValues(t, 2, v.Generation)
	require.EqualValues(t, 2, v.Seq)
}

func TestALongRequestKeepsTheSession(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.resolve(1)
	b.bind(1, 7, 0)
	b.resolve(2)
	for range 60 {
		b.wait(10 * time.Second)
		b.s.elapse(b.now)
		r := b.s.renew(&protocol.LeaseRenew{IDs: []domain.LeaseID{lease(2)}, TTLMs: 30_000}, b.now)
		require.Empty(t, r.Unknown)
	}
	require.EqualValues(t, 7, b.resolve(3).ProviderID)
}

func TestALostRequestDoesNotKeepTheSession(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.resolve(1)
	b.bind(1, 7, 0)
	b.resolve(2)
	b.wait(ttl)
	v := b.resolve(3)
	require.Zero(t, v.ProviderID)
	require.Equal(t, 1, v.InFlight)
}

func TestReclaimCountsWithoutANumber(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.resolve(1)
	require.Equal(t, []domain.LeaseID{lease(2)}, b.s.renew(&protocol.LeaseRenew{IDs: []domain.LeaseID{lease(2)}}, b.now).Unknown)
	v := b.s.resolve(&protocol.SessionResolve{LeaseID: lease(2), TTLMs: 30_000, Reclaim: true}, b.now)
	require.Equal(t, 2, v.InFlight)
	require.EqualValues(t, 1, v.Seq)
	require.EqualValues(t, 2, b.resolve(3).Seq)
}

func TestAReleasedRequestStaysOut(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.s.release([]domain.LeaseID{lease(1)}, b.now)
	v := b.resolve(1)
	require.Zero(t, v.InFlight)
	require.Zero(t, v.Seq)
	require.Zero(t, b.s.lastUsed)
}

func TestEndDropsTheBindingForThoseUnderWayToo(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.resolve(1)
	b.bind(1, 7, 0)
	g := b.resolve(2).Generation
	require.Equal(t, &protocol.SessionEnded{WasBound: true, Epoch: 42}, b.s.end(b.now))
	require.False(t, b.bind(2, 7, g), "a request from before does not bind again")
	require.False(t, b.s.end(b.now).WasBound)
}

func TestSnapshotRoundTrip(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.resolve(1)
	b.bind(1, 7, 0)
	data, err := b.s.snapshot()
	require.NoError(t, err)
	next := newState(ttl)
	require.NoError(t, next.restore(data))
	b.s = next
	v := b.resolve(2)
	require.EqualValues(t, 7, v.ProviderID)
	require.EqualValues(t, 2, v.Seq)
	require.EqualValues(t, 1, v.Generation)
	require.Error(t, next.restore([]byte("?")))
}
