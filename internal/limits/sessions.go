package limits

import (
	"container/list"
	"iter"
	"time"

	"github.com/claude-code-hub/cch/internal/domain"
)

// A client that is refused a new session is told to come back when the first
// session may have lapsed, but neither at once nor in five minutes.
const (
	minSessionWait = 5 * time.Second
	maxSessionWait = time.Minute
)

// Sessions is the set of sessions that count as concurrent: those with a
// request in flight, and those whose last request ended less than the TTL ago.
type Sessions struct {
	ttl   time.Duration
	all   map[domain.SessionKey]*tracked
	ofKey map[domain.KeyID]int
	idle  *list.List // of *tracked without requests, the first to lapse in front
}

type tracked struct {
	key   domain.SessionKey
	refs  int  // requests in flight
	kept  bool // stays for the TTL when the last of them ends
	until time.Time
	idle  *list.Element // nil while in flight
}

// NewSessions makes an empty set.
func NewSessions(ttl time.Duration) *Sessions {
	return &Sessions{
		ttl:   ttl,
		all:   map[domain.SessionKey]*tracked{},
		ofKey: map[domain.KeyID]int{},
		idle:  list.New(),
	}
}

// Len counts the sessions at now.
func (s *Sessions) Len(now time.Time) int {
	s.lapse(now)
	return len(s.all)
}

// LenOf counts the sessions of one key at now.
func (s *Sessions) LenOf(key domain.KeyID, now time.Time) int {
	s.lapse(now)
	return s.ofKey[key]
}

// Has tells whether the session counts already at now.
func (s *Sessions) Has(key domain.SessionKey, now time.Time) bool {
	s.lapse(now)
	return s.all[key] != nil
}

// Enter notes a request that begins. Each Enter needs one Leave.
func (s *Sessions) Enter(key domain.SessionKey, now time.Time) {
	s.lapse(now)
	t := s.all[key]
	if t == nil {
		t = &tracked{key: key}
		s.all[key] = t
		s.ofKey[key.KeyID]++
	}
	t.refs++
	if t.idle != nil {
		s.idle.Remove(t.idle)
		t.idle = nil
	}
}

// Leave notes a request that ended. With keep the session goes on counting for
// the TTL; without, it does so only if an earlier request kept it.
func (s *Sessions) Leave(key domain.SessionKey, now time.Time, keep bool) {
	t := s.all[key]
	if t == nil || t.refs == 0 {
		return
	}
	t.refs--
	t.kept = t.kept || keep
	if t.refs > 0 {
		return
	}
	if !t.kept {
		s.drop(t)
		return
	}
	s.rest(t, now.Add(s.ttl))
}

// Restore puts back an idle session that lapses at until.
func (s *Sessions) Restore(key domain.SessionKey, until time.Time) {
	if s.all[key] != nil {
		return
	}
	t := &tracked{key: key, kept: true}
	s.all[key] = t
	s.ofKey[key.KeyID]++
	s.rest(t, until)
}

// Lapse is the earliest time at which a session of the key may stop counting,
// if nothing more is asked of it; key 0 means any key.
func (s *Sessions) Lapse(key domain.KeyID, now time.Time) time.Time {
	s.lapse(now)
	for e := s.idle.Front(); e != nil; e = e.Next() {
		if t := entry(e); key == 0 || t.key.KeyID == key {
			return t.until
		}
	}
	return now.Add(s.ttl)
}

// All yields every session and when it lapses; those in flight lapse a TTL from now.
func (s *Sessions) All(now time.Time) iter.Seq2[domain.SessionKey, time.Time] {
	s.lapse(now)
	return func(yield func(domain.SessionKey, time.Time) bool) {
		for _, t := range s.all {
			until := t.until
			if t.refs > 0 {
				until = now.Add(s.ttl)
			}
			if !yield(t.key, until) {
				return
			}
		}
	}
}

// Check holds the sessions of a key (0 = all keys) against a limit. A session
// that counts already is never refused.
func (s *Sessions) Check(scope domain.Scope, key domain.KeyID, session domain.SessionKey, limit int, now time.Time) Check {
	s.lapse(now)
	n := len(s.all)
	if key != 0 {
		n = s.ofKey[key]
	}
	c := Check{Limit: domain.LimitConcurrentSessions, Scope: scope, Current: int64(n), Max: int64(max(limit, 0))}
	if c.Max > 0 && c.Current >= c.Max && s.all[session] == nil {
		c.Failing = true
		wait := s.Lapse(key, now).Sub(now)
		c.ResetAt = now.Add(min(max(wait, minSessionWait), maxSessionWait))
	}
	return c
}

// lapse forgets the sessions whose time is over.
func (s *Sessions) lapse(now time.Time) {
	for e := s.idle.Front(); e != nil && !now.Before(entry(e).until); e = s.idle.Front() {
		s.drop(entry(e))
	}
}

// rest files a session without requests by the time it lapses: at the back,
// unless it was restored out of order.
func (s *Sessions) rest(t *tracked, until time.Time) {
	t.until = until
	e := s.idle.Back()
	for e != nil && entry(e).until.After(until) {
		e = e.Prev()
	}
	if e == nil {
		t.idle = s.idle.PushFront(t)
		return
	}
	t.idle = s.idle.InsertAfter(t, e)
}

func (s *Sessions) drop(t *tracked) {
	if t.idle != nil {
		s.idle.Remove(t.idle)
	}
	delete(s.all, t.key)
	if s.ofKey[t.key.KeyID]--; s.ofKey[t.key.KeyID] == 0 {
		delete(s.ofKey, t.key.KeyID)
	}
}

// entry reads a list element; only this file puts any in.
func entry(e *list.Element) *tracked {
	t, _ := e.Value.(*tracked)
	return t
}
