package recorder_test

import (
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// A row is readable within a second of its record.
func TestRowsAreReadableSoon(t *testing.T) {
	t.Parallel()
	p, err := boot(t.Context(), t.TempDir())
	require.NoError(t, err)
	defer p.shutdown(t)
	rec := record(1)
	id := rec.Log.ID
	done := make(chan error, 1)
	p.rec.Finish(rec, func(err error) { done <- err })
	require.NoError(t, <-done)
	require.Eventually(t, func() bool {
		_, _, err := p.store.RequestLogs().Get(t.Context(), id)
		return err == nil
	}, time.Second, 10*time.Millisecond)
}

// What the whole path from a record to its row and its settlement carries.
func BenchmarkRecordToRow(b *testing.B) {
	p, err := boot(b.Context(), b.TempDir())
	require.NoError(b, err)
	var pending sync.WaitGroup
	b.ReportAllocs()
	n, begin := 0, time.Now()
	for b.Loop() {
		rec := record(n)
		n++
		pending.Add(1)
		p.rec.Finish(rec, func(err error) {
			if err != nil {
				b.Error(err)
			}
			pending.Done()
		})
	}
	pending.Wait()
	p.shutdown(b) // all rows are in the store
	b.ReportMetric(float64(n)/time.Since(begin).Seconds(), "rows/s")
}
