package router_test

import (
	"context"
	"log/slog"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/actors/kit"
	"github.com/claude-code-hub/cch/actors/protocol"
	"github.com/claude-code-hub/cch/actors/router"
	"github.com/claude-code-hub/cch/internal/domain"
)

// child answers its id at once and lives until it is told to end.
type child struct {
	ended *atomic.Pointer[string]
	admit bool
}

func (a *child) Receive(c *kit.Context) {
	switch m := c.Message().(type) {
	case *protocol.Admit:
		a.admit = true
		c.Respond(c.ID())
	case *protocol.ClientGone:
		why := "gone"
		a.ended.Store(&why)
		c.Stop()
	case *protocol.Abort:
		a.ended.Store(&m.Why)
		c.Stop()
	}
}

// node is a pool over such children.
type node struct {
	sys   *kit.System
	pool  *router.Pool
	ended atomic.Pointer[string]
}

func newNode(t *testing.T, o router.Options, intercept func(kind string, msg any)) *node {
	t.Helper()
	n := &node{}
	options := kit.Options{Name: "test", Logger: slog.New(slog.DiscardHandler), Now: time.Now}
	if intercept != nil {
		options.Intercept = func(kind, _ string, _ kit.Ref, msg any) { intercept(kind, msg) }
	}
	n.sys = kit.NewSystem(options)
	n.pool = router.NewPool(n.sys, kit.Kind{
		Name: "request", New: func(string) kit.Actor { return &child{ended: &n.ended} }, Supervision: kit.StopOnPanic,
	}, o)
	return n
}

func (n *node) close(t *testing.T) {
	t.Helper()
	require.NoError(t, n.sys.Shutdown(context.Background()))
}

// enter starts a request and returns its router.
func (n *node) enter(t *testing.T, id domain.RequestID) kit.Ref {
	t.Helper()
	ref, ok := n.pool.Enter()
	require.True(t, ok)
	got, err := kit.Ask[string](t.Context(), ref, &protocol.Admit{Request: &protocol.Request{ID: id}})
	require.NoError(t, err)
	require.Equal(t, id.String(), got)
	return ref
}

func TestAPlaceIsFreeAgainWhenTheRequestEnds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		n := newNode(t, router.Options{Routers: 2, Bound: 2}, nil)
		defer n.close(t)
		refs := map[domain.RequestID]kit.Ref{}
		spread := map[kit.Ref]int{}
		for id := range domain.RequestID(4) {
			refs[id+1] = n.enter(t, id+1)
			spread[refs[id+1]]++
		}
		require.Len(t, spread, 2, "requests are spread over the routers")
		require.Equal(t, 4, n.pool.Live())
		_, ok := n.pool.Enter()
		require.False(t, ok, "all routers are full")
		require.Equal(t, 4, n.pool.Live(), "a refusal takes no place")

		refs[3].Tell(&router.Left{ReqID: 3})
		synctest.Wait()
		require.Equal(t, "gone", *n.ended.Load())
		require.Equal(t, 3, n.pool.Live())
		require.Equal(t, refs[3], n.enter(t, 9), "the free place is found wherever it is")
	})
}

func TestRequestsAreCancelledById(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		n := newNode(t, router.Options{Routers: 1}, nil)
		defer n.close(t)
		ref := n.enter(t, 1)
		n.enter(t, 2)
		ref.Tell(&protocol.CancelRequests{IDs: []domain.RequestID{1, 99}, Why: "operator"})
		ref.Tell(&router.Left{ReqID: 98})
		synctest.Wait()
		require.Equal(t, "operator", *n.ended.Load())
		require.Equal(t, 1, n.pool.Live())
	})
}

func TestARouterThatFailsEndsItsRequests(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		n := newNode(t, router.Options{Routers: 1}, func(kind string, msg any) {
			if left, ok := msg.(*router.Left); ok && kind == "router" && left.ReqID == 666 {
				panic("injected")
			}
		})
		defer n.close(t)
		ref := n.enter(t, 1)
		n.enter(t, 2)
		ref.Tell(&router.Left{ReqID: 666})
		n.enter(t, 3) // waits for the restart
		synctest.Wait()
		require.Equal(t, "router restarted", *n.ended.Load())
		require.Equal(t, 1, n.pool.Live())
	})
}

func TestARequestThatFailsTheRouterGivesItsPlaceBack(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		failing := false
		n := newNode(t, router.Options{Routers: 1, Bound: 1}, func(kind string, msg any) {
			if admit, ok := msg.(*protocol.Admit); ok && kind == "router" && failing && admit.Request.ID == 666 {
				panic("injected")
			}
		})
		defer n.close(t)
		n.enter(t, 666).Tell(&router.Left{ReqID: 666})
		synctest.Wait()
		failing = true
		ref, _ := n.pool.Enter()
		_, err := kit.Ask[string](t.Context(), ref, &protocol.Admit{Request: &protocol.Request{ID: 666}})
		var failed *kit.FailedError
		require.ErrorAs(t, err, &failed)
		require.Zero(t, n.pool.Live())
		n.enter(t, 1)
	})
}

func TestDefaults(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		n := newNode(t, router.Options{}, nil)
		defer n.close(t)
		n.enter(t, 1)
		require.Equal(t, 1, n.pool.Live())
	})
}
