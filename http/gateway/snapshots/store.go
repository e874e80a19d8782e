package snapshots

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/claude-code-hub/cch/internal/domain"
)

const (
	// Kept is how long a snapshot can be read, and a session is watched.
	Kept = 5 * time.Minute
	// maxBody bounds each of the four bodies of a snapshot.
	maxBody = 256 << 10
	// maxBytes bounds all snapshots together; the oldest give way.
	maxBytes = 64 << 20
	// maxRunning bounds the requests whose snapshots are being taken.
	maxRunning = 32
	// maxWatched bounds the sessions that are looked at.
	maxWatched = 1000
)

// Store keeps snapshots. Safe for concurrent use; a nil store keeps nothing.
type Store struct {
	texts   bool
	now     func() time.Time
	running atomic.Int64
	watched atomic.Int64 // sessions, also those whose time is over

	mu      sync.Mutex
	watches map[string]time.Time // by hash of the session: until when
	kept    []kept               // oldest first
	bytes   int
}

type kept struct {
	hash string
	size int
	shot *domain.DebugSnapshot
}

// New makes a store. With texts those of all requests are taken, and with what
// people and models wrote; without, only those of sessions that somebody looks
// at, and texts are masked.
func New(texts bool, now func() time.Time) *Store {
	return &Store{texts: texts, now: now, watches: map[string]time.Time{}}
}

// Watch has snapshots of a session's requests taken from now on, for as long as
// Kept, and tells until when.
func (s *Store) Watch(hash string) time.Time {
	if s == nil {
		return time.Time{}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	s.forget(now)
	if _, known := s.watches[hash]; !known && len(s.watches) >= maxWatched {
		return time.Time{}
	}
	until := now.Add(Kept)
	s.watches[hash] = until
	s.watched.Store(int64(len(s.watches)))
	return until
}

// Get finds the snapshot of a session's request by its number, or the newest for
// 0, and lists the numbers of those there are, oldest first.
func (s *Store) Get(hash string, seq int64) (shot *domain.DebugSnapshot, there []int64) {
	if s == nil {
		return nil, nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.forget(s.now())
	for i := range s.kept {
		if k := &s.kept[i]; k.hash == hash {
			there = append(there, k.shot.Seq)
			if seq == 0 || k.shot.Seq == seq {
				shot = k.shot
			}
		}
	}
	return shot, there
}

// forget drops what is over.
func (s *Store) forget(now time.Time) {
	old := 0
	for old < len(s.kept) && (s.bytes > maxBytes || now.Sub(s.kept[old].shot.At) > Kept) {
		s.bytes -= s.kept[old].size
		old++
	}
	if old > 0 {
		s.kept = append([]kept(nil), s.kept[old:]...)
	}
	for hash, until := range s.watches {
		if now.After(until) {
			delete(s.watches, hash)
		}
	}
	s.watched.Store(int64(len(s.watches)))
}

// Begin starts the snapshot of a request; nil if nobody wants one, which costs no
// more than a look at a number.
func (s *Store) Begin(id domain.RequestID, session domain.SessionKey, seq int64) *Capture {
	if s == nil || !s.texts && s.watched.Load() == 0 {
		return nil
	}
	hash := session.Hash()
	if !s.texts && !s.isWatched(hash) {
		return nil
	}
	if s.running.Add(1) > maxRunning {
		s.running.Add(-1)
		return nil
	}
	return &Capture{
		store: s, hash: hash,
		shot: domain.DebugSnapshot{RequestID: id, Session: session, Seq: seq, At: s.now()},
	}
}

func (s *Store) isWatched(hash string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.now().Before(s.watches[hash])
}

// keep takes a snapshot that is complete.
func (s *Store) keep(hash string, shot *domain.DebugSnapshot) {
	size := 0
	for _, m := range [...]*domain.DebugMessage{
		&shot.Client.Request, &shot.Client.Response, &shot.Upstream.Request, &shot.Upstream.Response,
	} {
		size += len(m.Body) + len(m.URL) + 512
		for name, value := range m.Headers {
			size += len(name) + len(value)
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.kept = append(s.kept, kept{hash: hash, size: size, shot: shot})
	s.bytes += size
	s.forget(s.now())
}
