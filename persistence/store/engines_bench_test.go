package store_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/internal/domain"
	"github.com/claude-code-hub/cch/internal/testkit"
	"github.com/claude-code-hub/cch/persistence/store"
	"github.com/claude-code-hub/cch/persistence/storetest"
)

// Benchmarks of PostgreSQL say what a server costs that waits for its disk only
// if CCH_TEST_POSTGRES_DSN names one that does (DURABLE=1 scripts/postgres.sh).

// onEachEngine runs a benchmark on a fresh store of each engine.
func onEachEngine(b *testing.B, run func(b *testing.B, s *store.Store)) {
	b.Helper()
	b.Run("sqlite", func(b *testing.B) { run(b, openBench(b)) })
	b.Run("postgres", func(b *testing.B) {
		dsn := testkit.Postgres(b)
		s := storetest.OpenPostgres(b, dsn)
		before := serverTime(b, dsn)
		run(b, s)
		b.ReportMetric(serverTime(b, dsn)-before, "server-s")
	})
}

// BenchmarkWholeRequests is all that a request writes, as the recorder writes
// it: opened in one batch and closed in another, while its ledger row is
// appended with what is summed up of it.
func BenchmarkWholeRequests(b *testing.B) {
	const users = 50
	onEachEngine(b, func(b *testing.B, s *store.Store) {
		b.Helper()
		var epochs [users]int64
		for u := range epochs {
			epoch, err := s.Ledger().Claim(b.Context(), domain.UserID(u+1), "node", time.Now())
			require.NoError(b, err)
			epochs[u] = epoch
		}
		logs := newLogLoad(500)
		var rows []domain.LedgerRow
		seq := int64(0)
		for b.Loop() {
			started, finished := logs.next()
			rows = rows[:0]
			for range finished {
				seq++
				rows = append(rows, ledgerRow(seq, users, epochs[seq%users]))
			}
			var writing sync.WaitGroup
			writing.Go(func() { appendAll(b, s, rows, 150) })
			require.NoError(b, s.RequestLogs().WriteBatch(b.Context(), domain.LogBatch{Started: started}))
			require.NoError(b, s.RequestLogs().WriteBatch(b.Context(), domain.LogBatch{Finished: finished}))
			writing.Wait()
		}
		b.ReportMetric(float64(seq)/b.Elapsed().Seconds(), "requests/s")
	})
}

// appendAll appends rows in groups, as they come of waiting 50 ms for others.
func appendAll(b *testing.B, s *store.Store, rows []domain.LedgerRow, group int) {
	b.Helper()
	for len(rows) > 0 {
		n := min(group, len(rows))
		results, err := s.Ledger().Append(context.Background(), rows[:n])
		if err != nil || results[0] != nil {
			b.Error(err, results)
			return
		}
		rows = rows[n:]
	}
}

// logLoad makes batches of log rows with details, of many sessions.
type logLoad struct{ size, n int }

func newLogLoad(size int) *logLoad { return &logLoad{size: size} }

func (l *logLoad) next() ([]*domain.RequestLog, []domain.FinishedLog) {
	started, finished := make([]*domain.RequestLog, l.size), make([]domain.FinishedLog, l.size)
	for i := range l.size {
		row := storetest.RequestLog(l.n)
		row.Result.ErrorCode, row.Result.ErrorMessage, row.Result.BlockedBy, row.Result.BlockedReason = "", "", "", ""
		row.Degraded = nil
		row.SessionID = fmt.Sprintf("session-%d", l.n/4%500) // four requests of each
		row.KeyID = domain.KeyID(l.n/4%50 + 1)
		started[i], finished[i] = storetest.Opened(row), storetest.Finished(row)
		l.n++
	}
	return started, finished
}
