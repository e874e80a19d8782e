package kit

import "time"

// Wake is what a Wakeup sends.
type Wake struct{}

// Wakeup is one timer for everything an actor has to do by itself: the actor
// works out when the next of it is due, after each message, and does whatever
// is due when Wake comes. The zero Wakeup is not set. It belongs to one
// incarnation.
type Wakeup struct {
	at    time.Time
	timer Timer
}

// By makes sure that Wake comes at the earliest of the times, zero ones left
// out. It may come sooner: a time set before is never put off.
func (w *Wakeup) By(c *Context, times ...time.Time) {
	var at time.Time
	for _, t := range times {
		if !t.IsZero() && (at.IsZero() || t.Before(at)) {
			at = t
		}
	}
	if at.IsZero() || !w.at.IsZero() && !at.Before(w.at) {
		return
	}
	w.timer.Stop()
	w.at = at
	w.timer = c.After(at.Sub(c.Now()), Wake{})
}

// Rang must be called when Wake comes.
func (w *Wakeup) Rang() { *w = Wakeup{} }
