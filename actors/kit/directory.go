package kit

import (
	"hash/maphash"
	"sync"
)

const shards = 32

// Directory maps ids to actors of one kind. An actor is spawned when its id is
// first sent to, and again after it ended. Safe for concurrent use.
type Directory struct {
	sys   *System
	kind  Kind
	stats *kindStats
	live  census
	place Placement // nil: all actors are on this node
	seed  maphash.Seed
	sweep sweep
	shard [shards]shard
}

type shard struct {
	mu sync.RWMutex
	m  map[string]*cell
}

var _ home = (*Directory)(nil)

// Directory makes the map of a kind. One per kind and system is enough.
func (s *System) Directory(k Kind) *Directory { return s.PlacedDirectory(k, nil) }

// PlacedDirectory makes the map of a kind whose actors are spread over the nodes
// of a cluster. Nil = over none but this.
func (s *System) PlacedDirectory(k Kind, p Placement) *Directory {
	d := &Directory{sys: s, kind: k, stats: s.kindStats(k.Name), live: newCensus(), place: p, seed: maphash.MakeSeed()}
	d.sweep.dir = d
	d.sweep.owner = &d.sweep
	for i := range d.shard {
		d.shard[i].m = make(map[string]*cell)
	}
	s.mu.Lock()
	s.dirs = append(s.dirs, d)
	s.mu.Unlock()
	return d
}

// Ref addresses whichever actor bears the id when something is sent; making it
// spawns nothing.
func (d *Directory) Ref(id string) Ref { return Ref{dir: d, id: id} }

// Lookup gives the same Ref, and whether an actor bears the id now.
func (d *Directory) Lookup(id string) (Ref, bool) {
	return d.Ref(id), d.find(id) != nil
}

// Live is the number of actors now.
func (d *Directory) Live() int { return d.live.count() }

func (d *Directory) of(id string) *shard {
	return &d.shard[maphash.String(d.seed, id)%shards]
}

func (d *Directory) find(id string) *cell {
	s := d.of(id)
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.m[id]
}

// resolve finds or spawns; nil when the system is shutting down.
func (d *Directory) resolve(id string) *cell {
	if c := d.find(id); c != nil {
		return c
	}
	s := d.of(id)
	s.mu.Lock()
	defer s.mu.Unlock()
	if c := s.m[id]; c != nil {
		return c
	}
	if d.sys.closed.Load() {
		return nil
	}
	c := newCell(d.sys, &d.kind, id, d)
	if d.place != nil {
		c.placed = d
	}
	s.m[id] = c
	d.live.add()
	c.start(d.sys.root)
	d.sweep.begin()
	return c
}

func (d *Directory) evict(c *cell) {
	s := d.of(c.id)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.m[c.id] == c {
		delete(s.m, c.id)
	}
}

func (d *Directory) gone(*cell) { d.live.done() }

func (d *Directory) forward(c *cell, e *envelope) bool {
	if d.away(c.id) {
		return d.sendAway(c.id, e) == nil
	}
	next := d.resolve(c.id)
	if next == nil || next == c {
		return false
	}
	next.post(e)
	return true
}

// each calls f for every actor, outside all locks.
func (d *Directory) each(f func(*cell)) {
	var cells []*cell
	for i := range d.shard {
		s := &d.shard[i]
		s.mu.RLock()
		cells = cells[:0]
		for _, c := range s.m {
			cells = append(cells, c)
		}
		s.mu.RUnlock()
		for _, c := range cells {
			f(c)
		}
	}
}
