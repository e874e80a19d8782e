package kit_test

import (
	"log/slog"
	"runtime"
	"testing"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	"github.com/stretchr/testify/require"
)

// The tests here pin defects of the actor library that this package works
// around. One that fails after an upgrade says that its workaround may go.

func library(t *testing.T) *actor.ActorSystem {
	t.Helper()
	s := actor.NewActorSystem(
		actor.WithDeadLetterThrottleInterval(time.Millisecond),
		actor.WithLoggerFactory(func(*actor.ActorSystem) *slog.Logger { return slog.New(slog.DiscardHandler) }))
	t.Cleanup(s.Shutdown)
	return s
}

// gate blocks in its first message until it is opened, so that a queue builds up.
type gate struct{ entered, open chan struct{} }

func newGate() gate { return gate{make(chan struct{}), make(chan struct{})} }

func (g gate) Receive(c actor.Context) {
	switch c.Message() {
	case "block":
		close(g.entered)
		<-g.open
	case "ask":
		c.Respond("answer")
	}
}

// D1: messages queued when an actor stops vanish without a dead letter.
func TestPinQueuedMessagesVanishOnStop(t *testing.T) {
	t.Parallel()
	for name, stop := range map[string]func(*actor.ActorSystem, *actor.PID){
		"stop":   func(s *actor.ActorSystem, pid *actor.PID) { s.Root.Stop(pid) },
		"poison": func(s *actor.ActorSystem, pid *actor.PID) { s.Root.Poison(pid) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, g := library(t), newGate()
			pid := s.Root.Spawn(actor.PropsFromProducer(func() actor.Actor { return g }))
			s.Root.Send(pid, "block")
			<-g.entered
			stop(s, pid)
			queued := s.Root.RequestFuture(pid, "ask", 300*time.Millisecond)
			close(g.open)
			require.ErrorIs(t, queued.Wait(), actor.ErrTimeout, "neither an answer nor a dead letter")
			require.ErrorIs(t, s.Root.RequestFuture(pid, "ask", time.Second).Wait(), actor.ErrDeadLetter,
				"asks after the stop do get one")
		})
	}
}

// D2: an asker is not told that the actor panicked, the message is lost, and
// after ten restarts in ten seconds the actor is stopped without a word.
func TestPinPanicTellsNobody(t *testing.T) {
	t.Parallel()
	s := library(t)
	pid := s.Root.Spawn(actor.PropsFromFunc(func(c actor.Context) {
		switch c.Message() {
		case "boom":
			panic("boom")
		case "ask":
			c.Respond("answer")
		}
	}))
	require.ErrorIs(t, s.Root.RequestFuture(pid, "boom", 100*time.Millisecond).Wait(), actor.ErrTimeout)
	_, err := s.Root.RequestFuture(pid, "ask", time.Second).Result()
	require.NoError(t, err, "it was restarted")
	for range 10 {
		s.Root.Send(pid, "boom")
	}
	require.Eventually(t, func() bool {
		return s.Root.RequestFuture(pid, "ask", time.Second).Wait() == actor.ErrDeadLetter //nolint:errorlint // the library's identity
	}, 5*time.Second, time.Millisecond, "it was stopped for good")
}

// reenterer adds to its own state when a future completes.
type reenterer struct {
	made chan *reenterer
	n    int
}

// D4: the continuation of ReenterAfter runs on the incarnation that set it,
// even when a restart has put another in its place; its effect is lost.
func TestPinReenterAfterOutlivesItsIncarnation(t *testing.T) {
	t.Parallel()
	s := library(t)
	made, ran := make(chan *reenterer, 2), make(chan *reenterer, 1)
	future := actor.NewFuture(s, time.Minute)
	pid := s.Root.Spawn(actor.PropsFromProducer(func() actor.Actor {
		r := &reenterer{made: made}
		made <- r
		return actor.ReceiveFunc(func(c actor.Context) {
			switch c.Message() {
			case "wait":
				c.ReenterAfter(future, func(any, error) { r.n++; ran <- r })
			case "boom":
				panic("boom")
			case "count":
				c.Respond(r.n)
			}
		})
	}))
	first := <-made
	s.Root.Send(pid, "wait")
	s.Root.Send(pid, "boom")
	<-made
	s.Root.Send(future.PID(), "done")
	require.Same(t, first, <-ran)
	n, err := s.Root.RequestFuture(pid, "count", time.Second).Result()
	require.NoError(t, err)
	require.Zero(t, n, "the present incarnation saw nothing")
}

// D5: a full bounded mailbox blocks its sender instead of refusing.
func TestPinBoundedMailboxBlocksSenders(t *testing.T) {
	t.Parallel()
	s, g := library(t), newGate()
	pid := s.Root.Spawn(actor.PropsFromProducer(func() actor.Actor { return g },
		actor.WithMailbox(actor.Bounded(2))))
	s.Root.Send(pid, "block")
	<-g.entered
	sent := make(chan int, 10)
	go func() {
		defer close(sent)
		for i := range 10 {
			s.Root.Send(pid, i)
			sent <- i
		}
	}()
	require.Equal(t, 0, <-sent)
	require.Equal(t, 1, <-sent)
	select {
	case i, ok := <-sent:
		require.Failf(t, "the sender was not blocked", "%d %t", i, ok)
	case <-time.After(50 * time.Millisecond):
	}
	close(g.open)
	for range sent {
	}
}

// D6: a PID keeps the process of its actor, and with it the actor's memory,
// after the actor stopped.
func TestPinPIDKeepsActorAlive(t *testing.T) {
	t.Parallel()
	s := library(t)
	collected := make(chan struct{})
	pid := func() *actor.PID {
		state := new([1 << 20]byte)
		runtime.AddCleanup(state, func(struct{}) { close(collected) }, struct{}{})
		return s.Root.Spawn(actor.PropsFromFunc(func(actor.Context) { state[0]++ }))
	}()
	s.Root.Send(pid, "caches the process in the PID")
	require.NoError(t, s.Root.StopFuture(pid).Wait())
	for range 3 {
		runtime.GC()
	}
	select {
	case <-collected:
		require.Fail(t, "the actor was collected")
	case <-time.After(50 * time.Millisecond):
	}
	runtime.KeepAlive(pid)
}
