package cluster

import (
	"errors"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/claude-code-hub/cch/actors/kit"
	"github.com/claude-code-hub/cch/actors/wire"
)

// Kinds of frames that are for no actor.
const (
	kindAnswer   = ""
	kindGreeting = "."
	kindLeft     = "left" // a lease was ended: look at once
	kindNews     = "news"
	kindDeaf     = "deaf" // nothing is heard of you: connect anew
)

// Faults of an answer.
const (
	faultNotHere = iota + 1 // the actor is elsewhere, or the node does not know
	faultSaturated
	faultFailed
	faultUnreadable
)

// askAgainWithin is how long an ask waits to learn where an actor went.
const askAgainWithin = 300 * time.Millisecond

// letter is a message to an actor on its way.
type letter struct {
	kind, id string
	msg      any
	hops     uint8
	again    bool // it was sent to the wrong node before
}

// counters count from the start of the process.
type counters struct {
	sent, answered, misdirected, unowned, lost, saturated atomic.Int64
	missed, rejoined, turns                               atomic.Int64
}

// Stats are figures of a node since it started.
type Stats struct {
	Sent        int64 // messages to actors elsewhere
	Answered    int64 // asks that were answered
	Misdirected int64 // asks that went to a node that no longer had the actor
	Unowned     int64 // messages that nobody was there for
	Lost        int64 // asks of which the node asked went away
	Saturated   int64 // asks that were not sent as too many waited for that node
	Waiting     int   // asks that wait now
	Missed      int64 // beats that failed
	Rejoined    int64 // times the lease was lost and the cluster joined anew
	Turns       int64 // times actors moved
}

// Stats reads the figures.
func (n *Node) Stats() Stats {
	s := &n.stats
	return Stats{
		Sent: s.sent.Load(), Answered: s.answered.Load(), Misdirected: s.misdirected.Load(), Unowned: s.unowned.Load(),
		Lost: s.lost.Load(), Saturated: s.saturated.Load(), Waiting: n.pending.waiting(),
		Missed: s.missed.Load(), Rejoined: s.rejoined.Load(), Turns: s.turns.Load(),
	}
}

// Send brings a message to the node that has an actor.
func (n *Node) Send(kind, id string, msg any, hops uint8, within time.Duration, answer func(msg any, err error)) error {
	return n.mail(letter{kind: kind, id: id, msg: msg, hops: hops}, n.o.Now().Add(within), answer)
}

func (n *Node) mail(l letter, until time.Time, answer func(msg any, err error)) error {
	now, v := n.o.Now(), n.view.Load()
	to := v.owner(l.kind, l.id, now)
	if to == nil || to.SystemID == v.self || !now.Before(v.held) || n.peers.silent(to.SystemID, now) {
		n.stats.unowned.Add(1)
		return kit.ErrDeadLetter
	}
	number, body, err := n.o.Wire.Pack(l.msg)
	if errors.Is(err, wire.ErrUnknown) {
		return kit.ErrDeadLetter // what an actor that ended sent to itself
	}
	if err != nil {
		n.o.Logger.Error("a message cannot cross nodes", slog.Any("error", err))
		return kit.ErrDeadLetter
	}
	f := &Frame{
		Type: number, Body: body, From: n.name(v), To: to.SystemID, Kind: l.kind, Id: l.id, Hops: uint32(l.hops),
	}
	if answer != nil {
		var ok bool
		if f.Corr, ok = n.pending.add(&ask{to: to.SystemID, until: until, letter: l, answer: answer}); !ok {
			n.stats.saturated.Add(1)
			return kit.ErrSaturated
		}
	}
	n.stats.sent.Add(1)
	n.transport.send(to.Addr, f)
	return nil
}

// name is under which this node sends: its membership or, between two, its bare
// address.
func (n *Node) name(v *view) string {
	if v.self == "" {
		return n.o.Addr
	}
	return v.self
}

// Tell sends news to every other node. It does not block.
func (n *Node) Tell(news []byte) { n.tell(&Frame{Kind: kindNews, Body: news}) }

func (n *Node) tell(f *Frame) {
	v := n.view.Load()
	f.From = n.name(v)
	for i := range v.members {
		if m := &v.members[i]; m.Addr != n.o.Addr {
			n.transport.send(m.Addr, f)
		}
	}
}

// take takes a frame of another node.
func (n *Node) take(f *Frame) {
	n.peers.hear(f.GetFrom(), n.o.Now())
	switch f.GetKind() {
	case kindGreeting:
	case kindLeft:
		n.poke()
	case kindDeaf:
		n.transport.reconnect(addrOf(f.GetFrom()), n.o.Now())
	case kindNews:
		if hear := n.served.Load().hear; hear != nil {
			hear(f.GetBody())
		}
	case kindAnswer:
		n.answered(f)
	default:
		n.deliver(f)
	}
}

// deliver brings a message to its actor here.
func (n *Node) deliver(f *Frame) {
	msg, err := n.o.Wire.Unpack(f.GetType(), f.GetBody())
	if err != nil {
		n.o.Logger.Warn("a message of another node cannot be read", slog.String("node_addr", addrOf(f.GetFrom())), slog.Any("error", err))
		n.reply(f, &Frame{Fault: faultUnreadable})
		return
	}
	var answer func(any, error)
	if f.GetCorr() != 0 {
		answer = func(msg any, err error) { n.reply(f, n.answer(msg, err)) }
	}
	dir := n.served.Load().dirs[f.GetKind()]
	if dir != nil && f.GetTo() == n.view.Load().self {
		err = dir.Arrived(f.GetId(), msg, uint8(f.GetHops()), answer)
	} else {
		err = kit.ErrDeadLetter
	}
	switch {
	case err == nil:
	case answer != nil:
		n.reply(f, n.answer(nil, err))
	case f.GetHops() == 0: // nobody waits who would try again
		_ = n.Send(f.GetKind(), f.GetId(), msg, 1, 0, nil)
	}
}

// answer is the frame that tells what came of an ask.
func (n *Node) answer(msg any, err error) *Frame {
	var failed *kit.FailedError
	switch {
	case err == nil:
		number, body, err := n.o.Wire.Pack(msg)
		if err != nil {
			n.o.Logger.Error("an answer cannot cross nodes", slog.Any("error", err))
			return &Frame{Fault: faultFailed, Why: "the answer cannot cross nodes"}
		}
		return &Frame{Type: number, Body: body}
	case errors.As(err, &failed):
		return &Frame{Fault: faultFailed, Why: failed.Why}
	case errors.Is(err, kit.ErrSaturated):
		return &Frame{Fault: faultSaturated}
	default:
		return &Frame{Fault: faultNotHere}
	}
}

// reply sends the answer to an ask, if it is one.
func (n *Node) reply(to, f *Frame) {
	if to.GetCorr() == 0 {
		return
	}
	// The asker knows us by the name it used, be it an old one.
	f.From, f.To, f.Corr = to.GetTo(), to.GetFrom(), to.GetCorr()
	n.transport.send(addrOf(to.GetFrom()), f)
}

// answered brings an answer to who asked.
func (n *Node) answered(f *Frame) {
	a := n.pending.take(f.GetCorr(), f.GetFrom())
	if a == nil {
		return
	}
	n.stats.answered.Add(1)
	switch f.GetFault() {
	case 0:
		msg, err := n.o.Wire.Unpack(f.GetType(), f.GetBody())
		if err != nil {
			n.o.Logger.Warn("an answer of another node cannot be read", slog.String("node_addr", addrOf(f.GetFrom())), slog.Any("error", err))
			err = &kit.FailedError{Kind: a.letter.kind, Why: "its answer cannot be read"}
		}
		a.answer(msg, err)
	case faultNotHere:
		n.stats.misdirected.Add(1)
		n.askAgain(a)
	case faultSaturated:
		a.answer(nil, kit.ErrSaturated)
	case faultUnreadable:
		a.answer(nil, &kit.FailedError{Kind: a.letter.kind, Why: "it cannot read the message"})
	default:
		a.answer(nil, &kit.FailedError{Kind: a.letter.kind, Why: f.GetWhy()})
	}
}

// askAgain asks, once, whoever has the actor when the leases were looked at.
func (n *Node) askAgain(a *ask) {
	if a.letter.again || !n.o.Now().Before(a.until) {
		a.answer(nil, kit.ErrDeadLetter)
		return
	}
	looked := n.poke()
	go func() {
		select {
		case <-looked:
		case <-time.After(askAgainWithin):
		}
		l := a.letter
		l.again = true
		err := n.resend(l, a)
		if err != nil {
			a.answer(nil, err)
		}
	}()
}

// resend sends a letter to where its actor is now, which may be here.
func (n *Node) resend(l letter, a *ask) error {
	if n.Here(l.kind, l.id) {
		if dir := n.served.Load().dirs[l.kind]; dir != nil {
			return dir.Arrived(l.id, l.msg, 1, a.answer)
		}
	}
	return n.mail(l, a.until, a.answer)
}

// fail tells who waits for a node that it will not answer.
func (n *Node) fail(id string) {
	for _, a := range n.pending.lost(id) {
		n.stats.lost.Add(1)
		a.answer(nil, kit.ErrDeadLetter)
	}
}
