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
	"errors"
	"log/slog"
	"strconv"
	"time"

	"github.com/claude-code-hub/cch/actors/kit"
	"github.com/claude-code-hub/cch/actors/protocol"
	"github.com/claude-code-hub/cch/internal/domain"
)

const (
	loadDeadline = 5 * time.Second // longer than askers wait
	loadAgain    = time.Second
	saveEvery    = time.Minute
	saveChanges  = 200              // or so many changes,
	saveApart    = 10 * time.Second // but never more often: what came since is read from the ledger,
	saveOpen     = 2048             // and not while more rows wait for the ledger
)

// Actor is one user's quota actor.
type Actor struct {
	o      Options
	state  *state
	wakeup kit.Wakeup

	ready   bool // the state is restored and messages are handled
	shut    bool // the store did not answer, and nobody waits
	failed  bool // panicked, or not the owner: the state is not to be saved
	changes int  // since the state was saved
	now     time.Time
	saved   time.Time
	loadAt  time.Time // when to try the store again
	askAt   time.Time // when to ask the ledger again for what windows miss

	forgetter kit.Responder // of who waits for money to be counted anew
}

// appended is what the ledger said of a row.
type appended struct {
	epoch, seq int64
	err        error
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
	case memory:
		a.restore(c, m)
	case recounted:
		a.recounted(c, m)
	case told:
		a.told(c, m)
	case kit.WorkFailed:
		a.workFailed(c)
	default:
		if !a.ready {
			a.unready(c, m)
			break
		}
		a.handle(c, m)
	}
	a.after(c)
}

// workFailed is what becomes of work on a goroutine that panicked.
func (a *Actor) workFailed(c *kit.Context) {
	err := errors.New("reading the ledger failed")
	if !a.forgetter.IsZero() {
		a.recounted(c, recounted{memory{err: err}})
		return
	}
	if a.ready {
		a.told(c, told{err: err})
		return
	}
	a.restore(c, memory{err: err})
}

func (a *Actor) told(c *kit.Context, m told) {
	if m.err != nil {
		c.Logger().Warn("sums not read from the ledger, trying again", slog.Any("error", m.err))
		a.askAt = a.now.Add(loadAgain)
	}
	a.state.told(m)
	a.changes++
}

// unready is what happens to messages before the state is restored.
func (a *Actor) unready(c *kit.Context, m any) {
	switch {
	case !a.shut:
		c.Stash()
	case m == kit.Wake{}:
		a.wakeup.Rang()
		a.loadIfDue(c)
	case m == kit.MaybePassivate{}:
		c.Respond(kit.Passivated{OK: true})
	default:
		c.Respond(kit.Failed{Kind: KindName, Why: "the ledger cannot be read"})
	}
}

func (a *Actor) handle(c *kit.Context, m any) {
	s, catalog := a.state, a.o.Catalog.Current()
	for _, e := range s.elapse(a.now) {
		a.append(c, e)
	}
	defer s.promote(catalog, a.now)
	switch m := m.(type) {
	case *protocol.QuotaReserve:
		if answer := s.reserve(m, catalog, a.now); answer != nil {
			c.Respond(answer)
		} else {
			s.attend(m.LeaseID, c.Responder())
		}
	case *protocol.QuotaSettle:
		a.settle(c, m)
	case appended:
		a.appended(c, m)
	case *protocol.LeaseRenew:
		c.Respond(s.renew(m, a.now))
	case *protocol.LeaseRelease:
		s.release(m.IDs, a.now)
	case *protocol.QuotaForget:
		a.forget(c)
		return
	case *protocol.QuotaRead:
		c.Respond(s.usage(catalog, a.now))
		return
	case kit.MaybePassivate:
		c.Respond(kit.Passivated{OK: s.open.Len() == 0 && s.waiting.Len() == 0 && len(s.book.open) == 0})
		return
	case kit.Wake:
		a.wakeup.Rang()
		return
	default:
		return
	}
	a.changes++
}

// settle books a settlement and answers when the ledger has it.
func (a *Actor) settle(c *kit.Context, m *protocol.QuotaSettle) {
	e, fresh := a.state.settle(m, a.now)
	if e == nil {
		c.Respond(&protocol.QuotaSettled{SettleKey: m.SettleKey, Duplicate: true, Epoch: a.state.book.epoch})
		return
	}
	if who := c.Responder(); !who.IsZero() {
		e.askers = append(e.askers, who)
	}
	if fresh {
		a.append(c, e)
	}
}

// append gives a row to the ledger, which says by message what became of it.
func (a *Actor) append(c *kit.Context, e *entry) {
	self, epoch, seq := c.Self(), e.row.Epoch, e.row.UserSeq
	a.o.Ledger.Append(&e.row, func(err error) { self.Tell(appended{epoch, seq, err}) })
}

// appended closes the entry of a row that the ledger has decided on. Who finds
// itself replaced as the owner ends: its successor is asked instead.
func (a *Actor) appended(c *kit.Context, m appended) {
	if m.epoch != a.state.book.epoch {
		return // of an earlier incarnation
	}
	e, next := a.state.verdict(m.seq, m.err, a.now)
	switch {
	case e == nil:
		return
	case next != nil:
		a.append(c, next)
		return
	case errors.Is(m.err, domain.ErrLedgerFenced):
		c.Logger().Error("another owner of the ledger was found, the actor ends")
		a.failed = true
		c.Stop()
	}
	answer := any(&protocol.QuotaSettled{SettleKey: e.key, UserSeq: e.row.UserSeq, Epoch: m.epoch})
	if _, duplicate := errors.AsType[*domain.LedgerDuplicateError](m.err); duplicate {
		answer = &protocol.QuotaSettled{SettleKey: e.key, Duplicate: true, Epoch: m.epoch}
	} else if errors.Is(m.err, domain.ErrLedgerRefused) {
		answer = &protocol.QuotaSettled{SettleKey: e.key, Refused: true, Epoch: m.epoch}
	} else if m.err != nil {
		answer = kit.Failed{Kind: KindName, Why: m.err.Error()}
	}
	for _, who := range e.askers {
		who.Respond(answer)
	}
}

// after saves when it is time and sees to being woken for what is due later.
func (a *Actor) after(c *kit.Context) {
	a.fillGaps(c)
	saveAt := a.saveAt()
	if !saveAt.IsZero() && !a.now.Before(saveAt) {
		a.save()
		saveAt = time.Time{}
	}
	askAt := a.askAt
	if len(a.state.gaps.known) == 0 || !a.now.Before(askAt) {
		askAt = time.Time{}
	}
	a.wakeup.By(c, a.state.open.NextExpiry(), a.state.waiting.NextExpiry(), saveAt, a.loadAt, askAt)
}

// saveAt is when the state has to be saved; zero if it need not or must not be.
func (a *Actor) saveAt() time.Time {
	switch {
	case a.changes == 0 || !a.ready || a.failed || len(a.state.book.open) > saveOpen:
		return time.Time{}
	case a.changes >= saveChanges:
		return a.saved.Add(saveApart)
	}
	return a.saved.Add(saveEvery)
}

func (a *Actor) loadIfDue(c *kit.Context) {
	if a.loadAt.IsZero() || a.now.Before(a.loadAt) {
		return
	}
	a.loadAt = time.Time{}
	a.load(c)
}

func (a *Actor) save() {
	data, err := a.state.snapshot(a.now)
	if err != nil {
		return // cannot be: the record holds nothing msgpack refuses
	}
	a.o.Snapshots.Save(domain.Snapshot{
		Kind: KindName, ID: strconv.FormatInt(int64(a.state.user), 10), Epoch: a.state.book.epoch, Data: data,
	})
	a.changes, a.saved = 0, a.now
}

// Failed keeps a state that a panic may have left half changed from being saved.
func (a *Actor) Failed(any, any) { a.failed = true }

// Stopped saves what is not saved yet.
func (a *Actor) Stopped() {
	if a.changes > 0 && a.ready && !a.failed {
		a.save()
	}
}
