package storetest

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/internal/domain"
	"github.com/claude-code-hub/cch/persistence/store"
)

// LedgerRow is a row with every column set: the n-th of user 7, whose writer
// has the epoch.
func LedgerRow(n int, epoch int64) domain.LedgerRow {
	reported := domain.Money(41)
	return domain.LedgerRow{
		SettleKey: domain.SettleKey{ReqID: domain.RequestID(1000 + n), Attempt: 1, Kind: domain.LedgerCharge},
		UserID:    7, UserSeq: int64(n), Epoch: epoch, KeyID: 9,
		AdmittedAt: 1_767_225_600_000 + int64(n), SettledAt: 1_767_225_601_000,
		Charge: 60, ProviderCost: 40, State: "billed", IsFinal: true,
		LedgerFacts: domain.LedgerFacts{
			ProviderID: 3, GroupID: 2, SessionID: "s", Reported: &reported, PriceID: 5, PriceNode: "anthropic", Model: "m",
			Usage:     domain.Usage{Input: 1, Output: 2, CacheRead: 3, CacheWrite5m: 4, CacheWrite1h: 5, Reasoning: 6},
			IsSuccess: true, CountsForRate: true,
			Duration: 900 * time.Millisecond, TTFB: 100 * time.Millisecond, TTFT: 200 * time.Millisecond,
		},
	}
}

// kept is the row as the ledger gives it back.
func kept(r domain.LedgerRow) domain.LedgerRow {
	r.SessionID = ""
	return r
}

func claim(t *testing.T, s *store.Store) int64 {
	t.Helper()
	epoch, err := s.Ledger().Claim(t.Context(), 7, "node", time.UnixMilli(100))
	require.NoError(t, err)
	return epoch
}

func appendRows(t *testing.T, s *store.Store, rows ...domain.LedgerRow) []error {
	t.Helper()
	results, err := s.Ledger().Append(t.Context(), rows)
	require.NoError(t, err)
	require.Len(t, results, len(rows))
	return results
}

func testLedger(t *testing.T, open Open) {
	t.Helper()
	s, ctx := open(t), t.Context()
	epoch := claim(t, s)
	first, second, third := LedgerRow(1, epoch), LedgerRow(2, epoch), LedgerRow(3, epoch)
	second.LedgerFacts = domain.LedgerFacts{} // absent values are kept absent
	second.IsFinal, second.Charge, second.ProviderCost = false, -5, 0
	third.AdmittedAt = first.AdmittedAt - 10
	require.Equal(t, []error{nil, nil, nil}, appendRows(t, s, first, second, third))

	got, err := s.Ledger().After(ctx, 7, 0, 10)
	require.NoError(t, err)
	require.Empty(t, cmp.Diff([]domain.LedgerRow{kept(first), kept(second), kept(third)}, got))
	got, err = s.Ledger().After(ctx, 7, 1, 1)
	require.NoError(t, err)
	require.Empty(t, cmp.Diff([]domain.LedgerRow{kept(second)}, got))
	got, err = s.Ledger().After(ctx, 8, 0, 10)
	require.NoError(t, err)
	require.Empty(t, got, "of another user")

	got, err = s.Ledger().Since(ctx, 7, time.UnixMilli(third.AdmittedAt-1))
	require.NoError(t, err)
	require.Empty(t, cmp.Diff([]domain.LedgerRow{kept(third), kept(first), kept(second)}, got))
	got, err = s.Ledger().Since(ctx, 7, time.UnixMilli(first.AdmittedAt))
	require.NoError(t, err)
	require.Empty(t, cmp.Diff([]domain.LedgerRow{kept(second)}, got), "what lies at the time itself is not after it")

	got, err = s.Ledger().Of(ctx, first.ReqID)
	require.NoError(t, err)
	require.Empty(t, cmp.Diff([]domain.LedgerRow{kept(first)}, got))
	seq, err := s.Ledger().LastSeq(ctx, 7)
	require.NoError(t, err)
	require.EqualValues(t, 3, seq)
	seq, err = s.Ledger().LastSeq(ctx, 8)
	require.NoError(t, err)
	require.Zero(t, seq)
}

// Only the newest writer of a user appends.
// Each request that was admitted has one final row, or it is told.
func testUnsettled(t *testing.T, open Open) {
	t.Helper()
	s, ctx := open(t), t.Context()
	epoch := claim(t, s)
	at := Start()
	logs := make([]domain.FinishedLog, 0, 6)
	add := func(n int, change func(*domain.RequestLog)) domain.RequestID {
		l := RequestLog(n)
		change(&l)
		logs = append(logs, Finished(l))
		return l.ID
	}
	booked := add(1, func(*domain.RequestLog) {})
	lost := add(2, func(*domain.RequestLog) {})
	add(3, func(l *domain.RequestLog) { l.Upstream.Attempts = 0 }) // refused at the door
	broken := add(4, func(l *domain.RequestLog) {
		l.Upstream.Attempts, l.Result.ErrorCode = 0, string(domain.ReasonInterrupted)
	})
	late := add(1000, func(*domain.RequestLog) {}) // may still be settled
	require.NoError(t, s.RequestLogs().WriteBatch(ctx, domain.LogBatch{Finished: logs}))
	row, part := LedgerRow(1, epoch), LedgerRow(2, epoch)
	row.ReqID, part.ReqID, part.IsFinal = booked, lost, false
	appendRows(t, s, row, part)

	found, err := s.Ledger().Unsettled(ctx, time.Time{}, at.Add(999*time.Second))
	require.NoError(t, err)
	var where []string
	for _, d := range found {
		where = append(where, d.Where)
		require.Zero(t, d.Ledger)
	}
	require.Equal(t, []string{"request " + lost.String(), "request " + broken.String()}, where)
	found, err = s.Ledger().Unsettled(ctx, at.Add(999*time.Second), at.Add(1001*time.Second))
	require.NoError(t, err)
	require.Len(t, found, 1)
	require.Equal(t, "request "+late.String(), found[0].Where)
}

func testLedgerFence(t *testing.T, open Open) {
	t.Helper()
	s, ctx := open(t), t.Context()
	unclaimed := LedgerRow(1, 100)
	require.Equal(t, []error{domain.ErrLedgerFenced}, appendRows(t, s, unclaimed))

	old := claim(t, s)
	require.EqualValues(t, 100, old, "no less than the time")
	epoch := claim(t, s)
	require.Equal(t, old+1, epoch, "later than before, though the clock stands")
	stale, fresh, other := LedgerRow(1, old), LedgerRow(1, epoch), LedgerRow(2, epoch)
	other.UserID, other.UserSeq = 8, 1
	require.Equal(t, []error{domain.ErrLedgerFenced, nil, domain.ErrLedgerFenced}, appendRows(t, s, stale, fresh, other))
	taken := LedgerRow(5, epoch)
	taken.UserSeq = 1
	require.Equal(t, []error{domain.ErrLedgerFenced}, appendRows(t, s, taken), "its number is taken: the writer counts wrong")

	later, err := s.Ledger().Claim(ctx, 7, "node", time.UnixMilli(5_000))
	require.NoError(t, err)
	require.EqualValues(t, 5_000, later)
	rows, err := s.Ledger().After(ctx, 7, 0, 10)
	require.NoError(t, err)
	require.Empty(t, cmp.Diff([]domain.LedgerRow{kept(fresh)}, rows))
}

// A row comes in once, a request ends once, and what came twice adds to nothing.
func testLedgerDuplicates(t *testing.T, open Open) {
	t.Helper()
	s, ctx := open(t), t.Context()
	epoch := claim(t, s)
	row := LedgerRow(1, epoch)
	again := row
	again.UserSeq, again.Charge = 2, 1
	adjust := LedgerRow(3, epoch)
	adjust.SettleKey = domain.SettleKey{ReqID: row.ReqID, Attempt: 1, Kind: domain.LedgerAdjust, N: 1}
	adjust.IsFinal, adjust.Usage, adjust.CountsForRate = false, domain.Usage{}, false
	secondEnd := LedgerRow(4, epoch)
	secondEnd.ReqID, secondEnd.Attempt = row.ReqID, 2
	results := appendRows(t, s, row, again, adjust, secondEnd)
	require.NoError(t, results[0])
	require.NoError(t, results[2])
	for _, i := range []int{1, 3} {
		var duplicate *domain.LedgerDuplicateError
		require.ErrorAs(t, results[i], &duplicate)
		require.Empty(t, cmp.Diff(kept(row), duplicate.Kept))
	}
	sum, err := s.Ledger().Sum(ctx, 7, 0, time.Time{}, 0)
	require.NoError(t, err)
	require.Equal(t, row.Charge+adjust.Charge, sum)
	session, err := s.Sessions().Get(ctx, domain.SessionKey{KeyID: 9, ID: "s"}.Hash())
	require.NoError(t, err)
	require.Equal(t, sum, session.Cost)
	require.Equal(t, row.Usage, session.Usage)
}

// Ledger and request log add to the same session, whichever comes first.
func testLedgerSessions(t *testing.T, open Open) {
	t.Helper()
	for _, ledgerFirst := range []bool{true, false} {
		s, ctx := open(t), t.Context()
		row, log := LedgerRow(1, claim(t, s)), RequestLog(1)
		row.KeyID, row.UserID, row.SessionID = log.KeyID, 7, log.SessionID
		row.AdmittedAt = log.CreatedAt.UnixMilli() + 1
		if ledgerFirst {
			appendRows(t, s, row)
		}
		require.NoError(t, s.RequestLogs().WriteBatch(ctx, domain.LogBatch{Finished: []domain.FinishedLog{Finished(log)}}))
		if !ledgerFirst {
			appendRows(t, s, row)
		}
		session, err := s.Sessions().Get(ctx, domain.SessionKey{KeyID: log.KeyID, ID: log.SessionID}.Hash())
		require.NoError(t, err)
		require.EqualValues(t, 1, session.Requests)
		require.Equal(t, row.Charge, session.Cost)
		require.Equal(t, row.Usage, session.Usage)
		require.Equal(t, log.Client.Kind, session.ClientKind)
		require.Equal(t, log.CreatedAt, session.FirstAt)
		require.Equal(t, log.CreatedAt.Add(log.Timing.Duration).Truncate(time.Millisecond), session.LastAt)
	}
}

func testLedgerSums(t *testing.T, open Open) {
	t.Helper()
	s, ctx := open(t), t.Context()
	epoch := claim(t, s)
	rows := []domain.LedgerRow{LedgerRow(1, epoch), LedgerRow(2, epoch), LedgerRow(3, epoch)}
	for i := range rows {
		rows[i].Charge = domain.Money(1) << i
		rows[i].AdmittedAt = int64(1000 * (i + 1))
	}
	rows[1].KeyID = 10
	rows[1].ProviderID = 4
	appendRows(t, s, rows...)
	for _, c := range []struct {
		key   domain.KeyID
		after time.Time
		upto  int64
		want  domain.Money
	}{
		{0, time.Time{}, 0, 7},
		{0, time.UnixMilli(1000), 0, 6},
		{0, time.UnixMilli(999), 0, 7},
		{0, time.UnixMilli(1000), 2, 2},
		{9, time.Time{}, 0, 5},
		{9, time.UnixMilli(1000), 0, 4},
		{10, time.Time{}, 0, 2},
		{11, time.Time{}, 0, 0},
	} {
		sum, err := s.Ledger().Sum(ctx, 7, c.key, c.after, c.upto)
		require.NoError(t, err)
		require.Equal(t, c.want, sum, "%+v", c)
	}
	sum, err := s.Ledger().Sum(ctx, 8, 9, time.Time{}, 0)
	require.NoError(t, err)
	require.Zero(t, sum, "a key of another user")

	of, err := s.Ledger().ProviderSince(ctx, 3, time.UnixMilli(1000))
	require.NoError(t, err)
	require.Empty(t, cmp.Diff([]domain.LedgerRow{kept(rows[2])}, of))
	sum, err = s.Ledger().ProviderSum(ctx, 3, time.Time{})
	require.NoError(t, err)
	require.EqualValues(t, 80, sum)
	sum, err = s.Ledger().ProviderSum(ctx, 4, time.UnixMilli(2000))
	require.NoError(t, err)
	require.Zero(t, sum)

	spent, err := s.Ledger().Spent(ctx, domain.SpentQuery{
		Provider: 3, After: time.UnixMilli(1000), Recent: time.UnixMilli(rows[0].SettledAt - 1),
		Sums: []time.Time{{}, time.UnixMilli(1000)},
	})
	require.NoError(t, err)
	require.Empty(t, cmp.Diff(domain.Spent{
		Charges: []domain.SpentCharge{{At: 3000, Amount: 40}},
		Recent:  []domain.SettleKey{rows[2].SettleKey},
		Sums:    []domain.Money{80, 40},
	}, spent))
	spent, err = s.Ledger().Spent(ctx, domain.SpentQuery{Provider: 3, Recent: time.UnixMilli(rows[0].SettledAt)})
	require.NoError(t, err)
	require.Empty(t, spent.Recent)
}
