package bus

import (
	"log/slog"
	"time"

	"github.com/claude-code-hub/cch/actors/kit"
	"github.com/claude-code-hub/cch/actors/protocol"
	"github.com/claude-code-hub/cch/internal/domain"
)

// Options of a Bus.
type Options struct {
	Logger *slog.Logger
	Now    func() time.Time
	// Broadcast sends a message to the bus of every other node. It must not
	// block. Nil on a single node.
	Broadcast func(msg any)
}

// Bus is where things are announced: what its methods are told happened here
// and goes to the other nodes, what its actor receives comes from them. Safe
// for concurrent use.
type Bus struct {
	*Stream

	options Options
	health  *HealthView
}

// New makes a bus. Close ends its subscriptions.
func New(o Options) *Bus {
	return &Bus{Stream: newStream(o.Logger), options: o, health: NewHealthView()}
}

// Kind describes the actor through which other nodes reach the bus. It is
// spawned once.
func (b *Bus) Kind() kit.Kind {
	return kit.Kind{Name: "bus", Supervision: kit.Restart, New: func(string) kit.Actor { return actor{b} }}
}

// View is the node's view of provider health.
func (b *Bus) View() *HealthView { return b.health }

// ProviderHealth announces the health of a provider whose actor is on this
// node. It never blocks.
func (b *Bus) ProviderHealth(h domain.ProviderHealth) {
	if b.healthHeard(h) && b.options.Broadcast != nil {
		b.options.Broadcast(&protocol.ProviderHealth{ProviderHealth: h})
	}
}

// HealthPublisher is the part of the bus that provider actors see.
type HealthPublisher struct{ bus *Bus }

// HealthPublisher gives that part.
func (b *Bus) HealthPublisher() HealthPublisher { return HealthPublisher{bus: b} }

// Publish announces the health of a provider whose actor is on this node. It
// never blocks.
func (p HealthPublisher) Publish(h domain.ProviderHealth) { p.bus.ProviderHealth(h) }

// ConfigChanged announces a change of configuration that was committed through
// this node. It never blocks.
func (b *Bus) ConfigChanged(m *protocol.ConfigChanged) {
	b.emit(EntityChanged, m)
	if b.options.Broadcast != nil {
		b.options.Broadcast(m)
	}
}

func (b *Bus) healthHeard(h domain.ProviderHealth) bool {
	if !b.health.put(h) {
		return false
	}
	b.emit(ProviderState, h)
	return true
}

func (b *Bus) emit(t Topic, data any) {
	b.Publish(Event{Topic: t, At: b.options.Now(), Data: data})
}

// actor receives what other nodes announce.
type actor struct{ bus *Bus }

func (a actor) Receive(c *kit.Context) {
	switch m := c.Message().(type) {
	case *protocol.ProviderHealth:
		a.bus.healthHeard(m.ProviderHealth)
	case *protocol.ConfigChanged:
		a.bus.emit(EntityChanged, m)
	}
}
