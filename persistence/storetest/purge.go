package storetest

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/internal/domain"
)

// A purge takes what a user did and what a provider served, and nothing else:
// not even the rows that belong to nobody.
func testPurge(t *testing.T, open Open) {
	t.Helper()
	s, ctx := open(t), t.Context()
	logs := s.RequestLogs()
	row := func(n int, user domain.UserID, provider domain.ProviderID) domain.RequestLog {
		l := RequestLog(n)
		l.UserID, l.Upstream.ProviderID = user, provider
		l.SessionID = "of-" + l.ID.String()
		return l
	}
	mine, served, refused, other := row(1, 8, 3), row(2, 4, 9), row(3, 0, 0), row(4, 4, 3)
	running := Opened(row(5, 8, 0))
	finished := []domain.FinishedLog{Finished(mine), Finished(served), Finished(refused), Finished(other)}
	for n := 10; n < 10+1500; n++ { // more than one bite
		finished = append(finished, Finished(row(n, 8, 3)))
	}
	require.NoError(t, logs.WriteBatch(ctx, domain.LogBatch{Started: []*domain.RequestLog{running}, Finished: finished}))
	count, err := logs.CountUpTo(ctx, 100)
	require.NoError(t, err)
	require.Equal(t, 100, count)

	still, err := logs.Purge(ctx, 0, 0)
	require.NoError(t, err)
	require.Zero(t, still)
	still, err = logs.Purge(ctx, 8, 9)
	require.NoError(t, err)
	require.Equal(t, 1, still)
	ended := *running
	ended.Result.StatusCode = 200
	require.NoError(t, logs.WriteBatch(ctx, domain.LogBatch{Finished: []domain.FinishedLog{Finished(ended)}}))
	still, err = logs.Purge(ctx, 8, 9)
	require.NoError(t, err)
	require.Zero(t, still)
	left, err := logs.List(ctx, domain.LogFilter{})
	require.NoError(t, err)
	require.Len(t, left, 2)
	require.Equal(t, []domain.RequestID{other.ID, refused.ID}, []domain.RequestID{left[0].ID, left[1].ID})
	_, _, err = logs.Get(ctx, mine.ID)
	requireFault(t, err, domain.KindNotFound)
	_, detail, err := logs.Get(ctx, other.ID)
	require.NoError(t, err)
	require.NotEmpty(t, detail.Error)

	require.NoError(t, s.Sessions().Purge(ctx, 8))
	sessions, err := s.Sessions().List(ctx, domain.SessionFilter{Limit: 2000})
	require.NoError(t, err)
	for _, session := range sessions {
		require.NotEqual(t, domain.UserID(8), session.UserID)
	}
	require.NotEmpty(t, sessions)

	event := domain.BreakerEvent{At: time.UnixMilli(1), ProviderID: 9, From: domain.BreakerClosed, To: domain.BreakerOpen, Reason: "r"}
	kept := event
	kept.ProviderID = 3
	require.NoError(t, s.BreakerEvents().Add(ctx, event, kept))
	require.NoError(t, s.BreakerEvents().Purge(ctx, 9))
	events, err := s.BreakerEvents().List(ctx, domain.BreakerEventFilter{})
	require.NoError(t, err)
	require.Len(t, events, 1)
	require.Equal(t, domain.ProviderID(3), events[0].ProviderID)
}
