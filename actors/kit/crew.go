package kit

import (
	"slices"
	"sync"
	"time"
)

// crew is the goroutines that run mailboxes. An actor is busy for moments, many
// times a request: a goroutine for each such moment would grow its stack anew,
// which took several percent of the processor under load. Workers that are
// done wait for the next mailbox and keep their stacks; those that were not
// needed for a while go home.
type crew struct {
	wheel *wheel

	mu      sync.Mutex
	idle    []*worker // the last to come is the first to go
	unused  int       // fewest that were idle since the last look
	look    timer
	looking bool
	over    bool
}

const (
	maxIdleWorkers = 64 // each holds a stack of 16 KB
	idleLook       = 500 * time.Millisecond
)

// worker is a goroutine that waits for a mailbox.
type worker struct{ next chan *mailbox }

func newCrew(w *wheel) *crew {
	c := &crew{wheel: w}
	c.look.owner = c
	return c
}

// run has a mailbox run by a worker. It does not block.
func (c *crew) run(m *mailbox) {
	c.mu.Lock()
	n := len(c.idle)
	if n == 0 {
		c.mu.Unlock()
		go c.work(m, 1)
		return
	}
	w := c.idle[n-1]
	c.idle[n-1], c.idle = nil, c.idle[:n-1]
	c.unused = min(c.unused, n-1)
	c.mu.Unlock()
	w.next <- m // it has room for one, and nobody else knows this worker
}

// work runs mailboxes until there are workers enough. The array has the stack
// grow to what most actors need while there is next to nothing on it, and keeps
// the garbage collector, which halves stacks that are used to less than a
// quarter, from taking it away again.
func (c *crew) work(m *mailbox, at int) byte {
	var room [6 << 10]byte
	room[at] = 1 // or the compiler leaves the array out
	var w *worker
	for ok := true; ok; m, ok = <-w.next {
		m.run()
		if w == nil {
			w = &worker{next: make(chan *mailbox, 1)}
		}
		if !c.rest(w) {
			break
		}
	}
	return room[at/2]
}

// rest tells whether a worker is to wait for more.
func (c *crew) rest(w *worker) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.over || len(c.idle) == maxIdleWorkers {
		return false
	}
	c.idle = append(c.idle, w)
	if !c.looking {
		c.looking, c.unused = true, 0
		c.wheel.schedule(&c.look, idleLook)
	}
	return true
}

// expire sends those home who were idle all the time since the last look: the
// first in the row, as the last to come is the first to go.
func (c *crew) expire() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.sendHome(c.unused)
	c.unused = len(c.idle)
	if c.looking = c.unused > 0; c.looking {
		c.wheel.schedule(&c.look, idleLook)
	}
}

func (c *crew) sendHome(n int) {
	for _, w := range c.idle[:n] {
		close(w.next)
	}
	c.idle = slices.Delete(c.idle, 0, n)
}

// dismiss sends all workers home; those at work follow when they are done.
func (c *crew) dismiss() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.over = true
	c.sendHome(len(c.idle))
	c.unused = 0 // the wheel may just be about to look
}
