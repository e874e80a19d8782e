package router

import (
	"sync/atomic"

	"github.com/claude-code-hub/cch/actors/kit"
	"github.com/claude-code-hub/cch/actors/protocol"
	"github.com/claude-code-hub/cch/internal/domain"
)

// Left tells a request's actor that its client left; for senders that do not
// know the actor yet.
type Left struct{ ReqID domain.RequestID }

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
	case kit.Started:
		for _, orphan := range c.Children() {
			orphan.Tell(&protocol.Abort{Why: "router restarted"})
		}
	case *protocol.Admit:
		id := msg.Request.ID.String()
		child := c.Spawn(a.child, id)
		a.children[id] = child
		c.Forward(child)
	case *Left:
		a.tell(msg.ReqID, &protocol.ClientGone{})
	case *protocol.CancelRequests:
		for _, id := range msg.IDs {
			a.tell(id, &protocol.Abort{Why: msg.Why})
		}
	case kit.ChildStopped:
		a.live.Add(-1)
		delete(a.children, msg.ID)
	}
}

// Failed gives back the place of a request that never got its actor.
func (a *Actor) Failed(msg, _ any) {
	if admit, ok := msg.(*protocol.Admit); ok && a.children[admit.Request.ID.String()].IsZero() {
		a.live.Add(-1)
	}
}

// tell reaches a request that runs here; others are none of our business.
func (a *Actor) tell(id domain.RequestID, msg any) {
	if child := a.children[id.String()]; !child.IsZero() {
		child.Tell(msg)
	}
}
