package cluster

import (
	"sync"
	"time"
)

// maxUnanswered is how many asks may wait for one node.
const maxUnanswered = 4096

// pending are the asks that wait for answers of other nodes. Safe for concurrent
// use; no answer is given under its lock.
type pending struct {
	mu    sync.Mutex
	last  uint64
	asks  map[uint64]*ask
	count map[string]int // by member
}

// ask is one of them.
type ask struct {
	to     string // member
	until  time.Time
	letter letter
	answer func(msg any, err error)
}

func newPending() *pending {
	return &pending{asks: make(map[uint64]*ask), count: make(map[string]int)}
}

// add notes an ask and numbers it; false = too many wait for that node.
func (p *pending) add(a *ask) (corr uint64, ok bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.count[a.to] >= maxUnanswered {
		return 0, false
	}
	p.last++
	p.asks[p.last] = a
	p.count[a.to]++
	return p.last, true
}

// take gives the ask that an answer is for; nil = nobody waits any more.
func (p *pending) take(corr uint64, from string) *ask {
	p.mu.Lock()
	defer p.mu.Unlock()
	a := p.asks[corr]
	if a == nil || a.to != from {
		return nil
	}
	p.drop(corr, a)
	return a
}

func (p *pending) drop(corr uint64, a *ask) {
	delete(p.asks, corr)
	if p.count[a.to]--; p.count[a.to] == 0 {
		delete(p.count, a.to)
	}
}

// forget drops asks whose time is over: whoever asked has gone on.
func (p *pending) forget(now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for corr, a := range p.asks {
		if now.After(a.until) {
			p.drop(corr, a)
		}
	}
}

// lost takes out what waits for a node that will not answer.
func (p *pending) lost(to string) (asks []*ask) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for corr, a := range p.asks {
		if a.to == to {
			asks = append(asks, a)
			p.drop(corr, a)
		}
	}
	return asks
}

// waiting counts the asks that wait.
func (p *pending) waiting() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.asks)
}
