package breaker

import (
	"time"

	"github.com/claude-code-hub/cch/internal/domain"
)

// Answer says whether an attempt may be made.
type Answer uint8

// The answers.
const (
	Granted    Answer = iota
	GrantProbe        // granted, and its outcome decides about the provider
	RefusedOpen
	RefusedBusy // half-open, and as many probes are under way as may be
)

// Admit asks for one attempt. A granted probe is noted under lease until
// Succeeded, Failed or ProbeLost frees it. mayProbe is false for calls whose
// outcome proves nothing about the provider; they wait until it is closed again.
// The same lease asked again keeps its probe.
func Admit(s State, cfg domain.BreakerSettings, lease domain.LeaseID, mayProbe bool, now time.Time) (State, Answer, *Transition) {
	cfg = effective(cfg)
	s, t := Step(s, cfg, Event{Kind: Tick}, now)
	switch s.Current() {
	case domain.BreakerOpen:
		return s, RefusedOpen, t
	case domain.BreakerHalfOpen:
		if !mayProbe {
			return s, RefusedBusy, t
		}
		withProbe := s.withProbe(lease)
		if len(withProbe.Probes) > cfg.HalfOpenProbes {
			return s, RefusedBusy, t
		}
		return withProbe, GrantProbe, t
	case domain.BreakerClosed:
	}
	return s, Granted, t
}

// Reclaim notes a probe that is under way already, for instance after its
// keeper lost the state. It is counted even above the limit, and only while the
// breaker is half-open.
func Reclaim(s State, lease domain.LeaseID) State {
	if s.Phase != domain.BreakerHalfOpen {
		return s
	}
	return s.withProbe(lease)
}
