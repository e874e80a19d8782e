package endpoint

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/claude-code-hub/cch/actors/protocol"
	"github.com/claude-code-hub/cch/internal/domain"
)

var start = time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)

func fresh(breakers bool) *state { return newState("3:claude", Options{Breakers: breakers}) }

func failure(id domain.EndpointID, f domain.FailureKind) *protocol.EndpointReport {
	return &protocol.EndpointReport{Endpoint: id, Failure: f, Class: domain.ClassSystemError}
}

func (s *state) usable(id domain.EndpointID, now time.Time) bool {
	s.elapse(now)
	return s.health(now).Endpoints[id].Usable(now)
}

func reasons(s *state) (list []string) {
	for _, e := range s.events {
		list = append(list, string(e.From)+" "+string(e.To)+" "+e.Reason)
	}
	return list
}

func TestAnEndpointThatCannotBeReachedCools(t *testing.T) {
	t.Parallel()
	s := fresh(false)
	require.Equal(t, domain.PoolKey{Vendor: 3, Type: domain.TypeClaude}, s.key)
	s.report(failure(1, domain.FailDial), start)
	require.False(t, s.usable(1, start.Add(10*time.Second-1)))
	require.True(t, s.usable(2, start))
	require.Equal(t, start.Add(10*time.Second), s.nextChange(start))
	require.True(t, s.usable(1, start.Add(10*time.Second)))
	require.Empty(t, s.endpoints, "there is nothing left to know")
	for range 9 {
		s.report(failure(1, domain.FailDial), start)
	}
	require.Empty(t, s.events, "breakers are off")
}

func TestThreeFailuresOpenAndOneSuccessCloses(t *testing.T) {
	t.Parallel()
	s, now := fresh(true), start
	for _, f := range []domain.FailureKind{domain.FailTimeout, domain.FailReset} {
		s.report(failure(1, f), now)
	}
	require.True(t, s.usable(1, now))
	s.report(&protocol.EndpointReport{Endpoint: 1, Class: domain.ClassProviderError, Failure: domain.FailStatus, Status: 500}, now)
	require.Empty(t, s.endpoints[1].breaker.Failures, "it answered")
	for range 3 {
		s.report(failure(1, domain.FailTimeout), now)
	}
	require.False(t, s.usable(1, now.Add(5*time.Minute-1)))
	now = now.Add(5 * time.Minute)
	require.True(t, s.usable(1, now))
	require.True(t, s.try(trialOf(1, 1), now).OK)
	s.report(&protocol.EndpointReport{Endpoint: 1, Class: domain.ClassOK, Trial: domain.LeaseID{1}}, now)
	require.Equal(t, []string{"closed open failure_threshold", "open half_open timer", "half_open closed probe_succeeded"}, reasons(s))
	require.Equal(t, domain.EndpointID(1), s.events[0].Endpoint)
}

func TestAPoolOpensWhenAllTimedOut(t *testing.T) {
	t.Parallel()
	all := failure(1, domain.FailTimeout)
	all.AllTimedOut = true
	s := fresh(true)
	s.report(all, start)
	h := s.health(start)
	require.True(t, h.Open(start.Add(time.Minute-1)))
	require.False(t, h.Open(start.Add(time.Minute)))
	require.Equal(t, domain.VendorID(3), s.events[0].Vendor)
	require.Equal(t, domain.TypeClaude, s.events[0].PoolType)
	s.elapse(start.Add(time.Minute))
	require.True(t, s.try(trialOf(1, 2), start.Add(time.Minute)).OK)
	s.report(&protocol.EndpointReport{Endpoint: 2, Class: domain.ClassOK, Trial: domain.LeaseID{1}}, start.Add(time.Minute))
	require.Equal(t, domain.BreakerClosed, s.pool.Current())

	off := fresh(false)
	off.report(all, start)
	require.Equal(t, domain.BreakerClosed, off.pool.Current())
}

func TestOrdersHoldWhateverIsSwitchedOn(t *testing.T) {
	t.Parallel()
	s := fresh(false)
	s.set(&protocol.PoolSet{Action: protocol.BreakerTrip, Actor: "ann"}, start)
	h := s.health(start)
	require.True(t, h.Open(start.Add(1000*time.Hour)))
	require.Zero(t, h.OpenUntil, "until it is reset")
	s.set(&protocol.PoolSet{Endpoint: 1, Action: protocol.BreakerTrip, Until: start.Add(time.Hour).UnixMilli()}, start)
	require.False(t, s.usable(1, start.Add(time.Hour-time.Second)))
	s.report(failure(2, domain.FailDial), start)

	data, err := s.snapshot()
	require.NoError(t, err)
	next := fresh(false)
	require.NoError(t, next.restore(data))
	later := start.Add(5 * time.Second)
	require.Equal(t, s.health(later).Open(later), next.health(later).Open(later))
	require.False(t, next.usable(1, later))
	require.False(t, next.usable(2, later))

	next.set(&protocol.PoolSet{Endpoint: 2, Action: protocol.BreakerReset}, later)
	next.set(&protocol.PoolSet{Action: protocol.BreakerReset}, later)
	require.True(t, next.usable(2, later))
	require.False(t, next.health(later).Open(later))
	require.Error(t, next.restore([]byte("damaged")))
}

func trialOf(n byte, id domain.EndpointID) *protocol.EndpointTry {
	return &protocol.EndpointTry{LeaseID: domain.LeaseID{n}, Endpoint: id, TTLMs: 30_000}
}

// opened is a state whose first endpoint is half-open at the returned time.
func opened(t *testing.T) (*state, time.Time) {
	t.Helper()
	s := fresh(true)
	for range 3 {
		s.report(failure(1, domain.FailTimeout), start)
	}
	now := start.Add(5 * time.Minute)
	s.elapse(now)
	require.Equal(t, domain.BreakerHalfOpen, s.endpoints[1].breaker.Current())
	return s, now
}

func TestOneTrialAtATime(t *testing.T) {
	t.Parallel()
	s, now := opened(t)
	require.True(t, s.usable(1, now))
	require.True(t, s.try(trialOf(1, 1), now).OK)
	require.True(t, s.try(trialOf(1, 1), now).OK, "asked again")
	require.False(t, s.usable(1, now), "somebody is at it")
	require.False(t, s.try(trialOf(2, 1), now).OK)
	require.True(t, s.try(trialOf(3, 2), now).OK, "this one is well")

	s.report(&protocol.EndpointReport{Endpoint: 1, Class: domain.ClassOK}, now)
	require.Equal(t, domain.BreakerHalfOpen, s.endpoints[1].breaker.Current(), "an older call has no say")
	s.report(failure(1, domain.FailTimeout), now)
	require.Equal(t, domain.BreakerHalfOpen, s.endpoints[1].breaker.Current(), "nor if it failed")
	s.report(&protocol.EndpointReport{Endpoint: 1, Class: domain.ClassOK, Trial: domain.LeaseID{1}}, now)
	require.Equal(t, domain.BreakerClosed, s.endpoints[1].breaker.Current())
	require.False(t, s.try(trialOf(1, 1), now).OK, "a late ask does not revive it")
}

func TestATrialEndsWithoutAVerdict(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(s *state, now time.Time) time.Time{
		"given back": func(s *state, now time.Time) time.Time { s.release([]domain.LeaseID{{1}}, now); return now },
		"client left": func(s *state, now time.Time) time.Time {
			s.report(&protocol.EndpointReport{Endpoint: 1, Class: domain.ClassClientAbort, Trial: domain.LeaseID{1}}, now)
			return now
		},
		"nobody renews it": func(_ *state, now time.Time) time.Time { return now.Add(30 * time.Second) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, now := opened(t)
			require.True(t, s.try(trialOf(1, 1), now).OK)
			require.Equal(t, now.Add(30*time.Second), s.nextChange(now))
			now = end(s, now)
			s.elapse(now)
			require.Equal(t, domain.BreakerHalfOpen, s.endpoints[1].breaker.Current())
			require.True(t, s.try(trialOf(2, 1), now).OK)
		})
	}
	s, now := opened(t)
	require.True(t, s.try(trialOf(1, 1), now).OK)
	s.report(&protocol.EndpointReport{Endpoint: 1, Class: domain.ClassSystemError, Failure: domain.FailReset, Trial: domain.LeaseID{1}}, now)
	require.Equal(t, now.Add(10*time.Minute), s.endpoints[1].breaker.OpenUntil, "twice as long")
}

func TestAPoolIsTriedOnceToo(t *testing.T) {
	t.Parallel()
	all := failure(1, domain.FailTimeout)
	all.AllTimedOut = true
	s := fresh(true)
	s.report(all, start)
	now := start.Add(time.Minute)
	s.elapse(now)
	h := s.health(now)
	require.True(t, h.OnTrial(1))
	require.True(t, s.try(trialOf(1, 1), now).OK)
	require.False(t, s.try(trialOf(2, 2), now).OK, "another endpoint of the same pool")
	h = s.health(now)
	require.True(t, h.Open(now))
	failed := failure(1, domain.FailTimeout)
	failed.Trial, failed.AllTimedOut = domain.LeaseID{1}, true
	s.report(failed, now)
	require.Equal(t, now.Add(2*time.Minute), s.pool.OpenUntil)
	now = now.Add(2 * time.Minute)
	s.elapse(now)
	require.True(t, s.try(trialOf(3, 2), now).OK)
	s.report(&protocol.EndpointReport{Endpoint: 2, Class: domain.ClassOK, Trial: domain.LeaseID{3}}, now)
	require.Equal(t, domain.BreakerClosed, s.pool.Current())
}

// A trial outlives the actor's state: its keeper asks for it again.
func TestATrialIsReclaimed(t *testing.T) {
	t.Parallel()
	s, now := opened(t)
	require.True(t, s.try(trialOf(1, 1), now).OK)
	data, err := s.snapshot()
	require.NoError(t, err)
	next := fresh(true)
	require.NoError(t, next.restore(data))
	renewed := next.renew(&protocol.LeaseRenew{IDs: []domain.LeaseID{{1}}, TTLMs: 30_000}, now)
	require.Equal(t, []domain.LeaseID{{1}}, renewed.Unknown)
	again := trialOf(1, 1)
	again.Reclaim = true
	require.True(t, next.try(again, now).OK)
	require.False(t, next.try(trialOf(2, 1), now).OK)
	require.Empty(t, next.renew(&protocol.LeaseRenew{IDs: []domain.LeaseID{{1}}, TTLMs: 30_000}, now).Unknown)
	next.report(&protocol.EndpointReport{Endpoint: 1, Class: domain.ClassOK, Trial: domain.LeaseID{1}}, now)
	require.Equal(t, domain.BreakerClosed, next.endpoints[1].breaker.Current())
}

func TestWhatAProbeFindsCountsForItsEndpoint(t *testing.T) {
	t.Parallel()
	probe := func(ok bool) *protocol.EndpointProbed {
		return &protocol.EndpointProbed{Endpoint: 1, OK: ok, Message: "refused"}
	}
	s, now := fresh(true), start
	for range 3 {
		s.probed(probe(false), now)
	}
	require.False(t, s.usable(1, now))
	require.Equal(t, domain.BreakerClosed, s.pool.Current())
	s.probed(probe(true), now)
	require.Equal(t, domain.BreakerHalfOpen, s.endpoints[1].breaker.Current())
	s.probed(probe(true), now)
	require.Equal(t, domain.BreakerClosed, s.endpoints[1].breaker.Current())

	s.report(failure(1, domain.FailDial), now)
	require.False(t, s.usable(1, now))
	s.probed(probe(true), now)
	require.True(t, s.usable(1, now), "it can be dialled")

	s.set(&protocol.PoolSet{Endpoint: 1, Action: protocol.BreakerTrip}, now)
	s.probed(probe(true), now)
	require.False(t, s.usable(1, now), "an operator's word stands")
	s.set(&protocol.PoolSet{Endpoint: 1, Action: protocol.BreakerReset}, now)
	require.True(t, s.usable(1, now))

	off := fresh(false)
	for range 9 {
		off.probed(probe(false), now)
	}
	require.Empty(t, off.endpoints)
	off.probed(probe(true), now)
	require.Empty(t, off.endpoints)
}

// No sequence of events lets more calls at a half-open endpoint, or pool, than
// one at a time.
func TestTrialsAreBounded(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s, now := fresh(true), start
		out := map[domain.LeaseID]domain.EndpointID{} // granted while something was half-open
		for n := range rapid.IntRange(1, 80).Draw(t, "events") {
			now = now.Add(time.Duration(rapid.IntRange(0, 200).Draw(t, "seconds")) * time.Second)
			s.elapse(now)
			for id := range out { // those that ran out
				if s.trials.Get(id) == nil {
					delete(out, id)
				}
			}
			e := domain.EndpointID(rapid.IntRange(1, 2).Draw(t, "endpoint"))
			kind := rapid.SampledFrom([]domain.FailureKind{domain.FailNone, domain.FailTimeout, domain.FailDial, domain.FailEmpty}).Draw(t, "failure")
			report := &protocol.EndpointReport{Endpoint: e, Failure: kind, Class: domain.ClassSystemError, AllTimedOut: kind == domain.FailTimeout}
			switch rapid.IntRange(0, 4).Draw(t, "event") {
			case 0:
				s.report(report, now)
			case 1:
				s.probed(&protocol.EndpointProbed{Endpoint: e, OK: kind == domain.FailNone}, now)
			case 2:
				for id, at := range out {
					report.Endpoint, report.Trial = at, id
					s.report(report, now)
					delete(out, id)
					break
				}
			case 3:
				if h := s.health(now); h.OnTrial(e) && s.try(trialOf(byte(n+1), e), now).OK {
					out[domain.LeaseID{byte(n + 1)}] = e
				}
			case 4:
				s.set(&protocol.PoolSet{Endpoint: e, Action: rapid.SampledFrom([]protocol.BreakerAction{protocol.BreakerTrip, protocol.BreakerReset}).Draw(t, "order")}, now)
			}
			require.LessOrEqual(t, len(s.pool.Probes), 1)
			for _, m := range s.endpoints {
				require.LessOrEqual(t, len(m.breaker.Probes), 1)
			}
		}
	})
}
