package recorder

import (
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/claude-code-hub/cch/internal/domain"
)

// Traffic is what became of the requests whose rows the store took, since the
// process started; rows that a journal was replayed for are among them.
type Traffic struct {
	Requests map[ResultKey]int64
	Input    int64 // tokens, without cached ones
	Output   int64
	Read     int64 // from prompt caches
	Written  int64 // into them
	Cost     domain.Money
	Duration Histogram // of requests that a provider answered
	TTFT     Histogram // of those that showed content
}

// ResultKey is by what requests are counted.
type ResultKey struct {
	Outcome   domain.Outcome
	BlockedBy domain.BlockedBy
}

// Histogram counts durations up to domain.LatencyBounds, and the others last.
type Histogram struct {
	Counts [domain.LatencyBuckets]int64
	Sum    time.Duration
}

func (h *Histogram) add(d time.Duration) {
	if d <= 0 {
		return
	}
	bounds := domain.LatencyBounds()
	i, _ := slices.BinarySearch(bounds[:], d)
	h.Counts[i]++
	h.Sum += d
}

// traffic counts. The zero value is ready; safe for concurrent use.
type traffic struct {
	mu sync.Mutex
	t  Traffic
}

func (c *traffic) count(finished []domain.FinishedLog) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.t.Requests == nil {
		c.t.Requests = make(map[ResultKey]int64)
	}
	for _, f := range finished {
		if f.Log.IsDemo {
			continue // it is made up
		}
		c.t.Requests[ResultKey{f.Log.Result.Outcome, f.Log.Result.BlockedBy}]++
		u := &f.Log.Usage
		c.t.Input += u.Input
		c.t.Output += u.Output
		c.t.Read += u.CacheRead
		c.t.Written += u.CacheWrite5m + u.CacheWrite1h
		c.t.Cost += f.Log.Cost
		if f.Log.Upstream.ProviderID != 0 {
			c.t.Duration.add(f.Log.Timing.Duration)
			c.t.TTFT.add(f.Log.Timing.TTFT)
		}
	}
}

func (c *traffic) read() Traffic {
	c.mu.Lock()
	defer c.mu.Unlock()
	t := c.t
	if t.Requests = maps.Clone(c.t.Requests); t.Requests == nil {
		t.Requests = make(map[ResultKey]int64)
	}
	return t
}

// Traffic reads what became of requests.
func (r *Recorder) Traffic() Traffic { return r.traffic.read() }
