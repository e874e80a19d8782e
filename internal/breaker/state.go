package breaker

import (
	"slices"
	"time"

	"github.com/claude-code-hub/cch/internal/domain"
)

// State is a circuit breaker. The zero value is closed and has no history.
// States are values: functions of this package return changed copies and share
// nothing with their argument that they write to.
//
//	closed     failures in a row reach the threshold   -> open
//	open       OpenUntil passes, or a health check ok  -> half-open
//	half-open  enough successes                        -> closed
//	half-open  one failure                             -> open, for twice as long, at most four times
//	any        an operator resets it, or threshold 0   -> closed
//	any        an operator opens it                    -> open
type State struct {
	Phase         domain.BreakerState // empty means closed
	Failures      int                 // counted in a row
	LastFailureAt time.Time
	OpenUntil     time.Time // when open
	Reopens       int       // times it went from half-open back to open since it was last closed
	Successes     int       // while half-open
	ClosedAt      time.Time // when probes closed it again; zero = never, or it was opened since
	// Generation rises with every change of phase. A result that was earned
	// under another generation says nothing about this one.
	Generation int64
	Probes     []domain.LeaseID // half-open attempts under way
}

// Transition is a change of phase and its cause, a reason of [domain.BreakerEvent].
type Transition struct {
	From, To domain.BreakerState
	Reason   string
}

// The reasons for a transition.
const (
	ReasonFailureThreshold = "failure_threshold"
	ReasonProbeFailed      = "probe_failed"
	ReasonProbeSucceeded   = "probe_succeeded"
	ReasonTimer            = "timer"
	ReasonManualReset      = "manual_reset"
	ReasonManualOpen       = "manual_open"
	ReasonThresholdOff     = "threshold_off"
)

// maxReopenFactor caps how much longer each reopening lasts.
const maxReopenFactor = 4

// Current is the phase, with the zero value spelled out.
func (s State) Current() domain.BreakerState {
	if s.Phase == "" {
		return domain.BreakerClosed
	}
	return s.Phase
}

// NextChange is when time alone will move the breaker; zero if it will not.
func (s State) NextChange() time.Time {
	if s.Phase == domain.BreakerOpen {
		return s.OpenUntil
	}
	return time.Time{}
}

// enter changes the phase and forgets what belonged to the old one.
func (s State) enter(to domain.BreakerState, reason string) (State, *Transition) {
	t := &Transition{From: s.Current(), To: to, Reason: reason}
	s.Phase = to
	s.Generation++
	s.Successes = 0
	s.Probes = nil
	s.ClosedAt = time.Time{}
	if to != domain.BreakerOpen {
		s.OpenUntil = time.Time{}
	}
	return s, t
}

// close clears the record.
func (s State) close(reason string) (State, *Transition) {
	s.Failures, s.Reopens, s.LastFailureAt = 0, 0, time.Time{}
	if s.Current() == domain.BreakerClosed {
		return s, nil
	}
	return s.enter(domain.BreakerClosed, reason)
}

func (s State) open(until time.Time, reason string) (State, *Transition) {
	s, t := s.enter(domain.BreakerOpen, reason)
	s.OpenUntil = until
	return s, t
}

func (s State) withProbe(id domain.LeaseID) State {
	if !slices.Contains(s.Probes, id) {
		s.Probes = append(slices.Clip(s.Probes), id)
	}
	return s
}

func (s State) withoutProbe(id domain.LeaseID) State {
	if i := slices.Index(s.Probes, id); i >= 0 {
		s.Probes = slices.Delete(slices.Clone(s.Probes), i, i+1)
	}
	return s
}

// effective replaces settings that would make no sense by the defaults. A
// threshold of zero is kept: it switches the breaker off.
func effective(c domain.BreakerSettings) domain.BreakerSettings {
	d := domain.DefaultBreakerSettings()
	if c.FailureWindow <= 0 {
		c.FailureWindow = d.FailureWindow
	}
	if c.OpenDuration <= 0 {
		c.OpenDuration = d.OpenDuration
	}
	if c.HalfOpenSuccess <= 0 {
		c.HalfOpenSuccess = d.HalfOpenSuccess
	}
	if c.HalfOpenProbes <= 0 {
		c.HalfOpenProbes = d.HalfOpenProbes
	}
	return c
}
