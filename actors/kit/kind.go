package kit

import "time"

// Actor handles one message at a time. Its state needs no lock: no two calls
// of Receive overlap, and each sees what the former wrote.
type Actor interface {
	Receive(c *Context)
}

// Stopper is an Actor that wants to know when its incarnation ends, whatever
// the cause: stop, kill, passivation or panic. It runs on the actor's own
// goroutine, must not block and can send but no longer ask or set timers.
type Stopper interface {
	Stopped()
}

// Recoverer is an Actor that has promises to keep when it fails: Failed is
// called after a panic in Receive, with the message and the panic's value,
// before Stopped and before supervision acts. It must not block.
type Recoverer interface {
	Failed(msg, cause any)
}

// Supervision says what becomes of an actor that panicked. The message that
// caused it is never handled again; those behind it wait for the outcome.
type Supervision uint8

const (
	// StopOnPanic ends the actor.
	StopOnPanic Supervision = iota
	// Restart makes a fresh incarnation after 100 ms, doubling up to 5 s with
	// each further panic within a minute, for ever.
	Restart
	// RestartThenRest makes a fresh incarnation at once. At the tenth panic
	// within a minute the actor rests for 30 s, in which everything sent to it
	// is a dead letter, and then starts anew.
	RestartThenRest
)

// Kind describes a sort of actor.
type Kind struct {
	// Name labels logs and counters: "provider".
	Name string
	// New makes the actor of an id. It runs on the actor's goroutine, once per
	// incarnation; a panic in it counts as one of the actor.
	New func(id string) Actor
	// Supervision applies when the actor panics.
	Supervision Supervision
	// MaxQueue refuses asks with ErrSaturated while more messages than this are
	// queued. 0 = no bound. Tell is never refused.
	MaxQueue int
	// Passivate is the idle time after which a Directory offers MaybePassivate.
	// 0 = never.
	Passivate time.Duration
}
