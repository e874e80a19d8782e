package kit

import (
	"cmp"
	"slices"
	"sync/atomic"
)

// KindStats are the counters of one kind since the system started.
type KindStats struct {
	Kind        string
	Live        int   // actors now
	Asks        int64 // asks sent
	Refusals    int64 // asks refused as ErrSaturated
	Panics      int64 // in Receive, hooks and work
	Restarts    int64
	DeadLetters int64
	MaxDepth    int // longest queue now, children not counted
}

type kindStats struct {
	live, asks, refusals, panics, restarts, deadLetters atomic.Int64
}

func (s *System) kindStats(name string) *kindStats {
	s.kindMu.RLock()
	k := s.kinds[name]
	s.kindMu.RUnlock()
	if k != nil {
		return k
	}
	s.kindMu.Lock()
	defer s.kindMu.Unlock()
	if s.kinds[name] == nil {
		s.kinds[name] = new(kindStats)
	}
	return s.kinds[name]
}

// Stats reads the counters of all kinds, ordered by name.
func (s *System) Stats() []KindStats {
	depth := s.depths()
	s.kindMu.RLock()
	defer s.kindMu.RUnlock()
	all := make([]KindStats, 0, len(s.kinds))
	for name, k := range s.kinds {
		all = append(all, KindStats{
			Kind:        name,
			Live:        int(k.live.Load()),
			Asks:        k.asks.Load(),
			Refusals:    k.refusals.Load(),
			Panics:      k.panics.Load(),
			Restarts:    k.restarts.Load(),
			DeadLetters: k.deadLetters.Load(),
			MaxDepth:    depth[name],
		})
	}
	slices.SortFunc(all, func(a, b KindStats) int { return cmp.Compare(a.Kind, b.Kind) })
	return all
}

func (s *System) depths() map[string]int {
	s.mu.Lock()
	dirs, top := slices.Clone(s.dirs), slices.Clone(s.top)
	s.mu.Unlock()
	depth := make(map[string]int)
	note := func(c *cell) { depth[c.kind.Name] = max(depth[c.kind.Name], c.depth()) }
	for _, d := range dirs {
		d.each(note)
	}
	for _, t := range top {
		note(t.cell)
	}
	return depth
}
