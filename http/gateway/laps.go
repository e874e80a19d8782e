package gateway

import (
	"time"

	"github.com/claude-code-hub/cch/internal/domain"
)

// step is one of the steps before a request is admitted.
type step int

const (
	stepAuth step = iota
	stepBody
	stepRules
	stepFilters
	stepReplay
	stepCount
)

func (s step) String() string {
	return [...]string{domain.StepAuth, domain.StepBody, domain.StepRules, domain.StepFilters, domain.StepReplay}[s]
}

// laps is how long each step took. The zero value but for last is ready.
type laps struct {
	took [stepCount]time.Duration
	last time.Time // when the step before ended
}

// end notes that a step is over.
func (l *laps) end(s step, now time.Time) {
	l.took[s] = now.Sub(l.last)
	l.last = now
}

// long are the steps of a millisecond or more: of most requests there is none.
func (l *laps) long() (list []domain.GuardTime) {
	at := time.Duration(0)
	for s, took := range l.took {
		if took >= time.Millisecond {
			list = append(list, domain.GuardTime{Name: step(s).String(), AtMs: at.Milliseconds(), TookMs: took.Milliseconds()})
		}
		at += took
	}
	return list
}

// step runs one and notes how long it took.
func (g *Gateway) step(x *exchange, s step, do func(*exchange) error) error {
	err := do(x)
	x.laps.end(s, g.Now())
	return err
}
