package kit

import "slices"

// deliver unpacks what came out of the queue and lets the actor handle it.
func (c *cell) deliver(m any) {
	if c.astray() {
		c.leave()
		c.undeliverable(m)
		return
	}
	switch m := m.(type) {
	case *envelope:
		c.touch()
		c.process(m, m.msg)
	case *pendingAsk: // has its answer
		if c.settle(&m.chore) {
			c.process(nil, m.reply())
		}
	case *alarm:
		if c.settle(&m.chore) {
			c.process(nil, m.msg)
		}
	case *workDone:
		if m.inc == c.inc {
			c.process(nil, m.msg)
		}
	case poison:
		c.leave()
	default:
		c.touch()
		c.process(nil, m)
	}
}

func (c *cell) touch() { c.touched.Store(c.touched.Load() + 1) }

// process lets the actor handle one message. An asker whose message was
// neither answered nor put off learns so at once.
func (c *cell) process(e *envelope, msg any) {
	c.env, c.msg = e, msg
	c.open = e != nil && e.to != nil
	c.receive(msg)
	if c.open {
		c.open = false
		e.to.answer(e.gen, nil, &FailedError{Kind: c.kind.Name, Why: "gave no answer"})
	}
	c.env, c.msg = nil, nil
	if c.leaving.Load() {
		c.leave()
	}
}

func (c *cell) receive(msg any) {
	defer func() {
		if cause := recover(); cause != nil {
			c.fail(msg, cause)
		}
	}()
	if c.actor == nil {
		c.actor = c.kind.New(c.id)
	}
	if f := c.sys.intercept; f != nil {
		f(c.kind.Name, c.id, c.ref(), msg)
	}
	c.actor.Receive(&c.ctx)
}

// undeliverable disposes of a message the cell will not handle. What an
// incarnation sent to itself dies with it. The rest goes to the id's next
// actor, once, so that two that refuse each other cannot play ball with it.
func (c *cell) undeliverable(m any) {
	switch m := m.(type) {
	case *pendingAsk, *alarm, *workDone, ChildStopped:
	case poison:
		c.leave()
	case *envelope:
		c.sendOn(m)
	default:
		c.sendOn(&envelope{msg: m})
	}
}

// flush disposes of what the cell itself kept.
func (c *cell) flush() {
	waiting := slices.Concat(c.stash, c.replay)
	c.stash, c.replay = nil, nil
	for _, m := range waiting {
		c.undeliverable(m)
	}
}

func (c *cell) sendOn(e *envelope) {
	if c.state() != resting && c.home != nil && e.hops == 0 {
		e.hops++
		if c.home.forward(c, e) {
			return
		}
	}
	c.stats.deadLetters.Add(1)
	if e.to != nil {
		e.to.answer(e.gen, nil, ErrDeadLetter)
	}
}
