// Package replays keeps answers that may be given again to the same request. It
// owns the writing of the table; what is still in memory is the gateway's.
//
// Keeping never blocks: an actor writes behind, one answer at a time. It refuses
// to decide who may have an answer.
package replays

import (
	"context"
	"log/slog"
	"time"

	"github.com/claude-code-hub/cch/actors/kit"
	"github.com/claude-code-hub/cch/internal/domain"
)

const (
	maxPending    = 64 // more are dropped: an answer that is not kept is made anew
	writeDeadline = 10 * time.Second
)

// Store keeps answers. Find of one that was never kept, or has lapsed, is a fault
// of KindNotFound.
type Store interface {
	Keep(ctx context.Context, a *domain.Replay) error
	Find(ctx context.Context, id string) (*domain.Replay, error)
	Drop(ctx context.Context, id string) error
}

// Replays is the way to the table. Safe for concurrent use.
type Replays struct {
	store Store
	actor kit.Ref
}

// New makes a way to the table; Start makes answers be written.
func New(store Store) *Replays { return &Replays{store: store} }

// Start spawns the actor that writes. Call it once, before the value is shared.
func (r *Replays) Start(s *kit.System) {
	r.actor = s.Spawn(kit.Kind{
		Name: "replays", New: func(string) kit.Actor { return &writer{store: r.store} }, Supervision: kit.Restart,
	}, "replays")
}

// Keep has an answer written. It never blocks.
func (r *Replays) Keep(a *domain.Replay) { r.actor.Tell(a) }

// Drop has an answer forgotten. It never blocks.
func (r *Replays) Drop(id string) { r.actor.Tell(drop{id}) }

// Find reads an answer.
func (r *Replays) Find(ctx context.Context, id string) (*domain.Replay, error) {
	return r.store.Find(ctx, id)
}

// Messages of the writer to itself, and what it is asked to forget.
type (
	drop    struct{ id string }
	written struct{ err error }
)

// writer writes behind, one thing at a time and in order.
type writer struct {
	store   Store
	pending []any // *domain.Replay or drop
	writing bool
}

// Receive handles one message.
func (w *writer) Receive(c *kit.Context) {
	switch m := c.Message().(type) {
	case *domain.Replay, drop:
		if len(w.pending) < maxPending {
			w.pending = append(w.pending, m)
		}
	case written:
		if m.err != nil {
			c.Logger().Error("replay not stored", slog.Any("error", m.err))
		}
		w.writing = false
	case kit.WorkFailed:
		w.writing = false
	default:
		return
	}
	w.write(c)
}

func (w *writer) write(c *kit.Context) {
	if w.writing || len(w.pending) == 0 {
		return
	}
	next := w.pending[0]
	w.pending, w.writing = w.pending[1:], true
	c.Go(writeDeadline, func(ctx context.Context) any {
		if d, ok := next.(drop); ok {
			return written{w.store.Drop(ctx, d.id)}
		}
		return written{w.store.Keep(ctx, next.(*domain.Replay))} //nolint:forcetypeassert // nothing else is kept
	})
}
