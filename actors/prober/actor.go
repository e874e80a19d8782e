package prober

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"time"

	"github.com/claude-code-hub/cch/actors/kit"
	"github.com/claude-code-hub/cch/actors/protocol"
	"github.com/claude-code-hub/cch/internal/domain"
)

const (
	tick          = time.Second
	storeDeadline = 10 * time.Second
	maxMessage    = 300
)

// Catalog gives the endpoints there are.
type Catalog interface{ Current() *domain.Catalog }

// Store keeps outcomes. ranked says that they may change ranks.
type Store interface {
	ProbedAll(ctx context.Context, probes []domain.EndpointProbe, ranked bool) error
}

// Options are what the actor depends on. All must be set.
type Options struct {
	Schedule

	Catalog Catalog
	Store   Store
	Pools   func(key domain.PoolKey) kit.Ref // the actors that own breakers
	// Look finds out whether a base URL can be reached. It must heed its context.
	Look func(ctx context.Context, base string) domain.EndpointProbe
}

// Kind describes the actor, which must be spawned once.
func Kind(o Options) kit.Kind {
	return kit.Kind{
		Name: "prober", Supervision: kit.Restart,
		New: func(string) kit.Actor { return &actor{o: o, seen: map[domain.EndpointID]domain.EndpointProbe{}} },
	}
}

// Messages from the actor to itself.
type (
	look   struct{}
	looked struct {
		endpoint *domain.Endpoint
		probe    domain.EndpointProbe
	}
	stored struct{ err error }
)

// actor makes rounds: it looks at what is due and stores what it found.
type actor struct {
	o       Options
	seen    map[domain.EndpointID]domain.EndpointProbe // the last outcomes
	waiting []*domain.Endpoint
	running int
	found   []domain.EndpointProbe // in this round
	ranked  bool                   // one of them may change ranks
	storing bool
}

// Receive keeps the clock.
func (a *actor) Receive(c *kit.Context) {
	switch m := c.Message().(type) {
	case kit.Started:
		c.After(tick+rand.N(a.o.Jitter+1), look{})
	case look:
		a.round(c)
	case looked:
		a.running--
		a.note(m)
		a.proceed(c)
	case stored:
		if m.err != nil {
			c.Logger().Error("probes not stored", slog.Any("error", m.err))
		}
		a.storing = false
		a.proceed(c)
	case kit.WorkFailed: // storing panicked, which is logged
		a.storing = false
		a.proceed(c)
	}
}

// round begins a round if something is due.
func (a *actor) round(c *kit.Context) {
	all := a.o.Catalog.Current().AllEndpoints()
	a.forget(all)
	if a.o.leads() {
		a.waiting = a.o.due(all, a.seen, c.Now())
	}
	a.proceed(c)
}

// proceed looks at as many endpoints at a time as it may. The round is over when
// all are looked at and the outcomes are stored.
func (a *actor) proceed(c *kit.Context) {
	for len(a.waiting) > 0 && a.running < a.o.AtOnce {
		e := a.waiting[0]
		a.waiting = a.waiting[1:]
		a.running++
		a.begin(c, e)
	}
	switch {
	case a.running > 0 || a.storing:
	case len(a.found) > 0:
		a.store(c)
	default:
		c.After(tick+rand.N(a.o.Jitter+1), look{})
	}
}

// begin looks at an endpoint; a panic in it is an outcome like others.
func (a *actor) begin(c *kit.Context, e *domain.Endpoint) {
	at, logger := c.Now(), c.Logger()
	c.Go(a.o.Timeout, func(ctx context.Context) (out any) {
		probe := domain.EndpointProbe{ErrorType: "internal", Error: "the probe failed"}
		defer func() {
			if cause := recover(); cause != nil {
				logger.Error("probe of an endpoint panicked", slog.Any("panic", cause))
			}
			probe.Endpoint, probe.At, probe.Source = e.ID, at, domain.ProbeScheduled
			out = looked{e, probe}
		}()
		probe = a.o.Look(ctx, e.URL)
		return nil
	})
}

func (a *actor) note(m looked) {
	before := m.endpoint.Probe
	if own, ok := a.seen[m.endpoint.ID]; ok {
		before = own
	}
	a.ranked = a.ranked || news(&before, &m.probe)
	a.seen[m.endpoint.ID] = m.probe
	a.found = append(a.found, m.probe)
	a.o.Pools(m.endpoint.Pool()).Tell(&protocol.EndpointProbed{
		Pool: m.endpoint.Pool(), Endpoint: m.endpoint.ID, OK: m.probe.OK, Message: m.probe.Error[:min(len(m.probe.Error), maxMessage)],
	})
}

func (a *actor) store(c *kit.Context) {
	found, ranked := a.found, a.ranked
	a.found, a.ranked, a.storing = nil, false, true
	c.Go(storeDeadline, func(ctx context.Context) any { return stored{a.o.Store.ProbedAll(ctx, found, ranked)} })
}

// forget drops what is known of endpoints that are no more.
func (a *actor) forget(all []*domain.Endpoint) {
	if len(a.seen) <= len(all) {
		return
	}
	kept := make(map[domain.EndpointID]domain.EndpointProbe, len(all))
	for _, e := range all {
		if p, ok := a.seen[e.ID]; ok {
			kept[e.ID] = p
		}
	}
	a.seen = kept
}
