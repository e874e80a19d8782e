package kit

import (
	"context"
	"iter"
	"log/slog"
	"time"
)

// Context is what an actor sees of the system while it handles a message. It
// is valid within Receive only and must not be used by other goroutines; what
// outlives a message is a Responder, a Ref or a Timer.
type Context struct{ cell *cell }

// Message is the message to handle.
func (c *Context) Message() any { return c.cell.msg }

// ID is the id the actor was spawned with.
func (c *Context) ID() string { return c.cell.id }

// Self addresses the actor. Of a Directory's actor the Ref stays good after
// passivation: what is sent to it reaches the id's next actor.
func (c *Context) Self() Ref { return c.cell.ref() }

// Now is the wall clock.
func (c *Context) Now() time.Time { return c.cell.sys.now() }

// Logger names the actor in every line.
func (c *Context) Logger() *slog.Logger { return c.cell.logger() }

// Respond answers the message if somebody waits for that, at most once.
func (c *Context) Respond(msg any) {
	if !c.cell.open {
		return
	}
	c.cell.open = false
	if _, ok := msg.(Moved); ok {
		c.cell.sendOn(c.cell.env)
		return
	}
	c.cell.env.respond(msg)
}

// Responder takes over the duty to answer; without it, Respond, Forward or
// Stash an asked message fails when Receive returns.
func (c *Context) Responder() Responder {
	if !c.cell.open {
		return Responder{}
	}
	c.cell.open = false
	return Responder{env: c.cell.env}
}

// Forward hands the message to another actor, which answers in our place.
func (c *Context) Forward(to Ref) {
	if !c.cell.open {
		to.Tell(c.cell.msg)
		return
	}
	c.cell.open = false
	if err := to.send(c.cell.env); err != nil {
		c.cell.env.to.answer(c.cell.env.gen, nil, err)
	}
}

// AskTo sends msg; exactly one Reply with the same corr comes back as a
// message, at the latest when the deadline has passed. corr should be unique
// among the asks that are out. A late answer is dropped.
func (c *Context) AskTo(to Ref, corr uint64, msg any, deadline time.Duration) {
	p := &pendingAsk{corr: corr}
	p.msg, p.to = msg, p
	c.cell.undertake(&p.chore, p, deadline)
	if err := to.send(&p.envelope); err != nil {
		p.answer(0, nil, err)
	}
}

// After sends the actor a message from itself, d from now to the next 10 ms.
func (c *Context) After(d time.Duration, msg any) Timer {
	a := &alarm{msg: msg}
	c.cell.undertake(&a.chore, a, d)
	return Timer{alarm: a}
}

// Go runs work on a goroutine of its own and sends the actor what it returns,
// if that is not nil, or WorkFailed if it panics. The context ends after the
// deadline (0 = none) and when the incarnation does; the result of an
// incarnation that ended is dropped. Work must heed its context: shutdown
// waits for it.
func (c *Context) Go(deadline time.Duration, work func(ctx context.Context) any) {
	c.cell.goWork(deadline, work)
}

// Spawn starts a child: it is stopped when this actor is, and ChildStopped
// tells when it ended. It survives a panic of its parent.
func (c *Context) Spawn(k Kind, id string) Ref {
	child := newCell(c.cell.sys, &k, id, nil)
	child.start(c.cell.lib)
	if c.cell.children == nil {
		c.cell.children = make(map[string]*cell)
	}
	c.cell.children[child.pid.Id] = child
	return child.ref()
}

// Children are the actor's live children by the id they were spawned with, in
// no order: for an incarnation that inherits those of the one that failed.
func (c *Context) Children() iter.Seq2[string, Ref] {
	return func(yield func(string, Ref) bool) {
		for _, child := range c.cell.children {
			if !yield(child.id, child.ref()) {
				return
			}
		}
	}
}

// Stop ends the actor after this message. What is queued becomes dead letters,
// or follows the id if it is a Directory's.
func (c *Context) Stop() { c.cell.leaving.Store(true) }

// Stash puts the message aside until Unstash, with its asker. The stash
// survives a restart; the next incarnation gets it right after Started.
func (c *Context) Stash() {
	c.cell.stash = append(c.cell.stash, c.cell.current())
	c.cell.open = false
}

// Unstash has everything in the stash handled, in order, right after this
// message and before those in the queue.
func (c *Context) Unstash() {
	c.cell.replay = append(c.cell.replay, c.cell.stash...)
	c.cell.stash = nil
}

// current is the present message as it came out of the queue.
func (c *cell) current() any {
	if c.env != nil {
		return c.env
	}
	return c.msg
}
