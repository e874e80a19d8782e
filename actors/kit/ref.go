package kit

// Ref addresses an actor: either one that was spawned, or, if it comes from a
// Directory, whichever bears an id at the time of each send. Refs are small,
// comparable values and safe for concurrent use. One that is kept after its
// actor ended keeps some 1 KB alive but none of the actor's state.
type Ref struct {
	cell *cell
	dir  *Directory
	id   string
}

// IsZero tells whether the Ref addresses nothing. Sending to it is a dead letter.
func (r Ref) IsZero() bool { return r == Ref{} }

// Tell sends a message and returns at once. Messages from one goroutine to one
// incarnation arrive in order.
func (r Ref) Tell(msg any) {
	if r.dir != nil && r.dir.away(r.id) {
		if r.dir.sendAway(r.id, &envelope{msg: msg}) != nil {
			r.dir.stats.deadLetters.Add(1)
		}
		return
	}
	if c := r.resolve(); c != nil {
		c.post(msg)
	} else if r.dir != nil {
		r.dir.stats.deadLetters.Add(1)
	}
}

// Kill stops the actor as soon as it has handled its present message. Queued
// messages become dead letters, or follow the id if it is a Directory's.
func (r Ref) Kill() {
	c := r.cell
	if r.dir != nil {
		c = r.dir.find(r.id)
	}
	if c != nil {
		c.kill()
	}
}

// Depth is the number of queued messages, roughly.
func (r Ref) Depth() int {
	c := r.cell
	if r.dir != nil {
		c = r.dir.find(r.id)
	}
	if c == nil {
		return 0
	}
	return c.depth()
}

// resolve gives the cell to send to; nil if there is none and none can be had.
func (r Ref) resolve() *cell {
	if r.dir != nil {
		return r.dir.resolve(r.id)
	}
	return r.cell
}

// send delivers an envelope or gives the error its asker is due.
func (r Ref) send(e *envelope) error {
	if r.dir != nil && r.dir.away(r.id) {
		return r.dir.sendAway(r.id, e)
	}
	c := r.resolve()
	if c == nil {
		if r.dir != nil {
			r.dir.stats.deadLetters.Add(1)
		}
		return ErrDeadLetter
	}
	return c.accept(e)
}

// accept queues an ask, unless too much is queued already.
func (c *cell) accept(e *envelope) error {
	if c.kind.MaxQueue > 0 && c.depth() > c.kind.MaxQueue {
		c.stats.refusals.Add(1)
		return ErrSaturated
	}
	c.stats.asks.Add(1)
	c.post(e)
	return nil
}
