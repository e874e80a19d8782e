package leases

import (
	"log/slog"
	"slices"
	"time"

	"github.com/claude-code-hub/cch/actors/kit"
	"github.com/claude-code-hub/cch/actors/protocol"
	"github.com/claude-code-hub/cch/internal/domain"
)

// renew is the keeper's tick.
type renew struct{}

// actor is one incarnation of the keeper.
type actor struct {
	keeper *Keeper
	table  *Table
	now    time.Time // of the present message, or of the last
	corr   uint64
	asked  map[uint64]Holder // renewals that are out
}

var _ kit.Recoverer = (*actor)(nil)

func (a *actor) Receive(c *kit.Context) {
	a.now = c.Now()
	switch m := c.Message().(type) {
	case kit.Started:
		a.asked = make(map[uint64]Holder)
		c.After(renewEvery, renew{})
	case renew:
		c.After(renewEvery, renew{})
		a.renew(c)
		a.table.Age()
	case kit.Reply:
		a.renewed(c, m)
	default:
		a.book(m)
	}
}

// book enters what somebody says of a lease.
func (a *actor) book(m any) {
	switch m := m.(type) {
	case *protocol.LeaseTrack:
		if !a.table.Track(m, a.now) {
			a.release(Holder{m.Kind, m.Key}, []domain.LeaseID{m.ID}, "tracked after its request ended")
		}
	case *protocol.LeaseClose:
		a.table.Close(m.IDs)
	case *protocol.AttemptBegun:
		a.table.Begin(m.ReqID)
	case *protocol.LeaseDrop:
		for h, ids := range a.table.Drop(m.ReqID) {
			a.release(h, ids, "request ended")
		}
	}
}

// Failed enters what was said of a lease all the same: nobody says it twice, and
// a drop that is lost leaves leases that are renewed for ever. Entering it twice
// changes nothing.
func (a *actor) Failed(msg, _ any) { a.book(msg) }

// renew sends each holder its leases.
func (a *actor) renew(c *kit.Context) {
	for h, r := range a.table.Renewals(a.now, minAge) {
		to := a.keeper.options.Holders(h.Kind, h.Key)
		for ids := range slices.Chunk(r.IDs, maxPerRenew) {
			begun := min(r.Begun, len(ids))
			r.Begun -= begun
			a.corr++
			a.asked[a.corr] = h
			c.AskTo(to, a.corr, &protocol.LeaseRenew{
				Node: a.keeper.options.Node, IDs: ids, Begun: ids[:begun],
				TTLMs: TTL.Milliseconds(), T: a.now.UnixMilli(),
			}, renewWithin)
		}
	}
}

// renewed asks again for leases that their holder has lost. The answer is of
// no use: a lease that is held is granted, and the next renewal will tell.
func (a *actor) renewed(c *kit.Context, r kit.Reply) {
	h := a.asked[r.Corr]
	delete(a.asked, r.Corr)
	if r.Err != nil {
		c.Logger().Warn("leases were not renewed", slog.String("holder_kind", string(h.Kind)),
			slog.String("holder", h.Key), slog.Any("error", r.Err))
		return
	}
	m, ok := r.Msg.(*protocol.LeaseRenewed)
	if !ok {
		return
	}
	to := a.keeper.options.Holders(h.Kind, h.Key)
	for _, id := range m.Unknown {
		if again := a.table.Reclaim(id); again != nil {
			to.Tell(again)
		}
	}
}

func (a *actor) release(h Holder, ids []domain.LeaseID, why string) {
	a.keeper.options.Holders(h.Kind, h.Key).Tell(&protocol.LeaseRelease{
		IDs: ids, Why: why, T: a.now.UnixMilli(),
	})
}
