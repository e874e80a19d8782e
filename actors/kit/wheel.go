package kit

import (
	"math"
	"sync"
	"time"
)

const (
	tick  = 10 * time.Millisecond
	slots = 1024 // one turn is about ten seconds
	never = math.MaxUint64
)

// wheel holds all deadlines of a system: setting and cancelling one costs a
// lock and two pointers, which runtime timers per ask do not. A timer fires at
// the first tick at or after its time. The goroutine sleeps until the next
// slot that holds something, for ever when there is none.
type wheel struct {
	start time.Time
	wake  chan struct{} // capacity 1
	quit  chan struct{}
	done  chan struct{}

	mu      sync.Mutex
	ring    [slots]*timer
	handled uint64 // the last tick that was handled
	wakeAt  uint64 // the tick the goroutine sleeps until
}

// timer is one deadline, embedded in what it is for.
type timer struct {
	next, prev *timer
	at         uint64 // tick
	linked     bool
	owner      expirer
}

// expirer is told that its time has come, on the wheel's goroutine: it may
// send but must not wait.
type expirer interface{ expire() }

func newWheel() *wheel {
	w := &wheel{
		start:  time.Now(), //nolint:forbidigo // elapsed time, not the time of day
		wake:   make(chan struct{}, 1),
		quit:   make(chan struct{}),
		done:   make(chan struct{}),
		wakeAt: never,
	}
	go w.run()
	return w
}

// schedule sets or moves a timer; it fires d from now.
func (w *wheel) schedule(t *timer, d time.Duration) {
	at := uint64((w.elapsed() + max(d, 0) + tick - 1) / tick)
	w.mu.Lock()
	w.unlink(t)
	t.at = max(at, w.handled+1)
	w.link(t)
	early := t.at < w.wakeAt
	if early {
		w.wakeAt = t.at
	}
	w.mu.Unlock()
	if early {
		select {
		case w.wake <- struct{}{}:
		default:
		}
	}
}

// cancel keeps a timer from firing; one that is firing is not stopped.
func (w *wheel) cancel(t *timer) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.unlink(t)
}

// stop ends the wheel; timers that are set never fire.
func (w *wheel) stop() {
	close(w.quit)
	<-w.done
}

func (w *wheel) elapsed() time.Duration { return time.Since(w.start) }

func (w *wheel) run() {
	defer close(w.done)
	alarm := time.NewTimer(math.MaxInt64)
	defer alarm.Stop()
	var due []*timer
	for {
		due = w.take(due[:0])
		for i, t := range due {
			t.owner.expire()
			due[i] = nil
		}
		alarm.Reset(w.sleep())
		select {
		case <-alarm.C:
		case <-w.wake:
		case <-w.quit:
			return
		}
	}
}

// take unlinks all timers whose time has come.
func (w *wheel) take(due []*timer) []*timer {
	now := uint64(w.elapsed() / tick)
	w.mu.Lock()
	defer w.mu.Unlock()
	for range min(now-w.handled, slots) {
		w.handled++
		for t := w.ring[w.handled%slots]; t != nil; {
			next := t.next
			if t.at <= now {
				w.unlink(t)
				due = append(due, t)
			}
			t = next
		}
	}
	w.handled = now
	return due
}

// sleep finds the next slot that holds a timer, be it one of a later turn, and
// gives the time until then.
func (w *wheel) sleep() time.Duration {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.wakeAt = never
	for i := uint64(1); i <= slots; i++ {
		if w.ring[(w.handled+i)%slots] != nil {
			w.wakeAt = w.handled + i
			return time.Duration(w.wakeAt)*tick - w.elapsed()
		}
	}
	return math.MaxInt64
}

func (w *wheel) link(t *timer) {
	head := &w.ring[t.at%slots]
	t.next, t.prev, t.linked = *head, nil, true
	if t.next != nil {
		t.next.prev = t
	}
	*head = t
}

func (w *wheel) unlink(t *timer) {
	if !t.linked {
		return
	}
	if t.prev != nil {
		t.prev.next = t.next
	} else {
		w.ring[t.at%slots] = t.next
	}
	if t.next != nil {
		t.next.prev = t.prev
	}
	t.next, t.prev, t.linked = nil, nil, false
}
