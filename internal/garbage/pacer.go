// Package garbage sets how much garbage the runtime lets pile up.
package garbage

import (
	"context"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"time"
)

// Pacer holds GOGC so that the next collection starts at Floor bytes of heap,
// when garbage is Percent of what is in use, or Interval after the last one if
// memory is taken on as fast as before: whichever is latest. With a small heap
// GOGC alone collects many times a second to save memory that nobody misses;
// with a large one a fixed percentage is right. Room bounds the garbage that
// Interval lets pile up.
type Pacer struct {
	Floor    uint64 // bytes of heap below which nothing is collected
	Percent  int    // as GOGC
	Interval time.Duration
	Room     uint64 // bytes
}

// Run adjusts GOGC after every collection until ctx ends, and then leaves it at
// Percent. GOGC belongs to the process: only one Pacer may run.
func (p Pacer) Run(ctx context.Context) {
	collected := make(chan struct{}, 1)
	defer debug.SetGCPercent(p.Percent)
	current, last, rate := -1, takeReading(), 0.0
	for {
		awaken(collected)
		now := takeReading()
		rate = p.smooth(rate, now, last)
		last = now
		if next := p.percent(usage{heap: now.heap, roots: now.roots, rate: rate}); differs(next, current) {
			current = next
			debug.SetGCPercent(current)
		}
		select {
		case <-ctx.Done():
			return
		case <-collected:
		}
	}
}

// usage is what the last collection found.
type usage struct {
	heap  uint64  // bytes of objects alive
	roots uint64  // bytes of stacks and globals, which count for GOGC
	rate  float64 // bytes per second that are taken on
}

// smallestHeap is what the runtime takes as the least heap at a GOGC of 100. It
// grows with GOGC, whatever is in use.
const smallestHeap = 4 << 20

// percent is the GOGC with which the next collection starts when it should.
func (p Pacer) percent(u usage) int {
	pile := min(p.Room, uint64(u.rate*p.Interval.Seconds()))
	if u.heap < p.Floor {
		pile = max(pile, p.Floor-u.heap)
	}
	base := max(u.heap+u.roots, smallestHeap)
	return max(p.Percent, int(pile*100/base))
}

// smooth is the average rate after another reading. One that comes sooner than
// Interval counts for less: a start and other bursts are no lasting load.
func (p Pacer) smooth(rate float64, now, last reading) float64 {
	took := now.at.Sub(last.at).Seconds()
	if took <= 0 {
		return rate
	}
	current := float64(now.takenOn-last.takenOn) / took
	return rate + (current-rate)*min(1, took/p.Interval.Seconds())
}

// differs tells whether a change is worth stopping the world for a moment.
func differs(next, current int) bool {
	return current < 0 || max(next, current)-min(next, current) > current/8
}

// reading is what the runtime says at one moment.
type reading struct {
	at                   time.Time
	heap, roots, takenOn uint64 // bytes; takenOn since the process began
}

func takeReading() reading {
	s := []metrics.Sample{
		{Name: "/gc/heap/live:bytes"},
		{Name: "/gc/scan/stack:bytes"},
		{Name: "/gc/scan/globals:bytes"},
		{Name: "/gc/heap/allocs:bytes"},
	}
	metrics.Read(s)
	return reading{
		at: time.Now(), heap: s[0].Value.Uint64(), roots: s[1].Value.Uint64() + s[2].Value.Uint64(),
		takenOn: s[3].Value.Uint64(),
	}
}

// awaken sends to collected once, after the next collection.
func awaken(collected chan<- struct{}) {
	sentinel := new([16]byte) // too large for the allocator of tiny objects, which keeps them together
	runtime.AddCleanup(sentinel, func(c chan<- struct{}) {
		select {
		case c <- struct{}{}:
		default:
		}
	}, collected)
}
