package storetest

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/internal/domain"
	"github.com/claude-code-hub/cch/persistence/store"
)

// Requests of a model are found by what was asked for and by what was sent:
// those sent as they were asked for, as another model, as none, on several days,
// and those that run, have begun or ended since.
func testLogModels(t *testing.T, open Open) {
	t.Helper()
	s, ctx, r := open(t), t.Context(), rand.New(rand.NewPCG(3, 4))
	logs := s.RequestLogs()
	var rows []domain.RequestLog
	for round := range 8 {
		var started []*domain.RequestLog
		var finished []domain.FinishedLog
		for n := range 25 {
			l := modelRow(round*25+n, r)
			if r.IntN(4) > 0 {
				started = append(started, Opened(l))
			}
			if r.IntN(8) > 0 {
				finished = append(finished, Finished(l))
			} else {
				l = *Opened(l)
				started = append(started, &l)
			}
			rows = append(rows, l)
		}
		require.NoError(t, logs.WriteBatch(ctx, domain.LogBatch{Started: started, Finished: finished}))
		end := slices.IndexFunc(rows, func(l domain.RequestLog) bool { return l.Result.StatusCode == 0 })
		if end >= 0 { // one that ran ends in a later batch
			rows[end].Result.StatusCode, rows[end].Upstream.ModelSent = 502, "b"
			require.NoError(t, logs.WriteBatch(ctx, domain.LogBatch{Finished: []domain.FinishedLog{Finished(rows[end])}}))
		}
	}
	requireModels(t, s, rows)
	require.NoError(t, s.Fill(ctx, func(*store.Filling) error { return nil }))
	requireModels(t, s, rows)

	before := rows[80].CreatedAt
	_, err := logs.PruneRows(ctx, before, 1000)
	require.NoError(t, err)
	rows = slices.DeleteFunc(rows, func(l domain.RequestLog) bool { return l.CreatedAt.Before(before) && l.Result.StatusCode != 0 })
	requireModels(t, s, rows)
}

// modelRow is a row of one of five days.
func modelRow(n int, r *rand.Rand) domain.RequestLog {
	l := RequestLog(n)
	l.CreatedAt = Start().Add(time.Duration(n) * 36 * time.Minute)
	l.ID = domain.FirstRequestIDAt(l.CreatedAt)
	l.UserID = domain.UserID(1 + r.IntN(2))
	l.Call.Model = []string{"", "a", "b", "c", "d\x00"}[r.IntN(5)]
	l.Upstream.ModelSent = l.Call.Model
	if r.IntN(3) == 0 {
		l.Upstream.ModelSent = []string{"", "a", "b", "e"}[r.IntN(4)]
	}
	if r.IntN(3) == 0 {
		l.Result.StatusCode = 500
	}
	return l
}

// requireModels asks for each model in several ways.
func requireModels(t *testing.T, s *store.Store, rows []domain.RequestLog) {
	t.Helper()
	for _, model := range []string{"a", "b", "c", "d\ufffd", "e", "nobody's"} {
		for _, f := range []domain.LogFilter{
			{},
			{UserID: 1},
			{ErrorsOnly: true},
			{UserID: 2, ErrorsOnly: true},
			{From: rows[30].CreatedAt, To: rows[len(rows)-30].CreatedAt},
			{Before: rows[len(rows)/2].ID, Limit: 7},
		} {
			f.Model = model
			if f.Limit == 0 {
				f.Limit = 500
			}
			got, err := s.RequestLogs().List(t.Context(), f)
			require.NoError(t, err)
			want := idsOfModel(rows, f)
			require.Equal(t, want, ids(got), "%+v", f)
			if f.Before == 0 {
				requireSummary(t, s, f, got)
			}
		}
	}
}

// requireSummary holds sums of rows against the rows.
func requireSummary(t *testing.T, s *store.Store, f domain.LogFilter, rows []domain.RequestLog) {
	t.Helper()
	var want domain.LogSummary
	for i := range rows {
		l := &rows[i]
		want.Requests, want.Cost = want.Requests+1, want.Cost+l.Cost
		want.Tokens.Add(l.Usage)
		want.Duration, want.TTFT, want.Since = want.Duration+l.Timing.Duration, want.TTFT+l.Timing.TTFT, l.CreatedAt
		if l.Timing.TTFT > 0 {
			want.TTFTs++
			want.Latency[0]++ // all are short
		}
		if l.Result.Outcome == domain.OutcomeSuccess {
			want.Successes++
		}
		if l.Result.StatusCode == 0 {
			want.Running++
		}
	}
	got, err := s.RequestLogs().Summary(t.Context(), f, 1000)
	require.NoError(t, err)
	got.Since = got.Since.UTC()
	want.Since = want.Since.UTC()
	require.Equal(t, want, got, "%+v", f)
	counts, err := s.RequestLogs().Histogram(t.Context(), f, time.Hour, 1000)
	require.NoError(t, err)
	for _, c := range counts {
		in := 0
		for i := range rows {
			if rows[i].CreatedAt.Truncate(time.Hour).Equal(c.At) && rows[i].Result.StatusCode/100 == c.Class {
				in++
			}
		}
		require.EqualValues(t, in, c.Rows)
		want.Requests -= c.Rows
	}
	require.Zero(t, want.Requests, "%+v", f)
}

// idsOfModel is the plain answer.
func idsOfModel(rows []domain.RequestLog, f domain.LogFilter) []domain.RequestID {
	stored := func(model string) string {
		if model == "d\x00" {
			return "d\ufffd"
		}
		return model
	}
	found := []domain.RequestID{}
	for _, l := range slices.Backward(rows) {
		if stored(l.Call.Model) != f.Model && stored(l.Upstream.ModelSent) != f.Model ||
			f.UserID != 0 && l.UserID != f.UserID || f.ErrorsOnly && l.Result.StatusCode < 400 ||
			!f.From.IsZero() && (l.CreatedAt.Before(f.From) || !l.CreatedAt.Before(f.To)) || f.Before != 0 && l.ID >= f.Before {
			continue
		}
		if found = append(found, l.ID); len(found) == f.Limit {
			break
		}
	}
	return found
}

func ids(rows []domain.RequestLog) []domain.RequestID {
	list := []domain.RequestID{}
	for i := range rows {
		list = append(list, rows[i].ID)
	}
	return list
}
