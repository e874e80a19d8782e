package provider_test

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/claude-code-hub/cch/actors/kit"
	"github.com/claude-code-hub/cch/actors/protocol"
	"github.com/claude-code-hub/cch/actors/provider"
	"github.com/claude-code-hub/cch/internal/domain"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// world is what the actors of a test depend on.
type world struct {
	mu        sync.Mutex
	catalog   *domain.Catalog
	snapshots map[string]domain.Snapshot
	down      bool // the store does not answer
	events    []domain.BreakerEvent
	health    []domain.ProviderHealth
	saves     int
	kept      []*domain.AccountState
	notices   []domain.AccountNoticeLevel
	probing   provider.Probing
}

func newWorld(p domain.Provider) *world {
	w := &world{snapshots: map[string]domain.Snapshot{}}
	w.configure(p)
	return w
}

func (w *world) configure(p domain.Provider) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.catalog = domain.NewCatalog(domain.Configuration{Version: 1, Providers: []*domain.Provider{&p}})
}

func (w *world) Current() *domain.Catalog {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.catalog
}

func (w *world) Save(s domain.Snapshot) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.saves++
	w.snapshots[s.Kind+"/"+s.ID] = s
}

func (w *world) Load(_ context.Context, kind, id string) (domain.Snapshot, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.down {
		return domain.Snapshot{}, errors.New("store is down")
	}
	s, ok := w.snapshots[kind+"/"+id]
	if !ok {
		return s, domain.NotFound("snapshot", id)
	}
	return s, nil
}

func (w *world) BreakerChanged(e domain.BreakerEvent) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.events = append(w.events, e)
}

func (w *world) Publish(h domain.ProviderHealth) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.health = append(w.health, h)
}

func (w *world) saved() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.saves
}

func (w *world) setDown(down bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.down = down
}

func (w *world) told() []domain.ProviderHealth {
	w.mu.Lock()
	defer w.mu.Unlock()
	return append([]domain.ProviderHealth(nil), w.health...)
}

func (w *world) reasons() (r []string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, e := range w.events {
		r = append(r, e.Reason)
	}
	return r
}

// hub is one actor system with provider 7.
type hub struct {
	t   *testing.T
	sys *kit.System
	ref kit.Ref
}

func (w *world) start(t *testing.T, intercept func(kind, id string, self kit.Ref, msg any)) *hub {
	t.Helper()
	sys := kit.NewSystem(kit.Options{Name: "test", Logger: slog.New(slog.DiscardHandler), Intercept: intercept})
	dir := sys.Directory(provider.New(provider.Options{
		Catalog: w, Snapshots: w, Events: w, Health: w, Accounts: w, SessionTTL: 5 * time.Minute, Probing: w.probing,
	}))
	return &hub{t: t, sys: sys, ref: dir.Ref("7")}
}

func (h *hub) stop() {
	h.t.Helper()
	require.NoError(h.t, h.sys.Shutdown(context.Background()))
}

func (h *hub) acquire(n int) *protocol.SlotGrant {
	h.t.Helper()
	g, err := kit.Ask[*protocol.SlotGrant](context.Background(), h.ref, ask(n))
	require.NoError(h.t, err)
	return g
}

func (h *hub) read() domain.ProviderHealth {
	h.t.Helper()
	r, err := kit.Ask[*protocol.ProviderHealth](context.Background(), h.ref, &protocol.HealthRead{ProviderID: 7})
	require.NoError(h.t, err)
	return r.ProviderHealth
}

func (h *hub) fail(n int, g *protocol.SlotGrant) {
	h.ref.Tell(&protocol.SlotReport{
		LeaseID: lease(n), ProviderID: 7, ReqID: domain.RequestID(n), Class: domain.ClassProviderError,
		Failure: domain.FailStatus, Status: 502, Call: domain.CallGenerate, GivenUp: true, Generation: g.Generation,
	})
}

func (h *hub) succeed(n int, g *protocol.SlotGrant) {
	h.ref.Tell(&protocol.SlotReport{
		LeaseID: lease(n), ProviderID: 7, ReqID: domain.RequestID(n), Class: domain.ClassOK,
		Status: 200, Call: domain.CallGenerate, GivenUp: true, Generation: g.Generation,
	})
}

func lease(n int) domain.LeaseID { return domain.LeaseID{14: byte(n >> 8), 15: byte(n)} }

func ask(n int) *protocol.SlotAcquire {
	return &protocol.SlotAcquire{
		LeaseID: lease(n), ProviderID: 7, ReqID: domain.RequestID(n), Class: domain.CallGenerate,
		Session: domain.SessionKey{KeyID: 1, ID: "s"}, TTLMs: 30_000, Node: "n1",
	}
}

func seven() domain.Provider {
	return domain.Provider{ID: 7, Enabled: true, Breaker: domain.BreakerSettings{
		FailureThreshold: 2, FailureWindow: time.Minute, OpenDuration: 30 * time.Minute, HalfOpenSuccess: 1, HalfOpenProbes: 1,
	}}
}

func TestBreakerOpensAndReopensByTheClock(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(seven())
		h := w.start(t, nil)
		defer h.stop()
		for n := range 2 {
			h.fail(n, h.acquire(n))
		}
		require.Equal(t, protocol.DeniedCircuitOpen, h.acquire(2).DeniedBy)
		synctest.Wait()
		require.Equal(t, []string{"failure_threshold"}, w.reasons())
		told := w.told()
		require.Equal(t, domain.BreakerOpen, told[len(told)-1].Breaker)

		time.Sleep(30*time.Minute + 20*time.Millisecond)
		synctest.Wait()
		require.Equal(t, []string{"failure_threshold", "timer"}, w.reasons(), "nobody had to ask")
		require.Equal(t, domain.BreakerHalfOpen, h.read().Breaker)
		g := h.acquire(3)
		require.True(t, g.Probe)
		h.succeed(3, g)
		require.Equal(t, domain.BreakerClosed, h.read().Breaker)
		synctest.Wait()
		told = w.told()
		require.Equal(t, domain.BreakerClosed, told[len(told)-1].Breaker)
		for i, next := range told[1:] {
			require.Greater(t, next.Seq, told[i].Seq)
			require.Equal(t, told[0].Epoch, next.Epoch)
		}
	})
}

func TestAnOpenBreakerIsRemindedOf(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(seven())
		h := w.start(t, nil)
		defer h.stop()
		_, err := kit.Ask[*protocol.BreakerDone](t.Context(), h.ref, &protocol.BreakerSet{ProviderID: 7, Action: protocol.BreakerTrip})
		require.NoError(t, err)
		synctest.Wait()
		before := len(w.told())
		time.Sleep(time.Minute)
		synctest.Wait()
		require.InDelta(t, 12, len(w.told())-before, 1)
	})
}

func TestALeaseLeftBehindExpiresUnasked(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(seven())
		h := w.start(t, nil)
		defer h.stop()
		h.acquire(1)
		time.Sleep(31 * time.Second)
		synctest.Wait()
		told := w.told()
		require.Zero(t, told[len(told)-1].InFlight)
		quiet := len(told)
		time.Sleep(time.Hour)
		synctest.Wait()
		require.Len(t, w.told(), quiet, "an idle provider is silent")
	})
}

func TestBusyProvidersSpeakAndSaveInMeasure(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(seven())
		h := w.start(t, nil)
		defer h.stop()
		for n := range 1000 { // ten seconds
			g := h.acquire(n)
			time.Sleep(10 * time.Millisecond)
			if n%2 == 0 {
				h.succeed(n, g)
			}
		}
		synctest.Wait()
		require.LessOrEqual(t, len(w.told()), 42)
		require.GreaterOrEqual(t, len(w.told()), 30)
		require.LessOrEqual(t, w.saved(), 6)
		require.GreaterOrEqual(t, w.saved(), 5)
	})
}

func TestParallelAcquiresNeverPassTheLimit(t *testing.T) {
	t.Parallel()
	p := seven()
	p.Limits.ConcurrentRequests = 10
	h := newWorld(p).start(t, nil)
	defer h.stop()
	var inUse, most, granted atomic.Int64
	var wg sync.WaitGroup
	for n := range 1000 {
		wg.Go(func() {
			g, err := kit.Ask[*protocol.SlotGrant](context.Background(), h.ref, ask(n))
			if err != nil || !g.OK {
				return
			}
			granted.Add(1)
			now := inUse.Add(1)
			for m := most.Load(); now > m && !most.CompareAndSwap(m, now); m = most.Load() {
			}
			inUse.Add(-1)
			h.succeed(n, g)
		})
	}
	wg.Wait()
	require.Positive(t, granted.Load())
	require.LessOrEqual(t, most.Load(), int64(10))
	require.Zero(t, h.read().InFlight)
}

func TestAPanicRestoresFromTheSnapshotAndReclaims(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := seven()
		p.Limits.ConcurrentRequests = 2
		w := newWorld(p)
		var boom atomic.Bool
		h := w.start(t, func(_, _ string, _ kit.Ref, msg any) {
			if _, ok := msg.(*protocol.HealthRead); ok && boom.Swap(false) {
				panic("injected")
			}
		})
		defer h.stop()
		epoch := h.acquire(1).Epoch // saved at once
		h.acquire(2)                // to be saved within two seconds
		boom.Store(true)
		_, err := kit.Ask[*protocol.ProviderHealth](t.Context(), h.ref, &protocol.HealthRead{ProviderID: 7})
		var failed *kit.FailedError
		require.ErrorAs(t, err, &failed)

		r, err := kit.Ask[*protocol.LeaseRenewed](t.Context(), h.ref, &protocol.LeaseRenew{
			Node: "n1", IDs: []domain.LeaseID{lease(1), lease(2)}, TTLMs: 30_000,
		})
		require.NoError(t, err)
		require.Equal(t, []domain.LeaseID{lease(2)}, r.Unknown)
		require.Greater(t, r.Epoch, epoch)
		again := ask(2)
		again.Reclaim = true
		g, err := kit.Ask[*protocol.SlotGrant](t.Context(), h.ref, again)
		require.NoError(t, err)
		require.True(t, g.OK)
		require.Equal(t, protocol.DeniedConcurrentLimit, h.acquire(3).DeniedBy)
	})
}

func TestARestartKeepsAnOpenBreaker(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(seven())
		h := w.start(t, nil)
		for n := range 2 {
			h.fail(n, h.acquire(n))
		}
		until := h.read().OpenUntil
		h.stop()

		h = w.start(t, nil)
		defer h.stop()
		require.Equal(t, protocol.DeniedCircuitOpen, h.acquire(2).DeniedBy)
		require.Equal(t, until.UnixMilli(), h.read().OpenUntil.UnixMilli())
	})
}

func TestAPanicKeepsTheProbe(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := seven()
		p.Breaker.OpenDuration = time.Second
		var boom atomic.Bool
		h := newWorld(p).start(t, func(_, _ string, _ kit.Ref, _ any) {
			if boom.Swap(false) {
				panic("injected")
			}
		})
		defer h.stop()
		for n := range 2 {
			h.fail(n, h.acquire(n))
		}
		time.Sleep(time.Second + 20*time.Millisecond)
		g := h.acquire(2)
		require.True(t, g.Probe)
		boom.Store(true)
		h.ref.Tell(&protocol.HealthRead{})
		require.Equal(t, protocol.DeniedHalfOpenBusy, h.acquire(3).DeniedBy)
		h.succeed(2, g)
		require.Equal(t, domain.BreakerClosed, h.read().Breaker)
	})
}

func TestAStoreThatIsDownIsAskedAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(seven())
		h := w.start(t, nil)
		for n := range 2 {
			h.fail(n, h.acquire(n))
		}
		h.stop()
		saves := w.saved()

		w.setDown(true)
		h = w.start(t, nil)
		defer h.stop()
		require.True(t, h.acquire(2).OK, "served without a past")
		time.Sleep(20 * time.Second)
		synctest.Wait()
		require.Equal(t, saves, w.saved(), "what could not be read is not overwritten")
		w.setDown(false)
		time.Sleep(6 * time.Second)
		require.Equal(t, protocol.DeniedCircuitOpen, h.acquire(3).DeniedBy)
		require.Equal(t, 1, h.read().InFlight)
	})
}

func TestADamagedSnapshotIsReplaced(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(seven())
		w.Save(domain.Snapshot{Kind: provider.KindName, ID: "7", Epoch: 1 << 50, Data: []byte("?")})
		h := w.start(t, nil)
		require.Greater(t, h.acquire(1).Epoch, int64(1<<50))
		h.stop()
		require.Equal(t, 2, w.saved())
	})
}

func TestOnlyAProviderOutOfUseIsPutAway(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(seven())
		h := w.start(t, nil)
		defer h.stop()
		offer := func() bool {
			p, err := kit.Ask[kit.Passivated](t.Context(), h.ref, kit.MaybePassivate{})
			require.NoError(t, err)
			return p.OK
		}
		h.acquire(1)
		require.False(t, offer())
		p := seven()
		p.Enabled = false
		w.configure(p)
		require.False(t, offer(), "an attempt is under way")
		h.ref.Tell(&protocol.LeaseRelease{IDs: []domain.LeaseID{lease(1)}})
		require.True(t, offer())
		require.Equal(t, protocol.DeniedDisabled, h.acquire(2).DeniedBy)
	})
}

func BenchmarkAcquireAndReport(b *testing.B) {
	w := newWorld(seven())
	sys := kit.NewSystem(kit.Options{})
	defer func() { require.NoError(b, sys.Shutdown(context.Background())) }()
	ref := sys.Directory(provider.New(provider.Options{
		Catalog: w, Snapshots: w, Events: w, Health: w, SessionTTL: 5 * time.Minute,
	})).Ref("7")
	b.ReportAllocs()
	for b.Loop() {
		m := ask(0)
		m.LeaseID = domain.NewLeaseID(time.Now())
		g, err := kit.Ask[*protocol.SlotGrant](context.Background(), ref, m)
		if err != nil || !g.OK {
			b.Fatal(err, g)
		}
		ref.Tell(&protocol.SlotReport{
			LeaseID: m.LeaseID, ProviderID: 7, Class: domain.ClassOK, Status: 200,
			Call: domain.CallGenerate, GivenUp: true, Generation: g.Generation,
		})
	}
}

// oracle answers probes as it is told.
type oracle struct {
	asked atomic.Int64
	alive atomic.Bool
}

func (o *oracle) Alive(ctx context.Context, p *domain.Provider) bool {
	o.asked.Add(1)
	return o.alive.Load() && p.ID == 7 && ctx.Err() == nil
}

// Open breakers are probed at intervals; an answer leads to half-open, where
// requests decide.
func TestProbesLeadToHalfOpenAndNoFurther(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w, o := newWorld(seven()), &oracle{}
		w.probing = provider.Probing{Prober: o, Every: 10 * time.Second, Timeout: time.Second}
		h := w.start(t, nil)
		defer h.stop()
		h.read()
		time.Sleep(time.Minute)
		require.Zero(t, o.asked.Load(), "a closed breaker is not probed")

		_, err := kit.Ask[*protocol.BreakerDone](t.Context(), h.ref, &protocol.BreakerSet{ProviderID: 7, Action: protocol.BreakerTrip})
		require.NoError(t, err)
		time.Sleep(25 * time.Second)
		synctest.Wait()
		require.EqualValues(t, 2, o.asked.Load())
		require.Equal(t, domain.BreakerOpen, h.read().Breaker)
		o.alive.Store(true)
		time.Sleep(6 * time.Second)
		synctest.Wait()
		require.Equal(t, domain.BreakerHalfOpen, h.read().Breaker)
		time.Sleep(time.Minute)
		synctest.Wait()
		require.EqualValues(t, 3, o.asked.Load())
		require.Equal(t, domain.BreakerHalfOpen, h.read().Breaker)
		require.Equal(t, []string{"manual_open", "probe_succeeded"}, w.reasons())
	})
}
