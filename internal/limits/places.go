package limits

import "hash/maphash"

// places is a hash table of where keys are in a ring, by linear probing. It has
// four bytes a slot, and a third more slots than the ring has places, so that one
// is always free.
type places[K comparable] struct {
	seed  maphash.Seed
	slots []uint32 // one more than the place; 0 = free
	used  int
}

// placesOf indexes the first so many of a ring.
func placesOf[K comparable](ring []remembered[K], count int) places[K] {
	p := places[K]{seed: maphash.MakeSeed(), slots: make([]uint32, 1+len(ring)+len(ring)/3)}
	for i := range count {
		p.put(ring, ring[i].key, i)
	}
	return p
}

func (p *places[K]) find(ring []remembered[K], key K) (at int, ok bool) {
	if p.used == 0 {
		return 0, false
	}
	at = int(p.slots[p.slot(ring, key)]) - 1
	return at, at >= 0
}

// put says where a key is, and tells where it was before, if it was anywhere.
func (p *places[K]) put(ring []remembered[K], key K, at int) (before int, ok bool) {
	slot := &p.slots[p.slot(ring, key)]
	before = int(*slot) - 1
	*slot = uint32(at) + 1
	if before < 0 {
		p.used++
	}
	return before, before >= 0
}

// remove takes a key out that is there. Those behind it move up, unless they
// would come before the slot where the search for them begins.
func (p *places[K]) remove(ring []remembered[K], key K) {
	hole := p.slot(ring, key)
	for i := p.next(hole); p.slots[i] != 0; i = p.next(i) {
		begin := p.begin(ring[p.slots[i]-1].key)
		if p.distance(begin, i) >= p.distance(hole, i) {
			p.slots[hole], hole = p.slots[i], i
		}
	}
	p.slots[hole] = 0
	p.used--
}

// slot is the one of a key, or the free one that it would get.
func (p *places[K]) slot(ring []remembered[K], key K) int {
	i := p.begin(key)
	for p.slots[i] != 0 && ring[p.slots[i]-1].key != key {
		i = p.next(i)
	}
	return i
}

// begin is where the search for a key begins.
func (p *places[K]) begin(key K) int {
	hash := maphash.Comparable(p.seed, key) >> 32
	return int(hash * uint64(len(p.slots)) >> 32)
}

func (p *places[K]) next(i int) int {
	if i++; i == len(p.slots) {
		return 0
	}
	return i
}

// distance is how many steps it is from one slot to another.
func (p *places[K]) distance(from, to int) int {
	if to < from {
		to += len(p.slots)
	}
	return to - from
}
