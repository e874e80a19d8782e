package kit

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	"github.com/asynkron/protoactor-go/eventstream"
)

// Options configure a System. The zero value is usable.
type Options struct {
	Name   string           // in logs
	Logger *slog.Logger     // nil: silence
	Now    func() time.Time // nil: time.Now; what Context.Now gives
	// Intercept, when set, is called before each Receive, on the actor's
	// goroutine; a panic in it is one of the actor. For tests that inject faults.
	Intercept func(kind, id string, self Ref, msg any)
}

// System is a set of actors with one timer wheel. All methods are safe for
// concurrent use.
type System struct {
	logger    *slog.Logger
	now       func() time.Time
	intercept func(kind, id string, self Ref, msg any)

	lib     *actor.ActorSystem
	root    *actor.RootContext // its spawns are supervised by strategy
	spawner *spawner
	stop    *actor.Stop // the one order to stop; it holds nothing
	wheel   *wheel
	crew    *crew     // runs the mailboxes
	waiters sync.Pool // of *waiter
	live    census    // cells and work

	closed atomic.Bool
	mu     sync.Mutex
	top    []*topLevel // in order of spawning
	dirs   []*Directory

	kindMu sync.RWMutex
	kinds  map[string]*kindStats // by name
}

// NewSystem starts an empty system. Shutdown ends it.
func NewSystem(o Options) *System {
	s := &System{
		logger: o.Logger, now: o.Now, intercept: o.Intercept,
		stop: &actor.Stop{}, wheel: newWheel(), live: newCensus(), kinds: make(map[string]*kindStats),
	}
	s.crew = newCrew(s.wheel)
	if s.logger == nil {
		s.logger = slog.New(slog.DiscardHandler)
	}
	if o.Name != "" {
		s.logger = s.logger.With(slog.String("actor_system", o.Name))
	}
	if s.now == nil {
		s.now = time.Now //nolint:forbidigo // the default clock
	}
	s.lib = actor.NewActorSystem(
		actor.WithDeveloperSupervisionLogging(false),
		actor.WithMetricProviders(nil),
		actor.WithLoggerFactory(func(*actor.ActorSystem) *slog.Logger {
			return slog.New(warnings{s.logger.Handler()})
		}),
	)
	narrow(s.lib.ProcessRegistry)
	// The library's own subscribers only log, in a goroutine per burst of dead
	// letters that outlives a shutdown. The kit counts and answers them itself.
	s.lib.EventStream = eventstream.NewEventStream()
	supervisor := &strategy{sys: s}
	s.spawner = newSpawner(s.lib, supervisor)
	s.root = s.lib.Root.Copy().WithGuardian(supervisor)
	s.root.Self() // makes the guardian now: two first spawns would make two
	return s
}

// Spawn starts an actor at top level.
func (s *System) Spawn(k Kind, id string) Ref {
	t := &topLevel{sys: s, done: make(chan struct{})}
	t.cell = newCell(s, &k, id, t)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed.Load() {
		t.cell.phase.Store(int32(ending))
		return t.cell.ref()
	}
	s.top = append(s.top, t)
	t.cell.start(s.root)
	return t.cell.ref()
}

// Shutdown stops everything in good order: first the actors of directories,
// then those at top level, the last spawned first, each after the messages
// queued so far. When it returns nil no goroutine of the system is left. When
// ctx ends before, the rest is killed and the error says how much that was;
// work that ignores its context may then go on.
func (s *System) Shutdown(ctx context.Context) error {
	s.mu.Lock()
	was := s.closed.Swap(true)
	dirs, top := slices.Clone(s.dirs), slices.Clone(s.top)
	s.mu.Unlock()
	if was {
		return nil
	}
	err := s.stopAll(ctx, dirs, top)
	if err != nil {
		for _, d := range dirs {
			d.each((*cell).kill)
		}
		for _, t := range top {
			t.cell.kill()
		}
		err = fmt.Errorf("shut down actors: %d left: %w", s.live.count(), err)
	}
	s.lib.Shutdown()
	s.crew.dismiss()
	s.wheel.stop()
	return err
}

func (s *System) stopAll(ctx context.Context, dirs []*Directory, top []*topLevel) error {
	for _, d := range dirs {
		d.each((*cell).retire)
	}
	for _, d := range dirs {
		if err := d.live.wait(ctx); err != nil {
			return err
		}
	}
	for _, t := range slices.Backward(top) {
		t.cell.retire()
		select {
		case <-t.done:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return s.live.wait(ctx)
}

// retire stops the cell after what is queued, or at once if it is suspended
// and would not get to it.
func (c *cell) retire() {
	if s := c.state(); s == failing || s == resting {
		c.kill()
		return
	}
	c.post(poison{})
}

// topLevel keeps the book on an actor spawned at top level.
type topLevel struct {
	sys  *System
	cell *cell
	done chan struct{}
}

func (t *topLevel) evict(*cell) {}

func (t *topLevel) forward(*cell, *envelope) bool { return false }

func (t *topLevel) gone(*cell) {
	t.sys.mu.Lock()
	if i := slices.Index(t.sys.top, t); i >= 0 {
		t.sys.top = slices.Delete(t.sys.top, i, i+1)
	}
	t.sys.mu.Unlock()
	close(t.done)
}
