package snapshots

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/claude-code-hub/cch/internal/domain"
)

// Store keeps snapshots. Load of an unknown one is a fault of KindNotFound.
type Store interface {
	Save(ctx context.Context, snapshots []domain.Snapshot) error
	Load(ctx context.Context, kind, id string) (domain.Snapshot, error)
}

const (
	batchSize    = 200
	batchPause   = 100 * time.Millisecond
	saveDeadline = 5 * time.Second
	longestPause = 5 * time.Second // between attempts while the store fails
)

// Batcher writes snapshots behind. Safe for concurrent use.
type Batcher struct {
	store  Store
	logger *slog.Logger

	mu      sync.Mutex
	waiting map[key]domain.Snapshot
	writing map[key]domain.Snapshot // on their way to the store
	order   []key                   // of waiting, oldest first
	closed  bool

	writes context.Context //nolint:containedctx // of what is written; its end is Close's
	giveUp context.CancelFunc

	wake    chan struct{}
	flushes chan chan struct{}
	stop    chan struct{}
	done    chan struct{}
}

type key struct{ kind, id string }

// New starts a batcher; Close ends it.
func New(store Store, logger *slog.Logger) *Batcher {
	b := &Batcher{
		store: store, logger: logger,
		waiting: make(map[key]domain.Snapshot),
		wake:    make(chan struct{}, 1),
		flushes: make(chan chan struct{}),
		stop:    make(chan struct{}),
		done:    make(chan struct{}),
	}
	b.writes, b.giveUp = context.WithCancel(context.Background())
	go b.run()
	return b
}

// Save takes a snapshot and never blocks. The caller gives its data away. An
// older epoch than the one that waits changes nothing.
func (b *Batcher) Save(s domain.Snapshot) {
	k := key{s.Kind, s.ID}
	b.mu.Lock()
	old, queued := b.waiting[k]
	if b.closed || queued && old.Epoch > s.Epoch {
		b.mu.Unlock()
		return
	}
	b.waiting[k] = s
	if !queued {
		b.order = append(b.order, k)
	}
	b.mu.Unlock()
	select {
	case b.wake <- struct{}{}:
	default:
	}
}

// Load reads a snapshot, also one that still waits to be written.
func (b *Batcher) Load(ctx context.Context, kind, id string) (domain.Snapshot, error) {
	k := key{kind, id}
	b.mu.Lock()
	s, ok := b.waiting[k]
	if !ok {
		s, ok = b.writing[k]
	}
	b.mu.Unlock()
	if ok {
		return s, nil
	}
	return b.store.Load(ctx, kind, id)
}

// Flush returns once everything saved before is written, or when ctx ends.
func (b *Batcher) Flush(ctx context.Context) error {
	flushed := make(chan struct{})
	select {
	case b.flushes <- flushed:
	case <-b.done:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("flush snapshots: %w", ctx.Err())
	}
	select {
	case <-flushed:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("flush snapshots: %w", ctx.Err())
	}
}

// Close writes what waits and ends the batcher. What is saved later is dropped.
// When ctx ends first, the rest is given up.
func (b *Batcher) Close(ctx context.Context) error {
	b.mu.Lock()
	closed := b.closed
	b.closed = true
	b.mu.Unlock()
	err := b.Flush(ctx)
	if !closed {
		close(b.stop)
	}
	b.giveUp() // nothing is being written when Flush succeeded
	<-b.done
	return err
}

// run writes a batch at a time, and pauses after each so that changes of one
// actor gather; at the end, when nothing changes any more, it does not.
func (b *Batcher) run() {
	defer close(b.done)
	for {
		select {
		case <-b.wake:
			if !b.writeAll() {
				return
			}
		case flushed := <-b.flushes:
			if !b.writeAll() {
				return
			}
			close(flushed)
		case <-b.stop:
			return
		}
	}
}

// writeAll writes until nothing waits; false when it was stopped instead.
func (b *Batcher) writeAll() bool {
	pause := batchPause
	for {
		batch := b.take()
		if len(batch) == 0 {
			return true
		}
		if err := b.write(batch); err != nil {
			b.logger.Error("snapshots were not written", "count", len(batch), "error", err)
			b.putBack()
			pause = min(2*pause, longestPause)
		} else {
			b.finish()
			if b.closing() {
				continue
			}
			pause = batchPause
		}
		if !b.pauseFor(pause) {
			return false
		}
	}
}

func (b *Batcher) closing() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.closed
}

func (b *Batcher) pauseFor(d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-b.stop:
		return false
	}
}

func (b *Batcher) write(batch []domain.Snapshot) error {
	ctx, cancel := context.WithTimeout(b.writes, saveDeadline)
	defer cancel()
	return b.store.Save(ctx, batch)
}

// take moves the oldest waiting snapshots to writing.
func (b *Batcher) take() []domain.Snapshot {
	b.mu.Lock()
	defer b.mu.Unlock()
	n := min(len(b.order), batchSize)
	batch := make([]domain.Snapshot, n)
	b.writing = make(map[key]domain.Snapshot, n)
	for i, k := range b.order[:n] {
		batch[i] = b.waiting[k]
		b.writing[k] = batch[i]
		delete(b.waiting, k)
	}
	b.order = b.order[n:]
	return batch
}

func (b *Batcher) finish() {
	b.mu.Lock()
	b.writing = nil
	b.mu.Unlock()
}

// putBack makes what was not written wait again, unless something newer does.
func (b *Batcher) putBack() {
	b.mu.Lock()
	defer b.mu.Unlock()
	for k, s := range b.writing {
		if _, newer := b.waiting[k]; !newer {
			b.waiting[k] = s
			b.order = append(b.order, k)
		}
	}
	b.writing = nil
}
