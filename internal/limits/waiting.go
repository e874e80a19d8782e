package limits

import (
	"slices"
	"time"

	"github.com/claude-code-hub/cch/internal/domain"
)

// maxWaiting bounds the requests of one user that wait for budget.
const maxWaiting = 64

// Waiting are requests that do not fit a budget only because others in flight
// hold reservations. They go in the order in which they came: a request that
// waits for a window holds back everyone behind it who needs that window too,
// so that a large request is not overtaken for ever by small ones. A window of
// the user is needed by all, one of a key by that key alone. The zero value is
// empty.
type Waiting[T any] struct {
	line []waiter[T]
}

type waiter[T any] struct {
	id    domain.LeaseID
	key   domain.KeyID
	on    domain.Scope // whose window it waits for
	until time.Time
	value T
}

// Len is how many requests wait.
func (w *Waiting[T]) Len() int { return len(w.line) }

// Behind tells whether a request of the key that just came has to let others go
// first.
func (w *Waiting[T]) Behind(key domain.KeyID) bool {
	return slices.ContainsFunc(w.line, func(o waiter[T]) bool { return o.blocks(key) })
}

func (o *waiter[T]) blocks(key domain.KeyID) bool { return o.on == domain.ScopeUser || o.key == key }

// Park lets a request wait until a time, on a window of its key or user. False
// means that the line is full. A request that waits already stays where it is.
func (w *Waiting[T]) Park(id domain.LeaseID, key domain.KeyID, on domain.Scope, v T, until time.Time) bool {
	if w.index(id) >= 0 {
		return true
	}
	if len(w.line) >= maxWaiting {
		return false
	}
	w.line = append(w.line, waiter[T]{id: id, key: key, on: on, until: until, value: v})
	return true
}

// Withdraw takes a request out of the line whose client has left.
func (w *Waiting[T]) Withdraw(id domain.LeaseID) (v T, ok bool) {
	i := w.index(id)
	if i < 0 {
		return v, false
	}
	v = w.line[i].value
	w.line = slices.Delete(w.line, i, i+1)
	return v, true
}

// Get returns the waiting request of that id.
func (w *Waiting[T]) Get(id domain.LeaseID) (v T, ok bool) {
	if i := w.index(id); i >= 0 {
		return w.line[i].value, true
	}
	return v, false
}

// Expire takes out the requests that have waited long enough.
func (w *Waiting[T]) Expire(now time.Time) (out []T) {
	w.line = slices.DeleteFunc(w.line, func(o waiter[T]) bool {
		if now.Before(o.until) {
			return false
		}
		out = append(out, o.value)
		return true
	})
	return out
}

// NextExpiry is when the first request has waited long enough; zero if none waits.
func (w *Waiting[T]) NextExpiry() (at time.Time) {
	for _, o := range w.line {
		if at.IsZero() || o.until.Before(at) {
			at = o.until
		}
	}
	return at
}

// Advance offers a place to everyone who may go next, in order; call it when a
// reservation ended. admit tries a request and returns what refuses it, or nil
// after it let it in. A request that is let in, or refused for good, leaves the
// line and is handed to done.
func (w *Waiting[T]) Advance(admit func(T) *Refusal, done func(T, *Refusal)) {
	kept := w.line[:0]
	for _, o := range w.line {
		ahead := Waiting[T]{line: kept}
		if ahead.Behind(o.key) {
			kept = append(kept, o)
			continue
		}
		r := admit(o.value)
		if r != nil && r.Passing {
			o.on = r.Scope
			kept = append(kept, o)
			continue
		}
		done(o.value, r)
	}
	clear(w.line[len(kept):])
	w.line = kept
}

func (w *Waiting[T]) index(id domain.LeaseID) int {
	return slices.IndexFunc(w.line, func(o waiter[T]) bool { return o.id == id })
}
