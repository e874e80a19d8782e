package request

import (
	"slices"
	"sync"
	"time"

	"github.com/claude-code-hub/cch/internal/domain"
)

const (
	paceSamples  = 128              // of one provider
	paceWindow   = 10 * time.Minute // older ones say nothing
	leastPatient = 5 * time.Second  // however fast a provider usually is
)

// pace knows how long this node's calls waited for content lately, by provider.
// A nil pace knows nothing. Safe for concurrent use.
type pace struct {
	mu    sync.Mutex
	waits map[domain.ProviderID]*waits
}

// waits are the newest waits for content, in a ring.
type waits struct {
	ring [paceSamples]wait
	next int
}

type wait struct {
	at   time.Time
	took time.Duration
}

// note keeps how long a call waited for its content.
func (p *pace) note(id domain.ProviderID, took time.Duration, now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	w := p.waits[id]
	if w == nil {
		if p.waits == nil {
			p.waits = make(map[domain.ProviderID]*waits)
		}
		w = new(waits)
		p.waits[id] = w
	}
	w.ring[w.next%paceSamples] = wait{at: now, took: took}
	w.next++
}

// patience is how long a call may go without content before it is slower than
// 95 of 100, and at least five seconds.
func (p *pace) patience(id domain.ProviderID, now time.Time) time.Duration {
	if p == nil {
		return leastPatient
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	w := p.waits[id]
	if w == nil {
		return leastPatient
	}
	recent := make([]time.Duration, 0, paceSamples)
	for _, s := range w.ring {
		if s.took > 0 && now.Sub(s.at) <= paceWindow {
			recent = append(recent, s.took)
		}
	}
	if len(recent) == 0 {
		return leastPatient
	}
	slices.Sort(recent)
	return max(leastPatient, recent[(len(recent)*95+99)/100-1])
}

// hedgeBudget bounds the calls of a node that are made twice to a share of all. It
// begins with a few, so that a quiet node may hedge too. Safe for concurrent use.
type hedgeBudget struct {
	mu     sync.Mutex
	begun  bool
	tokens float64
}

const mostHedges = 10 // saved up

// earn notes a call that might get a rival.
func (a *hedgeBudget) earn(percent int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.begin()
	a.tokens = min(mostHedges, a.tokens+float64(percent)/100)
}

// spend takes one, if there is one.
func (a *hedgeBudget) spend(percent int) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.begin()
	if percent <= 0 || a.tokens < 1 {
		return false
	}
	a.tokens--
	return true
}

func (a *hedgeBudget) begin() {
	if !a.begun {
		a.begun, a.tokens = true, mostHedges
	}
}
