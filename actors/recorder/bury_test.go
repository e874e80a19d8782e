package recorder_test

import (
	"errors"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/actors/recorder"
	"github.com/claude-code-hub/cch/internal/domain"
	"github.com/claude-code-hub/cch/persistence/journal"
	"github.com/claude-code-hub/cch/persistence/storetest"
)

func id(n int) domain.RequestID { return storetest.RequestLog(n).ID }

// rejects makes the store reject everything of some requests.
func (s *memoryStore) rejects(ns ...int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.poison = map[domain.RequestID]bool{}
	for _, n := range ns {
		s.poison[id(n)] = true
	}
}

// dead are the buried records of a world, by what they are.
func (w *world) dead(t *testing.T) (kinds []string) {
	t.Helper()
	require.NoError(t, journal.ReadDead(w.dir, func(record []byte) {
		kinds = append(kinds, recorder.ReadBurial(slices.Clone(record)).Kind)
	}))
	return kinds
}

func TestPoisonRowsAreBuriedAloneAndHoldNothingUp(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.store.rejects(5, 6)
		w.boot(t)
		for n := range 10 {
			w.started(t, n)
			w.rec.Begun(&domain.BegunLog{ID: id(n)})
			if n != 6 {
				w.finish(t, n)
			}
		}
		time.Sleep(10 * time.Second)
		synctest.Wait()
		require.Equal(t, 8, w.store.closed())
		require.Equal(t, []string{"started", "begun", "finished", "started", "begun"}, w.dead(t))
		require.EqualValues(t, 5, w.rec.Stats().Buried)
		require.Equal(t, 5, w.log.Stats().Dead)
		require.Equal(t, w.log.End(), w.log.Checkpointed(), "what is buried is done with")
		require.Equal(t, 9, w.bank.count(), "settlements do not depend on rows")
		w.finish(t, 10)
		w.shutdown(t)
		require.Equal(t, 9, w.store.closed())

		w.boot(t)
		require.Equal(t, 5, w.log.Stats().Dead, "they are known after a restart, and not buried again")
		w.shutdown(t)
	})
}

// A row that the store does not take for a reason nobody knows holds the others
// up for minutes, not for ever; one that no other row can be compared with waits.
func TestARowThatFailsOddlyIsBuried(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.store.rejects(0)
		w.store.odd = errors.New("XX001: index is damaged")
		w.boot(t)
		w.finish(t, 0)
		time.Sleep(time.Hour)
		require.Empty(t, w.dead(t), "the store may be to blame")
		for n := 1; n < 50; n++ {
			w.finish(t, n)
		}
		time.Sleep(3 * time.Minute)
		synctest.Wait()
		require.Equal(t, 49, w.store.closed())
		require.Equal(t, []string{"finished"}, w.dead(t))
		require.Equal(t, w.log.End(), w.log.Checkpointed())
		w.shutdown(t)
	})
}

// However long a store takes nothing, and whatever it says, nothing is buried.
func TestABrokenStoreHasNothingBuried(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.boot(t)
		w.store.fail(errors.New("42501: permission denied"))
		for n := range 30 {
			w.finish(t, n)
		}
		time.Sleep(24 * time.Hour)
		require.Empty(t, w.dead(t))
		w.store.fail(nil)
		time.Sleep(time.Minute)
		synctest.Wait()
		require.Equal(t, 30, w.store.closed())
		require.Empty(t, w.dead(t))
		w.shutdown(t)
	})
}

// Buried records go back to the journal when the operator says so; the store
// takes each once, also when some of them are there by now.
func TestBuriedRecordsAreReplayed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.store.rejects(1, 2)
		w.boot(t)
		for n := range 3 {
			w.started(t, n)
			w.finish(t, n)
		}
		time.Sleep(10 * time.Second)
		w.shutdown(t)
		require.Equal(t, 1, w.store.closed())

		w.store.rejects(2)
		for range 2 { // the second time nothing is left but what is still rejected
			w.replay(t)
			w.boot(t)
			synctest.Wait()
			require.Equal(t, 2, w.store.closed())
			require.Equal(t, []string{"started", "finished"}, w.dead(t))
			w.shutdown(t)
		}
		w.store.rejects()
		w.replay(t)
		w.boot(t)
		synctest.Wait()
		require.Equal(t, 3, w.store.closed())
		require.Empty(t, w.dead(t))
		require.Zero(t, w.store.doubled)
		w.shutdown(t)
	})
}

// replay gives the buried records back to the journal.
func (w *world) replay(t *testing.T) {
	t.Helper()
	j, err := journal.Open(journal.Options{Dir: w.dir})
	require.NoError(t, err)
	var dead [][]byte
	require.NoError(t, journal.ReadDead(w.dir, func(record []byte) { dead = append(dead, slices.Clone(record)) }))
	n, err := recorder.Exhume(j, dead)
	require.NoError(t, err)
	require.Len(t, dead, n)
	require.NoError(t, j.DropDead())
	require.NoError(t, j.Close())
}

// What the ledger refused is buried as a settlement, which is booked when it is
// replayed; until then nobody asks for it again.
func TestARefusedSettlementIsDoneWithUntilItIsReplayed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w, b, c := withBooks(t)
		b.poison = 7
		c.append(7, func(r *domain.LedgerRow) { r.Charge, r.SessionID, r.IsFinal = 42, "s", true })
		w.bank.refuses = true
		w.finish(t, 1)
		time.Sleep(10 * time.Second)
		synctest.Wait()
		require.Equal(t, map[int]error{7: domain.ErrLedgerRefused}, c.errs)
		require.Equal(t, []string{"settlement"}, w.dead(t))
		require.Equal(t, 1, w.bank.settled[record(1).Settles[0].SettleKey], "asked once")
		w.shutdown(t)

		w.bank.refuses = false
		w.replay(t)
		w.boot(t)
		time.Sleep(time.Second)
		synctest.Wait()
		settle := w.bank.last[domain.SettleKey{ReqID: 7, Kind: domain.LedgerCharge}]
		require.NotNil(t, settle)
		require.EqualValues(t, 42, settle.Charge)
		require.Equal(t, "s", settle.SessionID)
		require.True(t, settle.IsFinal)
		w.shutdown(t)
	})
}

// graveless is a journal whose disk takes no buried record for a while.
type graveless struct {
	*journal.Journal
	full atomic.Bool
}

func (g *graveless) Bury(record []byte) error {
	if g.full.Load() {
		return errors.New("no space left on device")
	}
	return g.Journal.Bury(record)
}

// Nothing behind a poison row is forgotten before the row is set aside.
func TestAPoisonRowThatCannotBeBuriedYetIsKept(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w, g := newWorld(t), &graveless{}
		g.full.Store(true)
		w.wrap = func(recorder.Journal) recorder.Journal { g.Journal = w.log; return g }
		w.store.rejects(1)
		w.boot(t)
		for n := range 3 {
			w.finish(t, n)
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		require.Equal(t, 2, w.store.closed())
		require.Zero(t, w.log.Checkpointed())
		g.full.Store(false)
		time.Sleep(time.Minute)
		synctest.Wait()
		require.Equal(t, []string{"finished"}, w.dead(t))
		require.Equal(t, w.log.End(), w.log.Checkpointed())
		w.shutdown(t)
	})
}

// An open row that cannot be closed keeps nobody from starting.
func TestAnOpenRowThatCannotBeClosedIsPassedOver(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.options.BatchRecords = 2
		w.boot(t)
		for n := range 5 {
			w.started(t, n)
		}
		time.Sleep(time.Second)
		w.crash(t)
		w.store.rejects(1, 2, 3)
		w.boot(t)
		require.Equal(t, 2, w.store.closed())
		require.Equal(t, []string{"finished", "finished", "finished"}, w.dead(t))
		w.shutdown(t)
	})
}

// While the journal is full, and for a record that would not fit, only what is
// there to be looked at is left out.
func TestDetailsAreShedBeforeRows(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.journal.SegmentBytes, w.journal.MaxBytes = 8000, 16000
		w.boot(t)
		w.store.fail(errors.New("database is gone"))
		begun := 0
		for ; !w.rec.Full(); begun++ {
			w.started(t, begun)
		}
		require.Zero(t, w.rec.Stats().Shed)
		w.finish(t, 0)
		require.EqualValues(t, 1, w.rec.Stats().Shed)
		w.store.fail(nil)
		time.Sleep(time.Minute)
		synctest.Wait()
		require.Equal(t, 1, w.store.closed())
		detail := w.store.details[id(0)]
		require.True(t, detail.Bare())
		require.Equal(t, record(0).Log.Usage, w.store.rows[id(0)].Usage)
		w.finish(t, 1)
		w.shutdown(t)
		detail = w.store.details[id(1)]
		require.False(t, detail.Bare())
	})
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.boot(t)
		huge := record(1)
		huge.Detail.Special = strings.Repeat(" ", journal.MaxRecord)
		done := make(chan error, 1)
		w.rec.Finish(huge, func(err error) { done <- err })
		require.NoError(t, <-done)
		w.shutdown(t)
		require.Equal(t, 1, w.store.closed())
		require.Equal(t, 1, w.bank.count())
	})
}
