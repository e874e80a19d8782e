// Package bindings remembers at which provider a resource is: an answer that
// later calls go on from, a file, a batch. It owns the writing of the table and
// the node's most recent entries.
//
// Keeping never blocks: an actor writes behind. Finding reads memory and, for
// what this node did not see, the table. It refuses to decide what a missing
// provider means; that is routing's work.
package bindings

import (
	"container/list"
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/claude-code-hub/cch/actors/kit"
	"github.com/claude-code-hub/cch/internal/domain"
)

const (
	maxRecent     = 50_000
	maxBatch      = 500
	maxPending    = 10_000 // more are dropped: memory still has the newest
	writeDeadline = 5 * time.Second
	writeAgain    = time.Second // after a failure; doubles
	longestPause  = 30 * time.Second
)

// Store keeps bindings. Find of what was never kept, or has lapsed, is a fault
// of KindNotFound.
type Store interface {
	Keep(ctx context.Context, bindings []domain.ResourceBinding) error
	Find(ctx context.Context, key domain.ResourceKey) (domain.ResourceBinding, error)
}

// Bindings is the node's knowledge. Safe for concurrent use.
type Bindings struct {
	store Store
	now   func() time.Time
	actor kit.Ref

	mu     sync.Mutex
	recent *list.List // of domain.ResourceBinding, newest first
	byKey  map[domain.ResourceKey]*list.Element
}

// New makes a node's bindings; Start makes them be written.
func New(store Store, now func() time.Time) *Bindings {
	return &Bindings{store: store, now: now, recent: list.New(), byKey: make(map[domain.ResourceKey]*list.Element)}
}

// Start spawns the actor that writes. Call it once, before the value is shared.
func (b *Bindings) Start(s *kit.System) {
	b.actor = s.Spawn(kit.Kind{
		Name: "bindings", New: func(string) kit.Actor { return &writer{store: b.store} }, Supervision: kit.Restart,
	}, "bindings")
}

// Keep remembers where a resource is. It never blocks.
func (b *Bindings) Keep(key domain.ResourceKey, provider domain.ProviderID) {
	binding := domain.ResourceBinding{Key: key, Provider: provider, ExpiresAt: b.now().Add(domain.ResourceBindingTTL)}
	b.remember(binding)
	b.actor.Tell(binding)
}

// Find tells where a resource is; 0 = nobody knows. What this node did not see
// lately costs one read.
func (b *Bindings) Find(ctx context.Context, key domain.ResourceKey) (domain.ProviderID, error) {
	if p := b.known(key); p != 0 {
		return p, nil
	}
	found, err := b.store.Find(ctx, key)
	switch {
	case domain.IsKind(err, domain.KindNotFound):
		return 0, nil
	case err != nil:
		return 0, err
	}
	b.remember(found)
	return found.Provider, nil
}

func (b *Bindings) known(key domain.ResourceKey) domain.ProviderID {
	b.mu.Lock()
	defer b.mu.Unlock()
	e := b.byKey[key]
	if e == nil {
		return 0
	}
	binding := e.Value.(domain.ResourceBinding) //nolint:forcetypeassert // the list holds nothing else
	if !b.now().Before(binding.ExpiresAt) {
		return 0
	}
	b.recent.MoveToFront(e)
	return binding.Provider
}

func (b *Bindings) remember(binding domain.ResourceBinding) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if e := b.byKey[binding.Key]; e != nil {
		b.recent.MoveToFront(e)
		e.Value = binding
		return
	}
	if b.recent.Len() >= maxRecent {
		oldest := b.recent.Remove(b.recent.Back()).(domain.ResourceBinding) //nolint:forcetypeassert // as above
		delete(b.byKey, oldest.Key)
	}
	b.byKey[binding.Key] = b.recent.PushFront(binding)
}

// writer writes bindings behind, one batch at a time.
type writer struct {
	store   Store
	pending []domain.ResourceBinding
	writing bool
	pause   time.Duration // before the last attempt; 0 = it went well
}

// Messages of the writer to itself.
type (
	written struct {
		batch []domain.ResourceBinding
		err   error
	}
	again struct{}
)

// Receive handles one message.
func (w *writer) Receive(c *kit.Context) {
	switch m := c.Message().(type) {
	case domain.ResourceBinding:
		if len(w.pending) < maxPending {
			w.pending = append(w.pending, m)
		}
		w.write(c)
	case written:
		if m.err == nil {
			w.writing, w.pause = false, 0
			w.write(c)
			return
		}
		c.Logger().Error("resource bindings not stored", slog.Any("error", m.err))
		w.pending = append(m.batch, w.pending...)
		w.pause = min(max(2*w.pause, writeAgain), longestPause)
		c.After(w.pause, again{})
	case again, kit.WorkFailed:
		w.writing = false
		w.write(c)
	}
}

func (w *writer) write(c *kit.Context) {
	if w.writing || len(w.pending) == 0 {
		return
	}
	n := min(len(w.pending), maxBatch)
	batch := w.pending[:n:n]
	w.pending, w.writing = w.pending[n:], true
	c.Go(writeDeadline, func(ctx context.Context) any { return written{batch, w.store.Keep(ctx, batch)} })
}
