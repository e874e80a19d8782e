package kit_test

import (
	"sync"
	"testing"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/actors/kit"
)

func TestMessagesOfOneSenderArriveInOrder(t *testing.T) {
	t.Parallel()
	s := newSystem(t, kit.Options{})
	const senders, each = 8, 5000
	type message struct{ sender, n int }
	next, total, done := [senders]int{}, 0, make(chan bool)
	r := s.Spawn(kindOf("sink", func(c *kit.Context) {
		m, ok := c.Message().(message)
		if !ok {
			return
		}
		if next[m.sender] == m.n {
			next[m.sender]++
		}
		if total++; total == senders*each {
			close(done)
		}
	}), "1")
	var group sync.WaitGroup
	for sender := range senders {
		group.Go(func() {
			for n := range each {
				r.Tell(message{sender, n})
			}
		})
	}
	group.Wait()
	<-done
	for _, n := range next {
		require.Equal(t, each, n)
	}
	require.Zero(t, r.Depth())
}

// trap makes the library itself panic, after the actor has handled it.
type trap struct{}

func (trap) GetAutoResponse(actor.Context) any { panic("in the library") }

var _ actor.AutoRespond = trap{}

func TestPanicOutsideTheActorStopsIt(t *testing.T) {
	t.Parallel()
	s := newSystem(t, kit.Options{})
	entered, open, stopped := make(chan bool), make(chan bool), make(chan string, 1)
	r := s.Spawn(kit.Kind{Name: "worker", Supervision: kit.Restart, New: func(string) kit.Actor {
		return &blocker{entered: entered, open: open, stopped: stopped}
	}}, "1")
	r.Tell("block")
	next(t, entered)
	r.Tell(trap{})
	asked := make(chan error)
	go func() {
		_, err := kit.Ask[string](timeout(t), r, "ask")
		asked <- err
	}()
	require.Eventually(t, func() bool { return r.Depth() == 2 }, 5*time.Second, time.Millisecond)
	close(open)
	require.ErrorIs(t, next(t, asked), kit.ErrDeadLetter, "what was queued behind is answered")
	require.Equal(t, "stopped", next(t, stopped))
}
