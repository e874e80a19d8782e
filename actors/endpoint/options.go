package endpoint

import (
	"context"
	"sync"
	"time"

	"github.com/claude-code-hub/cch/actors/kit"
	"github.com/claude-code-hub/cch/internal/domain"
)

// KindName names the kind and its snapshots. The id of an actor is
// domain.PoolKey.String.
const KindName = "endpoint"

// Snapshots keeps the state of actors. Save must not block; Load of what was
// never saved is a fault of KindNotFound.
type Snapshots interface {
	Save(s domain.Snapshot)
	Load(ctx context.Context, kind, id string) (domain.Snapshot, error)
}

// Events is told of every change of a breaker's state. It must not block.
type Events interface {
	BreakerChanged(e domain.BreakerEvent)
}

// Options are what pool actors depend on.
type Options struct {
	Snapshots Snapshots
	Events    Events
	View      *View
	// Breakers lets failures open breakers. Cool-downs, and what an operator
	// orders, work without.
	Breakers bool
}

// New describes the kind.
func New(o Options) kit.Kind {
	return kit.Kind{
		Name:        KindName,
		New:         func(id string) kit.Actor { return newActor(id, o) },
		Supervision: kit.RestartThenRest,
		Passivate:   15 * time.Minute,
	}
}

// View is this node's view of all pools, read on the request path. The zero
// value is ready; safe for concurrent use.
type View struct{ pools sync.Map }

// Pool is what is known of a pool; false = nothing yet. The result is shared.
func (v *View) Pool(key domain.PoolKey) (*domain.PoolHealth, bool) {
	h, ok := v.pools.Load(key)
	if !ok {
		return nil, false
	}
	return h.(*domain.PoolHealth), true //nolint:forcetypeassert // the map holds nothing else
}

func (v *View) put(h *domain.PoolHealth) { v.pools.Store(h.Key, h) }
