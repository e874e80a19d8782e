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
	p := Pacer{Floor: 96 << 20, Percent: 75}
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
	} {
		t.Run(c.name, func(t *testing.T) { assert.Equal(t, c.want, p.percent(c.in)) })
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
		Pacer{Floor: 64 << 20, Percent: 75}.Run(ctx)
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
