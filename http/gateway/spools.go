package gateway

import (
	"context"
	"sync"
	"time"

	"github.com/claude-code-hub/cch/internal/domain"
)

// Replay is how answers are given again to the same request.
type Replay struct {
	Enabled  bool          // unless the setting says otherwise
	Hot      time.Duration // how long an answer stays in memory
	Kept     time.Duration // how long it is stored
	Detached time.Duration // how long an answer is made for a client that left
	Spools   int           // answers in memory
	MaxBytes int           // of an answer
	Store    ReplayStore   // nil = memory alone
}

// ReplayStore keeps answers beyond memory. Keep and Drop never block; Find of one
// that is not there is a fault of domain.KindNotFound.
type ReplayStore interface {
	Keep(a *domain.Replay)
	Drop(id string)
	Find(ctx context.Context, id string) (*domain.Replay, error)
}

// spools are the answers in memory by the request they are to. Safe for
// concurrent use.
type spools struct {
	Replay

	mu   sync.Mutex
	byID map[string]*shelved
}

// shelved is a spool with the timer that ends its time in memory; nil while the
// answer is being made.
type shelved struct {
	*spool

	timer *time.Timer
}

func newSpools(r Replay) *spools { return &spools{Replay: r, byID: map[string]*shelved{}} }

// count is the number of answers, and of those being made for nobody.
func (s *spools) count() (all, detached int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, held := range s.byID {
		if held.timer == nil && held.left.Load() {
			detached++
		}
	}
	return len(s.byID), detached
}

// find returns the answer to a request, from memory or the store; nil if there is
// none that may be given again.
func (s *spools) find(ctx context.Context, id, verifier string, keyed bool) *spool {
	s.mu.Lock()
	held := s.byID[id]
	s.mu.Unlock()
	if held != nil {
		if held.verifier == verifier && held.offered() {
			return held.spool
		}
		return nil
	}
	if s.Store == nil {
		return nil
	}
	a, err := s.Store.Find(ctx, id)
	if err != nil || a.Verifier != verifier { // what cannot be read is made anew
		return nil
	}
	return respooled(a, keyed)
}

// open puts a new spool into memory; nil if another one is there, or no place.
func (s *spools) open(sp *spool) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.byID[sp.id] != nil || len(s.byID) >= s.Spools && !s.makeRoom() {
		return false
	}
	s.byID[sp.id] = &shelved{spool: sp}
	return true
}

// makeRoom lets go of an answer that is finished, which the store has too; the
// lock is held.
func (s *spools) makeRoom() bool {
	for id, held := range s.byID {
		if held.timer != nil {
			held.timer.Stop()
			delete(s.byID, id)
			return true
		}
	}
	return false
}

// close ends the making of an answer: it stays for a while if it is to be given
// again, else it goes at once.
func (s *spools) close(sp *spool, x *exchange, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	sp.end() // whoever waits for it in vain finds its place free
	held := s.byID[sp.id]
	if held == nil || held.spool != sp {
		return
	}
	if !sp.kept() {
		delete(s.byID, sp.id)
		return
	}
	if s.Store != nil {
		s.Store.Keep(sp.stored(x, now.Add(s.Kept)))
	}
	held.timer = time.AfterFunc(s.Hot, func() { s.forget(sp) })
}

// forget lets go of an answer in memory.
func (s *spools) forget(sp *spool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if held := s.byID[sp.id]; held != nil && held.spool == sp {
		if held.timer != nil {
			held.timer.Stop()
		}
		delete(s.byID, sp.id)
	}
}

// took says that a client got the whole of an answer again. Without a key of
// idempotency that was its second and last time.
func (s *spools) took(sp *spool) {
	if sp.keyed {
		return
	}
	s.forget(sp)
	if s.Store != nil {
		s.Store.Drop(sp.id)
	}
}
