package store_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/internal/domain"
	"github.com/claude-code-hub/cch/persistence/store"
)

// Rows with details and all indexes, in the batches the recorder writes.
func BenchmarkWriteBatch(b *testing.B) {
	const size = 500
	for _, c := range []struct {
		name  string
		split bool // opened in one batch, closed in another, as slow requests are
	}{{"whole", false}, {"opened then closed", true}} {
		b.Run(c.name, func(b *testing.B) {
			onEachEngine(b, func(b *testing.B, s *store.Store) {
				b.Helper()
				b.ReportAllocs()
				load := newLogLoad(size)
				for b.Loop() {
					b.StopTimer()
					started, finished := load.next()
					b.StartTimer()
					if c.split {
						require.NoError(b, s.RequestLogs().WriteBatch(b.Context(), domain.LogBatch{Started: started}))
						started = nil
					}
					require.NoError(b, s.RequestLogs().WriteBatch(b.Context(), domain.LogBatch{Started: started, Finished: finished}))
				}
				b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(load.n), "µs/row")
				b.ReportMetric(float64(load.n)/b.Elapsed().Seconds(), "rows/s")
			})
		})
	}
}
