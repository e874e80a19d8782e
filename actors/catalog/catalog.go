package catalog

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/claude-code-hub/cch/actors/kit"
	"github.com/claude-code-hub/cch/actors/protocol"
	"github.com/claude-code-hub/cch/internal/domain"
)

// Store is where configuration comes from.
type Store interface {
	ConfigVersion(ctx context.Context) (int64, error)
	Configuration(ctx context.Context) (domain.Configuration, error)
}

// Options are what a catalog is made of. Store must be set.
type Options struct {
	Store  Store
	Logger *slog.Logger   // nil = discard
	Zone   *time.Location // where the settings name none; nil = UTC
	Every  time.Duration  // between two looks at the version; 0 = 500 ms
	// Swapped is told of every new snapshot, the first one included, before
	// anybody else sees it; for what is computed once per snapshot. It must not
	// block. Nil = nobody.
	Swapped func(*domain.Catalog)
}

// loadDeadline bounds one look at the store.
const loadDeadline = 10 * time.Second

// Catalog hands out the newest snapshot. Safe for concurrent use.
type Catalog struct {
	o       Options
	current atomic.Pointer[domain.Catalog]
	actor   kit.Ref

	mu      sync.Mutex
	swapped chan struct{} // closed and replaced at every swap
}

// Load reads the first snapshot; without one there is nothing to serve.
func Load(ctx context.Context, o Options) (*Catalog, error) {
	if o.Every == 0 {
		o.Every = 500 * time.Millisecond
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	c := &Catalog{o: o, swapped: make(chan struct{})}
	configuration, err := o.Store.Configuration(ctx)
	if err != nil {
		return nil, fmt.Errorf("load the first catalog: %w", err)
	}
	configuration.Zone = o.Zone
	c.swap(domain.NewCatalog(configuration))
	return c, nil
}

// Start begins to follow the store. Call it once, before the catalog is shared.
func (c *Catalog) Start(s *kit.System) {
	c.actor = s.Spawn(kit.Kind{
		Name:        "catalog",
		New:         func(string) kit.Actor { return &actor{catalog: c} },
		Supervision: kit.Restart,
	}, "catalog")
}

// Ref addresses the actor: tell it *protocol.ConfigChanged.
func (c *Catalog) Ref() kit.Ref { return c.actor }

// Current is the newest snapshot. It costs one atomic load.
func (c *Catalog) Current() *domain.Catalog { return c.current.Load() }

// Await returns once Current holds the version, or when ctx ends.
func (c *Catalog) Await(ctx context.Context, version int64) error {
	for {
		c.mu.Lock()
		swapped := c.swapped
		c.mu.Unlock()
		if c.Current().Version() >= version {
			return nil
		}
		c.actor.Tell(&protocol.ConfigChanged{Version: version})
		select {
		case <-swapped:
		case <-ctx.Done():
			return fmt.Errorf("await version %d of the configuration: %w", version, ctx.Err())
		}
	}
}

func (c *Catalog) swap(next *domain.Catalog) {
	if c.o.Swapped != nil {
		c.o.Swapped(next)
	}
	c.current.Store(next)
	c.mu.Lock()
	close(c.swapped)
	c.swapped = make(chan struct{})
	c.mu.Unlock()
}
