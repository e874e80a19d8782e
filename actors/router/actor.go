package router

import (
	"maps"
	"sync/atomic"

	"github.com/claude-code-hub/cch/actors/kit"
	"github.com/claude-code-hub/cch/actors/protocol"
	"github.com/claude-code-hub/cch/internal/domain"
)

// Actor is one router.
type Actor struct {
	child    kit.Kind
	live     *atomic.Int64      // shared with the pool; outlives a restart
	children map[string]kit.Ref // by request id
}

var _ kit.Recoverer = (*Actor)(nil)

func newActor(child kit.Kind, live *atomic.Int64) *Actor {
	return &Actor{child: child, live: live, children: make(map[string]kit.Ref)}
}

// Receive starts children and passes on what concerns them.
func (a *Actor) Receive(c *kit.Context) {
	switch msg := c.Message().(type) {
	case kit.Started: // those that the incarnation before left run on
		maps.Insert(a.children, c.Children())
	case *protocol.Admit:
		id := msg.Request.ID.String()
		child := c.Spawn(a.child, id)
		a.children[id] = child
		c.Forward(child)
	case *protocol.ClientGone:
		a.forward(c, msg.ReqID)
	case *protocol.Abort:
		a.forward(c, msg.ReqID)
	case *protocol.CancelRequests:
		a.cancel(msg)
	case kit.ChildStopped:
		a.ended(msg.ID)
	}
}

// forward hands the message to a request that runs here. Of another it fails:
// whoever asks learns that nobody will act on it.
func (a *Actor) forward(c *kit.Context, id domain.RequestID) {
	if child := a.children[id.String()]; !child.IsZero() {
		c.Forward(child)
	}
}

// cancel ends requests that run here; others are none of our business.
func (a *Actor) cancel(m *protocol.CancelRequests) {
	for _, id := range m.IDs {
		a.tell(id, &protocol.Abort{ReqID: id, Why: m.Why})
	}
}

func (a *Actor) tell(id domain.RequestID, msg any) {
	if child := a.children[id.String()]; !child.IsZero() {
		child.Tell(msg)
	}
}

// ended gives the place of a request back. An incarnation may hear of requests
// that it never knew: they ended while it was not there yet.
func (a *Actor) ended(id string) {
	delete(a.children, id)
	a.live.Add(-1)
}

// Failed does what the message that broke the router asked for, as far as
// somebody would otherwise wait for ever: an end is passed on, and the place of
// a request that never got its actor is free again.
func (a *Actor) Failed(msg, _ any) {
	switch msg := msg.(type) {
	case *protocol.Admit:
		if child := a.children[msg.Request.ID.String()]; child.IsZero() {
			a.live.Add(-1)
		} else {
			child.Kill() // it may have got nothing to do; its end frees the place
		}
	case *protocol.ClientGone:
		a.tell(msg.ReqID, msg)
	case *protocol.Abort:
		a.tell(msg.ReqID, msg)
	case *protocol.CancelRequests:
		a.cancel(msg)
	case kit.ChildStopped:
		a.ended(msg.ID)
	}
}
