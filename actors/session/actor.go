// Package session is the actor that owns one session: which provider it is
// bound to, how its requests are numbered and which of them are in flight.
//
// A binding carries a generation. Whoever wants to change it says which
// generation it saw, so of two requests that end at once the first decides. The
// session lapses a TTL after its last sign of life; its actor is put away a
// minute later and read back from its snapshot when the session is used again.
// Numbers never begin anew: they go on from the recorded requests where these
// are ahead of the snapshot.
//
// It refuses to judge whether a binding is still good: that is routing's work.
// Start with Receive; state.go has the rules.
package session

import (
	"context"
	"log/slog"
	"time"

	"github.com/claude-code-hub/cch/actors/kit"
	"github.com/claude-code-hub/cch/actors/protocol"
	"github.com/claude-code-hub/cch/internal/domain"
)

const (
	loadDeadline = 100 * time.Millisecond // askers wait meanwhile
	saveEvery    = 30 * time.Second       // but a changed binding at once
)

// Actor is one session's actor.
type Actor struct {
	id     string
	o      Options
	state  *state
	wakeup kit.Wakeup

	ready  bool // the store has answered, or will not
	failed bool // panicked: the state is not to be trusted
	dirty  bool
	now    time.Time // of the last message
	saved  time.Time
}

// loaded is the store's answer.
type loaded struct {
	snapshot domain.Snapshot
	err      error
	recorded int64 // requests of the session in the log
	unread   error // why they could not be counted
}

func newActor(id string, o Options) *Actor {
	return &Actor{id: id, o: o, state: newState(o.TTL)}
}

// Receive handles one message.
func (a *Actor) Receive(c *kit.Context) {
	a.now = c.Now()
	switch m := c.Message().(type) {
	case kit.Started:
		a.load(c)
	case loaded:
		a.restore(c, m)
	case kit.WorkFailed:
		a.restore(c, loaded{err: domain.NewFault(domain.KindInternal, domain.CodeInternalError, "reading the snapshot failed")})
	default:
		if !a.ready {
			c.Stash()
			return
		}
		a.handle(c, m)
	}
}

func (a *Actor) handle(c *kit.Context, m any) {
	s := a.state
	s.elapse(a.now)
	rebound := false
	switch m := m.(type) {
	case *protocol.SessionResolve:
		c.Respond(s.resolve(m, a.now))
	case *protocol.SessionBind:
		rebound = s.bind(m, a.now)
	case *protocol.SessionEnd:
		c.Respond(s.end(a.now))
		rebound = true
	case *protocol.LeaseRenew:
		c.Respond(s.renew(m, a.now))
	case *protocol.LeaseRelease:
		s.release(m.IDs, a.now)
	case *protocol.SessionRead:
		c.Respond(s.view(s.lastUsed, s.seq))
		return
	case kit.MaybePassivate:
		c.Respond(kit.Passivated{OK: s.lapsed(a.now)})
		return
	case kit.Wake:
		a.wakeup.Rang()
		s.inFlight.Trim(a.now) // of many sessions most are idle
		a.after(c, false)
		return
	default:
		return
	}
	a.dirty = true
	a.after(c, rebound)
}

func (a *Actor) load(c *kit.Context) {
	id := a.id
	c.Go(loadDeadline, func(ctx context.Context) any {
		snapshot, err := a.o.Snapshots.Load(ctx, KindName, id)
		recorded, unread := a.recorded(ctx, id)
		return loaded{snapshot, err, recorded, unread}
	})
}

// recorded counts the session's requests in the log. A snapshot may be older
// than the last of them, or have lapsed with the binding, and no number may be
// given twice.
func (a *Actor) recorded(ctx context.Context, id string) (int64, error) {
	if a.o.History == nil {
		return 0, nil
	}
	s, err := a.o.History.Get(ctx, id)
	if domain.IsKind(err, domain.KindNotFound) {
		return 0, nil
	}
	return s.Requests, err
}

// restore takes the snapshot in. Without one, or if the store does not answer,
// the session starts unbound: the worst that costs is a prompt cache.
func (a *Actor) restore(c *kit.Context, m loaded) {
	err := m.err
	if err == nil {
		err = a.state.restore(m.snapshot.Data)
	}
	if err != nil && !domain.IsKind(err, domain.KindNotFound) {
		c.Logger().Warn("snapshot not read", slog.Any("error", err))
	}
	if m.unread != nil {
		c.Logger().Warn("recorded requests not counted", slog.Any("error", m.unread))
	}
	a.state.seq = max(a.state.seq, m.recorded)
	a.state.epoch = max(a.now.UnixMilli(), m.snapshot.Epoch+1)
	a.saved = a.now
	a.ready = true
	c.Unstash()
}

// after saves, if it is urgent or time to, and sees to being woken for what is
// due later.
func (a *Actor) after(c *kit.Context, urgent bool) {
	saveAt := a.saved.Add(saveEvery)
	if a.dirty && (urgent || !a.now.Before(saveAt)) {
		a.save()
	}
	if !a.dirty {
		saveAt = time.Time{}
	}
	a.wakeup.By(c, saveAt, a.state.inFlight.TrimAt())
}

func (a *Actor) save() {
	data, err := a.state.snapshot()
	if err != nil {
		return // cannot be: the record holds nothing msgpack refuses
	}
	a.o.Snapshots.Save(domain.Snapshot{
		Kind: KindName, ID: a.id, Epoch: a.state.epoch, Data: data, ExpiresAt: a.now.Add(a.o.TTL),
	})
	a.dirty, a.saved = false, a.now
}

// Failed keeps a state that a panic may have left half changed from being saved.
func (a *Actor) Failed(any, any) { a.failed = true }

// Stopped saves what is not saved yet.
func (a *Actor) Stopped() {
	if a.dirty && a.ready && !a.failed {
		a.save()
	}
}
