package leases_test

import (
	"context"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"github.com/claude-code-hub/cch/actors/kit"
	"github.com/claude-code-hub/cch/actors/leases"
	"github.com/claude-code-hub/cch/actors/protocol"
	"github.com/claude-code-hub/cch/internal/domain"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// holder is a fake granter of leases: what it holds lapses like the real one's.
type holder struct {
	mu       sync.Mutex
	now      func() time.Time
	held     map[domain.LeaseID]time.Time // until
	begun    map[domain.LeaseID]bool
	reclaims int
	mute     bool // does not answer renewals
	renews   []int
}

func newHolder() *holder {
	return &holder{now: time.Now, held: make(map[domain.LeaseID]time.Time), begun: make(map[domain.LeaseID]bool)}
}

func (h *holder) Receive(c *kit.Context) {
	h.mu.Lock()
	defer h.mu.Unlock()
	switch m := c.Message().(type) {
	case *protocol.SlotAcquire:
		h.held[m.LeaseID] = h.now().Add(leases.TTL)
		if m.Reclaim {
			h.reclaims++
		}
	case *protocol.LeaseRelease:
		for _, id := range m.IDs {
			delete(h.held, id)
		}
	case *protocol.LeaseRenew:
		h.renews = append(h.renews, len(m.IDs))
		if h.mute {
			c.Responder()
			return
		}
		c.Respond(h.renew(m))
	}
}

func (h *holder) renew(m *protocol.LeaseRenew) *protocol.LeaseRenewed {
	var unknown []domain.LeaseID
	for _, id := range m.IDs {
		if until, ok := h.held[id]; !ok || h.now().After(until) {
			unknown = append(unknown, id)
			continue
		}
		h.held[id] = h.now().Add(time.Duration(m.TTLMs) * time.Millisecond)
		h.begun[id] = h.begun[id] || slices.Contains(m.Begun, id)
	}
	return &protocol.LeaseRenewed{Unknown: unknown}
}

func (h *holder) live() (ids []domain.LeaseID) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for id, until := range h.held {
		if !h.now().After(until) {
			ids = append(ids, id)
		}
	}
	return ids
}

func (h *holder) do(f func()) {
	h.mu.Lock()
	defer h.mu.Unlock()
	f()
}

// world is a keeper with one fake holder for everything.
type world struct {
	sys    *kit.System
	keeper *leases.Keeper
	ref    kit.Ref
	holder *holder
	at     kit.Ref
	panics atomic.Bool // the keeper's next message is its last
}

func newWorld() *world {
	w := &world{holder: newHolder()}
	w.sys = kit.NewSystem(kit.Options{Intercept: func(kind, _ string, _ kit.Ref, _ any) {
		if kind == "leases" && w.panics.CompareAndSwap(true, false) {
			panic("injected")
		}
	}})
	w.at = w.sys.Spawn(kit.Kind{Name: "holder", New: func(string) kit.Actor { return w.holder }}, "1")
	w.keeper = leases.New(leases.Options{
		Holders: func(protocol.LeaseKind, string) kit.Ref { return w.at }, Node: "n1",
	})
	w.ref = w.sys.Spawn(w.keeper.Kind(), "1")
	return w
}

// acquire tracks a lease and asks for it, as a request actor does.
func (w *world) acquire(n int, req domain.RequestID) {
	m := &protocol.SlotAcquire{LeaseID: id(n), ReqID: req}
	w.ref.Tell(&protocol.LeaseTrack{ID: m.LeaseID, Kind: protocol.LeaseProvider, Key: "1", ReqID: req, Acquire: m})
	w.at.Tell(m)
}

func (w *world) count() int { return w.keeper.Counts()[protocol.LeaseProvider] }

func (w *world) end(t interface{ Errorf(string, ...any) }) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := w.sys.Shutdown(ctx); err != nil {
		t.Errorf("shutdown: %v", err)
	}
}

func TestKeeperRenewsAsLongAsTheRequestLives(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		w.acquire(1, 100)
		w.acquire(2, 101)
		w.ref.Tell(&protocol.AttemptBegun{ReqID: 101, N: 1})
		time.Sleep(5 * time.Minute)
		require.ElementsMatch(t, []domain.LeaseID{id(1), id(2)}, w.holder.live())
		w.holder.do(func() {
			require.Equal(t, map[domain.LeaseID]bool{id(1): false, id(2): true}, w.holder.begun)
			require.InDelta(t, 30, len(w.holder.renews), 1, "one message each ten seconds for all")
			require.Zero(t, w.holder.reclaims)
		})

		w.ref.Tell(&protocol.LeaseDrop{ReqID: 100})
		synctest.Wait()
		require.Equal(t, []domain.LeaseID{id(2)}, w.holder.live(), "released at once")
		w.ref.Tell(&protocol.LeaseClose{IDs: []domain.LeaseID{id(2)}})
		time.Sleep(time.Minute)
		require.Empty(t, w.holder.live(), "closed elsewhere: not renewed")
		require.Zero(t, w.count())
		w.end(t)
	})
}

func TestKeeperReclaimsWhatItsHolderLost(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		w.acquire(1, 100)
		time.Sleep(15 * time.Second)
		w.holder.do(func() { clear(w.holder.held) }) // it restarted without a snapshot
		time.Sleep(10 * time.Second)
		require.Equal(t, []domain.LeaseID{id(1)}, w.holder.live())
		w.holder.do(func() { require.Equal(t, 1, w.holder.reclaims) })

		w.holder.do(func() { w.holder.mute = true })
		time.Sleep(2 * time.Minute)
		require.Empty(t, w.holder.live())
		w.holder.do(func() { w.holder.mute = false })
		time.Sleep(20 * time.Second)
		require.Equal(t, []domain.LeaseID{id(1)}, w.holder.live(), "asked for again after an outage")
		w.ref.Tell(&protocol.LeaseDrop{ReqID: 100})
		synctest.Wait()
		require.Empty(t, w.holder.live())
		w.end(t)
	})
}

func TestKeeperDoesNotReclaimBeforeTheGrant(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		time.Sleep(9 * time.Second)
		m := &protocol.SlotAcquire{LeaseID: id(1)} // tracked, but its acquire is still waiting
		w.ref.Tell(&protocol.LeaseTrack{ID: id(1), Kind: protocol.LeaseProvider, Key: "1", ReqID: 100, Acquire: m})
		time.Sleep(2 * time.Second)
		w.holder.do(func() { require.Empty(t, w.holder.renews) })
		w.ref.Tell(&protocol.LeaseClose{IDs: []domain.LeaseID{id(1)}}) // refused
		time.Sleep(time.Minute)
		w.holder.do(func() { require.Zero(t, w.holder.reclaims) })
		w.end(t)
	})
}

func TestKeeperReleasesWhatIsTrackedTooLate(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		w.at.Tell(&protocol.SlotAcquire{LeaseID: id(1)})
		w.ref.Tell(&protocol.LeaseDrop{ReqID: 100})
		w.ref.Tell(&protocol.LeaseTrack{ID: id(1), Kind: protocol.LeaseProvider, Key: "1", ReqID: 100})
		synctest.Wait()
		require.Empty(t, w.holder.live())
		require.Zero(t, w.count())

		time.Sleep(30 * time.Second) // dropped requests are not remembered for ever
		w.acquire(1, 100)
		synctest.Wait()
		require.Equal(t, 1, w.count())
		w.end(t)
	})
}

// The keeper fails at what it is told of a lease, and enters it all the same.
func TestKeeperLosesNothingItIsTold(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		msg  any
		want int // leases that are left
	}{
		"track": {&protocol.LeaseTrack{ID: id(2), Kind: protocol.LeaseProvider, Key: "1", ReqID: 100}, 2},
		"close": {&protocol.LeaseClose{IDs: []domain.LeaseID{id(1)}}, 0},
		"drop":  {&protocol.LeaseDrop{ReqID: 100}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld()
				w.acquire(1, 100)
				synctest.Wait()
				w.panics.Store(true)
				w.ref.Tell(tc.msg)
				synctest.Wait()
				require.False(t, w.panics.Load())
				require.Equal(t, tc.want, w.count())
				if name == "drop" {
					require.Empty(t, w.holder.live(), "what is dropped is given back")
				}
				w.end(t)
			})
		})
	}
}

func TestKeeperSplitsLargeRenewals(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		for n := range 2500 {
			w.acquire(n, domain.RequestID(n%2))
		}
		w.ref.Tell(&protocol.AttemptBegun{ReqID: 1, N: 1})
		time.Sleep(11 * time.Second)
		w.holder.do(func() {
			require.Equal(t, []int{1000, 1000, 500}, w.holder.renews)
			begun := 0
			for _, is := range w.holder.begun {
				if is {
					begun++
				}
			}
			require.Equal(t, 1250, begun)
		})
		w.end(t)
	})
}

func TestInFlightCountsSessionLeases(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		for n := range 3 {
			w.ref.Tell(&protocol.LeaseTrack{
				ID: id(n), Kind: protocol.LeaseSession, Key: "hash" + strconv.Itoa(n/2), ReqID: domain.RequestID(n),
			})
		}
		synctest.Wait()
		require.Equal(t, 2, w.keeper.InFlight("hash0"))
		require.Equal(t, 1, w.keeper.InFlight("hash1"))
		require.Equal(t, map[protocol.LeaseKind]int{
			protocol.LeaseQuota: 0, protocol.LeaseSession: 3, protocol.LeaseProvider: 0, protocol.LeaseEndpoint: 0,
		}, w.keeper.Counts())
		for n := range 3 {
			w.ref.Tell(&protocol.LeaseDrop{ReqID: domain.RequestID(n)})
		}
		synctest.Wait()
		require.Zero(t, w.keeper.InFlight("hash0"))
		require.Zero(t, w.keeper.InFlight("hash1"))
		w.end(t)
	})
}

// Requests come and go in every way, the keeper and the holder fail at random:
// when all requests have been dropped nothing is held anywhere, at the latest
// after one TTL.
func TestNothingLeaks(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		steps := rapid.SliceOfN(rapid.IntRange(0, 999), 1, 80).Draw(rt, "steps")
		synctest.Test(t, func(*testing.T) {
			w := newWorld()
			n := 0
			for _, step := range steps {
				req := domain.RequestID(step / 10 % 10)
				switch step % 10 {
				case 0, 1, 2, 3:
					n++
					w.acquire(n, req)
				case 4:
					w.ref.Tell(&protocol.LeaseDrop{ReqID: req})
				case 5: // given back in the regular way
					w.at.Tell(&protocol.LeaseRelease{IDs: []domain.LeaseID{id(n)}})
					w.ref.Tell(&protocol.LeaseClose{IDs: []domain.LeaseID{id(n)}})
				case 6:
					w.ref.Tell(&protocol.AttemptBegun{ReqID: req, N: 1})
				case 7:
					w.panics.Store(true)
				case 8:
					w.holder.do(func() { clear(w.holder.held) })
				case 9:
					time.Sleep(time.Duration(step) * 20 * time.Millisecond)
				}
			}
			w.panics.Store(false)
			for req := range domain.RequestID(10) {
				w.ref.Tell(&protocol.LeaseDrop{ReqID: req})
			}
			time.Sleep(leases.TTL + time.Minute)
			if got := w.count(); got != 0 {
				rt.Errorf("the keeper still tracks %d", got)
			}
			if got := w.holder.live(); len(got) != 0 {
				rt.Errorf("still held: %v", got)
			}
			w.end(rt)
		})
	})
}
