package session_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/claude-code-hub/cch/actors/kit"
	"github.com/claude-code-hub/cch/actors/protocol"
	"github.com/claude-code-hub/cch/actors/session"
	"github.com/claude-code-hub/cch/internal/domain"
)

const ttl = 5 * time.Minute

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// memory is a store of snapshots that forgets what has expired.
type memory struct {
	mu    sync.Mutex
	snaps map[string]domain.Snapshot
	saves int
	down  bool
}

func newMemory() *memory { return &memory{snaps: map[string]domain.Snapshot{}} }

func (m *memory) Save(s domain.Snapshot) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.saves++
	m.snaps[s.Kind+"/"+s.ID] = s
}

func (m *memory) Load(_ context.Context, kind, id string) (domain.Snapshot, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	s, ok := m.snaps[kind+"/"+id]
	switch {
	case m.down:
		return s, errors.New("store is down")
	case !ok || !time.Now().Before(s.ExpiresAt):
		return domain.Snapshot{}, domain.NotFound("snapshot", id)
	}
	return s, nil
}

func (m *memory) saved() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.saves
}

type hub struct {
	t   *testing.T
	sys *kit.System
	dir *kit.Directory
	ref kit.Ref
}

func start(t *testing.T, m *memory, intercept func(kind, id string, self kit.Ref, msg any)) *hub {
	t.Helper()
	return startWith(t, session.Options{Snapshots: m, TTL: ttl}, intercept)
}

func startWith(t *testing.T, o session.Options, intercept func(kind, id string, self kit.Ref, msg any)) *hub {
	t.Helper()
	sys := kit.NewSystem(kit.Options{Intercept: intercept})
	dir := sys.Directory(session.New(o))
	return &hub{t: t, sys: sys, dir: dir, ref: dir.Ref("abc")}
}

func (h *hub) stop() {
	h.t.Helper()
	require.NoError(h.t, h.sys.Shutdown(context.Background()))
}

func lease(n byte) domain.LeaseID { return domain.LeaseID{15: n} }

func (h *hub) resolve(n byte) *protocol.SessionView {
	h.t.Helper()
	v, err := kit.Ask[*protocol.SessionView](context.Background(), h.ref, &protocol.SessionResolve{LeaseID: lease(n), TTLMs: 30_000})
	require.NoError(h.t, err)
	return v
}

func (h *hub) bind(n byte, to domain.ProviderID, generation int64) {
	h.ref.Tell(&protocol.SessionBind{LeaseID: lease(n), ProviderID: to, Generation: generation, Reason: domain.BindFirstSuccess})
}

func TestASessionSticksUntilItLapses(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := start(t, newMemory(), nil)
		defer h.stop()
		h.bind(1, 7, h.resolve(1).Generation)
		for n := byte(2); n < 6; n++ {
			time.Sleep(ttl - time.Second)
			v := h.resolve(n)
			require.EqualValues(t, 7, v.ProviderID)
			require.EqualValues(t, n, v.Seq)
			h.ref.Tell(&protocol.SessionBind{LeaseID: lease(n), Keep: true})
		}
		time.Sleep(ttl)
		require.Zero(t, h.resolve(9).ProviderID)
	})
}

func TestAnIdleSessionIsPutAwayAndAStickyOneFoundAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		h := start(t, m, nil)
		h.bind(1, 7, h.resolve(1).Generation)
		h.stop()

		h = start(t, m, nil)
		defer h.stop()
		v := h.resolve(2)
		require.EqualValues(t, 7, v.ProviderID)
		require.EqualValues(t, 2, v.Seq)
		h.ref.Tell(&protocol.SessionBind{LeaseID: lease(2), Keep: true})
		time.Sleep(ttl + 3*time.Minute)
		synctest.Wait()
		require.Zero(t, h.dir.Live())
		v = h.resolve(3)
		require.Zero(t, v.ProviderID)
		require.EqualValues(t, 1, v.Seq, "nothing is left of it")
	})
}

// history is a log in which a session has so many requests; less than 0 = it
// does not answer, 0 = it knows none.
type history int64

func (n history) Get(_ context.Context, hash string) (domain.Session, error) {
	switch {
	case n < 0:
		return domain.Session{}, errors.New("log is down")
	case n == 0:
		return domain.Session{}, domain.NotFound("session", hash)
	}
	return domain.Session{Hash: hash, Requests: int64(n)}, nil
}

func TestNumbersGoOnWhereTheLogIsAheadOfTheSnapshot(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name     string
		recorded history
		snapshot bool // one that was saved after the first request
		want     int64
	}{
		{"killed after 114 requests", 114, true, 115},
		{"killed before the first snapshot", 3, false, 4},
		{"the log is behind", 0, true, 2},
		{"the log does not answer", -1, true, 2},
		{"new session", 0, false, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				m := newMemory()
				if c.snapshot {
					h := start(t, m, nil)
					h.bind(1, 7, h.resolve(1).Generation)
					h.stop()
				}
				h := startWith(t, session.Options{Snapshots: m, History: c.recorded, TTL: ttl}, nil)
				defer h.stop()
				v := h.resolve(2)
				require.Equal(t, c.want, v.Seq)
				require.Equal(t, c.snapshot, v.ProviderID == 7, "the binding is the snapshot's")
			})
		})
	}
}

func TestASessionInUseIsNotPutAway(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := start(t, newMemory(), nil)
		defer h.stop()
		h.resolve(1)
		for range 90 {
			time.Sleep(10 * time.Second)
			r, err := kit.Ask[*protocol.LeaseRenewed](t.Context(), h.ref, &protocol.LeaseRenew{IDs: []domain.LeaseID{lease(1)}, TTLMs: 30_000})
			require.NoError(t, err)
			require.Empty(t, r.Unknown)
		}
		p, err := kit.Ask[kit.Passivated](t.Context(), h.ref, kit.MaybePassivate{})
		require.NoError(t, err)
		require.False(t, p.OK)
	})
}

func TestBindingsAreSavedAtOnceAndTheRestInTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		h := start(t, m, nil)
		defer h.stop()
		v := h.resolve(1)
		require.Zero(t, m.saved())
		h.bind(1, 7, v.Generation)
		synctest.Wait()
		require.Equal(t, 1, m.saved())
		for n := byte(2); n < 62; n++ {
			h.resolve(n)
			h.ref.Tell(&protocol.SessionBind{LeaseID: lease(n), Keep: true})
			time.Sleep(time.Second)
		}
		synctest.Wait()
		require.InDelta(t, 3, m.saved(), 1)
		time.Sleep(time.Minute)
		synctest.Wait()
		quiet := m.saved()
		time.Sleep(time.Minute)
		synctest.Wait()
		require.Equal(t, quiet, m.saved())
	})
}

func TestAPanicKeepsTheBinding(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := start(t, newMemory(), func(_, _ string, _ kit.Ref, msg any) {
			if r, ok := msg.(*protocol.SessionResolve); ok && r.LeaseID == lease(66) {
				panic("injected")
			}
		})
		defer h.stop()
		v := h.resolve(1)
		h.bind(1, 7, v.Generation)
		_, err := kit.Ask[*protocol.SessionView](t.Context(), h.ref, &protocol.SessionResolve{LeaseID: lease(66)})
		var failed *kit.FailedError
		require.ErrorAs(t, err, &failed)
		again := h.resolve(2)
		require.EqualValues(t, 7, again.ProviderID)
		require.EqualValues(t, 2, again.Seq)
		require.Greater(t, again.Epoch, v.Epoch)
	})
}

func TestAStoreThatIsDownMeansAColdSession(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		m.down = true
		h := start(t, m, nil)
		defer h.stop()
		require.EqualValues(t, 1, h.resolve(1).Seq)
	})
}

func TestAnOperatorEndsASession(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := start(t, newMemory(), nil)
		defer h.stop()
		h.bind(1, 7, h.resolve(1).Generation)
		e, err := kit.Ask[*protocol.SessionEnded](t.Context(), h.ref, &protocol.SessionEnd{})
		require.NoError(t, err)
		require.True(t, e.WasBound)
		require.Zero(t, h.resolve(2).ProviderID)
	})
}

func BenchmarkResolveAndBind(b *testing.B) {
	sys := kit.NewSystem(kit.Options{})
	defer func() { require.NoError(b, sys.Shutdown(context.Background())) }()
	ref := sys.Directory(session.New(session.Options{Snapshots: newMemory(), TTL: ttl})).Ref("abc")
	b.ReportAllocs()
	for b.Loop() {
		id := domain.NewLeaseID(time.Now())
		_, err := kit.Ask[*protocol.SessionView](context.Background(), ref, &protocol.SessionResolve{LeaseID: id, TTLMs: 30_000})
		if err != nil {
			b.Fatal(err)
		}
		ref.Tell(&protocol.SessionBind{LeaseID: id, Keep: true})
	}
}
