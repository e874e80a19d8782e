package recorder_test

import (
	"context"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/actors/recorder"
	"github.com/claude-code-hub/cch/internal/domain"
	"github.com/claude-code-hub/cch/persistence/storetest"
)

// fullDisk is a journal on a disk without room for a byte more.
type fullDisk struct {
	recorder.Journal
	room atomic.Bool
}

func (d *fullDisk) Append(record []byte, urgent bool, done func(int64, error)) error {
	if !d.room.Load() {
		return syscall.ENOSPC
	}
	return d.Journal.Append(record, urgent, done)
}

func (d *fullDisk) Checkpoint(position int64) error {
	if !d.room.Load() {
		return syscall.ENOSPC
	}
	return d.Journal.Checkpoint(position)
}

// A process starts on a full disk; requests that its predecessor left open are
// closed when there is room.
func TestStartOnAFullDisk(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.boot(t)
		w.started(t, 1)
		w.started(t, 2)
		time.Sleep(time.Minute)
		open, err := w.store.Open(t.Context(), 0, 10)
		require.NoError(t, err)
		require.Len(t, open, 2)
		w.crash(t)

		disk := &fullDisk{}
		w.wrap = func(j recorder.Journal) recorder.Journal { disk.Journal = j; return disk }
		w.boot(t)
		time.Sleep(time.Minute)
		require.Zero(t, w.store.closed(), "there is nowhere to write down what they owe")

		disk.room.Store(true)
		w.started(t, 3) // shows that there is room
		w.finish(t, 3)
		time.Sleep(time.Minute)
		require.Equal(t, 3, w.store.closed())
		require.Equal(t, 3, w.bank.count(), "each is settled")
		w.shutdown(t)
		require.Zero(t, w.store.doubled)
	})
}

// Of what is open in a store that others use, a process closes what is nobody's,
// when it starts and when it is told to look.
func TestRequestsOfOthersAreLeftAlone(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		id := func(n int) domain.RequestID { return storetest.RequestLog(n).ID }
		lost := map[domain.RequestID]bool{id(1): true}
		w.options.Lost = func(context.Context) (func(domain.RequestID) bool, error) {
			return func(id domain.RequestID) bool { return lost[id] }, nil
		}
		var others []*domain.RequestLog
		for n := range 3 {
			others = append(others, storetest.Opened(storetest.RequestLog(n)))
		}
		require.NoError(t, w.store.WriteBatch(t.Context(), domain.LogBatch{Started: others}))
		w.boot(t)
		require.Equal(t, 1, w.store.closed())
		require.Equal(t, string(domain.ReasonInterrupted), w.store.rows[id(1)].Result.ErrorCode)

		lost[id(2)] = true
		closed, err := w.rec.CloseLost(t.Context())
		require.NoError(t, err)
		require.Equal(t, 1, closed)
		time.Sleep(time.Second)
		require.Equal(t, 2, w.store.closed())
		require.Equal(t, 2, w.bank.count(), "each is settled")
		closed, err = w.rec.CloseLost(t.Context())
		require.NoError(t, err)
		require.Zero(t, closed)
		w.shutdown(t)
	})
}
