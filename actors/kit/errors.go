package kit

import "errors"

var (
	// ErrDeadLetter says that the actor is gone, or went before it handled the
	// message.
	ErrDeadLetter = errors.New("actor is gone")
	// ErrDeadline says that an AskTo had no answer in time.
	ErrDeadline = errors.New("actor did not answer in time")
	// ErrSaturated says that the actor's queue is longer than its kind allows.
	ErrSaturated = errors.New("actor has too many messages queued")
	// ErrUnexpectedReply says that the answer is not of the type that was asked
	// for.
	ErrUnexpectedReply = errors.New("unexpected type of reply")
)

// FailedError says that the actor failed while it handled the message: it
// panicked, gave no answer or responded Failed.
type FailedError struct {
	Kind string // of the actor
	Why  string
}

func (e *FailedError) Error() string { return "actor " + e.Kind + " failed: " + e.Why }
