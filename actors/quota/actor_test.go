package quota_test

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/claude-code-hub/cch/actors/kit"
	"github.com/claude-code-hub/cch/actors/protocol"
	"github.com/claude-code-hub/cch/actors/quota"
	"github.com/claude-code-hub/cch/internal/domain"
	"github.com/claude-code-hub/cch/persistence/storetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// world is what the actors of a test depend on.
type world struct {
	mu      sync.Mutex
	catalog *domain.Catalog
	snaps   map[string]domain.Snapshot
	saves   int
	ledger  *storetest.MemoryLedger
}

func newWorld(l domain.Limits) *world {
	return &world{
		snaps: map[string]domain.Snapshot{}, ledger: storetest.NewMemoryLedger(),
		catalog: domain.NewCatalog(domain.Configuration{
			Users: []*domain.User{{ID: 1, Enabled: true, Limits: l}},
			Keys:  []*domain.Key{{ID: 11, UserID: 1, Enabled: true}},
		}),
	}
}

func (w *world) Current() *domain.Catalog { return w.catalog }

func (w *world) Save(s domain.Snapshot) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.saves++
	w.snaps[s.Kind+"/"+s.ID] = s
}

func (w *world) Load(_ context.Context, kind, id string) (domain.Snapshot, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	s, ok := w.snaps[kind+"/"+id]
	if !ok {
		return s, domain.NotFound("snapshot", id)
	}
	return s, nil
}

func (w *world) saved() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.saves
}

type hub struct {
	t   *testing.T
	sys *kit.System
	ref kit.Ref
}

func (w *world) start(t *testing.T, intercept func(kind, id string, self kit.Ref, msg any)) *hub {
	t.Helper()
	sys := kit.NewSystem(kit.Options{Intercept: intercept})
	return &hub{t: t, sys: sys, ref: sys.Directory(quota.New(quota.Options{
		Catalog: w, Snapshots: w, Ledger: w.ledger, SessionTTL: 5 * time.Minute,
	})).Ref("1")}
}

func (h *hub) stop() {
	h.t.Helper()
	require.NoError(h.t, h.sys.Shutdown(context.Background()))
}

func lease(n int) domain.LeaseID { return domain.LeaseID{14: byte(n >> 8), 15: byte(n)} }

func ask(n int) *protocol.QuotaReserve {
	return &protocol.QuotaReserve{
		LeaseID: lease(n), ReqID: domain.RequestID(n), UserID: 1, KeyID: 11, SessionID: "s",
		Class: domain.CallGenerate, TTLMs: 30_000, Node: "n1",
	}
}

func (h *hub) reserve(n int) *protocol.QuotaGrant {
	h.t.Helper()
	g, err := kit.Ask[*protocol.QuotaGrant](context.Background(), h.ref, ask(n))
	require.NoError(h.t, err)
	return g
}

func (h *hub) settle(n int) {
	h.ref.Tell(&protocol.QuotaSettle{
		SettleKey: protocol.SettleKey{ReqID: domain.RequestID(n), Attempt: 1, Kind: "charge"},
		LeaseID:   lease(n), UserID: 1, KeyID: 11, IsFinal: true,
	})
}

func (h *hub) used(limit domain.LimitType) (n int64) {
	h.t.Helper()
	s, err := kit.Ask[*protocol.QuotaState](context.Background(), h.ref, &protocol.QuotaRead{UserID: 1})
	require.NoError(h.t, err)
	for _, w := range s.Windows {
		if w.Scope == domain.ScopeUser && w.Limit == limit {
			return w.Used
		}
	}
	h.t.Fatalf("no window %s", limit)
	return 0
}

func TestParallelReservesNeverPassTheLimit(t *testing.T) {
	t.Parallel()
	h := newWorld(domain.Limits{ConcurrentRequests: 10, RPM: 900}).start(t, nil)
	defer h.stop()
	var inUse, most, granted atomic.Int64
	var wg sync.WaitGroup
	for n := range 1000 {
		wg.Go(func() {
			g, err := kit.Ask[*protocol.QuotaGrant](context.Background(), h.ref, ask(n))
			if err != nil || !g.OK {
				return
			}
			granted.Add(1)
			now := inUse.Add(1)
			for m := most.Load(); now > m && !most.CompareAndSwap(m, now); m = most.Load() {
			}
			inUse.Add(-1)
			h.settle(n)
		})
	}
	wg.Wait()
	require.Positive(t, granted.Load())
	require.LessOrEqual(t, granted.Load(), int64(900))
	require.LessOrEqual(t, most.Load(), int64(10))
	require.Equal(t, granted.Load(), h.used(domain.LimitRPM))
	require.Zero(t, h.used(domain.LimitConcurrentRequests))
}

func TestALeaseLeftBehindExpiresUnasked(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := newWorld(domain.Limits{ConcurrentRequests: 1}).start(t, nil)
		defer h.stop()
		require.True(t, h.reserve(1).OK)
		time.Sleep(29 * time.Second)
		require.False(t, h.reserve(2).OK)
		time.Sleep(2 * time.Second)
		require.True(t, h.reserve(2).OK)
	})
}

func TestSavingIsBounded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(domain.Limits{})
		h := w.start(t, nil)
		for n := range 150 { // 300 changes
			h.reserve(n)
			h.settle(n)
		}
		synctest.Wait()
		require.Zero(t, w.saved())
		time.Sleep(10*time.Second + 20*time.Millisecond)
		synctest.Wait()
		require.Equal(t, 1, w.saved(), "after 200 changes, but not at once")
		h.reserve(200)
		time.Sleep(61 * time.Second)
		synctest.Wait()
		require.Equal(t, 2, w.saved())
		time.Sleep(time.Hour)
		synctest.Wait()
		require.Equal(t, 2, w.saved(), "nothing new, nothing saved")
		h.reserve(201)
		h.stop()
		require.Equal(t, 3, w.saved(), "and once more at the end")
	})
}

func TestARestartKeepsCounting(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(domain.Limits{RPM: 2})
		h := w.start(t, nil)
		epoch := h.reserve(1).Epoch
		h.reserve(2)
		h.stop()

		h = w.start(t, nil)
		defer h.stop()
		g := h.reserve(3)
		require.False(t, g.OK)
		require.Greater(t, g.Epoch, epoch)
		time.Sleep(time.Minute)
		require.True(t, h.reserve(4).OK)
	})
}

func TestAPanicRestoresFromTheSnapshotAndReclaims(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(domain.Limits{ConcurrentRequests: 2})
		var boom atomic.Bool
		h := w.start(t, func(_, _ string, _ kit.Ref, msg any) {
			if _, ok := msg.(*protocol.QuotaRead); ok && boom.Swap(false) {
				panic("injected")
			}
		})
		defer h.stop()
		h.reserve(1)
		time.Sleep(20 * time.Second)
		for range 5 { // keep it alive until it is saved
			_, err := kit.Ask[*protocol.LeaseRenewed](t.Context(), h.ref, &protocol.LeaseRenew{IDs: []domain.LeaseID{lease(1)}, TTLMs: 30_000})
			require.NoError(t, err)
			time.Sleep(10 * time.Second)
		}
		h.reserve(2) // not saved
		boom.Store(true)
		_, err := kit.Ask[*protocol.QuotaState](t.Context(), h.ref, &protocol.QuotaRead{UserID: 1})
		var failed *kit.FailedError
		require.ErrorAs(t, err, &failed)

		r, err := kit.Ask[*protocol.LeaseRenewed](t.Context(), h.ref, &protocol.LeaseRenew{IDs: []domain.LeaseID{lease(1), lease(2)}, TTLMs: 30_000})
		require.NoError(t, err)
		require.Equal(t, []domain.LeaseID{lease(2)}, r.Unknown)
		again := ask(2)
		again.Reclaim = true
		g, err := kit.Ask[*protocol.QuotaGrant](t.Context(), h.ref, again)
		require.NoError(t, err)
		require.True(t, g.OK)
		require.False(t, h.reserve(3).OK)
		require.EqualValues(t, 2, h.used(domain.LimitConcurrentRequests))
	})
}

// Without the ledger nobody knows what was spent: whoever asks is sent away at
// once, to decide without us, until it can be read.
func TestAStoreThatIsDownIsAskedAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(domain.Limits{ConcurrentSessions: 1})
		h := w.start(t, nil)
		h.reserve(1)
		h.settle(1)
		h.stop()
		w.ledger.SetDown(true)
		h = w.start(t, nil)
		for n := range 3 {
			_, err := kit.Ask[*protocol.QuotaGrant](t.Context(), h.ref, ask(n))
			var failed *kit.FailedError
			require.ErrorAs(t, err, &failed)
		}
		w.ledger.SetDown(false)
		time.Sleep(2 * time.Second)
		m := ask(2)
		m.SessionID = "other"
		g, err := kit.Ask[*protocol.QuotaGrant](t.Context(), h.ref, m)
		require.NoError(t, err)
		require.Equal(t, domain.LimitConcurrentSessions, g.Refusal.Limit, "the past is known")
		h.stop()
	})
}

func TestAUserInFlightIsNotPutAway(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := newWorld(domain.Limits{RPM: 1}).start(t, nil)
		defer h.stop()
		offer := func() bool {
			p, err := kit.Ask[kit.Passivated](t.Context(), h.ref, kit.MaybePassivate{})
			require.NoError(t, err)
			return p.OK
		}
		h.reserve(1)
		require.False(t, offer())
		h.settle(1)
		synctest.Wait()
		require.True(t, offer())
	})
}

func BenchmarkReserveAndSettle(b *testing.B) {
	w := newWorld(domain.Limits{RPM: 1 << 30, ConcurrentRequests: 100, ConcurrentSessions: 10})
	sys := kit.NewSystem(kit.Options{})
	defer func() { require.NoError(b, sys.Shutdown(context.Background())) }()
	ref := sys.Directory(quota.New(quota.Options{Catalog: w, Snapshots: w, Ledger: w.ledger, SessionTTL: 5 * time.Minute})).Ref("1")
	b.ReportAllocs()
	n := domain.RequestID(0)
	for b.Loop() {
		n++
		m := ask(0)
		m.LeaseID = domain.NewLeaseID(time.Now())
		g, err := kit.Ask[*protocol.QuotaGrant](context.Background(), ref, m)
		if err != nil || !g.OK {
			b.Fatal(err, g)
		}
		ref.Tell(&protocol.QuotaSettle{SettleKey: protocol.SettleKey{ReqID: n}, LeaseID: m.LeaseID, IsFinal: true})
	}
}
