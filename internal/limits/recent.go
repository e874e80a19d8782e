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
type Recent[K comparable] struct {
	until   map[K]int64 // Unix ns
	queue   []remembered[K]
	head    int
	longest int64 // time asked for, ns
}

type remembered[K comparable] struct {
	key   K
	until int64
}

// Add remembers key until the deadline, or longer if it is remembered longer already.
func (r *Recent[K]) Add(key K, until, now time.Time) {
	r.forget(now.UnixNano())
	deadline := until.UnixNano()
	r.longest = max(r.longest, deadline-now.UnixNano())
	if deadline <= r.until[key] {
		return
	}
	if r.until == nil {
		r.until = map[K]int64{}
	}
	r.until[key] = deadline
	r.queue = append(r.queue, remembered[K]{key, deadline})
}

// Has tells whether key is remembered at now.
func (r *Recent[K]) Has(key K, now time.Time) bool {
	until, ok := r.until[key]
	return ok && now.UnixNano() < until
}

// Last is the deadline of the key that came last; zero when nothing is in memory.
func (r *Recent[K]) Last() time.Time {
	if len(r.queue) == r.head {
		return time.Time{}
	}
	return time.Unix(0, r.queue[len(r.queue)-1].until)
}

// Trim gives memory back once everything is forgotten.
func (r *Recent[K]) Trim(now time.Time) {
	r.forget(now.UnixNano())
	if len(r.until) == 0 {
		*r = Recent[K]{longest: r.longest}
	}
}

// Len is the number of keys in memory.
func (r *Recent[K]) Len() int { return len(r.until) }

// All yields the keys with their deadlines, oldest first.
func (r *Recent[K]) All() iter.Seq2[K, time.Time] {
	return func(yield func(K, time.Time) bool) {
		for _, e := range r.queue[r.head:] {
			if r.until[e.key] == e.until && !yield(e.key, time.Unix(0, e.until)) {
				return
			}
		}
	}
}

func (r *Recent[K]) forget(now int64) {
	for r.head < len(r.queue) {
		e := r.queue[r.head]
		if now < e.until && e.until <= now+r.longest {
			break
		}
		if r.until[e.key] == e.until { // else it was added again and stands further back
			delete(r.until, e.key)
		}
		r.head++
	}
	if r.head > len(r.queue)/2 {
		n := copy(r.queue, r.queue[r.head:])
		clear(r.queue[n:])
		r.queue, r.head = r.queue[:n], 0
	}
}
