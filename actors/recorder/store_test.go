package recorder_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/actors/kit"
	"github.com/claude-code-hub/cch/actors/protocol"
	"github.com/claude-code-hub/cch/actors/recorder"
	"github.com/claude-code-hub/cch/internal/domain"
	"github.com/claude-code-hub/cch/persistence/journal"
	"github.com/claude-code-hub/cch/persistence/store"
	"github.com/claude-code-hub/cch/persistence/storetest"
)

// real is a recorder over the real journal and the real store.
func real(t testing.TB, dir string) (*recorder.Recorder, *store.Store) {
	t.Helper()
	s, err := store.Open(t.Context(), store.Options{DataDir: dir, Sealer: storetest.Sealer{}, AutoMigrate: true})
	require.NoError(t, err)
	j, err := journal.Open(journal.Options{Dir: dir + "/journal"})
	require.NoError(t, err)
	sys := kit.NewSystem(kit.Options{})
	b := &bank{settled: make(map[protocol.SettleKey]int)}
	ref := sys.Spawn(kit.Kind{Name: "bank", New: func(string) kit.Actor { return b }}, "bank")
	r := recorder.New(recorder.Options{
		Journal: j, Store: s.RequestLogs(), System: sys, Now: time.Now,
		Quota: func(domain.UserID) kit.Ref { return ref },
	})
	require.NoError(t, r.Recover(t.Context()))
	t.Cleanup(func() {
		require.NoError(t, r.Close(context.Background()))
		require.NoError(t, j.Close())
		require.NoError(t, sys.Shutdown(context.Background()))
		require.NoError(t, s.Close())
	})
	return r, s
}

// A row is readable within a second of its record.
func TestRowsAreReadableSoon(t *testing.T) {
	t.Parallel()
	r, s := real(t, t.TempDir())
	rec := record(1)
	id := rec.Log.ID
	done := make(chan error, 1)
	r.Finish(rec, func(err error) { done <- err })
	require.NoError(t, <-done)
	require.Eventually(t, func() bool {
		_, _, err := s.RequestLogs().Get(t.Context(), id)
		return err == nil
	}, time.Second, 10*time.Millisecond)
}

// What the caller pays, and what the whole path to the store carries.
func BenchmarkFinish(b *testing.B) {
	r, _ := real(b, b.TempDir())
	var pending sync.WaitGroup
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		b.StopTimer()
		rec := record(n)
		n++
		b.StartTimer()
		pending.Add(1)
		r.Finish(rec, func(err error) {
			if err != nil {
				b.Error(err)
			}
			pending.Done()
		})
	}
	pending.Wait()
}
