package quota

import (
	"context"
	"time"

	"github.com/claude-code-hub/cch/actors/kit"
	"github.com/claude-code-hub/cch/actors/protocol"
	"github.com/claude-code-hub/cch/internal/domain"
)

// recounted is what the ledger says after rows of it were deleted.
type recounted struct{ memory }

// forget has all money counted anew out of the ledger, of which rows were
// deleted. What is in flight, rates and sessions stay. Until the ledger has
// answered nothing else is done.
func (a *Actor) forget(c *kit.Context) {
	if a.state.waiting.Len() > 0 || len(a.state.book.open) > 0 {
		c.Respond(kit.Failed{Kind: KindName, Why: "rows wait for the ledger"})
		return
	}
	data, err := a.state.snapshot(a.now)
	if err != nil {
		c.Respond(kit.Failed{Kind: KindName, Why: err.Error()})
		return
	}
	a.ready, a.forgetter = false, c.Responder()
	o, user, epoch, now := &a.o, a.state.user, a.state.book.epoch, a.now
	c.Go(loadDeadline, func(ctx context.Context) any { return recounted{anew(ctx, o, user, data, epoch, now)} })
}

// anew is a memory of what a state has, with the money that the ledger tells.
func anew(ctx context.Context, o *Options, user domain.UserID, data []byte, epoch int64, now time.Time) (m memory) {
	if m.saved, m.err = decode(user, data); m.err != nil {
		return m
	}
	m.epoch, m.fresh, m.seq, m.saved.Charged = epoch, true, m.saved.Seq, 0
	if m.seq > 0 {
		if m.charged, m.err = o.Ledger.Sum(ctx, user, 0, time.Time{}, m.seq); m.err != nil {
			return m
		}
	}
	m.spends, m.err = m.windows(ctx, o, user, now)
	return m
}

// recounted takes over what the ledger says, or stays with what there was.
func (a *Actor) recounted(c *kit.Context, m recounted) {
	defer c.Unstash()
	who := a.forgetter
	a.ready, a.forgetter = true, kit.Responder{}
	counted := newState(a.state.user, a.o)
	err := m.err
	if err == nil {
		err = counted.restore(&m.memory, a.now)
	}
	if err != nil {
		who.Respond(kit.Failed{Kind: KindName, Why: err.Error()})
		return
	}
	a.state = counted
	a.save()
	who.Respond(&protocol.QuotaForgotten{Epoch: counted.book.epoch})
}
