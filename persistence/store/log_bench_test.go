package store_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/internal/domain"
	"github.com/claude-code-hub/cch/persistence/storetest"
)

// Rows with details and all indexes, in the batches the recorder writes.
func BenchmarkWriteBatch(b *testing.B) {
	const size = 500
	for _, c := range []struct {
		name  string
		split bool // opened in one batch, closed in another, as slow requests are
	}{{"whole", false}, {"opened then closed", true}} {
		b.Run(c.name, func(b *testing.B) {
			s := openBench(b)
			b.ReportAllocs()
			n := 0
			for b.Loop() {
				b.StopTimer()
				started, finished := make([]*domain.RequestLog, size), make([]domain.FinishedLog, size)
				for i := range size {
					l := storetest.RequestLog(n)
					l.Result.ErrorCode, l.Result.ErrorMessage, l.Result.BlockedBy, l.Result.BlockedReason = "", "", "", ""
					l.Degraded = nil
					started[i], finished[i] = storetest.Opened(l), storetest.Finished(l)
					n++
				}
				b.StartTimer()
				if c.split {
					require.NoError(b, s.RequestLogs().WriteBatch(b.Context(), started, nil))
					started = nil
				}
				require.NoError(b, s.RequestLogs().WriteBatch(b.Context(), started, finished))
			}
			b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N*size), "µs/row")
		})
	}
}
