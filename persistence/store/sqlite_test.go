package store_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/internal/domain"
	"github.com/claude-code-hub/cch/persistence/storetest"
)

// Deleted rows leave pages in the file, which are given back bit by bit.
func TestTheLogFileShrinks(t *testing.T) {
	t.Parallel()
	s, ctx := openIn(t, t.TempDir()), t.Context()
	logs := s.RequestLogs()
	var finished []domain.FinishedLog
	for n := range 500 {
		finished = append(finished, storetest.Finished(storetest.RequestLog(n)))
	}
	require.NoError(t, logs.WriteBatch(ctx, domain.LogBatch{Finished: finished}))
	_, err := logs.PruneRows(ctx, storetest.Start().Add(24*time.Hour), 1000)
	require.NoError(t, err)
	before, err := logs.Shrink(ctx, 1)
	require.NoError(t, err)
	require.Positive(t, before)
	after, err := logs.Shrink(ctx, 10)
	require.NoError(t, err)
	require.Equal(t, max(0, before-10), after)
	after, err = logs.Shrink(ctx, 1<<20)
	require.NoError(t, err)
	require.Zero(t, after)
}
