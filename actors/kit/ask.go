package kit

import (
	"context"
	"fmt"
	"sync/atomic"
)

// Ask sends msg and waits for the answer. It is for goroutines outside actors:
// an actor that waits blocks itself and may wait for itself. Errors are
// ErrDeadLetter, ErrSaturated, ErrUnexpectedReply, a *FailedError or ctx.Err().
// ctx bounds the waiting only: the message is sent, and will be handled, even if
// ctx is over before. Whoever promised it to the actor has kept the promise;
// ask for things that expire.
func Ask[T any](ctx context.Context, r Ref, msg any) (T, error) {
	got, err := r.ask(ctx, msg)
	if err != nil {
		var none T
		return none, err
	}
	want, ok := got.(T)
	if !ok {
		return want, fmt.Errorf("%w: %T instead of %T", ErrUnexpectedReply, got, want)
	}
	return want, nil
}

func (r Ref) ask(ctx context.Context, msg any) (any, error) {
	sys := r.system()
	if sys == nil {
		return nil, ErrDeadLetter
	}
	w := sys.waiter()
	gen := w.gen.Load()
	if err := r.send(&envelope{msg: msg, to: w, gen: gen}); err != nil {
		sys.waiters.Put(w)
		return nil, err
	}
	var a answer
	select {
	case a = <-w.got:
	case <-ctx.Done():
		if w.gen.CompareAndSwap(gen, gen+1) { // from here on no answer can come
			sys.waiters.Put(w)
			return nil, ctx.Err()
		}
		a = <-w.got
	}
	sys.waiters.Put(w)
	return a.msg, a.err
}

func (r Ref) system() *System {
	switch {
	case r.dir != nil:
		return r.dir.sys
	case r.cell != nil:
		return r.cell.sys
	default:
		return nil
	}
}

type answer struct {
	msg any
	err error
}

// waiter receives the answer of one Ask at a time. It is pooled: the
// generation, which each answer must match and ends, keeps a late answer from
// reaching the next user.
type waiter struct {
	gen atomic.Uint64
	got chan answer // holds at most the one answer of the present generation
}

func (s *System) waiter() *waiter {
	if w, ok := s.waiters.Get().(*waiter); ok {
		return w
	}
	return &waiter{got: make(chan answer, 1)}
}

func (w *waiter) answer(gen uint64, msg any, err error) {
	if w.gen.CompareAndSwap(gen, gen+1) {
		w.got <- answer{msg: msg, err: err}
	}
}
