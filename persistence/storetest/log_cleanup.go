package storetest

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/internal/domain"
)

// A clean-up takes what it selects, the oldest first, and nothing that runs; the
// ledger is not touched by it.
func testLogCleanup(t *testing.T, open Open) {
	t.Helper()
	s, ctx := open(t), t.Context()
	logs := s.RequestLogs()
	var finished []domain.FinishedLog
	for n := range 6 {
		row := retentionRow(n, time.Duration(n)*time.Hour)
		row.UserID = domain.UserID(1 + n%2)
		if n == 5 {
			row.Result.StatusCode, row.Result.Outcome = 429, domain.OutcomeBlocked
		}
		finished = append(finished, Finished(row))
	}
	first := retentionRow(0, 0)
	running := Opened(retentionRow(7, 0))
	running.UserID = 2
	require.NoError(t, logs.WriteBatch(ctx, domain.LogBatch{Started: []*domain.RequestLog{running}, Finished: finished}))
	clean := func(c domain.LogCleanup, want int) {
		t.Helper()
		n, err := logs.CountCleanup(ctx, c)
		require.NoError(t, err)
		require.Equal(t, want, n)
		n, err = logs.CleanUp(ctx, c, 100)
		require.NoError(t, err)
		require.Equal(t, want, n)
	}
	_, err := logs.CleanUp(ctx, domain.LogCleanup{}, 100)
	require.Error(t, err, "nothing selected is not everything")
	_, err = logs.CountCleanup(ctx, domain.LogCleanup{})
	require.Error(t, err)

	n, err := logs.CleanUp(ctx, domain.LogCleanup{Users: []domain.UserID{1}}, 1)
	require.NoError(t, err)
	require.Equal(t, 1, n)
	_, _, err = logs.Get(ctx, first.ID)
	requireFault(t, err, domain.KindNotFound)
	clean(domain.LogCleanup{OnlyBlocked: true}, 1)
	clean(domain.LogCleanup{Statuses: []int{500}}, 0)
	clean(domain.LogCleanup{Status: domain.StatusFilter{Min: 400, Max: 499}}, 0)
	clean(domain.LogCleanup{Before: first.CreatedAt.Add(2 * time.Hour), Users: []domain.UserID{2}}, 1)
	clean(domain.LogCleanup{After: first.CreatedAt.Add(4 * time.Hour)}, 1)
	clean(domain.LogCleanup{Users: []domain.UserID{1, 2}}, 2)
	open1, err := logs.Open(ctx, 0, 10)
	require.NoError(t, err)
	require.Len(t, open1, 1, "what runs stays")
}
