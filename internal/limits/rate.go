package limits

import (
	"slices"
	"time"

	"github.com/claude-code-hub/cch/internal/domain"
)

// rateWindow is the span over which requests per minute are counted.
const rateWindow = time.Minute

// Run is a number of requests admitted in the same millisecond.
type Run struct {
	At int64 // Unix ms
	N  int
}

// Rate counts the requests admitted in the last 60 seconds, exactly to the
// millisecond: one admitted at t counts in [t, t+60s). It keeps one entry per
// millisecond, so its size is bounded (60,000 entries, 1 MB) at any rate. The
// zero value is empty.
//
// When the clock steps back, entries that would lie in the future are taken to
// be of now, so they leave within a minute as well.
type Rate struct {
	runs  []Run // by time
	head  int
	count int
}

// RestoreRate makes a counter from stored runs.
func RestoreRate(runs []Run) Rate {
	r := Rate{runs: slices.Clone(runs)}
	slices.SortFunc(r.runs, func(a, b Run) int { return int(a.At - b.At) })
	for _, run := range r.runs {
		r.count += run.N
	}
	return r
}

// Add counts one admitted request.
func (r *Rate) Add(now time.Time) {
	ms := r.advance(now)
	r.count++
	if n := len(r.runs); n > r.head && r.runs[n-1].At == ms {
		r.runs[n-1].N++
		return
	}
	r.runs = append(r.runs, Run{At: ms, N: 1})
}

// Count is the number of requests in the window that ends at now.
func (r *Rate) Count(now time.Time) int {
	r.advance(now)
	return r.count
}

// FreeAt is when enough requests have left the window for one more to fit
// under the limit.
func (r *Rate) FreeAt(now time.Time, limit int) time.Time {
	r.advance(now)
	surplus := r.count - limit
	for _, run := range r.runs[r.head:] {
		if surplus < 0 {
			break
		}
		if surplus -= run.N; surplus < 0 {
			return time.UnixMilli(run.At).Add(rateWindow)
		}
	}
	return now
}

// Runs returns a copy of what is in the window, oldest first, for storage.
func (r *Rate) Runs(now time.Time) []Run {
	r.advance(now)
	return slices.Clone(r.runs[r.head:])
}

// Check holds the rate against a limit.
func (r *Rate) Check(scope domain.Scope, limit int, now time.Time) Check {
	c := Check{Limit: domain.LimitRPM, Scope: scope, Current: int64(r.Count(now)), Max: int64(max(limit, 0))}
	if c.Max > 0 && c.Current >= c.Max {
		c.Failing = true
		c.ResetAt = r.FreeAt(now, limit)
	}
	return c
}

// advance drops what has left the window and returns now in ms.
func (r *Rate) advance(now time.Time) int64 {
	ms := now.UnixMilli()
	for r.head < len(r.runs) && r.runs[r.head].At <= ms-rateWindow.Milliseconds() {
		r.count -= r.runs[r.head].N
		r.head++
	}
	if r.head > len(r.runs)/2 {
		r.runs = append(r.runs[:0], r.runs[r.head:]...)
		r.head = 0
	}
	if n := len(r.runs); n > r.head && r.runs[n-1].At > ms {
		r.pullBack(ms)
	}
	return ms
}

// pullBack merges entries later than ms into one at ms.
func (r *Rate) pullBack(ms int64) {
	n := 0
	for len(r.runs) > r.head && r.runs[len(r.runs)-1].At >= ms {
		n += r.runs[len(r.runs)-1].N
		r.runs = r.runs[:len(r.runs)-1]
	}
	r.runs = append(r.runs, Run{At: ms, N: n})
}
