package storetest

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/internal/domain"
	"github.com/claude-code-hub/cch/persistence/store"
)

// Roll-ups follow every append, also of rows that come after their day was
// closed, and are the same when they are built anew.
func testLedgerRollups(t *testing.T, open Open) {
	t.Helper()
	s, ctx := open(t), t.Context()
	epoch := claim(t, s)
	kolkata, err := time.LoadLocation("Asia/Kolkata") // half an hour off
	require.NoError(t, err)
	begin := time.Date(2026, 1, 1, 0, 0, 0, 0, kolkata)
	now := begin.Add(50 * time.Hour)
	closed, err := s.Rollups().CloseDays(ctx, kolkata, now)
	require.NoError(t, err)
	require.Zero(t, closed, "nothing is there")

	n := 0
	spend := func(at time.Time, model string) {
		n++
		row := LedgerRow(n, epoch)
		row.AdmittedAt, row.Model, row.Duration = at.UnixMilli(), model, time.Duration(n)*200*time.Millisecond
		row.IsSuccess, row.CountsForRate = n%2 == 0, n%3 != 0
		if n%4 == 0 {
			row.ProviderID, row.TTFT, row.IsFinal = 0, 0, false
		}
		require.Equal(t, []error{nil}, appendRows(t, s, row))
	}
	for at := begin; at.Before(now); at = at.Add(100 * time.Minute) {
		spend(at, "m")
	}
	closed, err = s.Rollups().CloseDays(ctx, kolkata, now)
	require.NoError(t, err)
	require.Equal(t, 2, closed)
	requireNoDifference(t, s)

	spend(begin.Add(-time.Hour), "before the first day")
	spend(begin.Add(time.Hour), "m")
	spend(begin.Add(time.Hour), "not listed on that day")
	spend(now, "m")
	requireNoDifference(t, s)

	closed, err = s.Rollups().CloseDays(ctx, time.UTC, now)
	require.NoError(t, err)
	require.Equal(t, 2, closed, "in another zone all days are built anew")
	requireNoDifference(t, s)
	require.NoError(t, s.Rollups().Rebuild(ctx, begin.Add(-2*time.Hour), now.Add(time.Hour)))
	requireNoDifference(t, s)
}

func requireNoDifference(t *testing.T, s *store.Store) {
	t.Helper()
	from, to, err := s.Rollups().Span(t.Context())
	require.NoError(t, err)
	require.Less(t, from, to)
	differences, err := s.Rollups().Differences(t.Context(), from, to)
	require.NoError(t, err)
	require.Equal(t, []domain.LedgerDifference(nil), differences)
}
