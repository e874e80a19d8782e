package breaker

import (
	"time"

	"github.com/claude-code-hub/cch/internal/domain"
)

// EventKind says what happened to a breaker.
type EventKind uint8

// The events. Succeeded and Failed carry the generation under which the attempt
// was admitted.
const (
	Tick      EventKind = iota // time passed, or the settings changed
	Succeeded                  // an attempt succeeded
	Failed                     // a provider was given up because of a failure that counts
	ProbeLost                  // a half-open attempt ended without a verdict
	HealthOK                   // a health check found the provider well
	Reset                      // an operator closes the breaker
	Trip                       // an operator opens it
)

// Event is one thing that happened. Fields that do not belong to its kind are ignored.
type Event struct {
	Kind       EventKind
	Generation int64
	Lease      domain.LeaseID // of the attempt; frees its probe
	Until      time.Time      // Trip: zero means the configured duration
}

// Step applies one event. It returns the new state and the change of phase, if
// there was one: never more than one per event.
func Step(s State, cfg domain.BreakerSettings, e Event, now time.Time) (State, *Transition) {
	cfg = effective(cfg)
	if e.Kind == Reset {
		return s.close(ReasonManualReset)
	}
	if cfg.FailureThreshold <= 0 {
		return s.close(ReasonThresholdOff)
	}
	if e.Kind == Trip {
		return trip(s, cfg, e.Until, now)
	}
	if next, t := elapse(s, now); t != nil {
		return next, t // the event belongs to a phase that is over
	}
	switch e.Kind {
	case Succeeded:
		return succeeded(s, cfg, e, now)
	case Failed:
		return failed(s, cfg, e, now)
	case ProbeLost:
		return s.withoutProbe(e.Lease), nil
	case HealthOK:
		if s.Phase == domain.BreakerOpen {
			return s.enter(domain.BreakerHalfOpen, ReasonProbeSucceeded)
		}
	case Tick, Reset, Trip: // done above
	}
	return s, nil
}

// elapse does what time alone brings about.
func elapse(s State, now time.Time) (State, *Transition) {
	if s.Phase == domain.BreakerOpen && !now.Before(s.OpenUntil) {
		return s.enter(domain.BreakerHalfOpen, ReasonTimer)
	}
	return s, nil
}

func trip(s State, cfg domain.BreakerSettings, until, now time.Time) (State, *Transition) {
	if until.IsZero() {
		until = now.Add(cfg.OpenDuration)
	}
	if s.Phase == domain.BreakerOpen {
		s.OpenUntil = until // already open: only the deadline is new
		return s, nil
	}
	return s.open(until, ReasonManualOpen)
}

func succeeded(s State, cfg domain.BreakerSettings, e Event, now time.Time) (State, *Transition) {
	s = s.withoutProbe(e.Lease)
	if e.Generation != s.Generation {
		return s, nil
	}
	switch s.Current() {
	case domain.BreakerClosed:
		s.Failures = 0
	case domain.BreakerHalfOpen:
		if s.Successes++; s.Successes >= cfg.HalfOpenSuccess {
			next, t := s.close(ReasonProbeSucceeded)
			next.ClosedAt = now
			return next, t
		}
	case domain.BreakerOpen: // nothing is admitted while open
	}
	return s, nil
}

func failed(s State, cfg domain.BreakerSettings, e Event, now time.Time) (State, *Transition) {
	s = s.withoutProbe(e.Lease)
	if e.Generation != s.Generation || s.Phase == domain.BreakerOpen {
		return s, nil
	}
	if s.Current() == domain.BreakerClosed && now.Sub(s.LastFailureAt) > cfg.FailureWindow {
		s.Failures = 0
	}
	s.Failures++
	s.LastFailureAt = now
	if s.Phase == domain.BreakerHalfOpen {
		s.Reopens++
		factor := min(1<<min(s.Reopens, 8), maxReopenFactor)
		return s.open(now.Add(cfg.OpenDuration*time.Duration(factor)), ReasonProbeFailed)
	}
	if s.Failures >= cfg.FailureThreshold {
		return s.open(now.Add(cfg.OpenDuration), ReasonFailureThreshold)
	}
	return s, nil
}
