package recorder

import (
	"time"

	"github.com/claude-code-hub/cch/actors/kit"
	"github.com/claude-code-hub/cch/actors/protocol"
)

const (
	settleDeadline = 2 * time.Second // of one ask
	firstRepeat    = time.Second
	longestRepeat  = 30 * time.Second
)

// settler brings settlements to the quota actors and repeats each until it is
// acknowledged. Its actor has incarnations, what is owed outlives them.
type settler struct {
	o        Options
	progress *progress
	ref      kit.Ref

	// The actor's own.
	corr uint64
	out  map[uint64]*payment
}

// payment is one settlement on its way.
type payment struct {
	debt   *debt
	settle *protocol.QuotaSettle
	pause  time.Duration // before the next repetition
}

// repeat says that it is time to ask again.
type repeat struct{ corr uint64 }

func newSettler(o Options, p *progress) *settler {
	return &settler{o: o, progress: p, out: make(map[uint64]*payment)}
}

func (s *settler) start() {
	s.ref = s.o.System.Spawn(kit.Kind{
		Name:        "recorder",
		New:         func(string) kit.Actor { return s },
		Supervision: kit.Restart,
	}, "recorder")
}

// owe hands a debt over.
func (s *settler) owe(d *debt) { s.ref.Tell(d) }

// Receive handles a message of the actor.
func (s *settler) Receive(c *kit.Context) {
	switch m := c.Message().(type) {
	case kit.Started: // a new incarnation gets none of the last one's replies
		for corr := range s.out {
			s.ask(c, corr)
		}
	case *debt:
		for _, corr := range s.take(m) {
			s.ask(c, corr)
		}
	case kit.Reply:
		s.replied(c, m)
	case repeat:
		s.ask(c, m.corr)
	}
}

// take enters a debt, once, and returns its payments.
func (s *settler) take(d *debt) (corrs []uint64) {
	if d.taken {
		return nil
	}
	d.taken = true
	for i := range d.settles {
		s.corr++
		s.out[s.corr] = &payment{debt: d, settle: &d.settles[i], pause: firstRepeat}
		corrs = append(corrs, s.corr)
	}
	return corrs
}

// Failed keeps a debt that the actor did not get round to; the next incarnation
// asks for everything that is owed.
func (s *settler) Failed(msg, _ any) {
	if d, ok := msg.(*debt); ok {
		s.take(d)
	}
}

func (s *settler) ask(c *kit.Context, corr uint64) {
	p := s.out[corr]
	if p == nil {
		return
	}
	c.AskTo(s.o.Quota(p.settle.UserID), corr, p.settle, settleDeadline)
}

func (s *settler) replied(c *kit.Context, m kit.Reply) {
	p := s.out[m.Corr]
	if p == nil {
		return
	}
	if _, ok := m.Msg.(*protocol.QuotaSettled); !ok || m.Err != nil {
		if p.pause == longestRepeat {
			c.Logger().Warn("settlement is not acknowledged, trying again",
				"request_id", p.settle.ReqID, "user_id", int64(p.settle.UserID), "error", m.Err)
		}
		c.After(p.pause, repeat{m.Corr})
		p.pause = min(2*p.pause, longestRepeat)
		return
	}
	delete(s.out, m.Corr)
	if p.debt.left--; p.debt.left == 0 {
		s.progress.pay(p.debt)
	}
}
