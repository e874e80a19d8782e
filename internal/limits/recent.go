package limits

import (
	"iter"
	"time"
)

// Recent remembers keys until a deadline. It is meant for one retention time:
// keys are forgotten in the order they came, so a key with a short deadline may
// stay in memory, unseen, behind one with a longer. When the clock steps back,
// keys that would now be remembered for longer than was ever asked for are
// forgotten, or they would pile up. The zero value is empty.
//
// Each key is in memory once, in a ring by the order they came; an index tells
// where in it a key is. Neither has a pointer, unless keys have.
type Recent[K comparable] struct {
	ring    []remembered[K]
	head    int // of the oldest
	count   int // from there on, with those that came again
	index   places[K]
	longest int64 // time asked for, ns
}

type remembered[K comparable] struct {
	key   K
	until int64 // Unix ns; 0 = the key came again and stands further back
}

// leastRing is how many keys there is room for at least.
const leastRing = 4

// Add remembers key until the deadline, or longer if it is remembered longer already.
func (r *Recent[K]) Add(key K, until, now time.Time) {
	r.forget(now.UnixNano())
	deadline := until.UnixNano()
	r.longest = max(r.longest, deadline-now.UnixNano())
	if deadline <= r.deadline(key) {
		return
	}
	if r.count == len(r.ring) {
		r.resize(leastRing + r.count + r.count/4)
	}
	at := r.behind(r.count)
	if before, ok := r.index.put(r.ring, key, at); ok {
		r.ring[before].until = 0
	}
	r.ring[at] = remembered[K]{key, deadline}
	r.count++
}

// Has tells whether key is remembered at now.
func (r *Recent[K]) Has(key K, now time.Time) bool { return now.UnixNano() < r.deadline(key) }

// Last is the deadline of the key that came last; zero when nothing is in memory.
func (r *Recent[K]) Last() time.Time {
	if r.count == 0 {
		return time.Time{}
	}
	return time.Unix(0, r.ring[r.behind(r.count-1)].until)
}

// Trim gives memory back once everything is forgotten.
func (r *Recent[K]) Trim(now time.Time) {
	r.forget(now.UnixNano())
	if r.count == 0 {
		*r = Recent[K]{longest: r.longest}
	}
}

// Len is the number of keys in memory.
func (r *Recent[K]) Len() int { return r.index.used }

// All yields the keys with their deadlines, oldest first.
func (r *Recent[K]) All() iter.Seq2[K, time.Time] {
	return func(yield func(K, time.Time) bool) {
		for i := range r.count {
			e := &r.ring[r.behind(i)]
			if e.until != 0 && !yield(e.key, time.Unix(0, e.until)) {
				return
			}
		}
	}
}

// deadline is until when a key is remembered; 0 = it is not.
func (r *Recent[K]) deadline(key K) int64 {
	if at, ok := r.index.find(r.ring, key); ok {
		return r.ring[at].until
	}
	return 0
}

// behind is the place in the ring so many behind the oldest.
func (r *Recent[K]) behind(n int) int {
	if n += r.head; n >= len(r.ring) {
		n -= len(r.ring)
	}
	return n
}

func (r *Recent[K]) forget(now int64) {
	for r.count > 0 {
		e := &r.ring[r.head]
		if now < e.until && e.until <= now+r.longest {
			break
		}
		if e.until != 0 {
			r.index.remove(r.ring, e.key)
		}
		*e = remembered[K]{}
		r.head = r.behind(1)
		r.count--
	}
	if len(r.ring) > 2*leastRing && r.count < len(r.ring)/4 {
		r.resize(len(r.ring) / 2)
	}
}

// resize makes a ring with so many places, in which the oldest comes first.
func (r *Recent[K]) resize(places int) {
	ring := make([]remembered[K], 0, places)
	for i := range r.count {
		if e := r.ring[r.behind(i)]; e.until != 0 {
			ring = append(ring, e)
		}
	}
	r.ring, r.head, r.count = ring[:places], 0, len(ring)
	r.index = placesOf(r.ring, r.count)
}
