package endpoint_test

import (
	"context"
	"log/slog"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/claude-code-hub/cch/actors/endpoint"
	"github.com/claude-code-hub/cch/actors/kit"
	"github.com/claude-code-hub/cch/actors/protocol"
	"github.com/claude-code-hub/cch/internal/domain"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// world keeps what actors of a test save and tell.
type world struct {
	mu     sync.Mutex
	saved  map[string]domain.Snapshot
	events []domain.BreakerEvent
}

func (w *world) Save(s domain.Snapshot) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.saved[s.ID] = s
}

func (w *world) Load(_ context.Context, _, id string) (domain.Snapshot, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if s, ok := w.saved[id]; ok {
		return s, nil
	}
	return domain.Snapshot{}, domain.NotFound("snapshot", id)
}

func (w *world) BreakerChanged(e domain.BreakerEvent) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.events = append(w.events, e)
}

// A pool that an operator opened stays open over a restart, and whoever looks
// sees it without asking.
func TestAPoolSurvivesARestart(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w, key := &world{saved: map[string]domain.Snapshot{}}, domain.PoolKey{Vendor: 3, Type: domain.TypeClaude}
		run := func(do func(ref kit.Ref, view *endpoint.View)) {
			sys, view := kit.NewSystem(kit.Options{Name: "test", Logger: slog.New(slog.DiscardHandler)}), &endpoint.View{}
			dir := sys.Directory(endpoint.New(endpoint.Options{Snapshots: w, Events: w, View: view, Breakers: true}))
			do(dir.Ref(key.String()), view)
			require.NoError(t, sys.Shutdown(context.Background()))
		}
		run(func(ref kit.Ref, view *endpoint.View) {
			_, known := view.Pool(key)
			require.False(t, known)
			_, err := kit.Ask[*protocol.PoolState](t.Context(), ref, &protocol.PoolSet{Pool: key, Action: protocol.BreakerTrip, Actor: "ann"})
			require.NoError(t, err)
			h, _ := view.Pool(key)
			require.True(t, h.Open(time.Now()))
			ref.Tell(&protocol.EndpointReport{Pool: key, Endpoint: 5, Failure: domain.FailDial, Class: domain.ClassSystemError})
			synctest.Wait()
			h, _ = view.Pool(key)
			require.False(t, h.Endpoints[5].Usable(time.Now()))
			time.Sleep(11 * time.Second)
			synctest.Wait()
			h, _ = view.Pool(key)
			require.True(t, h.Endpoints[5].Usable(time.Now()), "nobody had to ask")
		})
		run(func(ref kit.Ref, view *endpoint.View) {
			_, err := kit.Ask[*protocol.PoolState](t.Context(), ref, &protocol.PoolRead{Pool: key})
			require.NoError(t, err)
			h, _ := view.Pool(key)
			require.True(t, h.Open(time.Now()))
		})
		require.Len(t, w.events, 1)
		require.Equal(t, "ann", w.events[0].Actor)
	})
}
