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
type child struct{ ended *atomic.Pointer[string] }

func (a *child) Receive(c *kit.Context) {
	switch m := c.Message().(type) {
	case *protocol.Admit:
		c.Respond(c.ID())
	case *protocol.ClientGone:
		why := "gone"
		a.ended.Store(&why)
		c.Respond(why)
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

		got, err := kit.Ask[string](t.Context(), refs[3], &protocol.ClientGone{ReqID: 3})
		require.NoError(t, err)
		require.Equal(t, "gone", got, "the request itself answers")
		synctest.Wait()
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
		_, err := kit.Ask[string](t.Context(), ref, &protocol.ClientGone{ReqID: 98})
		var failed *kit.FailedError
		require.ErrorAs(t, err, &failed, "nobody by that id runs here")
		synctest.Wait()
		require.Equal(t, "operator", *n.ended.Load())
		require.Equal(t, 1, n.pool.Live())
	})
}

// A router fails at every sort of message it gets: no request notices, what the
// message asked for is done, and no place is lost.
func TestARouterThatFailsLosesNothing(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		msg   any // makes the router fail
		ended string
		live  int
	}{
		"somebody else's end": {&protocol.Abort{ReqID: 99}, "", 2},
		"client gone":         {&protocol.ClientGone{ReqID: 1}, "gone", 1},
		"abort":               {&protocol.Abort{ReqID: 1, Why: "because"}, "because", 1},
		"cancel":              {&protocol.CancelRequests{IDs: []domain.RequestID{1}, Why: "operator"}, "operator", 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				failed := false
				n := newNode(t, router.Options{Routers: 1, Bound: 3}, func(kind string, msg any) {
					if kind == "router" && msg == tc.msg && !failed {
						failed = true
						panic("injected")
					}
				})
				defer n.close(t)
				ref := n.enter(t, 1)
				n.enter(t, 2)
				ref.Tell(tc.msg)
				synctest.Wait()
				if tc.ended == "" {
					require.Nil(t, n.ended.Load())
				} else {
					require.Equal(t, tc.ended, *n.ended.Load())
				}
				n.enter(t, 3) // waits for the restart
				synctest.Wait()
				require.True(t, failed)
				require.Equal(t, tc.live+1, n.pool.Live())
				got, err := kit.Ask[string](t.Context(), ref, &protocol.ClientGone{ReqID: 2})
				require.NoError(t, err)
				require.Equal(t, "gone", got, "the new incarnation knows those of the one before")
				synctest.Wait()
				require.Equal(t, tc.live, n.pool.Live())
			})
		})
	}
}

func TestTheEndOfARequestThatFailsTheRouterFreesItsPlace(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		failed := false
		n := newNode(t, router.Options{Routers: 1}, func(_ string, msg any) {
			if _, ok := msg.(kit.ChildStopped); ok && !failed {
				failed = true
				panic("injected")
			}
		})
		defer n.close(t)
		n.enter(t, 1).Tell(&protocol.ClientGone{ReqID: 1})
		synctest.Wait()
		require.True(t, failed)
		require.Zero(t, n.pool.Live())
		n.enter(t, 2)
		require.Equal(t, 1, n.pool.Live())
	})
}

func TestARequestThatFailsTheRouterGivesItsPlaceBack(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		n := newNode(t, router.Options{Routers: 1, Bound: 1}, func(kind string, msg any) {
			if admit, ok := msg.(*protocol.Admit); ok && kind == "router" && admit.Request.ID == 666 {
				panic("injected")
			}
		})
		defer n.close(t)
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
