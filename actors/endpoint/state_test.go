package endpoint

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

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
	s.report(&protocol.EndpointReport{Endpoint: 1, Class: domain.ClassOK}, now)
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
	s.report(&protocol.EndpointReport{Endpoint: 2, Class: domain.ClassOK}, start.Add(time.Minute))
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
