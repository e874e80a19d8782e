package recorder

import (
	"context"
	"sync"
	"time"

	"github.com/claude-code-hub/cch/internal/domain"
	"github.com/claude-code-hub/cch/internal/failpoint"
)

// appendDelay is how long a ledger row waits for others to be committed with.
// Nobody waits for the commit: a row counts from the moment it is numbered, and
// the journal has what it came from. A row in a group of 150 costs SQLite less
// than half of what it costs in one of 10.
const appendDelay = 250 * time.Millisecond

// appender is the goroutine that brings ledger rows to the store, in groups and
// in the order they came.
type appender struct {
	o     Options
	stats *counters
	bury  func(ctx context.Context, it item, why error) error

	mu     sync.Mutex
	rows   []*pendingRow
	usual  int // length of the group taken last
	closed bool
	wake   chan struct{} // something changed
	done   chan struct{} // closed when run ended

	batch []domain.LedgerRow // of run, to be filled again
}

// pendingRow is a row with who wants to know of it, and what became of it.
type pendingRow struct {
	row    *domain.LedgerRow
	done   func(error)
	result error
}

func newAppender(r *Recorder) *appender {
	return &appender{o: r.o, stats: &r.stats, bury: r.bury, wake: make(chan struct{}, 1), done: make(chan struct{})}
}

// Append has a ledger row written with the next group and returns at once. done
// is called exactly once, from another goroutine and in the order of the rows:
// nil = committed, a *domain.LedgerDuplicateError, domain.ErrLedgerFenced or
// domain.ErrLedgerRefused. It is not called while the store takes no rows, nor
// after Close. The row must not change any more.
func (r *Recorder) Append(row *domain.LedgerRow, done func(error)) { r.appender.append(row, done) }

func (a *appender) append(row *domain.LedgerRow, done func(error)) {
	a.mu.Lock()
	if a.rows == nil {
		a.rows = make([]*pendingRow, 0, a.usual)
	}
	a.rows = append(a.rows, &pendingRow{row: row, done: done})
	n := len(a.rows)
	a.mu.Unlock()
	if n == 1 || n == a.o.BatchRecords {
		a.signal()
	}
}

func (a *appender) signal() {
	select {
	case a.wake <- struct{}{}:
	default:
	}
}

func (a *appender) length() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return len(a.rows)
}

// run commits groups until ctx ends, or all is done after close.
func (a *appender) run(ctx context.Context) {
	defer close(a.done)
	for {
		group, ok := a.next(ctx)
		if !ok || a.commit(ctx, group) != nil {
			return
		}
	}
}

// close has run end with the last row, or when ctx ends, and waits for it.
func (a *appender) close(ctx context.Context, cancel context.CancelFunc) {
	a.mu.Lock()
	a.closed = true
	a.mu.Unlock()
	a.signal()
	select {
	case <-a.done:
	case <-ctx.Done():
		cancel()
		<-a.done
	}
}

// next waits for the first row, then a little for more.
func (a *appender) next(ctx context.Context) (group []*pendingRow, ok bool) {
	var patience <-chan time.Time
	for {
		a.mu.Lock()
		n := len(a.rows)
		closed := a.closed
		if n >= a.o.BatchRecords || n > 0 && closed {
			group = a.take()
			a.mu.Unlock()
			return group, true
		}
		a.mu.Unlock()
		if closed {
			return nil, false
		}
		if n > 0 && patience == nil {
			t := time.NewTimer(appendDelay)
			defer t.Stop()
			patience = t.C
		}
		select {
		case <-a.wake:
		case <-patience:
			a.mu.Lock()
			group = a.take()
			a.mu.Unlock()
			return group, true
		case <-ctx.Done():
			return nil, false
		}
	}
}

// take removes a group from the front. The lock is held.
func (a *appender) take() []*pendingRow {
	n := min(len(a.rows), a.o.BatchRecords)
	group := a.rows[:n:n]
	a.usual = n
	a.rows = a.rows[n:]
	if len(a.rows) == 0 {
		a.rows = nil
	}
	return group
}

// commit brings a group to the ledger, however long that takes, and buries what
// the ledger will never take; then it tells what became of each row. It fails
// only when ctx ends.
func (a *appender) commit(ctx context.Context, group []*pendingRow) error {
	for left := group; len(left) > 0; {
		err := a.persist(ctx, patience, left)
		if err == nil {
			break
		}
		if !refused(err) {
			return err
		}
		if left, err = a.sift(ctx, left); err != nil {
			return err
		}
		if len(left) > 0 && !pause(ctx, jittered(longestRetry)) {
			return ctx.Err()
		}
		if len(left) > 0 { // more rows tell these rows' fault from the ledger's
			a.mu.Lock()
			more := a.take()
			a.mu.Unlock()
			group, left = append(group, more...), append(left, more...)
		}
	}
	a.follow(ctx, a.tell(group))
	return nil
}

// sift buries the bad rows of a group and returns those that are undecided.
func (a *appender) sift(ctx context.Context, group []*pendingRow) (left []*pendingRow, err error) {
	s := sieve[*pendingRow]{
		write: func(ctx context.Context, part []*pendingRow) error { return a.persist(ctx, 1, part) },
		control: func(ctx context.Context, p *pendingRow) error {
			return a.write(ctx, []*pendingRow{{row: p.row}}) // what became of the row is known
		},
	}
	poison, left, err := s.sift(ctx, group)
	for _, p := range poison {
		bad := p.alone[0]
		a.o.Logger.ErrorContext(ctx, "ledger will not take a row, it is buried",
			"request_id", bad.row.ReqID.String(), "user_id", int64(bad.row.UserID), "error", p.why)
		if err := a.bury(ctx, item{settle: settlementOf(bad.row)}, p.why); err != nil {
			return nil, err
		}
		bad.result = domain.ErrLedgerRefused
	}
	return left, err
}

// persist appends rows, see [persist].
func (a *appender) persist(ctx context.Context, tries int, group []*pendingRow) error {
	return persist(ctx, tries, func(ctx context.Context) error { return a.write(ctx, group) }, func(wait int64, err error) {
		a.stats.retries.Add(1)
		a.o.Logger.ErrorContext(ctx, "store does not take ledger rows, trying again",
			"rows", len(group), "wait_ms", wait, "error", err)
	})
}

func (a *appender) write(ctx context.Context, group []*pendingRow) error {
	a.batch = a.batch[:0]
	for _, p := range group {
		a.batch = append(a.batch, *p.row)
	}
	defer clear(a.batch)
	failpoint.Hit(failpoint.BeforeLedgerCommit)
	results, err := a.o.Ledger.Append(ctx, a.batch)
	if err != nil {
		return err
	}
	failpoint.Hit(failpoint.AfterLedgerCommit)
	for i := range group {
		group[i].result = results[i]
	}
	return nil
}

// tell says to each who appended what became of the row, and returns the
// requests whose cost was adjusted.
func (a *appender) tell(group []*pendingRow) (adjusted []domain.RequestID) {
	for _, p := range group {
		if p.result == nil {
			a.stats.appended.Add(1)
			if p.row.Kind == domain.LedgerAdjust {
				adjusted = append(adjusted, p.row.ReqID)
			}
		}
		p.done(p.result)
	}
	return adjusted
}

// follow carries adjustments to the request log, if that works: the ledger is
// the truth.
func (a *appender) follow(ctx context.Context, adjusted []domain.RequestID) {
	if len(adjusted) == 0 {
		return
	}
	if err := a.o.Store.FollowLedger(ctx, adjusted); err != nil {
		a.o.Logger.WarnContext(ctx, "request log does not show an adjusted cost", "requests", len(adjusted), "error", err)
	}
}
