package kit

import (
	"context"
	"log/slog"
	"runtime/debug"
	"time"
)

// lifetime ends the contexts of an incarnation's work.
type lifetime struct {
	ctx    context.Context //nolint:containedctx // it is the incarnation's own, not a caller's
	cancel context.CancelFunc
}

func (l *lifetime) context() context.Context {
	if l.ctx == nil {
		l.ctx, l.cancel = context.WithCancel(context.Background())
	}
	return l.ctx
}

func (l *lifetime) end() {
	if l.cancel != nil {
		l.cancel()
	}
	*l = lifetime{}
}

// workDone brings a result home to the incarnation that wanted it.
type workDone struct {
	inc uint32
	msg any
}

func (c *cell) goWork(deadline time.Duration, work func(ctx context.Context) any) {
	ctx, cancel := c.life.context(), context.CancelFunc(func() {})
	if deadline > 0 {
		ctx, cancel = context.WithTimeout(ctx, deadline)
	}
	inc := c.inc
	c.sys.live.add()
	go func() {
		defer c.sys.live.done()
		defer cancel()
		if msg := c.work(ctx, work); msg != nil {
			c.post(&workDone{inc: inc, msg: msg})
		}
	}()
}

func (c *cell) work(ctx context.Context, work func(ctx context.Context) any) (msg any) {
	defer func() {
		if cause := recover(); cause != nil {
			c.stats.panics.Add(1)
			c.logger().Error("actor work panicked", slog.Any("cause", cause),
				slog.String("stack", string(debug.Stack())))
			msg = WorkFailed{Cause: cause}
		}
	}()
	return work(ctx)
}
