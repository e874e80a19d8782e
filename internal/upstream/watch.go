package upstream

import (
	"context"
	"io"
	"sync"
	"sync/atomic"
	"time"
)

// Timeouts bound one call. Zero means none.
type Timeouts struct {
	Headers   time.Duration // send to response headers
	FirstByte time.Duration // send to first body byte
	Idle      time.Duration // gap between bytes after the first
	Gap       time.Duration // any silence after the headers
	Total     time.Duration // send to end of body
}

// watch is the one timer of a call. Bytes only note that they came; the timer,
// when it fires, looks whether anything is really overdue and sleeps on if not.
// So a stream of a thousand reads costs no timer operation. It is also the
// context that the call is made with.
type watch struct {
	// What every read of a body needs lies together, see [answer].
	raw    io.ReadCloser // the body as it comes; nil until the headers did
	reader io.Reader     // raw, or its decoder
	last   atomic.Int64  // newest body byte, in nanoseconds since start; 0 = none yet
	now    func() time.Time
	start  time.Time

	context.Context //nolint:containedctx // it is the context of the call, which tells the dialer where to note what it does
	dial            dialProgress

	cancel context.CancelCauseFunc
	limits Timeouts

	mu     sync.Mutex
	timer  *time.Timer
	answer time.Time // headers came
	done   bool
}

func newWatch(ctx context.Context, limits Timeouts, now func() time.Time, cancel context.CancelCauseFunc) *watch {
	w := &watch{Context: ctx, cancel: cancel, now: now, limits: limits, start: now()}
	if at, _ := w.due(); !at.IsZero() {
		w.mu.Lock()
		w.timer = time.AfterFunc(at.Sub(w.start), w.fire)
		w.mu.Unlock()
	}
	return w
}

// due is the next instant at which the call is overdue and the cause it would
// be cancelled for; zero when nothing bounds it now.
func (w *watch) due() (at time.Time, cause error) {
	add := func(from time.Time, d time.Duration, why error) {
		if d > 0 && (at.IsZero() || from.Add(d).Before(at)) {
			at, cause = from.Add(d), why
		}
	}
	add(w.start, w.limits.Total, ErrTotal)
	switch last := time.Duration(w.last.Load()); {
	case last != 0:
		add(w.start.Add(last), w.limits.Idle, ErrIdle)
		add(w.start.Add(last), w.limits.Gap, ErrIdle)
	case !w.answer.IsZero():
		add(w.start, w.limits.FirstByte, ErrFirstByte)
		add(w.answer, w.limits.Gap, ErrIdle)
	default:
		add(w.start, w.limits.FirstByte, ErrFirstByte)
		add(w.start, w.limits.Headers, ErrHeaders)
	}
	return at, cause
}

func (w *watch) fire() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.done {
		return
	}
	at, cause := w.due()
	switch wait := at.Sub(w.now()); {
	case at.IsZero():
	case wait <= 0:
		w.done = true
		w.cancel(cause)
	default:
		w.timer.Reset(wait)
	}
}

// answered notes that the headers came.
func (w *watch) answered() {
	w.mu.Lock()
	w.answer = w.now()
	w.rearm()
	w.mu.Unlock()
}

// touch notes body bytes.
func (w *watch) touch() {
	since := max(1, w.now().Sub(w.start))
	if w.last.Swap(int64(since)) == 0 {
		w.mu.Lock()
		w.rearm()
		w.mu.Unlock()
	}
}

// rearm moves the timer when a phase ends: the next deadline may be nearer.
func (w *watch) rearm() {
	if w.done {
		return
	}
	at, _ := w.due()
	switch {
	case at.IsZero():
	case w.timer == nil:
		w.timer = time.AfterFunc(at.Sub(w.now()), w.fire)
	default:
		w.timer.Reset(at.Sub(w.now()))
	}
}

func (w *watch) stop() {
	w.mu.Lock()
	w.done = true
	if w.timer != nil {
		w.timer.Stop()
	}
	w.mu.Unlock()
}
