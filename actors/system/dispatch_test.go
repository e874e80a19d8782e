package system_test

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/actors/kit"
	"github.com/claude-code-hub/cch/actors/protocol"
	"github.com/claude-code-hub/cch/actors/request"
	"github.com/claude-code-hub/cch/actors/router"
	"github.com/claude-code-hub/cch/actors/system"
	"github.com/claude-code-hub/cch/internal/domain"
	"github.com/claude-code-hub/cch/internal/pricing"
)

// prices are read once: the list inside the binary is long.
var prices = sync.OnceValue(func() *pricing.Prices {
	p, err := pricing.NewPrices()
	if err != nil {
		panic(err)
	}
	return p
})

// granter grants whatever it is asked for; a silent one answers nothing.
type granter struct {
	silent bool
	unsaid []kit.Responder
}

func (g *granter) Receive(c *kit.Context) {
	var answer any
	switch c.Message().(type) {
	case *protocol.QuotaReserve:
		answer = &protocol.QuotaGrant{OK: true}
	case *protocol.SessionResolve:
		answer = &protocol.SessionView{Seq: 1}
	case *protocol.SlotAcquire:
		answer = &protocol.SlotGrant{OK: true, Breaker: domain.BreakerClosed}
	default:
		return
	}
	if g.silent {
		g.unsaid = append(g.unsaid, c.Responder())
		return
	}
	c.Respond(answer)
}

// keeper counts what it is told.
type keeper struct{ tracked, closed, dropped, begun atomic.Int64 }

func (k *keeper) Receive(c *kit.Context) {
	switch m := c.Message().(type) {
	case *protocol.LeaseTrack:
		k.tracked.Add(1)
	case *protocol.LeaseClose:
		k.closed.Add(int64(len(m.IDs)))
	case *protocol.LeaseDrop:
		k.dropped.Add(1)
	case *protocol.AttemptBegun:
		k.begun.Add(1)
	}
}

// journal keeps the last record and says so at once.
type journal struct {
	mu    sync.Mutex
	last  *protocol.LogRecord
	count int
	begun []int // attempts
}

func (j *journal) Finish(rec *protocol.LogRecord, done func(error)) {
	j.mu.Lock()
	j.last = rec
	j.count++
	j.mu.Unlock()
	done(nil)
}

func (j *journal) Begun(b *domain.BegunLog) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.begun = append(j.begun, b.Attempt)
}

func (j *journal) record() *protocol.LogRecord {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.last
}

type healthy struct{}

func (healthy) Health(domain.ProviderID) (domain.ProviderHealth, bool) {
	return domain.ProviderHealth{}, false
}

// node is a dispatcher with real routers and request actors.
type node struct {
	*system.Dispatcher
	sys     *kit.System
	pool    *router.Pool
	keeper  *keeper
	journal *journal
	catalog *domain.Catalog
}

type nodeOptions struct {
	silent    bool
	bound     int
	intercept func(kind, id string, self kit.Ref, msg any)
}

func newNode(o nodeOptions) *node {
	n := &node{
		sys:    kit.NewSystem(kit.Options{Name: "test", Logger: slog.New(slog.DiscardHandler), Now: time.Now, Intercept: o.intercept}),
		keeper: &keeper{}, journal: &journal{},
	}
	holder := n.sys.Spawn(kit.Kind{Name: "holder", New: func(string) kit.Actor { return &granter{silent: o.silent} }}, "")
	keeperRef := n.sys.Spawn(kit.Kind{Name: "leases", New: func(string) kit.Actor { return n.keeper }}, "")
	n.pool = router.NewPool(n.sys, request.Kind(request.Deps{
		Holders: func(protocol.LeaseKind, string) kit.Ref { return holder },
		Keeper:  keeperRef, Recorder: n.journal, Health: healthy{}, Prices: prices(), Node: "test",
	}), router.Options{Bound: o.bound})
	n.Dispatcher = system.NewDispatcher(system.DispatcherOptions{
		Pool: n.pool, Keeper: keeperRef, Recorder: n.journal, Now: time.Now, Logger: slog.New(slog.DiscardHandler),
	})
	n.catalog = domain.NewCatalog(domain.Configuration{Settings: domain.DefaultSettings(), Providers: providers(10)})
	return n
}

func providers(n int) []*domain.Provider {
	var all []*domain.Provider
	for id := range n {
		all = append(all, &domain.Provider{
			ID: domain.ProviderID(id + 1), Name: "provider", Type: domain.TypeClaude, Enabled: true,
			Routing: domain.Routing{Weight: 1, CostMultiplier: domain.MultiplierOne},
		})
	}
	return all
}

func (n *node) admit(id domain.RequestID) *protocol.Admit {
	return &protocol.Admit{Catalog: n.catalog, Request: &protocol.Request{
		ID: id, ReceivedAt: time.Now(), Key: &domain.Key{ID: 2}, User: &domain.User{ID: 1}, Groups: []string{"default"},
		Session: domain.SessionKey{KeyID: 2, ID: "s"}, Protocol: domain.ProtocolClaude, Class: domain.CallGenerate,
		Model: "claude-sonnet-4-5", Seed: uint64(id),
	}}
}

// close ends the node; in a bubble of virtual time only, no request may be left.
func (n *node) close(t *testing.T) {
	t.Helper()
	synctest.Wait()
	require.Zero(t, n.pool.Live(), "no request actor is left")
	require.NoError(t, n.sys.Shutdown(context.Background()))
}

func success(n int) *protocol.AttemptResult {
	return &protocol.AttemptResult{N: n, Class: domain.ClassOK, Status: 200, Committed: true, Complete: true, StartedAt: time.Now()}
}

func TestDispatch(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		n := newNode(nodeOptions{})
		defer n.close(t)
		run, d, err := n.Admit(t.Context(), n.admit(1))
		require.NoError(t, err)
		require.Equal(t, 1, d.Attempt.N)
		run.Begun(1)
		d, err = run.Report(t.Context(), success(1))
		require.NoError(t, err)
		require.NotNil(t, d.Done)
		run.Close()
		synctest.Wait()
		require.Equal(t, int64(3), n.keeper.tracked.Load())
		require.Equal(t, int64(3), n.keeper.closed.Load())
		require.Equal(t, int64(1), n.keeper.begun.Load())
		require.Equal(t, int64(1), n.keeper.dropped.Load())
		require.Equal(t, domain.OutcomeSuccess, n.journal.record().Log.Result.Outcome)
	})
}

func TestDispatchWithoutAPlace(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		n := newNode(nodeOptions{bound: 1})
		defer n.close(t)
		var runs []*system.Run
		for {
			run, _, err := n.Admit(t.Context(), n.admit(domain.RequestID(len(runs)+1)))
			if err != nil {
				require.Nil(t, run)
				require.True(t, domain.IsKind(err, domain.KindOverloaded))
				break
			}
			runs = append(runs, run)
		}
		require.NotEmpty(t, runs)
		for _, run := range runs {
			run.Close()
		}
	})
}

func TestDispatchForAClientThatLeft(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		n := newNode(nodeOptions{silent: true})
		defer n.close(t)
		ctx, leave := context.WithTimeout(t.Context(), 10*time.Millisecond)
		defer leave()
		run, _, err := n.Admit(ctx, n.admit(1))
		require.ErrorIs(t, err, context.DeadlineExceeded)
		run.Gone() // the actor is not known yet
		require.Equal(t, 499, n.journal.record().Log.Result.StatusCode, "Gone returns when the record is written")
		run.Close()
		synctest.Wait()

		run, _, err = n.Admit(ctx, n.admit(2))
		require.ErrorIs(t, err, context.DeadlineExceeded)
		run.Gone()
		run.Close()
		synctest.Wait()
		require.Equal(t, domain.OutcomeClientAbort, n.journal.record().Log.Result.Outcome, "gone before it came")
		require.Equal(t, int64(2), n.keeper.dropped.Load())
		require.Equal(t, 2, n.journal.count, "one record each")
	})
}

// Whatever becomes of the actor, somebody writes the record of a request whose
// client left or whose connection broke off in the middle.
func TestDispatchLeavesARecordWithoutAnActor(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		at   func(msg any) bool // where the actor or its router fails
		end  func(*system.Run)
		want domain.Outcome
	}{
		"client gone, the actor fails": {isA[*protocol.ClientGone], (*system.Run).Gone, domain.OutcomeClientAbort},
		"broken off, the actor fails":  {isA[*protocol.Abort], (*system.Run).Close, domain.OutcomeFailure},
		"client gone":                  {func(any) bool { return false }, (*system.Run).Gone, domain.OutcomeClientAbort},
		"broken off":                   {func(any) bool { return false }, (*system.Run).Close, domain.OutcomeFailure},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				n := newNode(nodeOptions{intercept: func(_, _ string, _ kit.Ref, msg any) {
					if tc.at(msg) {
						panic("injected")
					}
				}})
				defer n.close(t)
				run, _, err := n.Admit(t.Context(), n.admit(1))
				require.NoError(t, err)
				begun := time.Now()
				tc.end(run)
				require.Less(t, time.Since(begun), time.Second)
				rec := n.journal.record()
				require.NotNil(t, rec)
				require.Equal(t, tc.want, rec.Log.Result.Outcome)
				require.Equal(t, domain.RequestID(1), rec.Detail.RequestID)
				require.NotEqual(t, "[]", rec.Detail.Chain)
				run.Close()
				synctest.Wait()
				require.Equal(t, 1, n.journal.count)
				require.Positive(t, n.keeper.dropped.Load())
			})
		})
	}
}

func isA[M any](msg any) bool {
	_, ok := msg.(M)
	return ok
}

// A router that loses the request does not keep its client waiting for ever.
func TestDispatchGivesUpOnARequestThatIsNotDecided(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		stuck := make(chan struct{})
		n := newNode(nodeOptions{intercept: func(kind, _ string, _ kit.Ref, msg any) {
			if _, ok := msg.(*protocol.Admit); ok && kind == "request" {
				<-stuck
			}
		}})
		defer n.close(t)
		begun := time.Now()
		run, _, err := n.Admit(t.Context(), n.admit(1))
		require.True(t, domain.IsKind(err, domain.KindInternal), "%v", err)
		require.Equal(t, 13*time.Second, time.Since(begun))
		run.Close()
		require.Equal(t, 13*time.Second, time.Since(begun), "the caller has an answer to give")
		close(stuck)
	})
}

func TestDispatchGoneBetweenAttempts(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		n := newNode(nodeOptions{})
		defer n.close(t)
		run, _, err := n.Admit(t.Context(), n.admit(1))
		require.NoError(t, err)
		ctx, leave := context.WithTimeout(t.Context(), time.Millisecond)
		defer leave()
		_, err = run.Report(ctx, &protocol.AttemptResult{N: 1, Class: domain.ClassProviderError, Failure: domain.FailStatus, Status: 500})
		require.ErrorIs(t, err, context.DeadlineExceeded, "a pause is longer than that")
		run.Gone()
		run.Close()
		synctest.Wait()
		require.Equal(t, domain.OutcomeClientAbort, n.journal.record().Log.Result.Outcome)
	})
}

func TestDispatchReportsTheEndWhateverTheContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		n := newNode(nodeOptions{})
		defer n.close(t)
		ctx, leave := context.WithCancel(t.Context())
		run, _, err := n.Admit(ctx, n.admit(1))
		require.NoError(t, err)
		leave()
		_, err = run.Report(ctx, success(1))
		require.ErrorIs(t, err, context.Canceled)
		run.Close()
		synctest.Wait()
		require.Equal(t, domain.OutcomeSuccess, n.journal.record().Log.Result.Outcome)
	})
}

func TestDispatchWhenTheActorFails(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		n := newNode(nodeOptions{intercept: func(kind, _ string, _ kit.Ref, msg any) {
			if _, ok := msg.(*protocol.AttemptResult); ok && kind == "request" {
				panic("injected")
			}
		}})
		defer n.close(t)
		run, _, err := n.Admit(t.Context(), n.admit(1))
		require.NoError(t, err)
		for range 2 { // the second finds nobody
			_, err = run.Report(t.Context(), success(1))
			var f *domain.Fault
			require.ErrorAs(t, err, &f)
			require.Equal(t, domain.CodeInternalError, f.Code)
		}
		run.Close()
		synctest.Wait()
		settles := n.journal.record().Settles
		require.Len(t, settles, 1, "the row is the caller's, but the request was admitted")
		require.Equal(t, "not_billed", settles[0].State)
		require.True(t, settles[0].IsFinal)
	})
}

func TestDispatchGivesUpOnALostActor(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		n := newNode(nodeOptions{})
		defer n.close(t)
		run, _, err := n.Admit(t.Context(), n.admit(1))
		require.NoError(t, err)
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		_, err = run.Report(ctx, success(99)) // a result nobody waits for gets no answer
		require.ErrorIs(t, err, context.DeadlineExceeded)
		run.Close()
		synctest.Wait()
		require.Contains(t, n.journal.record().Detail.Chain, "connection closed")
	})
}

// The whole path of a request but for the upstream call: two asks at once, the
// choice among ten providers, a slot, the result and the record.
func BenchmarkDispatch(b *testing.B) {
	n := newNode(nodeOptions{})
	defer n.sys.Shutdown(context.Background())
	ctx := b.Context()
	id := domain.RequestID(0)
	b.ReportAllocs()
	for b.Loop() {
		id++
		run, _, err := n.Admit(ctx, n.admit(id))
		if err != nil {
			b.Fatal(err)
		}
		if d, err := run.Report(ctx, success(1)); err != nil || d.Done == nil {
			b.Fatal(d, err)
		}
		run.Close()
	}
}

func BenchmarkDispatchParallel(b *testing.B) {
	n := newNode(nodeOptions{})
	defer n.sys.Shutdown(context.Background())
	var ids atomic.Int64
	b.SetParallelism(100)
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			run, _, err := n.Admit(b.Context(), n.admit(domain.RequestID(ids.Add(1))))
			if err != nil {
				b.Error(err)
				return
			}
			if _, err := run.Report(b.Context(), success(1)); err != nil {
				b.Error(err)
			}
			run.Close()
		}
	})
}

// Of two calls at the same time each one that begins is noted: should the process
// die, what either used is due.
func TestBothCallsOfARaceAreNoted(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		n := newNode(nodeOptions{})
		defer n.close(t)
		settings := domain.DefaultSettings()
		settings.HedgeEnabled, settings.HedgeAfter, settings.HedgeBudgetPercent = true, time.Second, 100
		n.catalog = domain.NewCatalog(domain.Configuration{Settings: settings, Providers: providers(10)})
		a := n.admit(1)
		a.Request.Stream = true
		run, d, err := n.Admit(t.Context(), a)
		require.NoError(t, err)
		require.Equal(t, 1, d.Attempt.N)
		d, err = run.Hedge(t.Context(), 1)
		require.NoError(t, err)
		require.NotNil(t, d.Attempt)
		for _, attempt := range []int{2, 1, 2, 1, 7} {
			run.Begun(attempt)
		}
		n.journal.mu.Lock()
		require.Equal(t, []int{2, 1}, n.journal.begun)
		n.journal.mu.Unlock()
		lost := success(1)
		lost.Lost, lost.Committed = true, false
		_, err = run.Report(t.Context(), lost)
		require.NoError(t, err)
		d, err = run.Report(t.Context(), success(2))
		require.NoError(t, err)
		require.NotNil(t, d.Done)
		run.Close()
	})
}
