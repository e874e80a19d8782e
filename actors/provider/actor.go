// Package provider is the actor that owns one upstream provider: its circuit
// breaker and cool-down, the slots of the attempts under way, the sessions it
// serves and its request rate. Nobody calls a provider without a slot from here.
//
// Slots are leases: an attempt that is never reported gives its slot back by
// itself, and a probe of a half-open breaker is such a lease too. State survives
// restarts in a snapshot; leases read from it are unconfirmed until their holder
// renews them.
//
// It refuses to choose between providers and to make calls. Start with Receive;
// state.go has the decisions, health.go what is told to others and when.
package provider

import (
	"context"
	"log/slog"
	"strconv"
	"time"

	"github.com/claude-code-hub/cch/actors/kit"
	"github.com/claude-code-hub/cch/actors/protocol"
	"github.com/claude-code-hub/cch/internal/domain"
	"github.com/claude-code-hub/cch/internal/limits"
)

const (
	loadDeadline = 100 * time.Millisecond // askers wait meanwhile
	loadAgain    = 5 * time.Second        // after the store could not be read
	saveEvery    = 2 * time.Second
)

// Actor is one provider's actor.
type Actor struct {
	o      Options
	state  *state
	health publisher
	wakeup kit.Wakeup
	probe  prober

	ready  bool // messages are handled
	loaded bool // the store has answered, so saving overwrites nothing unseen
	failed bool // panicked: the state is not to be trusted
	dirty  bool
	// changed is set while a transition of the breaker waits to be saved.
	changed bool
	now     time.Time // of the last message
	saved   time.Time
	probes  int       // as last saved
	loadAt  time.Time // when to try the store again
}

// loaded is the store's answer.
type loaded struct {
	snapshot domain.Snapshot
	err      error
}

func newActor(id string, o Options) *Actor {
	n, _ := strconv.ParseInt(id, 10, 64) // an id that is no number is of no provider, and disabled
	return &Actor{o: o, state: newState(domain.ProviderID(n), o), probe: prober{Probing: o.Probing}}
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
	case counted:
		a.counted(c, m)
	case kit.WorkFailed:
		if a.state.purse.asked {
			a.counted(c, counted{err: errCount})
			break
		}
		a.restore(c, loaded{err: domain.NewFault(domain.KindInternal, domain.CodeInternalError, "reading the snapshot failed")})
	default:
		if !a.ready {
			c.Stash()
			return
		}
		a.handle(c, m)
	}
	a.after(c)
}

func (a *Actor) handle(c *kit.Context, m any) {
	s := a.state
	a.configure()
	s.elapse(a.now)
	switch m := m.(type) {
	case *protocol.SlotAcquire:
		c.Respond(s.acquire(m, a.now))
	case *protocol.SlotReport:
		s.report(m, a.now)
	case *protocol.LeaseRenew:
		c.Respond(s.renew(m, a.now))
	case *protocol.LeaseRelease:
		s.release(m.IDs, a.now)
	case *protocol.BreakerSet:
		s.set(m, a.now)
		a.announce(c) // whoever gave the order may look right after the answer
		c.Respond(&protocol.BreakerDone{Health: s.health(a.now)})
	case *protocol.AccountObserved:
		s.upstream.read(&m.Reading, a.now)
		a.announce(c) // whoever asked for it may look right after the answer
		c.Respond(&protocol.AccountDone{State: s.upstream.look(a.now)})
	case *protocol.ProviderRead:
		c.Respond(s.usage(a.now))
		return
	case *protocol.HealthRead:
		c.Respond(&protocol.ProviderHealth{ProviderHealth: s.health(a.now)})
		return
	case kit.MaybePassivate:
		c.Respond(kit.Passivated{OK: !s.enabled && s.slots.Len() == 0})
		return
	case probed:
		a.probed(m)
	case kit.Wake:
		a.wakeup.Rang()
		a.loadIfDue(c)
		return
	}
	a.dirty = true
}

// configure takes over the newest configuration.
func (a *Actor) configure() {
	catalog := a.o.Catalog.Current()
	p := catalog.Provider(a.state.id)
	a.state.use(p)
	a.state.upstream.use(p, catalog.Settings())
	a.state.purse.use(limits.PlanOf(domain.ScopeProvider, &a.state.limits, catalog.Zone()), limits.Policy(catalog.Settings().ReservationPolicy), a.now)
}

// after does what follows from the message just handled: tell, save, and see
// to being woken in time for the rest.
func (a *Actor) after(c *kit.Context) {
	a.countIfDue(c)
	publishAt, probeAt := a.announce(c), a.look(c)
	// Who holds a probe is saved at once too: its holder could not tell later.
	urgent := a.changed || len(a.state.breaker.Probes) != a.probes
	if urgent || a.dirty && !a.now.Before(a.saved.Add(saveEvery)) {
		a.save()
	}
	var saveAt time.Time
	if a.dirty && a.loaded {
		saveAt = a.saved.Add(saveEvery)
	}
	a.wakeup.By(c, a.state.nextChange(), a.state.upstream.next, a.state.upstream.keepAt(), publishAt, saveAt, a.loadAt, probeAt, a.state.purse.due)
}

// announce tells others what changed, and says when there will be more to tell.
func (a *Actor) announce(c *kit.Context) time.Time {
	for _, e := range a.state.takeEvents() {
		a.changed = true
		a.o.Events.BreakerChanged(e)
		c.Logger().Info("breaker changed", slog.String("from", string(e.From)), slog.String("to", string(e.To)),
			slog.String("reason", e.Reason), slog.Int("status", e.StatusCode))
	}
	h := a.state.health(a.now)
	a.announceAccount(c, h.Account)
	at := a.health.due(h, a.now)
	if at.IsZero() || a.now.Before(at) {
		return at
	}
	a.o.Health.Publish(a.health.next(h, a.now))
	return a.health.due(h, a.now)
}

// announceAccount tells what is news of the account and hands its state on.
func (a *Actor) announceAccount(c *kit.Context, s *domain.AccountState) {
	u := &a.state.upstream
	for _, n := range u.takeNotices() {
		a.dirty = true
		a.o.Accounts.AccountNotice(n)
		c.Logger().Info("provider account changed", slog.String("level", string(n.Level)), slog.String("label", n.Label),
			slog.Float64("headroom", n.Headroom))
	}
	if at := u.keepAt(); !at.IsZero() && !a.now.Before(at) && s != nil {
		a.o.Accounts.AccountChanged(a.state.id, s)
		u.keep, u.kept = false, a.now
	}
}

func (a *Actor) load(c *kit.Context) {
	id := c.ID()
	c.Go(loadDeadline, func(ctx context.Context) any {
		snapshot, err := a.o.Snapshots.Load(ctx, KindName, id)
		return loaded{snapshot, err}
	})
}

func (a *Actor) loadIfDue(c *kit.Context) {
	if a.loadAt.IsZero() || a.now.Before(a.loadAt) {
		return
	}
	a.loadAt = time.Time{}
	a.load(c)
}

// restore takes the snapshot in. While the store does not answer the actor
// serves without a past, saves nothing and keeps asking.
func (a *Actor) restore(c *kit.Context, m loaded) {
	a.state.epoch = max(a.state.epoch, a.now.UnixMilli(), m.snapshot.Epoch+1)
	switch {
	case m.err == nil:
		a.loaded = true
		if err := a.state.restore(m.snapshot.Data, a.now); err != nil {
			c.Logger().Error("snapshot is damaged and will be replaced", slog.Any("error", err))
		}
	case domain.IsKind(m.err, domain.KindNotFound):
		a.loaded = true
	default:
		c.Logger().Warn("snapshot not read", slog.Any("error", m.err))
		a.loadAt = a.now.Add(loadAgain)
	}
	if !a.ready {
		a.ready = true
		a.configure()
		a.state.purse.due = a.now
		c.Unstash()
	}
}

func (a *Actor) save() {
	if !a.loaded {
		return
	}
	data, err := a.state.snapshot(a.now)
	if err != nil {
		return // cannot be: the record holds nothing msgpack refuses
	}
	a.o.Snapshots.Save(domain.Snapshot{
		Kind: KindName, ID: strconv.FormatInt(int64(a.state.id), 10), Epoch: a.state.epoch, Data: data,
	})
	a.dirty, a.changed, a.saved, a.probes = false, false, a.now, len(a.state.breaker.Probes)
}

// Failed keeps a state that a panic may have left half changed from being saved.
func (a *Actor) Failed(any, any) { a.failed = true }

// Stopped saves what is not saved yet.
func (a *Actor) Stopped() {
	if a.dirty && !a.failed {
		a.save()
	}
}
