package recorder

import (
	"context"
	"sync"
	"time"

	"github.com/claude-code-hub/cch/actors/protocol"
	"github.com/claude-code-hub/cch/internal/domain"
)

// item is a journaled record on its way to the store. Exactly one of its
// records is set.
type item struct {
	started  *domain.RequestLog
	begun    *domain.BegunLog
	finished *protocol.LogRecord
	settle   *protocol.QuotaSettle // it has no row
	buried   *Buried               // never on its way
	size     int                   // bytes in the journal
	end      int64                 // position after it
}

func (it item) settles() []protocol.QuotaSettle {
	switch {
	case it.finished != nil:
		return it.finished.Settles
	case it.settle != nil:
		return []protocol.QuotaSettle{*it.settle}
	}
	return nil
}

// queue holds journaled records in their order. Beyond a bound it keeps none
// and remembers only where in the journal they begin.
type queue struct {
	o Options

	mu     sync.Mutex
	items  []item
	usual  int // length of the batch taken last
	bytes  int
	oldest time.Time // when the first of items came
	tail   int64     // position after the last journaled record
	behind bool      // records between read and tail are in the journal only
	read   int64     // position up to which records came into memory
	closed bool

	wake chan struct{} // something changed
}

func newQueue(o Options, at int64) *queue {
	return &queue{o: o, tail: at, read: at, wake: make(chan struct{}, 1)}
}

func (q *queue) push(it item) {
	q.mu.Lock()
	q.tail = it.end
	if it.end <= q.read { // it was read back before it got here
		q.mu.Unlock()
		return
	}
	if q.behind || len(q.items) >= q.o.MaxPending {
		q.behind = true
		q.mu.Unlock()
		return
	}
	q.read = it.end
	if len(q.items) == 0 {
		q.oldest = q.o.Now()
	}
	if q.items == nil {
		q.items = make([]item, 0, q.usual)
	}
	q.items = append(q.items, it)
	q.bytes += it.size
	signal := len(q.items) == 1 || q.full()
	q.mu.Unlock()
	if signal {
		q.signal()
	}
}

func (q *queue) full() bool { return len(q.items) >= q.o.BatchRecords || q.bytes >= q.o.BatchBytes }

func (q *queue) signal() {
	select {
	case q.wake <- struct{}{}:
	default:
	}
}

func (q *queue) close() {
	q.mu.Lock()
	q.closed = true
	q.mu.Unlock()
	q.signal()
}

func (q *queue) length() (pending int, behind bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.items), q.behind
}

// next waits for a batch: a full one, one whose first record has waited long
// enough, or the rest after close. It returns no items when records must be
// read from the journal after position from, and false when all is done.
func (q *queue) next(ctx context.Context) (batch []item, from int64, ok bool) {
	for {
		q.mu.Lock()
		wait := time.Duration(-1)
		switch {
		case len(q.items) > 0:
			wait = q.o.BatchDelay - q.waited()
			if q.full() || q.closed || q.behind || wait <= 0 {
				batch = q.take()
				q.mu.Unlock()
				return batch, 0, true
			}
		case q.behind:
			from = q.read
			q.mu.Unlock()
			return nil, from, true
		case q.closed:
			q.mu.Unlock()
			return nil, 0, false
		}
		q.mu.Unlock()
		if !q.sleep(ctx, wait) {
			return nil, 0, false
		}
	}
}

// waited is how long the first record has. It waits anew from when the clock was
// set back, or it would wait for the clock. The lock is held.
func (q *queue) waited() time.Duration {
	now := q.o.Now()
	if now.Before(q.oldest) {
		q.oldest = now
	}
	return now.Sub(q.oldest)
}

// tryTake removes a batch from the front; none if there is nothing in memory.
func (q *queue) tryTake() []item {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.items) == 0 {
		return nil
	}
	return q.take()
}

// take removes a batch from the front. The lock is held.
func (q *queue) take() []item {
	n, bytes := 0, 0
	for n < len(q.items) && n < q.o.BatchRecords && (n == 0 || bytes+q.items[n].size <= q.o.BatchBytes) {
		bytes += q.items[n].size
		n++
	}
	batch := q.items[:n:n]
	q.usual = n
	q.items = q.items[n:]
	q.bytes -= bytes
	if len(q.items) == 0 {
		q.items = nil
	}
	q.oldest = q.o.Now()
	return batch
}

// sleep waits until something changes or d (if not negative) has passed; false
// when ctx ended.
func (q *queue) sleep(ctx context.Context, d time.Duration) bool {
	var timer <-chan time.Time
	if d >= 0 {
		t := time.NewTimer(d)
		defer t.Stop()
		timer = t.C
	}
	select {
	case <-q.wake:
		return true
	case <-timer:
		return true
	case <-ctx.Done():
		return false
	}
}

// caughtUp notes that the records up to a position were read from the journal.
// When these are all there are, later ones come into memory again.
func (q *queue) caughtUp(position int64) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.read = max(q.read, position)
	if q.read >= q.tail {
		q.behind = false
	}
}
