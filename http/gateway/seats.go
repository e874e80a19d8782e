package gateway

import (
	"container/list"
	"context"
	"sync"
	"time"

	"github.com/claude-code-hub/cch/internal/domain"
)

// seatWait is how long a request may wait for a place on a full node.
const seatWait = time.Second

// seats bounds the requests in flight on this node and those of one key or
// user. Who finds the node full waits in order of arrival. Safe for concurrent
// use.
type seats struct {
	places, queue int

	mu      sync.Mutex
	taken   int
	waiting *list.List // of chan struct{}, closed when a place is handed over
	byKey   map[domain.KeyID]int
	byUser  map[domain.UserID]int
	drained chan struct{} // not nil while draining; closed when nobody is left
}

func newSeats(places, queue int) *seats {
	return &seats{
		places: places, queue: queue, waiting: list.New(),
		byKey: make(map[domain.KeyID]int), byUser: make(map[domain.UserID]int),
	}
}

// take waits for a place and returns what gives it back. The error is a
// *domain.Fault: the key's or user's own bound, a full node, or one that drains.
func (s *seats) take(ctx context.Context, k *domain.Key, u *domain.User, set *domain.Settings) (leave func(), err error) {
	s.mu.Lock()
	if s.drained != nil {
		s.mu.Unlock()
		return nil, draining()
	}
	if f := s.bound(k, u, set); f != nil {
		s.mu.Unlock()
		return nil, f
	}
	if s.taken >= s.places {
		if err := s.wait(ctx); err != nil { // unlocks
			return nil, err
		}
		s.mu.Lock()
	} else {
		s.taken++
	}
	s.byKey[k.ID]++
	s.byUser[u.ID]++
	s.mu.Unlock()
	return sync.OnceFunc(func() { s.give(k.ID, u.ID) }), nil
}

// bound checks the bounds of one key and one user, which a client can only
// meet by itself; they are refused at once.
func (s *seats) bound(k *domain.Key, u *domain.User, set *domain.Settings) *domain.Fault {
	refuse := func(scope domain.Scope, n, limit int) *domain.Fault {
		f := domain.NewFault(domain.KindConcurrencyLimited, domain.CodeConcurrentRequests, "too many requests of this "+string(scope)+" are in flight")
		f.Limit = &domain.LimitFault{Type: domain.LimitConcurrentRequests, Scope: scope, Current: float64(n), Limit: float64(limit)}
		return f
	}
	if n := s.byKey[k.ID]; set.MaxInFlightPerKey > 0 && n >= set.MaxInFlightPerKey {
		return refuse(domain.ScopeKey, n, set.MaxInFlightPerKey)
	}
	if n := s.byUser[u.ID]; set.MaxInFlightPerUser > 0 && n >= set.MaxInFlightPerUser {
		return refuse(domain.ScopeUser, n, set.MaxInFlightPerUser)
	}
	return nil
}

// wait queues for a place. It is called with the lock held and returns without.
func (s *seats) wait(ctx context.Context) error {
	length := s.waiting.Len()
	if length >= s.queue {
		s.mu.Unlock()
		return overloaded(length, s.queue)
	}
	turn := make(chan struct{})
	e := s.waiting.PushBack(turn)
	s.mu.Unlock()

	timer := time.NewTimer(seatWait)
	defer timer.Stop()
	select {
	case <-turn:
		return nil
	case <-timer.C:
	case <-ctx.Done():
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	select {
	case <-turn: // handed over just now
		if ctx.Err() == nil {
			return nil
		}
		s.pass()
	default:
		s.waiting.Remove(e)
	}
	if ctx.Err() != nil {
		return domain.NewFault(domain.KindClientGone, domain.CodeClientGone, "the client left while waiting")
	}
	return overloaded(s.waiting.Len(), s.queue)
}

// give takes a place back.
func (s *seats) give(k domain.KeyID, u domain.UserID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.byKey[k]--; s.byKey[k] == 0 {
		delete(s.byKey, k)
	}
	if s.byUser[u]--; s.byUser[u] == 0 {
		delete(s.byUser, u)
	}
	s.pass()
}

// pass hands a place to whoever waits longest, or frees it.
func (s *seats) pass() {
	if e := s.waiting.Front(); e != nil {
		close(s.waiting.Remove(e).(chan struct{})) //nolint:forcetypeassert // the list holds nothing else
		return
	}
	s.taken--
	if s.taken == 0 && s.drained != nil {
		close(s.drained)
	}
}

func (s *seats) count() (taken, waiting int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.taken, s.waiting.Len()
}

// of counts the requests of one user.
func (s *seats) of(u domain.UserID) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.byUser[u]
}

// drain lets nobody in any more; the channel is closed when all have left.
func (s *seats) drain() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.drained == nil {
		s.drained = make(chan struct{})
		if s.taken == 0 {
			close(s.drained)
		}
	}
	return s.drained
}

// overloaded asks to come back in one to five seconds, later the longer the
// queue is.
func overloaded(waiting, queue int) *domain.Fault {
	f := domain.NewFault(domain.KindOverloaded, domain.CodeOverloaded, "the gateway is overloaded, try again shortly")
	f.RetryAfter = time.Second
	if queue > 0 {
		f.RetryAfter += time.Duration(4*waiting/queue) * time.Second
	}
	return f
}

func draining() *domain.Fault {
	f := domain.NewFault(domain.KindOverloaded, domain.CodeServerShutdown, "the gateway is shutting down, try again shortly")
	f.RetryAfter = time.Second
	return f
}
