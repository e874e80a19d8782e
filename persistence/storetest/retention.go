package storetest

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/internal/domain"
)

// Old rows go in batches, the oldest first and with their details; details
// alone go earlier; open rows and young ones stay; the space is given back.
func testLogRetention(t *testing.T, open Open) {
	t.Helper()
	s, ctx := open(t), t.Context()
	logs := s.RequestLogs()
	old, young := retentionRow(0, 0), retentionRow(9, 48*time.Hour)
	var finished []domain.FinishedLog
	for n := range 5 {
		finished = append(finished, Finished(retentionRow(n, 0)))
	}
	finished = append(finished, Finished(young))
	running := Opened(retentionRow(7, 0))
	require.NoError(t, logs.WriteBatch(ctx, domain.LogBatch{Started: []*domain.RequestLog{running}, Finished: finished}))

	n, err := logs.PruneDetails(ctx, old.CreatedAt.Add(24*time.Hour), 100)
	require.NoError(t, err)
	require.Zero(t, n, "they are kept for some days")
	n, err = logs.PruneDetails(ctx, old.CreatedAt.Add(4*24*time.Hour), 2)
	require.NoError(t, err)
	require.Equal(t, 2, n)
	n, err = logs.PruneDetails(ctx, old.CreatedAt.Add(4*24*time.Hour), 100)
	require.NoError(t, err)
	require.Equal(t, 3, n, "that of the young row stays")
	_, detail, err := logs.Get(ctx, old.ID)
	require.NoError(t, err, "the row outlives its detail")
	require.JSONEq(t, "[]", detail.Chain)

	n, err = logs.PruneRows(ctx, old.CreatedAt.Add(24*time.Hour), 3)
	require.NoError(t, err)
	require.Equal(t, 3, n)
	_, _, err = logs.Get(ctx, old.ID)
	requireFault(t, err, domain.KindNotFound)
	_, _, err = logs.Get(ctx, retentionRow(4, 0).ID)
	require.NoError(t, err, "the oldest go first")
	n, err = logs.PruneRows(ctx, old.CreatedAt.Add(24*time.Hour), 3)
	require.NoError(t, err)
	require.Equal(t, 2, n)
	n, err = logs.PruneRows(ctx, old.CreatedAt.Add(24*time.Hour), 3)
	require.NoError(t, err)
	require.Zero(t, n)

	left, err := logs.List(ctx, domain.LogFilter{})
	require.NoError(t, err)
	require.Len(t, left, 2)
	require.Equal(t, young.ID, left[0].ID)
	require.Equal(t, running.ID, left[1].ID, "a request that still runs keeps its row")
	_, detail, err = logs.Get(ctx, young.ID)
	require.NoError(t, err)
	require.NotEqual(t, "[]", detail.Chain)
}

// retentionRow is a closed row of a request that came so long after the start.
func retentionRow(n int, after time.Duration) domain.RequestLog {
	l := RequestLog(n)
	l.CreatedAt = Start().Add(after).Add(time.Duration(n) * time.Millisecond)
	l.ID = domain.FirstRequestIDAt(l.CreatedAt)
	return l
}
