package storetest

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/claude-code-hub/cch/internal/domain"
)

var errDown = errors.New("the ledger is down")

// MemoryLedger is a ledger without a database, for tests of those who write to
// it: it fences, numbers and refuses as the store does. Safe for concurrent use.
type MemoryLedger struct {
	mu      sync.Mutex
	down    bool
	poison  domain.RequestID // whose rows are refused
	running bool             // someone is working off the queue
	owners  map[domain.UserID]int64
	rows    []domain.LedgerRow
	queue   []queuedRow
}

type queuedRow struct {
	row  domain.LedgerRow
	done func(error)
}

// NewMemoryLedger makes an empty ledger.
func NewMemoryLedger() *MemoryLedger {
	return &MemoryLedger{owners: map[domain.UserID]int64{}}
}

// SetDown has the ledger answer nothing and keep what it is given, or go on.
func (l *MemoryLedger) SetDown(down bool) {
	l.mu.Lock()
	l.down = down
	l.mu.Unlock()
	l.work()
}

// Refuse has the rows of a request refused, 0 = none.
func (l *MemoryLedger) Refuse(id domain.RequestID) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.poison = id
}

// Lose forgets the rows that wait, as a process does that dies.
func (l *MemoryLedger) Lose() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.queue = nil
}

// All are the rows, in the order in which they came.
func (l *MemoryLedger) All() []domain.LedgerRow {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.rows)
}

// Delete deletes the rows admitted up to a time.
func (l *MemoryLedger) Delete(upto time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.rows = slices.DeleteFunc(l.rows, func(r domain.LedgerRow) bool { return r.AdmittedAt <= upto.UnixMilli() })
}

// Claim is that of the store.
func (l *MemoryLedger) Claim(_ context.Context, user domain.UserID, _ string, now time.Time) (int64, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.down {
		return 0, errDown
	}
	l.owners[user] = max(l.owners[user]+1, now.UnixMilli())
	return l.owners[user], nil
}

// After is that of the store.
func (l *MemoryLedger) After(_ context.Context, user domain.UserID, seq int64, limit int) ([]domain.LedgerRow, error) {
	rows, err := l.find(func(r *domain.LedgerRow) bool { return r.UserID == user && r.UserSeq > seq })
	slices.SortFunc(rows, func(a, b domain.LedgerRow) int { return cmp.Compare(a.UserSeq, b.UserSeq) })
	return rows[:min(len(rows), limit)], err
}

// LastSeq is that of the store.
func (l *MemoryLedger) LastSeq(_ context.Context, user domain.UserID) (seq int64, err error) {
	_, err = l.find(func(r *domain.LedgerRow) bool {
		if r.UserID == user {
			seq = max(seq, r.UserSeq)
		}
		return false
	})
	return seq, err
}

// Since is that of the store.
func (l *MemoryLedger) Since(_ context.Context, user domain.UserID, after time.Time) ([]domain.LedgerRow, error) {
	rows, err := l.find(func(r *domain.LedgerRow) bool { return r.UserID == user && r.AdmittedAt > after.UnixMilli() })
	slices.SortFunc(rows, func(a, b domain.LedgerRow) int {
		return cmp.Or(cmp.Compare(a.AdmittedAt, b.AdmittedAt), cmp.Compare(a.UserSeq, b.UserSeq))
	})
	return rows, err
}

// Sum is that of the store.
func (l *MemoryLedger) Sum(_ context.Context, user domain.UserID, key domain.KeyID, after time.Time, upto int64) (domain.Money, error) {
	rows, err := l.find(func(r *domain.LedgerRow) bool {
		return r.UserID == user && (key == 0 || r.KeyID == key) &&
			(after.IsZero() || r.AdmittedAt > after.UnixMilli()) && (upto == 0 || r.UserSeq <= upto)
	})
	sum := domain.Money(0)
	for i := range rows {
		sum += rows[i].Charge
	}
	return sum, err
}

func (l *MemoryLedger) find(match func(*domain.LedgerRow) bool) (rows []domain.LedgerRow, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.down {
		return nil, errDown
	}
	for i := range l.rows {
		if match(&l.rows[i]) {
			rows = append(rows, l.rows[i])
		}
	}
	return rows, nil
}

// Append takes a row and tells from another goroutine what became of it.
func (l *MemoryLedger) Append(row *domain.LedgerRow, done func(error)) {
	l.mu.Lock()
	l.queue = append(l.queue, queuedRow{*row, done})
	l.mu.Unlock()
	l.work()
}

// work has the queue worked off, in order, unless that goes on already.
func (l *MemoryLedger) work() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.running || l.down || len(l.queue) == 0 {
		return
	}
	l.running = true
	go func() {
		for {
			l.mu.Lock()
			if l.down || len(l.queue) == 0 {
				l.running = false
				l.mu.Unlock()
				return
			}
			next := l.queue[0]
			l.queue = l.queue[1:]
			err := l.take(next.row)
			l.mu.Unlock()
			next.done(err)
		}
	}()
}

// take decides on a row. The lock is held.
func (l *MemoryLedger) take(row domain.LedgerRow) error {
	if l.poison != 0 && row.ReqID == l.poison {
		return domain.ErrLedgerRefused
	}
	if l.owners[row.UserID] != row.Epoch {
		return domain.ErrLedgerFenced
	}
	for i := range l.rows {
		r := &l.rows[i]
		if r.SettleKey == row.SettleKey || r.ReqID == row.ReqID && r.IsFinal && row.IsFinal {
			return &domain.LedgerDuplicateError{Kept: *r}
		}
		if r.UserID == row.UserID && r.UserSeq == row.UserSeq {
			return domain.ErrLedgerFenced
		}
	}
	l.rows = append(l.rows, row)
	return nil
}
