package breaker_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/internal/breaker"
	"github.com/claude-code-hub/cch/internal/domain"
)

var start = time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)

func settings() domain.BreakerSettings {
	return domain.BreakerSettings{
		FailureThreshold: 3,
		FailureWindow:    5 * time.Minute,
		OpenDuration:     time.Minute,
		HalfOpenSuccess:  2,
		HalfOpenProbes:   1,
	}
}

func lease(n byte) domain.LeaseID { return domain.LeaseID{15: n} }

// run drives one breaker and keeps its transitions.
type run struct {
	t    *testing.T
	cfg  domain.BreakerSettings
	now  time.Time
	s    breaker.State
	seen []breaker.Transition
}

func newRun(t *testing.T) *run {
	t.Helper()
	return &run{t: t, cfg: settings(), now: start}
}

func (r *run) step(e breaker.Event) *run {
	s, tr := breaker.Step(r.s, r.cfg, e, r.now)
	r.took(s, tr)
	return r
}

func (r *run) took(s breaker.State, tr *breaker.Transition) {
	r.s = s
	if tr != nil {
		r.seen = append(r.seen, *tr)
	}
}

func (r *run) fail() *run {
	return r.step(breaker.Event{Kind: breaker.Failed, Generation: r.s.Generation})
}

func (r *run) succeed() *run {
	return r.step(breaker.Event{Kind: breaker.Succeeded, Generation: r.s.Generation})
}

func (r *run) admit(id domain.LeaseID) breaker.Answer {
	s, a, tr := breaker.Admit(r.s, r.cfg, id, true, r.now)
	r.took(s, tr)
	return a
}

func (r *run) wait(d time.Duration) *run {
	r.now = r.now.Add(d)
	return r
}

func (r *run) phase(want domain.BreakerState) *run {
	r.t.Helper()
	require.Equal(r.t, want, r.s.Current())
	return r
}

func TestOpensAfterFailuresInARow(t *testing.T) {
	t.Parallel()
	r := newRun(t)
	r.fail().fail().succeed().fail().fail().phase(domain.BreakerClosed)
	r.fail().phase(domain.BreakerOpen)
	require.Equal(t, start.Add(time.Minute), r.s.OpenUntil)
	require.Equal(t, []breaker.Transition{{
		From: domain.BreakerClosed, To: domain.BreakerOpen, Reason: breaker.ReasonFailureThreshold,
	}}, r.seen)
	require.Equal(t, breaker.RefusedOpen, r.admit(lease(1)))
}

func TestFailuresFarApartDoNotAddUp(t *testing.T) {
	t.Parallel()
	r := newRun(t).fail().fail().wait(5*time.Minute + time.Millisecond).fail().fail()
	r.phase(domain.BreakerClosed)
	require.Equal(t, 2, r.s.Failures)
	r.wait(5 * time.Minute).fail().phase(domain.BreakerOpen)
}

func TestTimerLeadsToHalfOpenAndSuccessesClose(t *testing.T) {
	t.Parallel()
	r := newRun(t).fail().fail().fail()
	r.wait(time.Minute - time.Nanosecond).step(breaker.Event{Kind: breaker.Tick}).phase(domain.BreakerOpen)
	r.wait(time.Nanosecond).step(breaker.Event{Kind: breaker.Tick}).phase(domain.BreakerHalfOpen)

	require.Equal(t, breaker.GrantProbe, r.admit(lease(1)))
	r.step(breaker.Event{Kind: breaker.Succeeded, Generation: r.s.Generation, Lease: lease(1)})
	r.phase(domain.BreakerHalfOpen)
	require.Equal(t, breaker.GrantProbe, r.admit(lease(2)))
	r.step(breaker.Event{Kind: breaker.Succeeded, Generation: r.s.Generation, Lease: lease(2)})
	r.phase(domain.BreakerClosed)
	require.Zero(t, r.s.Failures)
	require.Equal(t, r.now, r.s.ClosedAt)
	require.Equal(t, breaker.Granted, r.admit(lease(3)))
	r.fail().fail().fail().phase(domain.BreakerOpen)
	require.Zero(t, r.s.ClosedAt)
}

func TestReopeningLastsLongerUpToFourTimes(t *testing.T) {
	t.Parallel()
	r := newRun(t).fail().fail().fail()
	for _, minutes := range []time.Duration{2, 4, 4, 4} {
		r.now = r.s.OpenUntil
		require.Equal(t, breaker.GrantProbe, r.admit(lease(1)))
		r.fail().phase(domain.BreakerOpen)
		require.Equal(t, minutes*time.Minute, r.s.OpenUntil.Sub(r.now))
	}
	r.now = r.s.OpenUntil
	r.admit(lease(1))
	r.succeed().succeed().phase(domain.BreakerClosed)
	r.fail().fail().fail().phase(domain.BreakerOpen)
	require.Equal(t, time.Minute, r.s.OpenUntil.Sub(r.now), "closing forgets the reopenings")
}

func TestHalfOpenAdmitsNoMoreThanItsProbes(t *testing.T) {
	t.Parallel()
	r := newRun(t)
	r.cfg.HalfOpenProbes = 2
	r.fail().fail().fail().wait(time.Minute)

	require.Equal(t, breaker.GrantProbe, r.admit(lease(1)))
	require.Equal(t, breaker.GrantProbe, r.admit(lease(1)), "asked again, it keeps its place")
	require.Equal(t, breaker.GrantProbe, r.admit(lease(2)))
	require.Equal(t, breaker.RefusedBusy, r.admit(lease(3)))
	r.step(breaker.Event{Kind: breaker.ProbeLost, Lease: lease(1)})
	require.Equal(t, breaker.GrantProbe, r.admit(lease(3)))
}

func TestCallsThatProveNothingWaitForClosed(t *testing.T) {
	t.Parallel()
	r := newRun(t).fail().fail().fail().wait(time.Minute)
	_, a, tr := breaker.Admit(r.s, r.cfg, lease(1), false, r.now)
	require.Equal(t, breaker.RefusedBusy, a)
	require.Equal(t, domain.BreakerHalfOpen, tr.To)
}

func TestResultsOfAnOlderGenerationChangeNothing(t *testing.T) {
	t.Parallel()
	r := newRun(t)
	old := r.s.Generation
	r.fail().fail().fail()
	until := r.s.OpenUntil
	r.wait(30 * time.Second).step(breaker.Event{Kind: breaker.Failed, Generation: old})
	require.Equal(t, until, r.s.OpenUntil, "an open breaker is not prolonged by stragglers")

	r.now = until
	r.admit(lease(1))
	r.step(breaker.Event{Kind: breaker.Failed, Generation: old}).phase(domain.BreakerHalfOpen)
	r.step(breaker.Event{Kind: breaker.Succeeded, Generation: old}).phase(domain.BreakerHalfOpen)
	require.Zero(t, r.s.Successes)
	require.Len(t, r.s.Probes, 1)
}

func TestOperatorOpensAndResets(t *testing.T) {
	t.Parallel()
	r := newRun(t)
	r.step(breaker.Event{Kind: breaker.Trip}).phase(domain.BreakerOpen)
	require.Equal(t, start.Add(time.Minute), r.s.OpenUntil)
	later := start.Add(3 * time.Hour)
	r.step(breaker.Event{Kind: breaker.Trip, Until: later})
	require.Equal(t, later, r.s.OpenUntil)
	r.step(breaker.Event{Kind: breaker.Reset}).phase(domain.BreakerClosed)
	require.Equal(t, breaker.State{Phase: domain.BreakerClosed, Generation: 2}, r.s)
	require.Equal(t, []breaker.Transition{
		{From: domain.BreakerClosed, To: domain.BreakerOpen, Reason: breaker.ReasonManualOpen},
		{From: domain.BreakerOpen, To: domain.BreakerClosed, Reason: breaker.ReasonManualReset},
	}, r.seen)
}

func TestResetClearsTheCountOfAClosedBreaker(t *testing.T) {
	t.Parallel()
	r := newRun(t).fail().fail().step(breaker.Event{Kind: breaker.Reset}).fail().fail()
	r.phase(domain.BreakerClosed)
	require.Empty(t, r.seen)
}

func TestThresholdZeroSwitchesOff(t *testing.T) {
	t.Parallel()
	r := newRun(t).fail().fail().fail().phase(domain.BreakerOpen)
	r.cfg.FailureThreshold = 0
	require.Equal(t, breaker.Granted, r.admit(lease(1)))
	require.Equal(t, breaker.ReasonThresholdOff, r.seen[1].Reason)
	for range 100 {
		r.fail()
	}
	r.step(breaker.Event{Kind: breaker.Trip}).phase(domain.BreakerClosed)
	require.Len(t, r.seen, 2)
}

func TestHealthCheckOnlyMovesOpenToHalfOpen(t *testing.T) {
	t.Parallel()
	r := newRun(t).step(breaker.Event{Kind: breaker.HealthOK}).phase(domain.BreakerClosed)
	r.fail().fail().fail().step(breaker.Event{Kind: breaker.HealthOK}).phase(domain.BreakerHalfOpen)
	r.step(breaker.Event{Kind: breaker.HealthOK}).phase(domain.BreakerHalfOpen)
	require.Zero(t, r.s.Successes)
}

func TestReclaimCountsAboveTheLimitWhileHalfOpen(t *testing.T) {
	t.Parallel()
	r := newRun(t)
	require.Empty(t, breaker.Reclaim(r.s, lease(1)).Probes)
	r.fail().fail().fail().wait(time.Minute)
	r.admit(lease(1))
	r.s = breaker.Reclaim(r.s, lease(2))
	require.Len(t, r.s.Probes, 2)
	require.Equal(t, breaker.RefusedBusy, r.admit(lease(3)))
}

func TestNextChangeIsTheDeadlineOfAnOpenBreaker(t *testing.T) {
	t.Parallel()
	r := newRun(t)
	require.Zero(t, r.s.NextChange())
	r.fail().fail().fail()
	require.Equal(t, r.s.OpenUntil, r.s.NextChange())
}
