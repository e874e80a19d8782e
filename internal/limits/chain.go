package limits

import (
	"slices"

	"github.com/claude-code-hub/cch/internal/domain"
)

// chain is a row of windows of one length that each open with the first charge
// after the last one closed. The windows are cut from the charges in order of
// their time, not of their arrival: a late charge that lies between two windows
// moves the later one forward, and with it all that follow.
type chain struct {
	length int64 // ms
	// floor is where the windows that are still known begin: charges at or
	// before it are of windows long closed, or were reset.
	floor   int64
	anchors []int64 // openings of the windows since, ascending
	used    domain.Money
}

// recut cuts all windows anew from the charges after the floor.
func (c *chain) recut(q *queue, floor int64) {
	c.floor = floor
	c.anchors = c.anchors[:0]
	c.extend(q)
}

// extend cuts windows from the charges after the last known one.
func (c *chain) extend(q *queue) {
	for _, e := range q.entries[q.after(c.end()-1):] {
		if e.At >= c.end() && e.Amount != 0 {
			c.anchors = append(c.anchors, e.At)
		}
	}
	c.used = 0
	if n := len(c.anchors); n > 0 {
		c.used = q.sum(c.anchors[n-1] - 1)
	}
}

// end is where the last window ends, or the first may begin.
func (c *chain) end() int64 {
	if n := len(c.anchors); n > 0 {
		return c.anchors[n-1] + c.length
	}
	return c.floor + 1
}

// added follows an addition to the queue.
func (c *chain) added(q *queue, e Entry) {
	if e.At <= c.floor {
		return
	}
	i, _ := slices.BinarySearch(c.anchors, e.At+1) // windows before i open at or before e
	if i > 0 && c.anchors[i-1] == e.At && q.at(e.At) == 0 {
		c.anchors = c.anchors[:i-1] // what opened the window was taken back
		c.extend(q)
		return
	}
	if i > 0 && e.At < c.anchors[i-1]+c.length {
		if i == len(c.anchors) {
			c.used += e.Amount
		}
		return
	}
	c.anchors = c.anchors[:i]
	c.extend(q)
}

// trim forgets windows whose charges are no longer in the queue.
func (c *chain) trim(q *queue) {
	n := 0
	for n < len(c.anchors)-1 && c.anchors[n]+c.length <= q.from {
		c.floor = c.anchors[n] + c.length - 1
		n++
	}
	c.anchors = slices.Delete(c.anchors, 0, n)
}

// open is the window around now: where it begins, or would at the earliest, and
// when it ends; 0 = none is open.
func (c *chain) open(now int64) (after, end int64, used domain.Money) {
	n := len(c.anchors)
	if n == 0 {
		return c.floor, 0, 0
	}
	end = c.anchors[n-1] + c.length
	if now >= end {
		return end - 1, 0, 0
	}
	after = c.floor
	if n > 1 {
		after = c.anchors[n-2] + c.length - 1
	}
	return after, end, c.used
}
