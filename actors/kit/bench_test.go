package kit_test

import (
	"context"
	"runtime"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/actors/kit"
)

// answerTrue answers without allocating, so that the figures are the kit's.
func answerTrue(c *kit.Context) { c.Respond(true) }

func BenchmarkTell(b *testing.B) {
	s := newSystem(b, kit.Options{})
	r := s.Spawn(kindOf("sink", func(*kit.Context) {}), "1")
	b.ReportAllocs()
	for b.Loop() {
		r.Tell(true)
	}
}

func BenchmarkAsk(b *testing.B) {
	s := newSystem(b, kit.Options{})
	targets := map[string]kit.Ref{
		"spawned":   s.Spawn(kindOf("worker", answerTrue), "1"),
		"directory": s.Directory(kindOf("worker", answerTrue)).Ref("1"),
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	for name, r := range targets {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := kit.Ask[bool](ctx, r, true); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	b.Run("parallel", func(b *testing.B) {
		b.ReportAllocs()
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				if _, err := kit.Ask[bool](ctx, targets["directory"], true); err != nil {
					b.Error(err)
				}
			}
		})
	})
}

// BenchmarkAskTo measures an ask from outside that has an actor ask another.
func BenchmarkAskTo(b *testing.B) {
	s := newSystem(b, kit.Options{})
	worker := s.Spawn(kindOf("worker", answerTrue), "1")
	var waiting kit.Responder
	middle := s.Spawn(kindOf("middle", func(c *kit.Context) {
		switch m := c.Message().(type) {
		case bool:
			waiting = c.Responder()
			c.AskTo(worker, 1, m, time.Second)
		case kit.Reply:
			waiting.Respond(m.Msg)
		}
	}), "1")
	b.ReportAllocs()
	for b.Loop() {
		if _, err := kit.Ask[bool](b.Context(), middle, true); err != nil {
			b.Fatal(err)
		}
	}
}

// spawnStop is the life of a request actor: spawned by a parent, one ask, gone.
func spawnStop(t testing.TB) (once func()) {
	t.Helper()
	s := newSystem(t, kit.Options{})
	child := kindOf("request", func(c *kit.Context) {
		if c.Message() == true {
			c.Respond(true)
			c.Stop()
		}
	})
	parent := s.Spawn(kindOf("router", func(c *kit.Context) {
		if c.Message() == true {
			c.Forward(c.Spawn(child, "1"))
		}
	}), "1")
	return func() {
		if _, err := kit.Ask[bool](context.Background(), parent, true); err != nil {
			t.Error(err)
		}
	}
}

func BenchmarkSpawnStop(b *testing.B) {
	once := spawnStop(b)
	b.ReportAllocs()
	for b.Loop() {
		once()
	}
}

// BenchmarkIdle measures what an actor costs that does nothing, with its place
// in the directory.
func BenchmarkIdle(b *testing.B) {
	s := newSystem(b, kit.Options{})
	d := s.Directory(kindOf("session", answerTrue))
	heap := func() uint64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	before, n := heap(), 0
	for b.Loop() {
		if _, err := kit.Ask[bool](b.Context(), d.Ref(strconv.Itoa(n)), true); err != nil {
			b.Fatal(err)
		}
		n++
	}
	b.ReportMetric(float64(heap()-before)/float64(n), "B/actor")
}

// TestAllocationBudgets is not parallel, for the allocations of other tests
// would count.
func TestAllocationBudgets(t *testing.T) {
	s := newSystem(t, kit.Options{})
	r := s.Directory(kindOf("worker", answerTrue)).Ref("1")
	ctx := timeout(t)
	require.LessOrEqual(t, testing.AllocsPerRun(1000, func() {
		if _, err := kit.Ask[bool](ctx, r, true); err != nil {
			t.Error(err)
		}
	}), 4.0)
	require.LessOrEqual(t, testing.AllocsPerRun(1000, spawnStop(t)), 20.0)
}

func BenchmarkAfterStop(b *testing.B) {
	s := newSystem(b, kit.Options{})
	r := s.Spawn(kindOf("timer", func(c *kit.Context) {
		if n, ok := c.Message().(int); ok {
			for range n {
				c.After(time.Minute, true).Stop()
			}
			c.Respond(true)
		}
	}), "1")
	b.ReportAllocs()
	if _, err := kit.Ask[bool](context.Background(), r, b.N); err != nil {
		b.Fatal(err)
	}
}
