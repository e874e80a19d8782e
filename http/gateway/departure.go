package gateway

import (
	"context"
	"sync"
	"time"

	"github.com/claude-code-hub/cch/internal/domain"
	"github.com/claude-code-hub/cch/internal/upstream"
)

// departure watches for the client's leaving and ends the upstream call that is
// under way: at once before content went out, afterwards as the operator chose,
// at once or when it had time to tell its usage.
type departure struct {
	policy  domain.ClientAbort
	grace   time.Duration
	unwatch func() bool
	spool   *spool        // others may come for the answer: it is made to its end,
	stay    time.Duration // within so long

	mu        sync.Mutex
	left      bool
	streaming bool
	cancel    context.CancelCauseFunc // of the call under way
	timer     *time.Timer
}

// watch begins to watch the client's connection, whose end ends ctx.
func watch(ctx context.Context, policy domain.ClientAbort, grace time.Duration) *departure {
	d := &departure{policy: policy, grace: grace}
	d.unwatch = context.AfterFunc(ctx, d.leave)
	return d
}

// leave notes that the client is gone.
func (d *departure) leave() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.left {
		d.left = true
		if d.spool != nil {
			d.spool.left.Store(true)
		}
		d.end()
	}
}

// keep has the answer made even if its client leaves, for a while.
func (d *departure) keep(s *spool, stay time.Duration) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.spool, d.stay = s, stay
	if d.left {
		s.left.Store(true)
	}
}

// end ends the call under way, or sees to it that it ends.
func (d *departure) end() {
	grace := d.stay
	if d.streaming && d.policy == domain.AbortDrain {
		grace = max(grace, d.grace)
	}
	switch {
	case d.cancel == nil:
	case grace > 0:
		d.timer = time.AfterFunc(grace, func() {
			d.mu.Lock()
			defer d.mu.Unlock()
			if d.cancel != nil {
				d.cancel(upstream.ErrClientGone)
			}
		})
	default:
		d.cancel(upstream.ErrClientGone)
	}
}

// call announces an upstream call.
func (d *departure) call(cancel context.CancelCauseFunc) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.cancel = cancel
	if d.left {
		d.end()
	}
}

// over says that the call ended.
func (d *departure) over() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.cancel = nil
}

// stream says that content is on its way to the client.
func (d *departure) stream() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.streaming = true
}

// gone tells whether the client left.
func (d *departure) gone() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.left
}

// stop ends the watching.
func (d *departure) stop() {
	d.unwatch()
	d.mu.Lock()
	defer d.mu.Unlock()
	d.cancel = nil
	if d.timer != nil {
		d.timer.Stop()
	}
}
