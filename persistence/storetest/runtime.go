package storetest

import (
	"fmt"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/internal/domain"
)

func testAuthSessions(t *testing.T, open Open) {
	t.Helper()
	s, ctx := open(t), t.Context()
	now := time.Now().UTC().Truncate(time.Millisecond)
	auth := s.AuthSessions()
	session := func(token byte, user domain.UserID, kind domain.AuthKind) domain.AuthSession {
		return domain.AuthSession{
			TokenHash: [32]byte{token}, Kind: kind, UserID: user, CreatedAt: now.Add(time.Duration(token) * time.Second),
			ExpiresAt: now.Add(time.Hour), LastSeenAt: now, IP: "203.0.113.7", UserAgent: "browser",
		}
	}
	full := session(1, 7, domain.AuthWeb)
	full.KeyID = 9
	expired := session(4, 7, domain.AuthWeb)
	expired.ExpiresAt = now.Add(-time.Second)
	for _, a := range []domain.AuthSession{full, session(2, 7, domain.AuthReadOnly), session(3, 0, domain.AuthAdminToken), expired} {
		require.NoError(t, auth.Create(ctx, a))
	}
	requireFault(t, auth.Create(ctx, full), domain.KindConflict)

	got, err := auth.Get(ctx, full.TokenHash)
	require.NoError(t, err)
	require.Empty(t, cmp.Diff(full, got))
	_, err = auth.Get(ctx, expired.TokenHash)
	requireFault(t, err, domain.KindNotFound)
	_, err = auth.Get(ctx, [32]byte{99})
	requireFault(t, err, domain.KindNotFound)

	require.NoError(t, auth.Touch(ctx, full.TokenHash, now.Add(time.Minute)))
	got, err = auth.Get(ctx, full.TokenHash)
	require.NoError(t, err)
	require.Equal(t, now.Add(time.Minute), got.LastSeenAt)

	tokens := func(user domain.UserID) (list []byte) {
		sessions, err := auth.List(ctx, user)
		require.NoError(t, err)
		for _, a := range sessions {
			list = append(list, a.TokenHash[0])
		}
		return list
	}
	require.Equal(t, []byte{3, 2, 1}, tokens(0))
	require.Equal(t, []byte{2, 1}, tokens(7))
	require.NoError(t, auth.Revoke(ctx, full.TokenHash))
	require.NoError(t, auth.Revoke(ctx, full.TokenHash))
	require.Equal(t, []byte{3, 2}, tokens(0))
	require.NoError(t, auth.RevokeUser(ctx, 7))
	require.Equal(t, []byte{3}, tokens(0))
	require.NoError(t, auth.RevokeKind(ctx, domain.AuthAdminToken))
	require.Empty(t, tokens(0))
	require.NoError(t, auth.Prune(ctx, now.Add(2*time.Hour)))
	require.NoError(t, auth.Create(ctx, full), "pruned for good")
}

// Deleting a user or a key ends the web sessions that depend on it.
func testAccessEnds(t *testing.T, open Open) {
	t.Helper()
	s, ctx := open(t), t.Context()
	u, _, err := s.Users().Create(ctx, user("ann"))
	require.NoError(t, err)
	k, _, err := s.Keys().Create(ctx, key(u.ID, "one"))
	require.NoError(t, err)
	for i, keyID := range []domain.KeyID{k.ID, 0} {
		require.NoError(t, s.AuthSessions().Create(ctx, domain.AuthSession{
			TokenHash: [32]byte{byte(i)}, Kind: domain.AuthWeb, UserID: u.ID, KeyID: keyID,
			CreatedAt: time.Now(), ExpiresAt: time.Now().Add(time.Hour),
		}))
	}
	_, err = s.Keys().Delete(ctx, k.ID, 0)
	require.NoError(t, err)
	_, err = s.AuthSessions().Get(ctx, [32]byte{0})
	requireFault(t, err, domain.KindNotFound)
	_, err = s.AuthSessions().Get(ctx, [32]byte{1})
	require.NoError(t, err)
	_, err = s.Users().Delete(ctx, u.ID, 0)
	require.NoError(t, err)
	_, err = s.AuthSessions().Get(ctx, [32]byte{1})
	requireFault(t, err, domain.KindNotFound)
}

func testLoginThrottle(t *testing.T, open Open) {
	t.Helper()
	s, ctx := open(t), t.Context()
	throttle := s.LoginThrottle()
	_, err := throttle.Get(ctx, "ip:203.0.113.7")
	requireFault(t, err, domain.KindNotFound)
	want := domain.LoginThrottle{Scope: "ip:203.0.113.7", Failures: 3, WindowStartAt: Start()}
	require.NoError(t, throttle.Put(ctx, want))
	want.Failures, want.LockedUntil = 10, Start().Add(time.Hour)
	require.NoError(t, throttle.Put(ctx, want))
	got, err := throttle.Get(ctx, want.Scope)
	require.NoError(t, err)
	require.Equal(t, want, got)

	require.NoError(t, throttle.Prune(ctx, Start().Add(time.Minute)))
	_, err = throttle.Get(ctx, want.Scope)
	require.NoError(t, err, "still locked")
	require.NoError(t, throttle.Prune(ctx, Start().Add(2*time.Hour)))
	_, err = throttle.Get(ctx, want.Scope)
	requireFault(t, err, domain.KindNotFound)
}

func testSnapshots(t *testing.T, open Open) {
	t.Helper()
	s, ctx := open(t), t.Context()
	snapshots := s.Snapshots()
	_, err := snapshots.Load(ctx, "provider", "1")
	requireFault(t, err, domain.KindNotFound)

	first := domain.Snapshot{Kind: "provider", ID: "1", Epoch: 5, Data: []byte{0, 1, 255}, ExpiresAt: time.UnixMilli(4_000_000_000_000).UTC(), SavedAt: Start()}
	same := domain.Snapshot{Kind: "session", ID: "1", Epoch: 1}
	require.NoError(t, snapshots.Save(ctx, []domain.Snapshot{first, same}))
	got, err := snapshots.Load(ctx, "provider", "1")
	require.NoError(t, err)
	require.Equal(t, first, got)

	older := first
	older.Epoch, older.Data = 4, []byte("of a replaced actor")
	require.NoError(t, snapshots.Save(ctx, []domain.Snapshot{older}))
	got, err = snapshots.Load(ctx, "provider", "1")
	require.NoError(t, err)
	require.Equal(t, first, got)

	equal := first
	equal.Data, equal.ExpiresAt = []byte("newer"), time.Time{}
	require.NoError(t, snapshots.Save(ctx, []domain.Snapshot{equal}))
	got, err = snapshots.Load(ctx, "provider", "1")
	require.NoError(t, err)
	require.Equal(t, equal, got)

	gone := domain.Snapshot{Kind: "session", ID: "2", Epoch: 1, ExpiresAt: time.Now().Add(-time.Second)}
	require.NoError(t, snapshots.Save(ctx, []domain.Snapshot{gone}))
	_, err = snapshots.Load(ctx, "session", "2")
	requireFault(t, err, domain.KindNotFound)
	require.NoError(t, snapshots.Prune(ctx, time.Now()))
	_, err = snapshots.Load(ctx, "provider", "1")
	require.NoError(t, err)

	second := domain.Snapshot{Kind: "provider", ID: "2", Epoch: 1, Data: []byte{7}, SavedAt: Start()}
	require.NoError(t, snapshots.Save(ctx, []domain.Snapshot{second}))
	list, err := snapshots.List(ctx, "provider", "", 10)
	require.NoError(t, err)
	require.Equal(t, []domain.Snapshot{equal, second}, list)
	list, err = snapshots.List(ctx, "provider", "1", 1)
	require.NoError(t, err)
	require.Equal(t, []domain.Snapshot{second}, list)
}

func testBreakerEvents(t *testing.T, open Open) {
	t.Helper()
	s, ctx := open(t), t.Context()
	require.NoError(t, s.BreakerEvents().Add(ctx))
	var want []domain.BreakerEvent
	for i := range 30 {
		want = append(want, domain.BreakerEvent{
			At: Start().Add(time.Duration(i) * time.Second), ProviderID: domain.ProviderID(1 + i%2),
			From: domain.BreakerClosed, To: domain.BreakerOpen, Reason: "failure_threshold",
			StatusCode: 500 + i, Message: fmt.Sprint("message ", i), RequestID: domain.RequestID(i), Actor: "admin",
		})
	}
	require.NoError(t, s.BreakerEvents().Add(ctx, want[:10]...))
	require.NoError(t, s.BreakerEvents().Add(ctx, want[10:]...))

	page, err := s.BreakerEvents().List(ctx, domain.BreakerEventFilter{})
	require.NoError(t, err)
	require.Len(t, page, 20)
	want[29].ID = page[0].ID
	require.Equal(t, want[29], page[0])
	rest, err := s.BreakerEvents().List(ctx, domain.BreakerEventFilter{Before: page[19].ID, Limit: 100})
	require.NoError(t, err)
	require.Len(t, rest, 10)
	require.Equal(t, "message 9", rest[0].Message)

	one, err := s.BreakerEvents().List(ctx, domain.BreakerEventFilter{
		Scope: domain.BreakerOfProvider, ScopeID: 2, From: Start().Add(10 * time.Second), To: Start().Add(20 * time.Second),
	})
	require.NoError(t, err)
	require.Len(t, one, 5)
	require.Equal(t, "message 19", one[0].Message)
}

// Readers and writers of all repositories work side by side.
func testConcurrency(t *testing.T, open Open) {
	t.Helper()
	s, ctx := open(t), t.Context()
	u, _, err := s.Users().Create(ctx, user("ann"))
	require.NoError(t, err)
	var wg sync.WaitGroup
	worker := func(work func(i int) error) {
		wg.Go(func() {
			for i := range 20 {
				if err := work(i); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	for w := range 3 {
		worker(func(i int) error {
			_, _, err := s.Keys().Create(ctx, key(u.ID, fmt.Sprint(w, "-", i)))
			return err
		})
		worker(func(i int) error {
			l := RequestLog(w*1000 + i)
			return s.RequestLogs().WriteBatch(ctx, domain.LogBatch{Started: []*domain.RequestLog{Opened(l)}, Finished: []domain.FinishedLog{Finished(l)}})
		})
		worker(func(i int) error {
			return s.Snapshots().Save(ctx, []domain.Snapshot{{Kind: "quota", ID: strconv.Itoa(w), Epoch: int64(i)}})
		})
		worker(func(int) error { _, err := s.Configuration(ctx); return err })
		worker(func(int) error { _, err := s.RequestLogs().List(ctx, domain.LogFilter{}); return err })
		worker(func(int) error { _, err := s.Sessions().List(ctx, domain.SessionFilter{}); return err })
	}
	wg.Wait()
	keys, err := s.Keys().List(ctx)
	require.NoError(t, err)
	require.Len(t, keys, 60)
	logs, err := s.RequestLogs().List(ctx, domain.LogFilter{Limit: 100})
	require.NoError(t, err)
	require.Len(t, logs, 60)
}
