package kit

import (
	"log/slog"
	"sync/atomic"

	"github.com/asynkron/protoactor-go/actor"
)

// phase is where a cell is in its life. Only the cell's goroutine changes it.
type phase int32

const (
	alive   phase = iota
	failing       // panicked; messages wait for the next incarnation
	resting       // panicked too often; messages are dead letters until it wakes
	ending        // messages are dead letters, or follow the id
)

// cell is one spawned actor from first to last: its mailbox, its identity and
// the present incarnation of the user's Actor. Fields below the line belong to
// the goroutine that runs the mailbox.
type cell struct {
	sys   *System
	kind  *Kind
	stats *kindStats
	id    string
	home  home
	// placed is home where that is spread over a cluster; else nil.
	placed *Directory
	pid    *actor.PID // set before the first message
	box    mailbox

	phase   atomic.Int32
	leaving atomic.Bool   // stop after the present message
	touched atomic.Uint32 // messages from others so far; tells idleness
	idle    idleness      // of the directory's sweep

	// ---
	lib      actor.Context
	actor    Actor
	ctx      Context
	inc      uint32
	env      *envelope // of the present message, if it has one
	msg      any
	open     bool // somebody waits for the answer to msg
	stash    []any
	replay   []any // to be handled before the queue
	chores   *chore
	life     lifetime
	children map[string]*cell // by the library's id
	failures failures
}

// home keeps the book on a cell that is not somebody's child.
type home interface {
	evict(c *cell)                     // nothing new is to be sent to it
	gone(c *cell)                      // it has ended
	forward(c *cell, e *envelope) bool // to the id's next actor; false: there is none
}

func newCell(s *System, k *Kind, id string, h home) *cell {
	c := &cell{sys: s, kind: k, stats: s.kindStats(k.Name), id: id, home: h}
	c.box.cell = c
	c.ctx.cell = c
	return c
}

// start brings the cell to life below the given library actor.
func (c *cell) start(parent actor.SpawnerContext) {
	c.sys.live.add()
	c.stats.live.Add(1)
	c.sys.spawner.spawn(c, parent)
}

func (c *cell) ref() Ref { return Ref{cell: c} }

func (c *cell) state() phase { return phase(c.phase.Load()) }

func (c *cell) depth() int { return c.box.UserMessageCount() }

// post queues a message. It goes to the mailbox and not through the library's
// PID, which would turn it into an anonymous dead letter once the actor is
// gone; the mailbox of an ended cell still answers.
func (c *cell) post(msg any) { c.box.PostUserMessage(msg) }

// kill has the library stop the actor before it handles anything else that is
// queued. Once it ended this does nothing.
func (c *cell) kill() { c.box.PostSystemMessage(c.sys.stop) }

// poison stops the cell when it has handled everything queued before.
type poison struct{}

// Receive is called by the library, on the cell's goroutine.
func (c *cell) Receive(lib actor.Context) {
	switch m := lib.Message().(type) {
	case *actor.Started:
		c.lib = lib
		c.begin()
	case *actor.Stopping:
		c.end()
	case *actor.Stopped:
		c.gone()
	case *actor.Terminated:
		c.childGone(m.Who.Id)
	default:
		c.deliver(m)
		c.catchUp()
	}
}

// begin starts an incarnation; its first message is Started.
func (c *cell) begin() {
	c.inc++
	c.process(nil, Started{})
	c.catchUp()
}

// catchUp handles unstashed messages before those in the queue.
func (c *cell) catchUp() {
	for len(c.replay) > 0 && c.state() == alive {
		m := c.replay[0]
		c.replay[0] = nil
		c.replay = c.replay[1:]
		c.deliver(m)
	}
}

// leave stops the cell from within.
func (c *cell) leave() {
	if c.state() != ending {
		c.end()
		c.kill()
	}
}

// end is the last moment of a cell as an addressee: the incarnation saves what
// it will, then the id is free for the next, which gets what waited here.
func (c *cell) end() {
	if c.state() == ending {
		return
	}
	c.finish()
	c.phase.Store(int32(ending))
	if c.home != nil {
		c.home.evict(c)
	}
	c.flush()
}

// finish ends the incarnation: what it waits for is called off.
func (c *cell) finish() {
	a := c.actor
	if a == nil {
		return
	}
	c.actor = nil
	c.dropChores()
	c.life.end()
	if s, ok := a.(Stopper); ok {
		c.hook("stopped", s.Stopped)
	}
}

// gone runs when the children are gone too. It lets go of everything, because
// a Ref somewhere may keep the cell itself for long.
func (c *cell) gone() {
	c.box.suspend(false) // what is queued still has to come out and be answered
	c.box.invoker = nil
	c.lib, c.children = nil, nil
	c.stats.live.Add(-1)
	if c.home != nil {
		c.home.gone(c)
	}
	c.sys.live.done()
}

func (c *cell) childGone(pid string) {
	child := c.children[pid]
	if child == nil {
		return
	}
	delete(c.children, pid)
	m := ChildStopped{ID: child.id, Ref: child.ref()}
	switch c.state() {
	case alive:
		c.process(nil, m)
		c.catchUp()
	case failing, resting:
		c.replay = append(c.replay, m)
	case ending:
	}
}

func (c *cell) logger() *slog.Logger {
	return c.sys.logger.With(slog.String("kind", c.kind.Name), slog.String("actor", c.id))
}
