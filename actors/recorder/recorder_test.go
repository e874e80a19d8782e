package recorder_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/actors/kit"
	"github.com/claude-code-hub/cch/actors/protocol"
	"github.com/claude-code-hub/cch/actors/recorder"
	"github.com/claude-code-hub/cch/internal/domain"
	"github.com/claude-code-hub/cch/persistence/journal"
	"github.com/claude-code-hub/cch/persistence/storetest"
)

// memoryStore keeps rows as the store does: opened once, closed once.
type memoryStore struct {
	mu      sync.Mutex
	rows    map[domain.RequestID]domain.RequestLog
	begun   map[domain.RequestID]*domain.BegunLog
	details map[domain.RequestID]domain.RequestDetail

	followed []domain.RequestID
	err      error
	poison   map[domain.RequestID]bool // what is rejected
	odd      error                     // why; nil = it is the row's fault
	batches  int
	doubled  int // closed rows that were closed again
}

type rejection struct{}

func (rejection) Error() string  { return "constraint failed" }
func (rejection) Rejected() bool { return true }

func (s *memoryStore) WriteBatch(_ context.Context, batch domain.LogBatch) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err != nil {
		return s.err
	}
	if s.poisoned(batch) {
		return cmp.Or(s.odd, error(rejection{}))
	}
	s.batches++
	if s.rows == nil {
		s.rows = make(map[domain.RequestID]domain.RequestLog)
		s.details = make(map[domain.RequestID]domain.RequestDetail)
		s.begun = make(map[domain.RequestID]*domain.BegunLog)
	}
	for _, f := range batch.Finished {
		if s.rows[f.Log.ID].Result.StatusCode != 0 {
			s.doubled++
			continue
		}
		s.rows[f.Log.ID], s.details[f.Log.ID] = *f.Log, *f.Detail
	}
	for _, l := range batch.Started {
		if _, ok := s.rows[l.ID]; !ok {
			s.rows[l.ID] = *l
		}
	}
	for _, b := range batch.Begun {
		s.begun[b.ID] = b
	}
	return nil
}

func (s *memoryStore) poisoned(batch domain.LogBatch) bool {
	return slices.ContainsFunc(batch.Finished, func(f domain.FinishedLog) bool { return s.poison[f.Log.ID] }) ||
		slices.ContainsFunc(batch.Started, func(l *domain.RequestLog) bool { return s.poison[l.ID] }) ||
		slices.ContainsFunc(batch.Begun, func(b *domain.BegunLog) bool { return s.poison[b.ID] })
}

func (s *memoryStore) Open(_ context.Context, after domain.RequestID, limit int) (open []domain.OpenLog, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, id := range slices.Sorted(maps.Keys(s.rows)) {
		if l := s.rows[id]; id > after && l.Result.StatusCode == 0 && len(open) < limit {
			open = append(open, domain.OpenLog{RequestLog: l, Begun: s.begun[id]})
		}
	}
	return open, nil
}

func (s *memoryStore) FollowLedger(_ context.Context, ids []domain.RequestID) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.followed = append(s.followed, ids...)
	return s.err
}

func (s *memoryStore) fail(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.err = err
}

func (s *memoryStore) closed() (n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, l := range s.rows {
		if l.Result.StatusCode != 0 {
			n++
		}
	}
	return n
}

// bank is the quota side: it acknowledges settlements when it is open.
type bank struct {
	mu      sync.Mutex
	shut    bool
	refuses bool // the ledger will not take them
	settled map[protocol.SettleKey]int
	last    map[protocol.SettleKey]*protocol.QuotaSettle
}

func (b *bank) Receive(c *kit.Context) {
	m, ok := c.Message().(*protocol.QuotaSettle)
	if !ok {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.shut {
		return
	}
	b.settled[m.SettleKey]++
	if b.last == nil {
		b.last = make(map[protocol.SettleKey]*protocol.QuotaSettle)
	}
	b.last[m.SettleKey] = m
	c.Respond(&protocol.QuotaSettled{SettleKey: m.SettleKey, Refused: b.refuses})
}

func (b *bank) open(open bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.shut = !open
}

func (b *bank) count() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.settled)
}

// world is a recorder with its surroundings.
type world struct {
	dir     string
	options recorder.Options
	journal journal.Options
	store   *memoryStore
	bank    *bank

	intercept func(kind, id string, self kit.Ref, msg any)
	wrap      func(recorder.Journal) recorder.Journal // nil = as it is

	log *journal.Journal
	sys *kit.System
	rec *recorder.Recorder
}

func newWorld(t *testing.T) *world {
	t.Helper()
	return &world{dir: t.TempDir(), store: &memoryStore{}, bank: &bank{settled: make(map[protocol.SettleKey]int)}}
}

// boot starts a process over what the last one left.
func (w *world) boot(t *testing.T) {
	t.Helper()
	o := w.journal
	o.Dir, o.Fsync = w.dir, journal.FsyncNever
	var err error
	w.log, err = journal.Open(o)
	require.NoError(t, err)
	w.sys = kit.NewSystem(kit.Options{Intercept: w.intercept})
	ref := w.sys.Spawn(kit.Kind{Name: "bank", New: func(string) kit.Actor { return w.bank }}, "bank")
	ro := w.options
	ro.Journal, ro.Store, ro.System, ro.Now = w.log, w.store, w.sys, time.Now
	if w.wrap != nil {
		ro.Journal = w.wrap(w.log)
	}
	ro.Quota = func(domain.UserID) kit.Ref { return ref }
	w.rec = recorder.New(ro)
	require.NoError(t, w.rec.Recover(t.Context()))
}

// crash ends the process without letting it finish anything.
func (w *world) crash(t *testing.T) {
	t.Helper()
	w.store.fail(errors.New("the process is dead"))
	w.bank.open(false)
	require.NoError(t, w.log.Close())
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	_ = w.rec.Close(gone) // it fails: that is the point
	require.NoError(t, w.sys.Shutdown(t.Context()))
	w.store.fail(nil)
	w.bank.open(true)
}

func (w *world) shutdown(t *testing.T) {
	t.Helper()
	require.NoError(t, w.rec.Close(t.Context()))
	require.Equal(t, w.log.End(), w.log.Checkpointed(), "nothing is left to do")
	require.NoError(t, w.log.Close())
	require.NoError(t, w.sys.Shutdown(context.Background()))
}

func record(n int) *protocol.LogRecord {
	l := storetest.RequestLog(n)
	return &protocol.LogRecord{
		Log: l, Detail: storetest.Detail(l.ID),
		Settles: []protocol.QuotaSettle{{SettleKey: protocol.SettleKey{ReqID: l.ID, Kind: "charge"}, UserID: l.UserID}},
	}
}

func (w *world) started(t *testing.T, n int) {
	t.Helper()
	done := make(chan error, 1)
	w.rec.Started(storetest.Opened(storetest.RequestLog(n)), func(err error) { done <- err })
	require.NoError(t, <-done)
}

func (w *world) finish(t *testing.T, n int) {
	t.Helper()
	done := make(chan error, 1)
	w.rec.Finish(record(n), func(err error) { done <- err })
	require.NoError(t, <-done)
}

func TestRowsReachTheStoreInBatches(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.options.BatchRecords, w.options.BatchBytes = 500, 10<<20
		w.boot(t)
		for n := range 100 {
			w.started(t, n)
			w.finish(t, n)
		}
		w.started(t, 100)
		require.Zero(t, w.store.closed())
		time.Sleep(260 * time.Millisecond)
		synctest.Wait()
		require.Equal(t, 100, w.store.closed())
		require.Len(t, w.store.rows, 101)
		require.Equal(t, 1, w.store.batches)
		require.Equal(t, 100, w.bank.count(), "settlements do not wait for the batch")

		for n := 101; n < 101+500; n++ { // a full batch does not wait
			w.finish(t, n)
		}
		synctest.Wait()
		require.Equal(t, 600, w.store.closed())
		w.shutdown(t)
	})
}

func TestCloseWritesWhatIsPending(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.boot(t)
		w.finish(t, 1)
		w.shutdown(t)
		require.Equal(t, 1, w.store.closed())
	})
}

// While the store is away records are taken all the same; more than memory is
// meant to hold are read back from the journal, each once.
func TestStoreAwayForLong(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.options.MaxPending, w.options.BatchRecords = 50, 20
		w.journal.SegmentBytes = 20_000
		w.boot(t)
		w.store.fail(errors.New("database is gone"))
		for n := range 400 {
			w.finish(t, n)
			if n%40 == 0 {
				time.Sleep(time.Second)
			}
		}
		require.Zero(t, w.store.closed())
		stats := w.rec.Stats()
		require.True(t, stats.Behind)
		require.LessOrEqual(t, stats.Pending, 50)
		require.Positive(t, stats.Retries)
		require.Zero(t, w.log.Checkpointed())

		w.store.fail(nil)
		time.Sleep(time.Minute)
		synctest.Wait()
		require.Equal(t, 400, w.store.closed())
		require.Zero(t, w.store.doubled)
		require.False(t, w.rec.Stats().Behind)
		require.Equal(t, w.log.End(), w.log.Checkpointed())
		w.finish(t, 400)
		w.shutdown(t)
		require.Equal(t, 401, w.store.closed())
	})
}

func TestSettlementsAreRepeatedUntilAcknowledged(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.boot(t)
		w.finish(t, 1)
		time.Sleep(time.Second)
		before := w.log.Checkpointed()
		require.Equal(t, w.log.End(), before)

		w.bank.open(false)
		w.finish(t, 2)
		w.finish(t, 3)
		time.Sleep(5 * time.Minute)
		require.Equal(t, 3, w.store.closed(), "rows do not wait for settlements")
		require.Equal(t, 2, w.rec.Stats().Unsettled)
		require.Equal(t, before, w.log.Checkpointed(), "what is not settled is kept")
		w.bank.open(true)
		time.Sleep(time.Minute)
		synctest.Wait()
		require.Equal(t, 3, w.bank.count())
		w.shutdown(t)
	})
}

// After a crash everything that was acknowledged is there, once, and what was
// under way is closed.
func TestCrashLosesAndDoublesNothing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.boot(t)
		w.started(t, 1)
		w.rec.Begun(&domain.BegunLog{ID: storetest.RequestLog(1).ID, ProviderID: 4, Estimate: 70, ProviderEstimate: 60})
		w.started(t, 2)
		w.rec.Begun(&domain.BegunLog{ID: storetest.RequestLog(2).ID, Estimate: 80})
		time.Sleep(time.Second) // 1 and 2 are open in the store
		w.finish(t, 2)
		w.started(t, 3)
		w.finish(t, 4)
		w.crash(t)
		require.Zero(t, w.store.closed())

		w.boot(t)
		require.Equal(t, 4, w.store.closed(), "readable as soon as it serves")
		for _, n := range []int{1, 3} {
			l := w.store.rows[storetest.RequestLog(n).ID]
			require.Equal(t, 500, l.Result.StatusCode)
			require.Equal(t, domain.OutcomeFailure, l.Result.Outcome)
			require.Equal(t, "interrupted", l.Result.ErrorCode)
		}
		for _, n := range []int{2, 4} {
			require.Equal(t, 200, w.store.rows[storetest.RequestLog(n).ID].Result.StatusCode)
		}
		time.Sleep(time.Second)
		synctest.Wait()
		require.Equal(t, 4, w.bank.count(), "settlements are done again, and interrupted requests owe theirs")
		for n, want := range map[int]string{1: "estimated", 3: "not_billed"} {
			settle := w.bank.last[domain.SettleKey{ReqID: storetest.RequestLog(n).ID, Kind: domain.LedgerCharge}]
			require.Equal(t, want, settle.State)
			require.True(t, settle.IsFinal)
			require.Equal(t, storetest.RequestLog(n).UserID, settle.UserID)
			if n == 1 {
				require.Equal(t, [2]domain.Money{70, 60}, [2]domain.Money{settle.Charge, settle.ProviderCost})
				require.Equal(t, domain.ProviderID(4), settle.Row.ProviderID)
			}
		}
		w.shutdown(t)

		w.boot(t)
		require.Equal(t, 4, w.store.closed())
		require.Zero(t, w.store.doubled)
		w.shutdown(t)
	})
}

func TestFullJournalRefusesBeginnings(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.journal.SegmentBytes, w.journal.MaxBytes = 4000, 8000
		w.boot(t)
		w.store.fail(errors.New("database is gone"))
		n := 0
		for ; !w.rec.Full(); n++ {
			w.started(t, n)
		}
		done := make(chan error, 1)
		w.rec.Started(storetest.Opened(storetest.RequestLog(n)), func(err error) { done <- err })
		err := <-done
		require.ErrorIs(t, err, journal.ErrFull)
		require.True(t, domain.IsKind(err, domain.KindOverloaded))
		w.finish(t, 0)
		w.store.fail(nil)
		time.Sleep(time.Minute)
		w.started(t, n)
		w.shutdown(t)
	})
}

// A settler that panics starts anew and forgets nothing that is owed.
func TestSettlerSurvivesAPanic(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.bank.open(false)
		w.boot(t)
		ref := w.sys.Spawn(kit.Kind{Name: "bank", New: func(string) kit.Actor { return w.bank }}, "second")
		calls := 0
		o := recorder.Options{
			Journal: w.log, Store: w.store, System: w.sys, Now: time.Now,
			Quota: func(domain.UserID) kit.Ref {
				if calls++; calls == 2 {
					panic("a bug")
				}
				return ref
			},
		}
		rec := recorder.New(o)
		require.NoError(t, rec.Recover(t.Context()))
		done := make(chan error, 2)
		for n := range 2 {
			rec.Finish(record(n), func(err error) { done <- err })
		}
		require.NoError(t, errors.Join(<-done, <-done))
		time.Sleep(time.Second)
		w.bank.open(true)
		time.Sleep(time.Minute)
		synctest.Wait()
		require.Equal(t, 2, w.bank.count())
		require.NoError(t, rec.Close(t.Context()))
		w.shutdown(t)
	})
}

// Whichever message the settler fails at, each settlement arrives all the same.
func TestSettlerFailsAtEachOfItsMessages(t *testing.T) {
	t.Parallel()
	for at := 1; ; at++ {
		seen, kind := 0, ""
		t.Run(fmt.Sprint("message ", at), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				w.intercept = func(name, _ string, _ kit.Ref, msg any) {
					if name != "recorder" {
						return
					}
					if seen++; seen == at {
						kind = fmt.Sprintf("%T", msg)
						panic("injected")
					}
				}
				w.boot(t)
				w.finish(t, 1)
				w.finish(t, 2)
				time.Sleep(time.Minute)
				synctest.Wait()
				require.Equal(t, 2, w.bank.count(), "failed at %s", kind)
				require.Zero(t, w.rec.Stats().Unsettled)
				w.shutdown(t)
			})
		})
		if kind == "" {
			require.Greater(t, at, 4, "two settlements take more messages than that")
			break
		}
	}
}
