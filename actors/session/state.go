package session

import (
	"time"

	"github.com/claude-code-hub/cch/actors/protocol"
	"github.com/claude-code-hub/cch/internal/domain"
	"github.com/claude-code-hub/cch/internal/limits"
)

// leaseTTL is how long a request counts as in flight where it names no time.
const leaseTTL = 30 * time.Second

// state is one session's state and its rules. It knows nothing of actors.
type state struct {
	ttl   time.Duration
	epoch int64

	provider   domain.ProviderID // 0 = unbound
	generation int64             // rises whenever the binding changes
	boundAt    time.Time
	lastUsed   time.Time // zero = never
	seq        int64     // requests numbered so far
	inFlight   *limits.LeaseTable[int64]
}

func newState(ttl time.Duration) *state {
	return &state{ttl: ttl, inFlight: limits.NewLeaseTable[int64](leaseTTL)}
}

// elapse forgets requests that were lost and, when the session has lapsed, its
// binding. Numbers go on as long as they are remembered.
func (s *state) elapse(now time.Time) {
	s.inFlight.Expire(now)
	if s.provider != 0 && s.lapsed(now) {
		s.rebind(0, now)
	}
}

// lapsed tells whether nobody has used the session for its TTL.
func (s *state) lapsed(now time.Time) bool {
	return s.inFlight.Len() == 0 && !now.Before(s.lastUsed.Add(s.ttl))
}

// resolve numbers a request, counts it as in flight and shows the binding. The
// same lease again gets the same number. One that was given back already is
// shown the binding but changes nothing.
func (s *state) resolve(m *protocol.SessionResolve, now time.Time) *protocol.SessionView {
	usedBefore := s.lastUsed
	seq := s.seq
	ttl := time.Duration(m.TTLMs) * time.Millisecond
	held := s.inFlight.Get(m.LeaseID)
	switch {
	case held != nil:
		seq = held.Value
		s.inFlight.Hold(m.LeaseID, seq, now, ttl)
	case s.inFlight.Released(m.LeaseID, now):
	case m.Reclaim:
		s.inFlight.Hold(m.LeaseID, seq, now, ttl)
		s.lastUsed = now
	default:
		s.seq++
		seq = s.seq
		s.inFlight.Hold(m.LeaseID, seq, now, ttl)
		s.lastUsed = now
	}
	return s.view(usedBefore, seq)
}

func (s *state) view(lastUsed time.Time, seq int64) *protocol.SessionView {
	return &protocol.SessionView{
		ProviderID: s.provider,
		Generation: s.generation,
		BoundAt:    toMs(s.boundAt),
		LastUsedAt: toMs(lastUsed),
		Seq:        seq,
		InFlight:   s.inFlight.Len(),
		Epoch:      s.epoch,
	}
}

// bind gives a request's lease back and changes the binding, unless somebody
// else changed it since the request saw it. It tells whether it did.
func (s *state) bind(m *protocol.SessionBind, now time.Time) bool {
	if !m.LeaseID.IsZero() {
		s.inFlight.Release(m.LeaseID, now)
	}
	s.lastUsed = now
	if m.Keep || m.Generation != s.generation || m.ProviderID == s.provider {
		return false
	}
	s.rebind(m.ProviderID, now)
	return true
}

// end drops the binding whatever its generation.
func (s *state) end(now time.Time) *protocol.SessionEnded {
	was := s.provider != 0
	s.rebind(0, now)
	return &protocol.SessionEnded{WasBound: was, Epoch: s.epoch}
}

// renew keeps the session alive while requests are in flight.
func (s *state) renew(m *protocol.LeaseRenew, now time.Time) *protocol.LeaseRenewed {
	r := &protocol.LeaseRenewed{Epoch: s.epoch}
	for _, id := range m.IDs {
		if !s.inFlight.Renew(id, now, time.Duration(m.TTLMs)*time.Millisecond) {
			r.Unknown = append(r.Unknown, id)
		}
	}
	s.lastUsed = now
	return r
}

// release gives leases back without a sign of life: their requests came to nothing.
func (s *state) release(ids []domain.LeaseID, now time.Time) {
	for _, id := range ids {
		s.inFlight.Release(id, now)
	}
}

func (s *state) rebind(to domain.ProviderID, now time.Time) {
	s.provider = to
	s.generation++
	s.boundAt = now
	if to == 0 {
		s.boundAt = time.Time{}
	}
}
