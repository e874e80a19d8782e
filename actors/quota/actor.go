// Package quota is the actor that owns one user's limits: it admits the user's
// requests, those of all keys together, and knows what is in flight, at which
// rate and in how many sessions. One actor per user makes an admission one
// message and limits exact under parallel load.
//
// An admitted request holds a lease until it is settled; one that is lost gives
// everything back by itself. All limits are looked at before anything is taken,
// so a refused request costs the user nothing. Limits are read from the catalog
// at each admission: a change applies to the next request.
//
// It refuses to know prices or protocols. Start with Receive; state.go has the
// rules, usage.go what others may see.
package quota

import (
	"context"
	"log/slog"
	"strconv"
	"time"

	"github.com/claude-code-hub/cch/actors/kit"
	"github.com/claude-code-hub/cch/actors/protocol"
	"github.com/claude-code-hub/cch/internal/domain"
)

const (
	loadDeadline = time.Second // askers wait twice as long
	loadAgain    = 5 * time.Second
	saveEvery    = time.Minute
	saveChanges  = 200             // or so many changes,
	saveApart    = 2 * time.Second // but never more often
)

// Actor is one user's quota actor.
type Actor struct {
	o      Options
	state  *state
	wakeup kit.Wakeup

	ready   bool // messages are handled
	loaded  bool // the store has answered, so saving overwrites nothing unseen
	failed  bool // panicked: the state is not to be trusted
	changes int  // since the state was saved
	now     time.Time
	saved   time.Time
	loadAt  time.Time // when to try the store again
}

// loaded is the store's answer.
type loaded struct {
	snapshot domain.Snapshot
	err      error
}

func newActor(id string, o Options) *Actor {
	n, _ := strconv.ParseInt(id, 10, 64) // an id that is no number is of no user, and has no limits
	return &Actor{o: o, state: newState(domain.UserID(n), o)}
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
		a.handle(c, m)
	}
	a.after(c)
}

func (a *Actor) handle(c *kit.Context, m any) {
	s, catalog := a.state, a.o.Catalog.Current()
	s.elapse(a.now)
	defer s.promote(catalog, a.now)
	switch m := m.(type) {
	case *protocol.QuotaReserve:
		if answer := s.reserve(m, catalog, a.now); answer != nil {
			c.Respond(answer)
		} else {
			s.attend(m.LeaseID, c.Responder())
		}
	case *protocol.QuotaSettle:
		c.Respond(s.settle(m, a.now))
	case *protocol.LeaseRenew:
		c.Respond(s.renew(m, a.now))
	case *protocol.LeaseRelease:
		s.release(m.IDs, a.now)
	case *protocol.QuotaRead:
		c.Respond(s.usage(catalog, a.now))
		return
	case kit.MaybePassivate:
		c.Respond(kit.Passivated{OK: s.open.Len() == 0 && s.waiting.Len() == 0})
		return
	case kit.Wake:
		a.wakeup.Rang()
		a.loadIfDue(c)
		return
	default:
		return
	}
	a.changes++
}

// after saves when it is time and sees to being woken for what is due later.
func (a *Actor) after(c *kit.Context) {
	saveAt := a.saveAt()
	if !saveAt.IsZero() && !a.now.Before(saveAt) {
		a.save()
		saveAt = time.Time{}
	}
	a.wakeup.By(c, a.state.open.NextExpiry(), a.state.waiting.NextExpiry(), saveAt, a.loadAt)
}

// saveAt is when the state has to be saved; zero if it need not or must not be.
func (a *Actor) saveAt() time.Time {
	switch {
	case a.changes == 0 || !a.loaded:
		return time.Time{}
	case a.changes >= saveChanges:
		return a.saved.Add(saveApart)
	}
	return a.saved.Add(saveEvery)
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
// counts from zero, saves nothing and keeps asking; what it learns later is
// added to what it counted.
func (a *Actor) restore(c *kit.Context, m loaded) {
	a.state.epoch = max(a.state.epoch, a.now.UnixMilli(), m.snapshot.Epoch+1)
	switch {
	case m.err == nil:
		a.loaded = true
		if err := a.state.restore(m.snapshot.Data, a.o.Catalog.Current(), a.now); err != nil {
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
		a.saved = a.now
		c.Unstash()
	}
}

func (a *Actor) save() {
	data, err := a.state.snapshot(a.now)
	if err != nil {
		return // cannot be: the record holds nothing msgpack refuses
	}
	a.o.Snapshots.Save(domain.Snapshot{
		Kind: KindName, ID: strconv.FormatInt(int64(a.state.user), 10), Epoch: a.state.epoch, Data: data,
	})
	a.changes, a.saved = 0, a.now
}

// Failed keeps a state that a panic may have left half changed from being saved.
func (a *Actor) Failed(any, any) { a.failed = true }

// Stopped saves what is not saved yet.
func (a *Actor) Stopped() {
	if a.changes > 0 && a.loaded && !a.failed {
		a.save()
	}
}
