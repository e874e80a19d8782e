package kit

// Started is the first message of every incarnation.
type Started struct{}

// Reply answers one Context.AskTo. Exactly one arrives for each, unless the
// asking incarnation ends before. Err is nil, ErrDeadline, ErrDeadLetter,
// ErrSaturated or a *FailedError.
type Reply struct {
	Corr uint64
	Msg  any
	Err  error
}

// ChildStopped tells a parent that a child it spawned is gone.
type ChildStopped struct {
	ID  string
	Ref Ref
}

// WorkFailed arrives instead of the result of Context.Go when the work panicked.
type WorkFailed struct{ Cause any }

// MaybePassivate asks an idle actor whether it may be put away. T is the time
// of asking in Unix ms. The actor saves what must survive and responds with
// Passivated, from within Receive.
type MaybePassivate struct{ T int64 }

// Passivated answers MaybePassivate. After OK the actor receives nothing more:
// it is stopped, and whatever is still on its way to it goes to the next actor
// that bears its id.
type Passivated struct{ OK bool }

// Moved is the response of an actor that is not, or no longer, the one to ask.
// The asked message is sent once more to the id's present actor; if there is
// none the asker gets ErrDeadLetter.
type Moved struct{}

// Failed is the response of an actor that could not do what it was asked. The
// asker gets it as a *FailedError.
type Failed struct {
	Kind string
	Why  string
}
