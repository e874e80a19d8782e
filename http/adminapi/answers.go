package adminapi

import (
	"context"
	"fmt"
	"runtime/debug"
	"slices"
	"sync"
	"time"
)

const (
	maxAnswers    = 128              // kept at a time; one has some hundred kilobytes at most
	answersWithin = 20 * time.Second // time to work one out
)

// answers keeps what was worked out for a short while. Those who ask for the
// same at the same time wait for one of them, and who goes away meanwhile takes
// nothing from the others. Failures are not kept. Safe for concurrent use.
type answers struct {
	now func() time.Time

	mu   sync.Mutex
	held map[any]*heldAnswer
	keys []any // of held, the oldest first
}

// heldAnswer is read once done is closed.
type heldAnswer struct {
	done  chan struct{}
	until time.Time
	value any
	err   error
}

func newAnswers(now func() time.Time) *answers {
	return &answers{now: now, held: make(map[any]*heldAnswer)}
}

// answer returns what is kept under a key, or works it out and keeps it for
// life. The key says everything that the answer depends on, who may see it
// included.
func answer[K comparable, T any](ctx context.Context, a *answers, key K, life time.Duration, work func(context.Context) (T, error)) (T, error) {
	h, mine := a.hold(key)
	if mine {
		go func() {
			ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), answersWithin)
			defer cancel()
			value, err := guarded(ctx, work)
			a.settle(key, h, value, err, life)
		}()
	}
	var none T
	select {
	case <-ctx.Done():
		return none, ctx.Err()
	case <-h.done:
	}
	if h.err != nil {
		return none, h.err
	}
	value, ok := h.value.(T)
	if !ok {
		return none, fmt.Errorf("an answer of another type is kept under %T", key)
	}
	return value, nil
}

// guarded runs work; outside of the goroutine of a request nobody else would
// catch its panic.
func guarded[T any](ctx context.Context, work func(context.Context) (T, error)) (value T, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	return work(ctx)
}

// hold finds the answer of a key, or makes room for one that is the caller's to
// work out.
func (a *answers) hold(key any) (h *heldAnswer, mine bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if h := a.held[key]; h != nil && (h.until.IsZero() || a.now().Before(h.until)) {
		return h, false
	}
	a.drop(key)
	if len(a.keys) >= maxAnswers { // who waits for it still gets it
		a.drop(a.keys[0])
	}
	h = &heldAnswer{done: make(chan struct{})}
	a.held[key], a.keys = h, append(a.keys, key)
	return h, true
}

func (a *answers) drop(key any) {
	delete(a.held, key)
	a.keys = slices.DeleteFunc(a.keys, func(k any) bool { return k == key })
}

func (a *answers) settle(key any, h *heldAnswer, value any, err error, life time.Duration) {
	a.mu.Lock()
	defer a.mu.Unlock()
	h.value, h.err, h.until = value, err, a.now().Add(life)
	if err != nil && a.held[key] == h {
		a.drop(key)
	}
	close(h.done)
}
