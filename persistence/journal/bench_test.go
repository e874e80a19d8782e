package journal_test

import (
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/persistence/journal"
)

// What a caller pays to hand over a record of the usual size, and how many are
// written a second.
func BenchmarkAppend(b *testing.B) {
	j := open(b, journal.Options{Dir: b.TempDir(), MaxBytes: 1 << 40})
	record := make([]byte, 1500)
	var written sync.WaitGroup
	done := func(_ int64, err error) {
		if err != nil {
			b.Error(err)
		}
		written.Done()
	}
	b.ReportAllocs()
	b.SetBytes(int64(len(record)))
	n := 0
	for b.Loop() {
		written.Add(1)
		require.NoError(b, j.Append(record, false, done))
		if n++; n%4096 == 0 {
			written.Wait()
			require.NoError(b, j.Checkpoint(j.End()))
		}
	}
	written.Wait()
}
