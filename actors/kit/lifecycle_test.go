package kit_test

import (
	"bytes"
	"context"
	"log/slog"
	"runtime"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/actors/kit"
)

// Whatever ends an actor, who waits behind the message it died with learns so
// at once, and its hooks run once and in order.
func TestQueuedAsksEndWithTheActor(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(r kit.Ref){
		"stop":  func(r kit.Ref) { r.Tell("stop") },
		"kill":  func(r kit.Ref) { r.Kill() },
		"panic": func(r kit.Ref) { r.Tell("boom") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSystem(t, kit.Options{})
			entered, open, stopped := make(chan bool), make(chan bool), make(chan string, 10)
			r := s.Spawn(kit.Kind{Name: "worker", New: func(string) kit.Actor {
				return &blocker{entered: entered, open: open, stopped: stopped}
			}}, "1")
			r.Tell("block")
			next(t, entered)
			end(r)
			errs := make(chan error, 100)
			for range cap(errs) {
				go func() {
					_, err := kit.Ask[string](timeout(t), r, "ask")
					errs <- err
				}()
			}
			require.Eventually(t, func() bool { return r.Depth() >= 100 }, 5*time.Second, time.Millisecond)
			require.GreaterOrEqual(t, s.Stats()[0].MaxDepth, 100)
			close(open)
			for range cap(errs) {
				require.ErrorIs(t, next(t, errs), kit.ErrDeadLetter)
			}
			require.Equal(t, "stopped", next(t, stopped))
			_, err := kit.Ask[string](timeout(t), r, "ask")
			require.ErrorIs(t, err, kit.ErrDeadLetter)
			r.Kill() // again, and of a dead one: nothing
			r.Tell("into the void")
			stats := s.Stats()[0]
			require.Equal(t, 0, stats.Live)
			require.GreaterOrEqual(t, stats.DeadLetters, int64(101))
			require.Empty(t, stopped)
		})
	}
}

type blocker struct {
	entered, open chan bool
	stopped       chan string
}

func (b *blocker) Receive(c *kit.Context) {
	switch c.Message() {
	case "block":
		b.entered <- true
		<-b.open
	case "stop":
		c.Stop()
	case "boom":
		panic("boom")
	case "ask":
		c.Respond("answer")
	}
}

func (b *blocker) Stopped() { b.stopped <- "stopped" }

func TestChildren(t *testing.T) {
	t.Parallel()
	s := newSystem(t, kit.Options{})
	events := make(chan kit.ChildStopped, 10)
	stopped := make(chan string, 10)
	child := kit.Kind{Name: "child", New: func(string) kit.Actor {
		return &blocker{stopped: stopped}
	}}
	parent := s.Spawn(kit.Kind{Name: "parent", Supervision: kit.RestartThenRest, New: func(string) kit.Actor {
		return receive(func(c *kit.Context) {
			switch m := c.Message().(type) {
			case string:
				c.Respond(c.Spawn(child, m))
			case int:
				ids := make(map[kit.Ref]string)
				for id, child := range c.Children() {
					ids[child] = id
				}
				c.Respond(ids)
			case error:
				panic(m)
			case kit.ChildStopped:
				events <- m
			case bool:
				c.Stop()
			}
		})
	}}, "1")
	spawn := func(id string) kit.Ref {
		r, err := kit.Ask[kit.Ref](timeout(t), parent, id)
		require.NoError(t, err)
		return r
	}
	children := func() map[kit.Ref]string {
		all, err := kit.Ask[map[kit.Ref]string](timeout(t), parent, 0)
		require.NoError(t, err)
		return all
	}
	a, twin, b := spawn("a"), spawn("a"), spawn("b")
	require.NotEqual(t, a, twin, "a parent may spawn the same id twice")
	require.Equal(t, map[kit.Ref]string{a: "a", twin: "a", b: "b"}, children())

	a.Tell("boom")
	require.Equal(t, kit.ChildStopped{ID: "a", Ref: a}, next(t, events))
	twin.Tell("stop")
	require.Equal(t, kit.ChildStopped{ID: "a", Ref: twin}, next(t, events))
	next(t, stopped)
	next(t, stopped)

	parent.Tell(context.Canceled) // a panic
	require.Equal(t, map[kit.Ref]string{b: "b"}, children(), "children outlive a panic of their parent")
	got, err := kit.Ask[string](timeout(t), b, "ask")
	require.NoError(t, err)
	require.Equal(t, "answer", got)

	parent.Tell(true)
	require.Equal(t, "stopped", next(t, stopped), "children end with their parent")
	_, err = kit.Ask[string](timeout(t), b, "ask")
	require.ErrorIs(t, err, kit.ErrDeadLetter)
}

func TestChildRestartsUnderItsOwnSupervision(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := kit.NewSystem(kit.Options{})
		calls := make(chan string, 10)
		parent := s.Spawn(kindOf("parent", func(c *kit.Context) {
			if c.Message() == "spawn" {
				c.Respond(c.Spawn(brittleKind(kit.Restart, calls), "1"))
			}
		}), "1")
		child, err := kit.Ask[kit.Ref](t.Context(), parent, "spawn")
		require.NoError(t, err)
		child.Tell("boom")
		require.Equal(t, 1, count(t, child))
		require.Equal(t, 2, count(t, child))
		require.NoError(t, s.Shutdown(t.Context()))
	})
}

func TestInterceptInjectsFaults(t *testing.T) {
	t.Parallel()
	var armed atomic.Bool
	var log bytes.Buffer
	s := newSystem(t, kit.Options{
		Logger: slog.New(slog.NewTextHandler(&log, nil)),
		Intercept: func(kind, id string, self kit.Ref, msg any) {
			if !armed.Load() || kind != "worker" {
				return
			}
			switch {
			case id == "1" && msg == "ask":
				panic("injected")
			case id == "2" && msg == "ask":
				self.Kill()
			}
		},
	})
	r := s.Spawn(kindOf("worker", echo), "1")
	_, err := kit.Ask[string](timeout(t), r, "ask")
	require.NoError(t, err)
	armed.Store(true)
	_, err = kit.Ask[string](timeout(t), r, "ask")
	require.Equal(t, &kit.FailedError{Kind: "worker", Why: "panic"}, err)
	require.EqualError(t, err, "actor worker failed: panic")
	require.Contains(t, log.String(), `kind=worker actor=1 message=string cause=injected stack=`)
	require.NotContains(t, log.String(), "Recovering", "the library's own noise")

	r = s.Spawn(kindOf("worker", echo), "2")
	got, err := kit.Ask[string](timeout(t), r, "ask")
	require.NoError(t, err)
	require.Equal(t, "ask", got, "a kill lets the present message be handled")
	_, err = kit.Ask[string](timeout(t), r, "ask")
	require.ErrorIs(t, err, kit.ErrDeadLetter)
}

func TestPanicInHooksChangesNothing(t *testing.T) {
	t.Parallel()
	s := newSystem(t, kit.Options{})
	r := s.Spawn(kit.Kind{Name: "worker", Supervision: kit.RestartThenRest, New: func(string) kit.Actor {
		return clumsy{}
	}}, "1")
	_, err := kit.Ask[string](timeout(t), r, "boom")
	require.Equal(t, &kit.FailedError{Kind: "worker", Why: "panic"}, err)
	got, err := kit.Ask[string](timeout(t), r, "ask")
	require.NoError(t, err)
	require.Equal(t, "ask", got)
	require.Equal(t, int64(3), s.Stats()[0].Panics)
}

type clumsy struct{}

func (clumsy) Receive(c *kit.Context) {
	if c.Message() == "boom" {
		panic("boom")
	}
	echo(c)
}
func (clumsy) Failed(any, any) { panic("in Failed") }
func (clumsy) Stopped()        { panic("in Stopped") }

// A Ref that is kept must not keep what the actor held.
func TestRefKeepsNoState(t *testing.T) {
	t.Parallel()
	s := newSystem(t, kit.Options{})
	collected := make(chan bool)
	r := func() kit.Ref {
		state := new([1 << 20]byte)
		runtime.AddCleanup(state, func(struct{}) { close(collected) }, struct{}{})
		return s.Spawn(kit.Kind{Name: "heavy", New: func(string) kit.Actor {
			held := state
			state = nil // New itself lives as long as its kind
			return receive(func(c *kit.Context) {
				held[0]++
				if c.Message() == "stop" {
					c.Respond(true)
					c.Stop()
				}
			})
		}}, "1")
	}()
	_, err := kit.Ask[bool](timeout(t), r, "stop")
	require.NoError(t, err)
	require.Eventually(t, func() bool {
		runtime.GC()
		select {
		case <-collected:
			return true
		default:
			return false
		}
	}, 10*time.Second, 10*time.Millisecond)
	runtime.KeepAlive(r)
}

func TestShutdownStopsInOrder(t *testing.T) {
	t.Parallel()
	s := kit.NewSystem(kit.Options{})
	stopped := make(chan string, 10)
	kind := func(name string) kit.Kind {
		return kit.Kind{Name: name, Supervision: kit.Restart, New: func(string) kit.Actor {
			return &named{name: name, stopped: stopped}
		}}
	}
	s.Spawn(kind("zeroth"), "1")
	first, second := s.Spawn(kind("first"), "1"), s.Spawn(kind("second"), "1")
	d := s.Directory(kind("grain"))
	d.Ref("x").Tell("hello")
	second.Tell("spawn")
	first.Tell("boom") // suspended in its back-off when the shutdown comes
	for range 100 {
		second.Tell("hello")
	}
	require.NoError(t, s.Shutdown(timeout(t)))
	require.NoError(t, s.Shutdown(timeout(t)), "twice is once")
	close(stopped)
	var order []string
	for name := range stopped {
		order = append(order, name)
	}
	require.ElementsMatch(t, []string{"zeroth", "first", "grain", "second", "child"}, order)
	require.Less(t, slices.Index(order, "grain"), slices.Index(order, "second"))
	require.Less(t, slices.Index(order, "second"), slices.Index(order, "child"))
	require.Equal(t, "zeroth", order[len(order)-1])

	late := s.Spawn(kind("late"), "1")
	for _, r := range []kit.Ref{late, first, d.Ref("x"), d.Ref("y")} {
		_, err := kit.Ask[string](timeout(t), r, "ask")
		require.ErrorIs(t, err, kit.ErrDeadLetter)
		require.Zero(t, r.Depth())
		r.Tell("void")
		r.Kill()
	}
	require.Zero(t, d.Live())
}

type named struct {
	name    string
	stopped chan string
}

func (n *named) Receive(c *kit.Context) {
	switch c.Message() {
	case "spawn":
		c.Spawn(kit.Kind{Name: "child", New: func(string) kit.Actor {
			return &named{name: "child", stopped: n.stopped}
		}}, "1")
	case "boom":
		panic("boom")
	}
}

func (n *named) Stopped() { n.stopped <- n.name }

func TestShutdownGivesUpWithItsContext(t *testing.T) {
	t.Parallel()
	s := kit.NewSystem(kit.Options{})
	entered, open, stopped := make(chan bool), make(chan bool), make(chan string, 1)
	r := s.Spawn(kit.Kind{Name: "stuck", New: func(string) kit.Actor {
		return &blocker{entered: entered, open: open, stopped: stopped}
	}}, "1")
	r.Tell("block")
	next(t, entered)
	r.Tell("ask")
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
	defer cancel()
	err := s.Shutdown(ctx)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.ErrorContains(t, err, "1 left")
	close(open)
	require.Equal(t, "stopped", next(t, stopped), "killed as soon as it lets go")
}
