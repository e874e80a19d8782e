package limits_test

import (
	"runtime"
	"testing"
	"time"

	"github.com/claude-code-hub/cch/internal/domain"
	"github.com/claude-code-hub/cch/internal/limits"
)

// BenchmarkRecent remembers as many keys as come in ten minutes, and as many more
// while the first are forgotten.
func BenchmarkRecent(b *testing.B) {
	const kept = 100_000
	var r limits.Recent[domain.SettleID]
	add := func(i int) {
		now := start.Add(time.Duration(i) * 6 * time.Millisecond)
		id := domain.SettleKey{ReqID: domain.RequestID(i) << 12, Attempt: 1, Kind: domain.LedgerCharge}.ID()
		if r.Has(id, now) {
			b.Fatal("it is new")
		}
		r.Add(id, now.Add(10*time.Minute), now)
	}
	runtime.GC()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	n := 0
	for ; n < 2*kept; n++ {
		add(n)
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	b.ReportAllocs()
	b.ResetTimer()
	for range b.N {
		add(n)
		n++
	}
	b.ReportMetric(float64(int64(after.HeapAlloc)-int64(before.HeapAlloc))/float64(r.Len()), "heap-B/key")
}
