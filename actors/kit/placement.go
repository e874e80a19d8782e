package kit

import (
	"context"
	"time"
)

// Placement says which node of a cluster has which actor, and reaches those that
// are elsewhere. It is called for every message and must be quick, must not
// block and must be safe for concurrent use.
type Placement interface {
	// Here tells whether the actor of an id belongs to this node at this moment.
	// Once it does not, the actor handles nothing more.
	Here(kind, id string) bool
	// Send brings a message to the node that has the actor. If answer is not nil
	// somebody waits, for so long: it is called at most once, from any goroutine,
	// and must not block. An error means that the message was not sent, and that
	// answer is not called. hops is how often the message was sent on before.
	Send(kind, id string, msg any, hops uint8, within time.Duration, answer func(msg any, err error)) error
}

// awaited is how long an answer from elsewhere is awaited where the asker does
// not say.
const awaited = 30 * time.Second

// away tells whether the actor of an id belongs to another node.
func (d *Directory) away(id string) bool { return d.place != nil && !d.place.Here(d.kind.Name, id) }

// sendAway sends an envelope to the node that has the actor.
func (d *Directory) sendAway(id string, e *envelope) error {
	if e.to == nil {
		return d.place.Send(d.kind.Name, id, e.msg, e.hops, 0, nil)
	}
	d.stats.asks.Add(1)
	to, gen := e.to, e.gen // the envelope may be used again
	return d.place.Send(d.kind.Name, id, e.msg, e.hops, d.within(e), func(msg any, err error) { to.answer(gen, msg, err) })
}

// within is how long somebody waits for the answer to an envelope.
func (d *Directory) within(e *envelope) time.Duration {
	p, ok := e.to.(*pendingAsk)
	if !ok {
		return awaited
	}
	return time.Duration(p.at)*tick - d.sys.wheel.elapsed()
}

// Arrived takes a message that another node sent to an actor of this one. If
// answer is not nil the other node waits: it is called exactly once, unless an
// error is returned, from any goroutine. Errors are ErrDeadLetter and
// ErrSaturated; whoever has them should look where the actor is now.
func (d *Directory) Arrived(id string, msg any, hops uint8, answer func(msg any, err error)) error {
	if d.away(id) {
		return ErrDeadLetter
	}
	c := d.resolve(id)
	if c == nil {
		d.stats.deadLetters.Add(1)
		return ErrDeadLetter
	}
	if answer == nil {
		c.post(&envelope{msg: msg, hops: hops})
		return nil
	}
	return c.accept(&envelope{msg: msg, to: &correspondent{answer}, hops: hops})
}

// correspondent is an asker on another node.
type correspondent struct{ tell func(msg any, err error) }

func (c *correspondent) answer(_ uint64, msg any, err error) { c.tell(msg, err) }

// astray tells whether the cell's id belongs to another node by now.
func (c *cell) astray() bool { return c.placed != nil && c.placed.away(c.id) && c.state() != ending }

// Disperse ends the actors that belong to other nodes by now, each at its next
// message. Their state is saved as at every end.
func (d *Directory) Disperse() {
	if d.place == nil {
		return
	}
	d.each(func(c *cell) {
		if c.astray() {
			c.retire()
		}
	})
}

// Gone waits until no actor is left.
func (d *Directory) Gone(ctx context.Context) error { return d.live.wait(ctx) }
