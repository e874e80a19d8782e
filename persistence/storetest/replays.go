package storetest

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/internal/domain"
)

func testReplays(t *testing.T, open Open) {
	t.Helper()
	s, ctx := open(t), t.Context()
	r := s.Replays()
	answer := func(id string, left time.Duration) *domain.Replay {
		return &domain.Replay{
			ID: id, Verifier: "v", KeyID: 1, UserID: 2, RequestID: 77, Protocol: domain.ProtocolClaude, Model: "m", Status: 200,
			Header: map[string]string{"Content-Type": "text/event-stream"}, Body: []byte("data: \x00\xff\n\n"),
			ExpiresAt: time.Now().Add(left).Truncate(time.Millisecond),
		}
	}
	want := answer("a", time.Hour)
	require.NoError(t, r.Keep(ctx, want))
	got, err := r.Find(ctx, "a")
	require.NoError(t, err)
	require.Empty(t, cmp.Diff(want, got))
	_, err = r.Find(ctx, "b")
	requireFault(t, err, domain.KindNotFound)

	newer := answer("a", 2*time.Hour)
	newer.Body, newer.RequestID = []byte("again"), 78
	require.NoError(t, r.Keep(ctx, newer))
	got, err = r.Find(ctx, "a")
	require.NoError(t, err)
	require.Empty(t, cmp.Diff(newer, got))

	require.NoError(t, r.Keep(ctx, answer("old", -time.Minute)))
	_, err = r.Find(ctx, "old")
	requireFault(t, err, domain.KindNotFound)
	for _, want := range []int{1, 0} {
		n, err := r.Prune(ctx, time.Now(), 10)
		require.NoError(t, err)
		require.Equal(t, want, n)
	}
	require.NoError(t, r.Drop(ctx, "a"))
	require.NoError(t, r.Drop(ctx, "a"))
	_, err = r.Find(ctx, "a")
	requireFault(t, err, domain.KindNotFound)
}
