// Package endpoint is the actor that owns a pool of endpoints: the base URLs
// that a vendor has for one type of provider. One actor has the whole pool, as
// its breaker depends on all of them: it opens when none answers in time.
//
// It holds the endpoints' cool-downs and breakers and the pool's own breaker,
// and spreads them through a View that selection reads without asking anybody.
// State survives restarts in a snapshot with its original deadlines.
//
// It refuses to choose among endpoints, which is routing's work, and gives no
// permissions for endpoints that are well: they may be called by whoever has a
// slot of the provider. Only calls that decide about a breaker, its trials, are
// leases, of which there is one at a time.
// Start with Receive; state.go has the rules.
package endpoint

import (
	"context"
	"log/slog"
	"time"

	"github.com/claude-code-hub/cch/actors/kit"
	"github.com/claude-code-hub/cch/actors/protocol"
	"github.com/claude-code-hub/cch/internal/domain"
)

const loadDeadline = 100 * time.Millisecond // askers wait meanwhile

// Actor is one pool's actor.
type Actor struct {
	id     string
	o      Options
	state  *state
	wakeup kit.Wakeup
	epoch  int64
	ready  bool // the store has answered, or will not
	failed bool // panicked: the state is not to be trusted
	now    time.Time
}

// loaded is the store's answer.
type loaded struct {
	snapshot domain.Snapshot
	err      error
}

func newActor(id string, o Options) *Actor {
	return &Actor{id: id, o: o, state: newState(id, o)}
}

// Receive handles one message.
func (a *Actor) Receive(c *kit.Context) {
	a.now = c.Now()
	switch m := c.Message().(type) {
	case kit.Started:
		a.load(c)
		return
	case loaded:
		a.restore(c, m)
	case kit.WorkFailed:
		a.restore(c, loaded{err: domain.NewFault(domain.KindInternal, domain.CodeInternalError, "reading the snapshot failed")})
	default:
		if !a.ready {
			c.Stash()
			return
		}
		if !a.handle(c, m) {
			return
		}
	}
	a.after(c)
}

// handle tells whether the message may have changed anything.
func (a *Actor) handle(c *kit.Context, m any) bool {
	s := a.state
	s.elapse(a.now)
	switch m := m.(type) {
	case *protocol.EndpointTry:
		c.Respond(s.try(m, a.now))
	case *protocol.LeaseRenew:
		c.Respond(s.renew(m, a.now))
	case *protocol.LeaseRelease:
		s.release(m.IDs, a.now)
	case *protocol.EndpointReport:
		s.report(m, a.now)
	case *protocol.EndpointProbed:
		s.probed(m, a.now)
	case *protocol.PoolSet:
		s.set(m, a.now)
		a.o.View.put(s.health(a.now)) // whoever gave the order may look right after the answer
		c.Respond(&protocol.PoolState{Health: *s.health(a.now)})
	case *protocol.PoolRead:
		c.Respond(&protocol.PoolState{Health: *s.health(a.now)})
	case kit.MaybePassivate:
		c.Respond(kit.Passivated{OK: len(s.endpoints) == 0 && s.pool.Current() == domain.BreakerClosed})
		return false
	case kit.Wake:
		a.wakeup.Rang()
	default:
		return false
	}
	return true
}

// after tells others what there is to know, saves it if a breaker changed, and
// sees to being woken for what time will bring.
func (a *Actor) after(c *kit.Context) {
	events := a.state.events
	a.state.events = nil
	for _, e := range events {
		a.o.Events.BreakerChanged(e)
		c.Logger().Info("breaker changed", slog.String("from", string(e.From)), slog.String("to", string(e.To)),
			slog.String("reason", e.Reason), slog.Int64("endpoint_id", int64(e.Endpoint)))
	}
	a.o.View.put(a.state.health(a.now))
	if len(events) > 0 {
		a.save()
	}
	a.wakeup.By(c, a.state.nextChange(a.now))
}

func (a *Actor) load(c *kit.Context) {
	id := a.id
	c.Go(loadDeadline, func(ctx context.Context) any {
		snapshot, err := a.o.Snapshots.Load(ctx, KindName, id)
		return loaded{snapshot, err}
	})
}

// restore takes the snapshot in. Without one, or if the store does not answer,
// all endpoints are believed to be well.
func (a *Actor) restore(c *kit.Context, m loaded) {
	err := m.err
	if err == nil {
		err = a.state.restore(m.snapshot.Data)
	}
	if err != nil && !domain.IsKind(err, domain.KindNotFound) {
		c.Logger().Warn("snapshot not read", slog.Any("error", err))
	}
	a.epoch = max(a.now.UnixMilli(), m.snapshot.Epoch+1)
	a.state.elapse(a.now)
	a.ready = true
	c.Unstash()
}

func (a *Actor) save() {
	data, err := a.state.snapshot()
	if err != nil {
		return // cannot be: the record holds nothing msgpack refuses
	}
	a.o.Snapshots.Save(domain.Snapshot{Kind: KindName, ID: a.id, Epoch: a.epoch, Data: data})
}

// Failed keeps a state that a panic may have left half changed from being saved.
func (a *Actor) Failed(any, any) { a.failed = true }

// Stopped saves what there is to know.
func (a *Actor) Stopped() {
	if a.ready && !a.failed {
		a.save()
	}
}
