package breaker_test

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/claude-code-hub/cch/internal/breaker"
	"github.com/claude-code-hub/cch/internal/domain"
)

// allowed lists every change of phase there is, with its reasons.
var allowed = map[[2]domain.BreakerState][]string{
	{domain.BreakerClosed, domain.BreakerOpen}:     {breaker.ReasonFailureThreshold, breaker.ReasonManualOpen},
	{domain.BreakerOpen, domain.BreakerHalfOpen}:   {breaker.ReasonTimer, breaker.ReasonProbeSucceeded},
	{domain.BreakerHalfOpen, domain.BreakerOpen}:   {breaker.ReasonProbeFailed, breaker.ReasonManualOpen},
	{domain.BreakerHalfOpen, domain.BreakerClosed}: {breaker.ReasonProbeSucceeded, breaker.ReasonManualReset, breaker.ReasonThresholdOff},
	{domain.BreakerOpen, domain.BreakerClosed}:     {breaker.ReasonManualReset, breaker.ReasonThresholdOff},
}

// machine is a breaker under random events, with the rules it must keep.
type machine struct {
	cfg domain.BreakerSettings
	s   breaker.State
	now time.Time
}

func (m *machine) apply(t *rapid.T, next breaker.State, tr *breaker.Transition) {
	before := m.s
	m.s = next
	if tr == nil {
		require.Equal(t, before.Current(), next.Current())
		require.Equal(t, before.Generation, next.Generation)
	} else {
		require.Equal(t, before.Current(), tr.From)
		require.Equal(t, next.Current(), tr.To)
		require.Contains(t, allowed[[2]domain.BreakerState{tr.From, tr.To}], tr.Reason)
		require.Equal(t, before.Generation+1, next.Generation)
	}
	require.LessOrEqual(t, len(next.Probes), m.cfg.HalfOpenProbes)
	if next.Current() != domain.BreakerHalfOpen {
		require.Empty(t, next.Probes)
	}
	if next.Current() == domain.BreakerOpen && tr != nil && tr.Reason != breaker.ReasonManualOpen {
		require.LessOrEqual(t, next.OpenUntil.Sub(m.now), 4*m.cfg.OpenDuration)
	}
}

func TestRandomEventsKeepTheRules(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		m := &machine{now: start, cfg: domain.BreakerSettings{
			FailureThreshold: rapid.IntRange(1, 4).Draw(t, "threshold"),
			FailureWindow:    5 * time.Minute,
			OpenDuration:     time.Minute,
			HalfOpenSuccess:  rapid.IntRange(1, 3).Draw(t, "successes"),
			HalfOpenProbes:   rapid.IntRange(1, 3).Draw(t, "probes"),
		}}
		ids := rapid.Custom(func(t *rapid.T) domain.LeaseID { return lease(rapid.Byte().Draw(t, "id")) })
		t.Repeat(map[string]func(*rapid.T){
			"wait": func(t *rapid.T) {
				m.now = m.now.Add(time.Duration(rapid.IntRange(0, 90).Draw(t, "s")) * time.Second)
			},
			"admit": func(t *rapid.T) {
				frozen := slices.Clone(m.s.Probes)
				old := m.s.Probes
				next, a, tr := breaker.Admit(m.s, m.cfg, ids.Draw(t, "lease"), rapid.Bool().Draw(t, "mayProbe"), m.now)
				require.Equal(t, frozen, slices.Clone(old), "the argument is left alone")
				m.apply(t, next, tr)
				require.Equal(t, next.Current() == domain.BreakerOpen, a == breaker.RefusedOpen)
				require.Equal(t, next.Current() == domain.BreakerClosed, a == breaker.Granted)
			},
			"event": func(t *rapid.T) {
				e := breaker.Event{
					Kind:       breaker.EventKind(rapid.IntRange(int(breaker.Tick), int(breaker.Trip)).Draw(t, "kind")),
					Generation: m.s.Generation - int64(rapid.IntRange(0, 1).Draw(t, "age")),
					Lease:      ids.Draw(t, "lease"),
				}
				next, tr := breaker.Step(m.s, m.cfg, e, m.now)
				m.apply(t, next, tr)
			},
		})
	})
}
