package recorder_test

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/internal/domain"
)

// books is a ledger that takes rows when it is open. Rows of request poison are
// rejected, rows of epoch 0 fenced, and rows it has are duplicates.
type books struct {
	mu     sync.Mutex
	err    error
	poison domain.RequestID
	odd    error // why rows of poison are not taken; nil = they are rejected
	rows   []domain.LedgerRow
	groups [][]domain.LedgerRow // as they were given, whatever became of them
}

func (b *books) Append(_ context.Context, rows []domain.LedgerRow) ([]error, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.groups = append(b.groups, slices.Clone(rows))
	if b.err != nil {
		return nil, b.err
	}
	for _, r := range rows {
		if r.ReqID == b.poison && r.ReqID != 0 {
			return nil, cmp.Or(b.odd, error(rejection{}))
		}
	}
	results := make([]error, len(rows))
	for i, r := range rows {
		results[i] = b.take(r)
	}
	return results, nil
}

func (b *books) take(r domain.LedgerRow) error {
	if r.Epoch == 0 {
		return domain.ErrLedgerFenced
	}
	for _, kept := range b.rows {
		if kept.SettleKey == r.SettleKey {
			return &domain.LedgerDuplicateError{Kept: kept}
		}
	}
	b.rows = append(b.rows, r)
	return nil
}

func (b *books) fail(err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.err = err
}

// clerk appends rows and remembers in which order it was told of them.
type clerk struct {
	w    *world
	mu   sync.Mutex
	told []int
	errs map[int]error
}

func newClerk(w *world) *clerk { return &clerk{w: w, errs: map[int]error{}} }

func (c *clerk) append(n int, edit ...func(*domain.LedgerRow)) {
	row := &domain.LedgerRow{
		SettleKey: domain.SettleKey{ReqID: domain.RequestID(n), Kind: domain.LedgerCharge}, UserID: 1, UserSeq: int64(n), Epoch: 1,
	}
	for _, e := range edit {
		e(row)
	}
	c.w.rec.Append(row, func(err error) {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.told = append(c.told, n)
		c.errs[n] = err
	})
}

// withBooks makes a world whose recorder writes to a ledger.
func withBooks(t *testing.T) (*world, *books, *clerk) {
	t.Helper()
	w, b := newWorld(t), &books{}
	w.options.Ledger = b
	w.boot(t)
	return w, b, newClerk(w)
}

func upTo(n int) (list []int) {
	for i := range n {
		list = append(list, i+1)
	}
	return list
}

func TestLedgerRowsAreCommittedInGroups(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w, b, c := withBooks(t)
		for n := range 1200 {
			c.append(n + 1)
		}
		time.Sleep(time.Second)
		synctest.Wait()
		require.Equal(t, upTo(1200), c.told, "in their order")
		require.Len(t, b.rows, 1200)
		require.LessOrEqual(t, len(b.groups), 4, "500 at a time")
		require.EqualValues(t, 1200, w.rec.Stats().Appended)
		require.Zero(t, w.rec.Stats().Appending)
		w.shutdown(t)
	})
}

// While the store is away rows wait, in their order; nobody is told anything.
func TestLedgerRowsOutliveAStoreThatIsDown(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w, b, c := withBooks(t)
		b.fail(errors.New("away"))
		for n := range 3 {
			c.append(n + 1)
			time.Sleep(time.Minute)
		}
		synctest.Wait()
		require.Empty(t, c.told)
		require.Positive(t, w.rec.Stats().Retries)
		b.fail(nil)
		time.Sleep(time.Minute)
		synctest.Wait()
		require.Equal(t, upTo(3), c.told)
		require.Len(t, b.rows, 3)
		w.shutdown(t)
	})
}

// A row that the store will never take keeps none of the others back.
func TestAnImpossibleLedgerRowIsRefusedAlone(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w, b, c := withBooks(t)
		b.poison = 2
		for n := range 4 {
			c.append(n + 1)
		}
		time.Sleep(3 * time.Second)
		synctest.Wait()
		require.Equal(t, upTo(4), c.told)
		require.Equal(t, 1, w.log.Stats().Dead, "what it would have booked is kept")
		require.EqualValues(t, 3, w.rec.Stats().Appended)
		require.Equal(t, map[int]error{1: nil, 2: domain.ErrLedgerRefused, 3: nil, 4: nil}, c.errs)
		w.shutdown(t)
	})
}

func TestWhoeverAppendsIsToldWhatBecameOfTheRow(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w, _, c := withBooks(t)
		c.append(1)
		c.append(2, func(r *domain.LedgerRow) { r.ReqID = 1 })
		c.append(3, func(r *domain.LedgerRow) { r.Epoch = 0 })
		c.append(4, func(r *domain.LedgerRow) { r.ReqID, r.Kind, r.N = 1, domain.LedgerAdjust, 1 })
		time.Sleep(time.Second)
		synctest.Wait()
		require.NoError(t, c.errs[1])
		var duplicate *domain.LedgerDuplicateError
		require.ErrorAs(t, c.errs[2], &duplicate)
		require.EqualValues(t, 1, duplicate.Kept.UserSeq)
		require.ErrorIs(t, c.errs[3], domain.ErrLedgerFenced)
		require.NoError(t, c.errs[4])
		require.Equal(t, []domain.RequestID{1}, w.store.followed, "the request log shows what was adjusted")
		w.shutdown(t)
	})
}

// The last rows are written when the program ends; if they cannot be, it ends
// all the same, and nobody is told that they were.
func TestLedgerRowsAtTheEnd(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w, b, c := withBooks(t)
		c.append(1)
		w.shutdown(t)
		require.Equal(t, upTo(1), c.told)
		require.Len(t, b.rows, 1)

		w.boot(t)
		b.fail(errors.New("away"))
		c.append(2)
		time.Sleep(time.Minute)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		require.NoError(t, w.rec.Close(ctx))
		require.Equal(t, upTo(1), c.told)
		require.NoError(t, w.log.Close())
		require.NoError(t, w.sys.Shutdown(t.Context()))
	})
}

// A row that fails for a reason nobody knows, while others pass, is buried as one
// that is rejected; the others are told the truth, and none is appended twice.
func TestALedgerRowThatFailsOddlyIsBuried(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w, b, c := withBooks(t)
		b.poison, b.odd = 7, errors.New("XX001: index is damaged")
		c.append(7)
		time.Sleep(time.Hour)
		require.Empty(t, c.told, "alone it proves nothing")
		for n := 8; n < 20; n++ {
			c.append(n)
		}
		time.Sleep(3 * time.Minute)
		synctest.Wait()
		require.Len(t, c.told, 13)
		for n, err := range c.errs {
			if n == 7 {
				require.ErrorIs(t, err, domain.ErrLedgerRefused)
			} else {
				require.NoError(t, err)
			}
		}
		require.Len(t, b.rows, 12)
		require.Equal(t, []string{"settlement"}, w.dead(t))
		w.shutdown(t)
	})
}
