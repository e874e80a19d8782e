package kit

import (
	"sync/atomic"
	"time"
)

const sweepEvery = 30 * time.Second

// sweep looks for idle actors of a directory, as long as it has any. It is the
// library's receive timeout done without a timer per actor, and without its
// data race.
type sweep struct {
	timer
	dir     *Directory
	running atomic.Bool
}

// idleness is what the sweep remembers of an actor.
type idleness struct {
	seen  uint32        // cell.touched at the last visit
	since time.Duration // the first visit that saw this value
}

// begin makes sure that sweeps are scheduled.
func (s *sweep) begin() {
	if s.dir.kind.Passivate > 0 && s.running.CompareAndSwap(false, true) {
		s.dir.sys.wheel.schedule(&s.timer, sweepEvery)
	}
}

func (s *sweep) expire() {
	s.dir.sys.live.add()
	go func() {
		defer s.dir.sys.live.done()
		s.dir.each(s.visit)
		s.running.Store(false)
		if s.dir.Live() > 0 {
			s.begin()
		}
	}()
}

func (s *sweep) visit(c *cell) {
	now, touched := s.dir.sys.wheel.elapsed(), c.touched.Load()
	if c.idle.since == 0 || touched != c.idle.seen {
		c.idle = idleness{seen: touched, since: now}
		return
	}
	if now-c.idle.since >= s.dir.kind.Passivate && c.depth() == 0 {
		c.idle.seen++ // the offer itself
		c.post(&envelope{msg: MaybePassivate{T: s.dir.sys.now().UnixMilli()}, to: farewell{c}, hops: 1})
	}
}

// farewell takes the answer to an offer.
type farewell struct{ cell *cell }

func (f farewell) answer(_ uint64, msg any, _ error) {
	ok := false
	switch m := msg.(type) {
	case Passivated:
		ok = m.OK
	case *Passivated:
		ok = m.OK
	}
	if ok {
		f.cell.leaving.Store(true)
		f.cell.post(poison{}) // in case the answer came late
	}
}
