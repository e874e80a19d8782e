package limits

import (
	"time"

	"github.com/claude-code-hub/cch/internal/domain"
)

// rolling is the sum over the last part of a queue.
type rolling struct {
	length int64 // ms
	cut    int64 // entries at or before it do not count
	head   int   // index of the first entry that counts
	used   domain.Money
}

// advance lets go what has left the window. cut never moves back.
func (r *rolling) advance(q *queue, now, reset int64) {
	r.cut = max(r.cut, now-r.length, reset)
	for r.head < len(q.entries) && q.entries[r.head].At <= r.cut {
		r.used -= q.entries[r.head].Amount
		r.head++
	}
}

// recount starts over, for a reset that was taken back too.
func (r *rolling) recount(q *queue, now, reset int64) {
	r.cut = max(now-r.length, reset)
	r.head = q.after(r.cut)
	r.used = q.sum(r.cut)
}

// added follows an addition to the queue.
func (r *rolling) added(e Entry, i int, merged bool) {
	if e.At > r.cut {
		r.used += e.Amount
		return
	}
	if !merged && i <= r.head {
		r.head++
	}
}

func (r *rolling) dropped(n int) { r.head = max(0, r.head-n) }

// freeAt is when so many entries have left that less than the amount is used;
// zero if that never happens.
func (r *rolling) freeAt(q *queue, under domain.Money) time.Time {
	left := r.used
	for _, e := range q.entries[r.head:] {
		if left -= e.Amount; left < under {
			return time.UnixMilli(e.At + r.length)
		}
	}
	return time.Time{}
}
