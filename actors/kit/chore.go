package kit

import (
	"sync/atomic"
	"time"
)

// chore is something an incarnation waits for: the answer to an ask, or a
// time. The incarnation keeps a list of them, to call them off when it ends.
type chore struct {
	timer
	cell         *cell
	listed       bool
	newer, older *chore
}

// undertake lists a chore and sets its deadline.
func (c *cell) undertake(ch *chore, owner expirer, d time.Duration) {
	ch.cell, ch.owner, ch.listed = c, owner, true
	ch.older = c.chores
	if ch.older != nil {
		ch.older.newer = ch
	}
	c.chores = ch
	c.sys.wheel.schedule(&ch.timer, d)
}

// settle takes a chore off the list and tells whether it was on it, that is,
// whether this incarnation still waits for it.
func (c *cell) settle(ch *chore) bool {
	if !ch.listed {
		return false
	}
	if ch.newer != nil {
		ch.newer.older = ch.older
	} else {
		c.chores = ch.older
	}
	if ch.older != nil {
		ch.older.newer = ch.newer
	}
	ch.newer, ch.older, ch.listed = nil, nil, false
	return true
}

func (c *cell) dropChores() {
	for ch := c.chores; ch != nil; {
		next := ch.older
		c.sys.wheel.cancel(&ch.timer)
		ch.newer, ch.older, ch.listed = nil, nil, false
		ch = next
	}
	c.chores = nil
}

// alarm is a message that an incarnation set for itself.
type alarm struct {
	chore
	msg any
}

func (a *alarm) expire() { a.cell.post(a) }

// Timer is a message that is still to come. The zero Timer is none.
type Timer struct{ alarm *alarm }

// Stop calls the message off, even if its time has come and it is queued. Only
// the actor that set the timer may call it.
func (t Timer) Stop() {
	if t.alarm == nil {
		return
	}
	t.alarm.cell.sys.wheel.cancel(&t.alarm.timer)
	t.alarm.cell.settle(&t.alarm.chore)
}

// pendingAsk is one AskTo: the envelope that travels, the deadline, and in the
// end the answer, as which it is posted to the asker.
type pendingAsk struct {
	chore
	envelope

	corr uint64
	done atomic.Bool // the first to set it owns res and posts
	res  answer
}

func (p *pendingAsk) answer(_ uint64, msg any, err error) {
	if p.done.CompareAndSwap(false, true) {
		p.cell.sys.wheel.cancel(&p.timer)
		p.res = answer{msg: msg, err: err}
		p.cell.post(p)
	}
}

func (p *pendingAsk) expire() { p.answer(0, nil, ErrDeadline) }

func (p *pendingAsk) reply() Reply {
	return Reply{Corr: p.corr, Msg: p.res.msg, Err: p.res.err}
}
