package provider

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/claude-code-hub/cch/actors/protocol"
	"github.com/claude-code-hub/cch/internal/domain"
)

// probes is a provider under random events, with the probes that it let out and
// that nobody has given back.
type probes struct {
	bench

	ids uint16
	out map[domain.LeaseID]time.Time // until when they are held
}

func (p *probes) forget() {
	for id, until := range p.out {
		if !p.now.Before(until) {
			delete(p.out, id)
		}
	}
	if p.s.breaker.Current() != domain.BreakerHalfOpen {
		clear(p.out) // they count for a phase that is over
	}
}

// No sequence of attempts, outcomes, losses, orders and restarts lets more
// probes of a half-open provider out than its limit.
func TestNoSequenceLetsTooManyProbesOut(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		p := &probes{bench: *newBench(t), out: map[domain.LeaseID]time.Time{}}
		p.p.Breaker.HalfOpenProbes = rapid.IntRange(1, 3).Draw(rt, "limit")
		p.p.Breaker.HalfOpenSuccess = rapid.IntRange(1, 3).Draw(rt, "successes")
		pick := func(rt *rapid.T) int { return rapid.IntRange(1, 12).Draw(rt, "lease") }
		rt.Repeat(map[string]func(*rapid.T){
			"wait": func(rt *rapid.T) {
				p.wait(time.Duration(rapid.IntRange(1, 70).Draw(rt, "s")) * time.Second)
				p.s.elapse(p.now)
				p.forget()
			},
			"acquire": func(rt *rapid.T) {
				p.ids++
				id := 100 + int(p.ids)
				g := p.ask(id)
				p.forget()
				if g.OK && p.s.breaker.Current() == domain.BreakerHalfOpen {
					require.True(rt, g.Probe)
					p.out[lease(id)] = p.now.Add(30 * time.Second)
				}
				require.LessOrEqual(rt, len(p.out), p.p.Breaker.HalfOpenProbes)
			},
			"report": func(rt *rapid.T) {
				id := 100 + int(p.ids) - pick(rt) + 1
				outcomes := []func(*protocol.SlotReport){
					func(*protocol.SlotReport) {}, status(500), status(404),
					func(m *protocol.SlotReport) { m.Class = domain.ClassClientAbort },
					func(m *protocol.SlotReport) { m.Generation-- },
				}
				p.ended(id, outcomes[rapid.IntRange(0, len(outcomes)-1).Draw(rt, "outcome")])
				delete(p.out, lease(id))
				p.forget()
			},
			"release": func(rt *rapid.T) {
				id := lease(100 + int(p.ids) - pick(rt) + 1)
				p.s.release([]domain.LeaseID{id}, p.now)
				delete(p.out, id)
			},
			"order": func(rt *rapid.T) {
				action := rapid.SampledFrom([]protocol.BreakerAction{protocol.BreakerReset, protocol.BreakerTrip}).Draw(rt, "action")
				p.s.set(&protocol.BreakerSet{Action: action}, p.now)
				p.forget()
			},
			"restart": func(*rapid.T) {
				p.bench = *p.reborn(nil)
				p.s.elapse(p.now)
				p.forget()
			},
		})
	})
}
