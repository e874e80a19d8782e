// Package garbage sets how much garbage the runtime lets pile up.
package garbage

import (
	"context"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
)

// Pacer holds GOGC so that a collection starts at Floor bytes of heap or when
// garbage is Percent of what is in use, whichever is later. With a small heap
// GOGC alone collects many times a second to save memory that nobody misses;
// with a large one a fixed percentage is right.
type Pacer struct {
	Floor   uint64 // bytes of heap below which nothing is collected
	Percent int    // as GOGC
}

// Run adjusts GOGC after every collection until ctx ends, and then leaves it at
// Percent. GOGC belongs to the process: only one Pacer may run.
func (p Pacer) Run(ctx context.Context) {
	collected := make(chan struct{}, 1)
	defer debug.SetGCPercent(p.Percent)
	current := -1
	for {
		awaken(collected)
		if next := p.percent(inUse()); differs(next, current) {
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
	heap  uint64 // bytes of objects alive
	roots uint64 // bytes of stacks and globals, which count for GOGC
}

// smallestHeap is what the runtime takes as the least heap at a GOGC of 100. It
// grows with GOGC, whatever is in use.
const smallestHeap = 4 << 20

// percent is the GOGC with which the next collection starts at the floor.
func (p Pacer) percent(u usage) int {
	if u.heap >= p.Floor {
		return p.Percent
	}
	base := max(u.heap+u.roots, smallestHeap)
	return max(p.Percent, int((p.Floor-u.heap)*100/base))
}

// differs tells whether a change is worth stopping the world for a moment.
func differs(next, current int) bool {
	return current < 0 || max(next, current)-min(next, current) > current/8
}

func inUse() usage {
	s := []metrics.Sample{
		{Name: "/gc/heap/live:bytes"}, {Name: "/gc/scan/stack:bytes"}, {Name: "/gc/scan/globals:bytes"},
	}
	metrics.Read(s)
	return usage{heap: s[0].Value.Uint64(), roots: s[1].Value.Uint64() + s[2].Value.Uint64()}
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
