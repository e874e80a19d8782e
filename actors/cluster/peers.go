package cluster

import (
	"context"
	"errors"
	"net"
	"sync"
	"syscall"
	"time"
)

const (
	greetEvery  = 500 * time.Millisecond
	silentAfter = 3 * greetEvery // then a node is asked nothing more until it is heard again
	probeWithin = 300 * time.Millisecond
)

// peers is when the other nodes were last heard of. Nodes greet each other twice
// a second. Safe for concurrent use.
type peers struct {
	mu    sync.Mutex
	heard map[string]time.Time // by member
}

func newPeers() *peers { return &peers{heard: make(map[string]time.Time)} }

// hear notes that a member lives.
func (p *peers) hear(id string, now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if _, known := p.heard[id]; known {
		p.heard[id] = now
	}
}

// mute notes that the stream to a member broke: it may be gone.
func (p *peers) mute(id string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if _, known := p.heard[id]; known {
		p.heard[id] = time.Time{}
	}
}

// know makes the given members the known ones; new ones have just been heard of.
func (p *peers) know(ids []string, now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	known := make(map[string]time.Time, len(ids))
	for _, id := range ids {
		if at, old := p.heard[id]; old {
			known[id] = at
		} else {
			known[id] = now
		}
	}
	p.heard = known
}

// silent tells whether a member was not heard of for too long.
func (p *peers) silent(id string, now time.Time) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return now.Sub(p.heard[id]) > silentAfter
}

// gone tells whether surely no process listens at an address: its machine says
// so, twice. A node that is paused or cut off does not say anything.
func gone(ctx context.Context, addr string) bool {
	for range 2 {
		dialer := net.Dialer{Timeout: probeWithin}
		conn, err := dialer.DialContext(ctx, "tcp", addr)
		if err == nil {
			_ = conn.Close()
			return false
		}
		if !errors.Is(err, syscall.ECONNREFUSED) {
			return false
		}
		select {
		case <-time.After(probeWithin / 3):
		case <-ctx.Done():
			return false
		}
	}
	return true
}
