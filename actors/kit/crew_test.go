package kit

import (
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// idleWorkers is how many wait.
func (c *crew) idleWorkers() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.idle)
}

func TestWorkersAreKeptAndThenGoHome(t *testing.T) {
	t.Parallel()
	s := NewSystem(Options{})
	defer func() { require.NoError(t, s.Shutdown(t.Context())) }()
	var busy sync.WaitGroup
	hold := make(chan struct{})
	const burst = 2 * maxIdleWorkers
	busy.Add(burst)
	for range burst {
		s.Spawn(Kind{Name: "holder", New: func(string) Actor { return holder{&busy, hold} }}, "").Tell(struct{}{})
	}
	busy.Wait() // each has a worker of its own
	close(hold)
	require.Eventually(t, func() bool { return s.crew.idleWorkers() == maxIdleWorkers }, 5*time.Second, time.Millisecond,
		"no more than that wait")
	require.Eventually(t, func() bool { return s.crew.idleWorkers() == 0 }, 5*time.Second, 10*time.Millisecond,
		"nobody waits for ever")
}

func TestALookAfterTheEndFindsNobody(t *testing.T) {
	t.Parallel()
	w := newWheel()
	defer w.stop()
	c := newCrew(w)
	for range 3 {
		require.True(t, c.rest(&worker{next: make(chan *mailbox, 1)}))
	}
	c.expire()
	c.dismiss()
	c.expire()
	require.Zero(t, c.idleWorkers())
	require.False(t, c.rest(&worker{}), "who is done goes home")
}

// holder keeps its worker until it is let go.
type holder struct {
	busy *sync.WaitGroup
	hold chan struct{}
}

func (h holder) Receive(ctx *Context) {
	if _, ok := ctx.Message().(struct{}); ok {
		h.busy.Done()
		<-h.hold
	}
}
