package limits

import (
	"math"
	"slices"
	"sort"
	"time"

	"github.com/claude-code-hub/cch/internal/domain"
)

const (
	// forever is before every charge, maxMs after, in Unix ms. Both leave room
	// for sums with the length of a window.
	forever = math.MinInt64 / 4
	maxMs   = math.MaxInt64 / 4

	// keptFor is how long single charges are remembered: the longest window
	// that is made of them, a day of 25 hours, and some for what arrives late.
	keptFor = 26 * time.Hour
	// exactEntries is how many charges are kept apart. Beyond, the oldest are
	// merged by the minute.
	exactEntries = 4096
	minuteMs     = 60_000
)

// Entry is an amount that counts at a time.
type Entry struct {
	At     int64 // Unix ms: admission of the request
	Amount domain.Money
}

// queue holds the charges of the last keptFor, by time, one per millisecond.
type queue struct {
	entries []Entry
	// from is how far back the queue is complete: all charges after it are here.
	from int64
}

// add files a charge and returns its index and whether it was merged with one
// of the same millisecond.
func (q *queue) add(e Entry) (i int, merged bool) {
	n := len(q.entries)
	if n == 0 || q.entries[n-1].At < e.At {
		q.entries = append(q.entries, e)
		return n, false
	}
	i = q.after(e.At - 1)
	if q.entries[i].At == e.At {
		q.entries[i].Amount += e.Amount
		return i, true
	}
	q.entries = slices.Insert(q.entries, i, e)
	return i, false
}

// after is the index of the first entry later than ms.
func (q *queue) after(ms int64) int {
	return sort.Search(len(q.entries), func(i int) bool { return q.entries[i].At > ms })
}

// at is what was charged at a time.
func (q *queue) at(ms int64) domain.Money {
	if i := q.after(ms - 1); i < len(q.entries) && q.entries[i].At == ms {
		return q.entries[i].Amount
	}
	return 0
}

// sum adds up what is later than ms.
func (q *queue) sum(ms int64) (m domain.Money) {
	for _, e := range q.entries[q.after(ms):] {
		m += e.Amount
	}
	return m
}

// drop forgets entries at or before ms and returns how many. It waits until
// there is an hour of them, as what stays has to be moved.
func (q *queue) drop(ms int64) int {
	if len(q.entries) == 0 || q.entries[0].At > ms-time.Hour.Milliseconds() {
		return 0
	}
	n := q.after(ms)
	q.from = max(q.from, q.entries[n-1].At)
	q.entries = append(q.entries[:0], q.entries[n:]...)
	return n
}

// merge joins the older half of the entries by the minute. The sum is stamped
// with the minute's last entry, so nothing leaves a window early. Entries on
// different sides of a mark stay apart: (…, mark] and (mark, …).
func (q *queue) merge(marks []int64) {
	half := len(q.entries) / 2
	out := q.entries[:1]
	for _, e := range q.entries[1:half] {
		last := &out[len(out)-1]
		if last.At/minuteMs != e.At/minuteMs || parted(last.At, e.At, marks) {
			out = append(out, e)
			continue
		}
		last.At = e.At
		last.Amount += e.Amount
	}
	q.entries = append(out, q.entries[half:]...)
}

func parted(a, b int64, marks []int64) bool {
	for _, m := range marks {
		if a <= m && m < b {
			return true
		}
	}
	return false
}
