package prober_test

import (
	"context"
	"errors"
	"log/slog"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/claude-code-hub/cch/actors/kit"
	"github.com/claude-code-hub/cch/actors/prober"
	"github.com/claude-code-hub/cch/actors/protocol"
	"github.com/claude-code-hub/cch/internal/domain"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// world has endpoints that answer, do not, or break whoever looks.
type world struct {
	mu      sync.Mutex
	catalog *domain.Catalog
	rounds  [][]domain.EndpointProbe
	ranked  []bool
	told    []protocol.EndpointProbed
	running int
	most    int
	fails   bool // the store
	follows bool // another node leads
}

func (w *world) leads() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return !w.follows
}

func (w *world) Current() *domain.Catalog { return w.catalog }

func (w *world) ProbedAll(_ context.Context, probes []domain.EndpointProbe, ranked bool) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.fails {
		return errors.New("the store is away")
	}
	w.rounds, w.ranked = append(w.rounds, probes), append(w.ranked, ranked)
	return nil
}

func (w *world) look(ctx context.Context, base string) domain.EndpointProbe {
	w.mu.Lock()
	w.running++
	w.most = max(w.most, w.running)
	w.mu.Unlock()
	defer func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.running--
	}()
	switch base {
	case "hangs":
		<-ctx.Done()
		return domain.EndpointProbe{ErrorType: "timeout", Error: ctx.Err().Error()}
	case "breaks":
		panic("broken")
	}
	time.Sleep(50 * time.Millisecond)
	return domain.EndpointProbe{OK: true, Latency: 50 * time.Millisecond}
}

// pool stands in for the actors of pools.
type pool struct{ w *world }

func (p pool) Receive(c *kit.Context) {
	if m, ok := c.Message().(*protocol.EndpointProbed); ok {
		p.w.mu.Lock()
		defer p.w.mu.Unlock()
		p.w.told = append(p.w.told, *m)
	}
}

func (w *world) run(t *testing.T, urls []string, during func()) {
	t.Helper()
	var endpoints []*domain.Endpoint
	for i, u := range urls {
		endpoints = append(endpoints, &domain.Endpoint{ID: domain.EndpointID(i + 1), VendorID: 1, Type: domain.TypeClaude, URL: u, Enabled: true})
	}
	w.catalog = domain.NewCatalog(domain.Configuration{Endpoints: endpoints})
	sys := kit.NewSystem(kit.Options{Name: "test", Logger: slog.New(slog.DiscardHandler)})
	ref := sys.Spawn(kit.Kind{Name: "endpoint", New: func(string) kit.Actor { return pool{w} }}, "")
	sys.Spawn(prober.Kind(prober.Options{
		Schedule: prober.Schedule{Every: time.Minute, AfterTimeout: 10 * time.Second, Timeout: 5 * time.Second, AtOnce: 3, Jitter: time.Second, Leads: w.leads},
		Catalog:  w, Store: w, Look: w.look, Pools: func(domain.PoolKey) kit.Ref { return ref },
	}), "")
	during()
	require.NoError(t, sys.Shutdown(context.Background()))
}

func TestRoundsAreMadeAndStored(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := &world{}
		urls := []string{"hangs", "breaks"}
		for i := range 8 {
			urls = append(urls, "https://e"+strconv.Itoa(i)+".example")
		}
		w.run(t, urls, func() {
			time.Sleep(9 * time.Second)
			synctest.Wait()
			w.mu.Lock()
			require.Len(t, w.rounds, 1)
			require.Len(t, w.rounds[0], 10)
			require.Equal(t, []bool{true}, w.ranked)
			require.Equal(t, 3, w.most, "so many at a time")
			require.Len(t, w.told, 10)
			byID := map[domain.EndpointID]domain.EndpointProbe{}
			for _, p := range w.rounds[0] {
				require.Equal(t, domain.ProbeScheduled, p.Source)
				byID[p.Endpoint] = p
			}
			require.Equal(t, "timeout", byID[1].ErrorType)
			require.Equal(t, "internal", byID[2].ErrorType, "whoever looks may break, the rounds go on")
			require.True(t, byID[3].OK)
			w.mu.Unlock()

			time.Sleep(11 * time.Second)
			synctest.Wait()
			w.mu.Lock()
			require.Len(t, w.rounds, 2)
			require.Len(t, w.rounds[1], 1, "the one that timed out, sooner")
			require.False(t, w.ranked[1], "it is as it was")
			w.fails = true
			w.mu.Unlock()
			time.Sleep(2 * time.Minute)
			w.mu.Lock()
			w.fails = false
			w.mu.Unlock()
			time.Sleep(2 * time.Minute)
			synctest.Wait()
			w.mu.Lock()
			defer w.mu.Unlock()
			require.Greater(t, len(w.rounds), 3, "a store that was away stops nothing")
		})
	})
}

func TestOnlyTheLeaderLooks(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := &world{follows: true}
		w.run(t, []string{"https://one.example", "https://two.example"}, func() {
			time.Sleep(5 * time.Minute)
			w.mu.Lock()
			require.Empty(t, w.rounds)
			w.follows = false
			w.mu.Unlock()
			time.Sleep(10 * time.Second)
			w.mu.Lock()
			defer w.mu.Unlock()
			require.Len(t, w.rounds, 1)
		})
	})
}
