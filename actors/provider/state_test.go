package provider

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/actors/protocol"
	"github.com/claude-code-hub/cch/internal/domain"
)

var start = time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)

func lease(n int) domain.LeaseID { return domain.LeaseID{14: byte(n >> 8), 15: byte(n)} }

// bench is a state with a clock and a provider to configure.
type bench struct {
	*testing.T

	s   *state
	p   *domain.Provider
	now time.Time
}

func newBench(t *testing.T) *bench {
	t.Helper()
	b := &bench{T: t, now: start, p: &domain.Provider{
		ID: 7, Enabled: true,
		Breaker: domain.BreakerSettings{
			FailureThreshold: 2, FailureWindow: time.Hour, OpenDuration: time.Minute, HalfOpenSuccess: 1, HalfOpenProbes: 1,
		},
	}}
	b.s = newState(7, Options{SessionTTL: 5 * time.Minute})
	b.s.epoch = 42
	b.s.use(b.p)
	return b
}

func (b *bench) wait(d time.Duration) { b.now = b.now.Add(d) }

func (b *bench) ask(n int, change ...func(*protocol.SlotAcquire)) *protocol.SlotGrant {
	b.Helper()
	m := &protocol.SlotAcquire{
		LeaseID: lease(n), ProviderID: 7, ReqID: domain.RequestID(n), Attempt: 1,
		Session: domain.SessionKey{KeyID: 1, ID: "s" + string(rune('a'+n%26))},
		Class:   domain.CallGenerate, TTLMs: 30_000, Node: "n1",
	}
	for _, f := range change {
		f(m)
	}
	b.s.use(b.p)
	b.s.elapse(b.now)
	return b.s.acquire(m, b.now)
}

func (b *bench) got(n int, change ...func(*protocol.SlotAcquire)) *protocol.SlotGrant {
	b.Helper()
	g := b.ask(n, change...)
	require.True(b, g.OK, "denied by %s", g.DeniedBy)
	return g
}

func (b *bench) denied(by string, n int, change ...func(*protocol.SlotAcquire)) *protocol.SlotGrant {
	b.Helper()
	g := b.ask(n, change...)
	require.False(b, g.OK)
	require.Equal(b, by, g.DeniedBy)
	return g
}

func (b *bench) ended(n int, change ...func(*protocol.SlotReport)) {
	m := &protocol.SlotReport{
		LeaseID: lease(n), ProviderID: 7, ReqID: domain.RequestID(n), Attempt: 1,
		Class: domain.ClassOK, Call: domain.CallGenerate, Status: 200, GivenUp: true, Generation: b.s.breaker.Generation,
	}
	for _, f := range change {
		f(m)
	}
	b.s.elapse(b.now)
	b.s.report(m, b.now)
}

func status(code int) func(*protocol.SlotReport) {
	return func(m *protocol.SlotReport) {
		m.Class, m.Failure, m.Status, m.Message = domain.ClassProviderError, domain.FailStatus, code, "upstream said no"
	}
}

func inSession(id string) func(*protocol.SlotAcquire) {
	return func(m *protocol.SlotAcquire) { m.Session.ID = id }
}

func (b *bench) openBreaker() {
	for n := 900; n < 900+b.p.Breaker.FailureThreshold; n++ {
		b.got(n)
		b.ended(n, status(500))
	}
	require.Equal(b, domain.BreakerOpen, b.s.breaker.Current())
}

func TestSlotsAreBoundedByTheRequestLimit(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.p.Limits.ConcurrentRequests = 2
	b.got(1)
	b.got(2)
	g := b.denied(protocol.DeniedConcurrentLimit, 3)
	require.Equal(t, 2, g.InUse)
	require.Equal(t, 2, g.Limit)
	require.True(t, b.got(1).OK, "asked again, the same lease is granted again")
	require.Equal(t, 2, b.s.slots.Len())
	b.ended(1)
	b.got(3)
}

func TestALostSlotFreesItself(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.p.Limits.ConcurrentRequests = 1
	b.p.Limits.ConcurrentSessions = 1
	b.got(1)
	b.wait(30*time.Second - 1)
	b.denied(protocol.DeniedConcurrentLimit, 2)
	require.Equal(t, start.Add(30*time.Second), b.s.nextChange())
	b.wait(1)
	b.got(2)
}

func TestRenewalKeepsASlotAndNamesTheUnknown(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.got(1)
	b.wait(20 * time.Second)
	b.got(2)
	b.s.release([]domain.LeaseID{lease(2)}, b.now)
	r := b.s.renew(&protocol.LeaseRenew{IDs: []domain.LeaseID{lease(1), lease(2), lease(3)}, TTLMs: 30_000}, b.now)
	if diff := cmp.Diff(&protocol.LeaseRenewed{Unknown: []domain.LeaseID{lease(3)}, Epoch: 42}, r); diff != "" {
		t.Error(diff)
	}
	b.wait(29 * time.Second)
	b.s.elapse(b.now)
	require.Equal(t, 1, b.s.slots.Len())
}

func TestAReleasedSlotCannotBeAcquired(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.s.release([]domain.LeaseID{lease(1)}, b.now)
	b.denied(protocol.DeniedReleased, 1)
	b.denied(protocol.DeniedReleased, 1, func(m *protocol.SlotAcquire) { m.Reclaim = true })
	require.Zero(t, b.s.slots.Len())
}

func TestAReclaimedSlotIsGrantedAboveEveryLimit(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.p.Limits.ConcurrentRequests = 1
	b.got(1)
	b.p.Enabled = false
	g := b.got(2, func(m *protocol.SlotAcquire) { m.Reclaim = true })
	require.Equal(t, 2, g.InUse)
	b.denied(protocol.DeniedDisabled, 3)
}

func TestOnlyANewSessionIsRefused(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.p.Limits.ConcurrentSessions = 1
	b.got(1, inSession("a"))
	b.got(2, inSession("a"))
	g := b.denied(protocol.DeniedConcurrentLimit, 3, inSession("b"))
	require.Equal(t, 1, g.InUse)
	require.EqualValues(t, 60_000, g.RetryAfterMs)
	b.got(4, inSession("b"), func(m *protocol.SlotAcquire) { m.Class = domain.CallCount })

	b.ended(1, status(500))
	b.ended(2)
	b.denied(protocol.DeniedConcurrentLimit, 5, inSession("b"))
	b.wait(5 * time.Minute)
	b.got(6, inSession("b"))
}

func TestAnAbandonedAttemptLeavesNoSession(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.p.Limits.ConcurrentSessions = 1
	b.got(1, inSession("a"))
	b.ended(1, status(500))
	b.got(2, inSession("b"))
}

func TestARefusedAttemptLeavesNoTrace(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.p.Limits.RPM = 2
	b.p.Limits.ConcurrentRequests = 1
	b.got(1)
	for n := 2; n < 20; n++ {
		b.denied(protocol.DeniedConcurrentLimit, n)
	}
	require.Equal(t, 1, b.s.rate.Count(b.now))
	require.Equal(t, 1, b.s.sessions.Len(b.now))
	b.ended(1)
	b.got(20)
	b.ended(20)
	g := b.denied(protocol.DeniedRateLimited, 21)
	require.EqualValues(t, 60_000, g.RetryAfterMs)
	b.wait(time.Minute)
	b.got(22)
}

func TestOpenBreakerIsProbedOneAtATime(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.openBreaker()
	g := b.denied(protocol.DeniedCircuitOpen, 1)
	require.EqualValues(t, 60_000, g.RetryAfterMs)
	require.Equal(t, domain.BreakerOpen, g.Breaker)
	require.Equal(t, b.s.breaker.OpenUntil, b.s.nextChange())

	b.wait(time.Minute)
	require.True(t, b.got(2).Probe)
	b.denied(protocol.DeniedHalfOpenBusy, 3)
	b.denied(protocol.DeniedHalfOpenBusy, 4, func(m *protocol.SlotAcquire) { m.Class = domain.CallCount })
	b.ended(2, func(m *protocol.SlotReport) { m.Class = domain.ClassClientAbort })
	require.True(t, b.got(5).Probe, "a probe without a verdict makes room")
	b.ended(5)
	require.False(t, b.got(6).Probe)

	var reasons []string
	for _, e := range b.s.takeEvents() {
		require.Equal(t, domain.ProviderID(7), e.ProviderID)
		reasons = append(reasons, e.Reason)
	}
	require.Equal(t, []string{"failure_threshold", "timer", "probe_succeeded"}, reasons)
	require.Empty(t, b.s.takeEvents())
}

func TestALostProbeFreesItself(t *testing.T) {
	t.Parallel()
	for name, lose := range map[string]func(*bench){
		"expired":  func(b *bench) { b.wait(30 * time.Second) },
		"released": func(b *bench) { b.s.release([]domain.LeaseID{lease(1)}, b.now) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			b.openBreaker()
			b.wait(time.Minute)
			require.True(t, b.got(1).Probe)
			lose(b)
			require.True(t, b.got(2).Probe)
		})
	}
}

func TestARefusedProbeTakesNoPlace(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.openBreaker()
	b.wait(time.Minute)
	b.p.Limits.ConcurrentRequests = 1
	b.got(1, func(m *protocol.SlotAcquire) { m.Reclaim = true })
	b.denied(protocol.DeniedConcurrentLimit, 2)
	require.Empty(t, b.s.breaker.Probes)
}

func TestFailuresCountOncePerRequest(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for n := range 10 {
		b.got(n)
		b.ended(n, status(500), func(m *protocol.SlotReport) { m.GivenUp = false })
	}
	require.Zero(t, b.s.breaker.Failures)
	b.got(10)
	b.ended(10, status(500))
	require.Equal(t, 1, b.s.breaker.Failures)
}

func TestResultsOfAnOlderGenerationChangeNothing(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.got(1)
	b.openBreaker()
	until := b.s.breaker.OpenUntil
	b.wait(10 * time.Second)
	b.ended(1, status(500))
	require.Equal(t, until, b.s.breaker.OpenUntil)
}

func TestAReportCountsWithoutItsSlot(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.ended(1, status(500))
	require.Equal(t, 1, b.s.breaker.Failures)
}

func TestCoolingRefusesUntilItIsOver(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.got(1)
	b.ended(1, status(429), func(m *protocol.SlotReport) { m.RetryAfterMs = 7_000 })
	require.Zero(t, b.s.breaker.Failures, "the upstream asked for a pause: no fault")
	b.wait(2 * time.Second)
	require.EqualValues(t, 5_000, b.denied(protocol.DeniedCoolingDown, 2).RetryAfterMs)
	b.wait(5 * time.Second)
	b.got(3)
	b.ended(3, func(m *protocol.SlotReport) {
		m.Class, m.Failure, m.Status = domain.ClassSystemError, domain.FailDial, 0
	})
	require.EqualValues(t, 10_000, b.denied(protocol.DeniedCoolingDown, 4).RetryAfterMs)
	require.Zero(t, b.s.breaker.Failures, "connections count only where the node says so")
}

func TestOperatorsOrders(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.s.set(&protocol.BreakerSet{Action: protocol.BreakerTrip, Until: b.now.Add(time.Hour).UnixMilli(), Actor: "admin"}, b.now)
	require.EqualValues(t, 3_600_000, b.denied(protocol.DeniedCircuitOpen, 1).RetryAfterMs)
	b.s.cooling.Until = b.now.Add(time.Hour)
	b.s.set(&protocol.BreakerSet{Action: protocol.BreakerReset, Actor: "admin"}, b.now)
	b.got(2)
	events := b.s.takeEvents()
	require.Len(t, events, 2)
	require.Equal(t, "manual_open", events[0].Reason)
	require.Equal(t, "manual_reset", events[1].Reason)
	require.Equal(t, "admin", events[1].Actor)
}

func TestBreakerEventNamesItsCause(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.openBreaker()
	want := []domain.BreakerEvent{{
		At: start, ProviderID: 7, From: domain.BreakerClosed, To: domain.BreakerOpen,
		Reason: "failure_threshold", StatusCode: 500, Message: "upstream said no", RequestID: 901,
	}}
	if diff := cmp.Diff(want, b.s.takeEvents()); diff != "" {
		t.Error(diff)
	}
}

func TestAGoneProviderIsDisabled(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.p = nil
	b.denied(protocol.DeniedDisabled, 1)
}
