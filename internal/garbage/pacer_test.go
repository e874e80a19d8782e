package garbage

import (
	"context"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestPercent(t *testing.T) {
	p := Pacer{Floor: 96 << 20, Percent: 75, Interval: 2 * time.Second, Room: 128 << 20}
	for _, c := range []struct {
		name string
		in   usage
		want int
	}{
		{"nothing known yet: the least heap is the floor", usage{}, 2400},
		{"a heap smaller than the runtime's least", usage{heap: 1 << 20}, 2375},
		{"small heap waits for the floor", usage{heap: 32 << 20}, 200},
		{"stacks and globals count", usage{heap: 32 << 20, roots: 8 << 20}, 160},
		{"above the floor by its percentage", usage{heap: 60 << 20}, 75},
		{"large heap", usage{heap: 1 << 30}, 75},
		{"slow work does not need the interval", usage{heap: 60 << 20, rate: 20 << 20}, 75},
		{"fast work gets room for it", usage{heap: 60 << 20, rate: 45 << 20}, 150},
		{"but not without bounds", usage{heap: 60 << 20, roots: 4 << 20, rate: 1 << 30}, 200},
	} {
		t.Run(c.name, func(t *testing.T) { assert.Equal(t, c.want, p.percent(c.in)) })
	}
}

func TestRateIsAnAverage(t *testing.T) {
	p := Pacer{Interval: 2 * time.Second}
	at := time.Now()
	last := reading{at: at, takenOn: 100}
	after := func(d time.Duration, bytes uint64) reading { return reading{at: at.Add(d), takenOn: 100 + bytes} }
	for _, c := range []struct {
		name string
		now  reading
		want float64
	}{
		{"after an interval it is that of the interval", after(2*time.Second, 400), 200},
		{"after a longer one too", after(4*time.Second, 400), 100},
		{"a burst counts by its length", after(time.Second/2, 500), 325},
		{"no time has passed", after(0, 500), 100},
		{"the clock was set back", after(-time.Second, 500), 100},
	} {
		t.Run(c.name, func(t *testing.T) { assert.InDelta(t, c.want, p.smooth(100, c.now, last), 0.001) })
	}
}

func TestDiffers(t *testing.T) {
	assert.True(t, differs(75, -1), "the first value is always set")
	assert.False(t, differs(205, 200))
	assert.True(t, differs(75, 200))
	assert.True(t, differs(200, 75))
}

// The percentage follows the heap through real collections, and is the plain
// one again when the pacer stops.
func TestRunFollowsTheHeap(t *testing.T) {
	before := debug.SetGCPercent(75)
	t.Cleanup(func() { debug.SetGCPercent(before) })
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		Pacer{Floor: 64 << 20, Percent: 75, Interval: time.Second}.Run(ctx)
	}()
	current := func() int {
		s := []metrics.Sample{{Name: "/gc/gogc:percent"}}
		metrics.Read(s)
		return int(s[0].Value.Uint64())
	}
	require.Eventually(t, func() bool { runtime.GC(); return current() > 75 }, 5*time.Second, 5*time.Millisecond, "a small heap gets room")
	ballast := make([]byte, 128<<20)
	require.Eventually(t, func() bool { runtime.GC(); return current() == 75 }, 5*time.Second, 5*time.Millisecond, "a large one does not")
	runtime.KeepAlive(ballast)
	cancel()
	<-done
	assert.Equal(t, 75, current())
}
