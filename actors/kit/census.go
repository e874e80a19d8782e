package kit

import (
	"context"
	"log/slog"
	"sync/atomic"
)

// census counts what has to end before a shutdown is over.
type census struct {
	n    atomic.Int64
	zero chan struct{} // capacity 1; a hint to look at n
}

func newCensus() census { return census{zero: make(chan struct{}, 1)} }

func (c *census) add() { c.n.Add(1) }

func (c *census) done() {
	if c.n.Add(-1) == 0 {
		select {
		case c.zero <- struct{}{}:
		default:
		}
	}
}

func (c *census) count() int { return int(c.n.Load()) }

// wait returns when nothing is left. One goroutine at a time may wait.
func (c *census) wait(ctx context.Context) error {
	for c.n.Load() > 0 {
		select {
		case <-c.zero:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// warnings lets only warnings and errors of the library through, which logs
// every start and panic as information.
type warnings struct{ slog.Handler }

func (w warnings) Enabled(ctx context.Context, l slog.Level) bool {
	return l >= slog.LevelWarn && w.Handler.Enabled(ctx, l)
}

func (w warnings) WithAttrs(attrs []slog.Attr) slog.Handler {
	return warnings{w.Handler.WithAttrs(attrs)}
}

func (w warnings) WithGroup(name string) slog.Handler {
	return warnings{w.Handler.WithGroup(name)}
}
