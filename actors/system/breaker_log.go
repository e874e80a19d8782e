package system

import (
	"context"
	"log/slog"
	"time"

	"github.com/claude-code-hub/cch/actors/bus"
	"github.com/claude-code-hub/cch/internal/domain"
)

// BreakerStore keeps the transitions of breakers.
type BreakerStore interface {
	Add(ctx context.Context, events ...domain.BreakerEvent) error
}

// breakerLog writes the transitions of breakers down, for the operator. It
// listens on the event stream, so that no provider's actor waits for a store.
type breakerLog struct {
	store  BreakerStore
	logger *slog.Logger
}

// Topics are those of breakers.
func (l *breakerLog) Topics() []bus.Topic { return []bus.Topic{bus.BreakerChanged} }

// On writes one transition.
func (l *breakerLog) On(e bus.Event) {
	event, ok := e.Data.(domain.BreakerEvent)
	if !ok {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if err := l.store.Add(ctx, event); err != nil {
		l.logger.Error("breaker event not stored", slog.Int64("provider_id", int64(event.ProviderID)), slog.Any("error", err))
	}
}

// breakerEvents publishes what provider actors report.
type breakerEvents struct{ bus *bus.Bus }

func (b breakerEvents) BreakerChanged(e domain.BreakerEvent) {
	b.bus.Publish(bus.Event{Topic: bus.BreakerChanged, At: e.At, Data: e})
}
