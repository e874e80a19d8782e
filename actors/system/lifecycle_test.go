package system_test

import (
	"context"
	"fmt"
	"log/slog"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/actors/kit"
	"github.com/claude-code-hub/cch/actors/leases"
	"github.com/claude-code-hub/cch/actors/protocol"
	"github.com/claude-code-hub/cch/actors/provider"
	"github.com/claude-code-hub/cch/actors/quota"
	"github.com/claude-code-hub/cch/actors/request"
	"github.com/claude-code-hub/cch/actors/router"
	"github.com/claude-code-hub/cch/actors/session"
	"github.com/claude-code-hub/cch/actors/system"
	"github.com/claude-code-hub/cch/internal/domain"
	"github.com/claude-code-hub/cch/persistence/storetest"
)

// shelf keeps snapshots in memory.
type shelf struct {
	mu sync.Mutex
	m  map[string]domain.Snapshot
}

func (s *shelf) Save(v domain.Snapshot) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.m[v.Kind+"/"+v.ID] = v
}

func (s *shelf) Load(_ context.Context, kind, id string) (domain.Snapshot, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if v, ok := s.m[kind+"/"+id]; ok {
		return v, nil
	}
	return domain.Snapshot{}, domain.NotFound("snapshot", kind+"/"+id)
}

// board shows the health that providers publish.
type board struct{ m sync.Map }

func (b *board) Publish(h domain.ProviderHealth) { b.m.Store(h.ProviderID, h) }

func (b *board) Health(id domain.ProviderID) (domain.ProviderHealth, bool) {
	v, ok := b.m.Load(id)
	if !ok {
		return domain.ProviderHealth{}, false
	}
	return v.(domain.ProviderHealth), true
}

type noEvents struct{}

func (noEvents) BreakerChanged(domain.BreakerEvent) {}

type fixed struct{ c *domain.Catalog }

func (f fixed) Current() *domain.Catalog { return f.c }

// settler journals at once and sends the settlements on.
type settler struct {
	quotas  *kit.Directory
	records atomic.Int64
}

func (s *settler) Finish(rec *protocol.LogRecord, done func(error)) {
	s.records.Add(1)
	go func() {
		done(nil)
		for i := range rec.Settles {
			settle := &rec.Settles[i]
			s.quotas.Ref(strconv.FormatInt(int64(settle.UserID), 10)).Tell(settle)
		}
	}()
}

func (s *settler) Begun(*domain.BegunLog) {}

// real is a node with all its real actors.
type real struct {
	*system.Dispatcher
	sys       *kit.System
	pool      *router.Pool
	keeper    *leases.Keeper
	settler   *settler
	providers *kit.Directory
	catalog   *domain.Catalog
	sessions  *kit.Directory
	health    *board
	running   [32]atomic.Int64 // calls by provider id
	most      [32]atomic.Int64
}

func newReal(catalog *domain.Catalog, intercept func(kind, id string, self kit.Ref, msg any)) *real {
	n := &real{catalog: catalog}
	n.sys = kit.NewSystem(kit.Options{Name: "test", Logger: slog.New(slog.DiscardHandler), Now: time.Now, Intercept: intercept})
	snapshots, health := &shelf{m: map[string]domain.Snapshot{}}, &board{}
	n.providers = n.sys.Directory(provider.New(provider.Options{
		Catalog: fixed{catalog}, Snapshots: snapshots, Events: noEvents{}, Health: health, SessionTTL: 5 * time.Minute,
	}))
	n.health = health
	sessions := n.sys.Directory(session.New(session.Options{Snapshots: snapshots, TTL: 5 * time.Minute}))
	n.sessions = sessions
	quotas := n.sys.Directory(quota.New(quota.Options{
		Catalog: fixed{catalog}, Snapshots: snapshots, Ledger: storetest.NewMemoryLedger(), SessionTTL: 5 * time.Minute,
	}))
	holders := func(kind protocol.LeaseKind, key string) kit.Ref {
		switch kind {
		case protocol.LeaseQuota:
			return quotas.Ref(key)
		case protocol.LeaseSession:
			return sessions.Ref(key)
		case protocol.LeaseProvider, protocol.LeaseEndpoint:
		}
		return n.providers.Ref(key)
	}
	n.keeper = leases.New(leases.Options{Holders: holders, Node: "test"})
	keeperRef := n.sys.Spawn(n.keeper.Kind(), "")
	n.settler = &settler{quotas: quotas}
	n.pool = router.NewPool(n.sys, request.Kind(request.Deps{
		Holders: holders, Keeper: keeperRef, Recorder: n.settler, Health: health, Prices: prices(), Node: "test",
	}), router.Options{})
	n.Dispatcher = system.NewDispatcher(system.DispatcherOptions{
		Pool: n.pool, Keeper: keeperRef, Recorder: n.settler, Now: time.Now, Logger: slog.New(slog.DiscardHandler),
	})
	return n
}

func catalogOf(user domain.Limits, all ...*domain.Provider) *domain.Catalog {
	return domain.NewCatalog(domain.Configuration{
		Version: 1, Settings: domain.DefaultSettings(), Providers: all,
		Users: []*domain.User{{ID: 1, Enabled: true, Limits: user}}, Keys: []*domain.Key{{ID: 2, UserID: 1, Enabled: true}},
	})
}

func upstreamOf(id, priority int, edit ...func(*domain.Provider)) *domain.Provider {
	p := &domain.Provider{
		ID: domain.ProviderID(id), Name: fmt.Sprintf("p%d", id), Type: domain.TypeClaude, Enabled: true,
		Routing: domain.Routing{Weight: 1, Priority: priority, CostMultiplier: domain.MultiplierOne},
		Breaker: domain.DefaultBreakerSettings(),
	}
	for _, e := range edit {
		e(p)
	}
	return p
}

// exchange plays the HTTP goroutine of one request; call makes the attempts.
func (n *real) exchange(ctx context.Context, id domain.RequestID, sessionID string, call func(*protocol.Attempt) *protocol.AttemptResult) (protocol.Decision, error) {
	run, d, err := n.Admit(ctx, &protocol.Admit{Catalog: n.catalog, Request: &protocol.Request{
		ID: id, ReceivedAt: time.Now(), Key: n.catalog.Key(2), User: n.catalog.User(1), Groups: []string{"default"},
		Session: domain.SessionKey{KeyID: 2, ID: sessionID}, SessionSource: domain.SessionFromClient, Messages: 3,
		Protocol: domain.ProtocolClaude, Class: domain.CallGenerate, Model: "m", Seed: uint64(id),
	}})
	if run != nil {
		defer run.Close()
	}
	for err == nil && d.Attempt != nil {
		p := d.Attempt.ProviderID
		if now := n.running[p].Add(1); now > n.most[p].Load() {
			n.most[p].Store(now)
		}
		res := call(d.Attempt)
		n.running[p].Add(-1)
		res.N = d.Attempt.N
		d, err = run.Report(ctx, res)
	}
	return d, err
}

func answered(d time.Duration) func(*protocol.Attempt) *protocol.AttemptResult {
	return func(*protocol.Attempt) *protocol.AttemptResult {
		time.Sleep(d)
		return success(0)
	}
}

// atRest waits for everything to settle and checks that nothing is held.
func (n *real) atRest(t *testing.T) {
	t.Helper()
	synctest.Wait()
	require.Zero(t, n.pool.Live())
	for kind, count := range n.keeper.Counts() {
		require.Zero(t, count, "%s leases", kind)
	}
	for id := range 2 {
		h, err := kit.Ask[*protocol.ProviderHealth](t.Context(), n.providers.Ref(strconv.Itoa(id+1)), &protocol.HealthRead{ProviderID: domain.ProviderID(id + 1)})
		require.NoError(t, err)
		require.Zero(t, h.InFlight, "in flight at provider %d", id+1)
	}
	state, err := kit.Ask[*protocol.QuotaState](t.Context(), n.settler.quotas.Ref("1"), &protocol.QuotaRead{UserID: 1, T: time.Now().UnixMilli()})
	require.NoError(t, err)
	for _, w := range state.Windows {
		if w.Limit == domain.LimitConcurrentRequests {
			require.Zero(t, w.Used, "in flight of %s %d", w.Scope, w.ID)
		}
	}
}

func (n *real) close(t *testing.T) {
	t.Helper()
	n.atRest(t)
	require.NoError(t, n.sys.Shutdown(context.Background()))
}

func TestLimitsHoldAmongParallelRequests(t *testing.T) {
	t.Parallel()
	three := func(p *domain.Provider) { p.Limits.ConcurrentRequests = 3 }
	synctest.Test(t, func(t *testing.T) {
		n := newReal(catalogOf(domain.Limits{}, upstreamOf(1, 0, three), upstreamOf(2, 1)), nil)
		defer n.close(t)
		var served sync.WaitGroup
		for i := range 100 {
			served.Go(func() {
				d, err := n.exchange(t.Context(), domain.RequestID(i+1), fmt.Sprint("s", i), answered(time.Second))
				require.NoError(t, err)
				require.NotNil(t, d.Done)
			})
		}
		served.Wait()
		require.Equal(t, int64(3), n.most[1].Load(), "the better provider is filled and never more")
		require.Equal(t, int64(97), n.most[2].Load())
		require.Equal(t, int64(100), n.settler.records.Load())
	})
}

func TestAUsersConcurrencyIsRefusedNotQueued(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		n := newReal(catalogOf(domain.Limits{ConcurrentRequests: 5}, upstreamOf(1, 0), upstreamOf(2, 1)), nil)
		defer n.close(t)
		var wait sync.WaitGroup
		var refused atomic.Int64
		for i := range 20 {
			wait.Go(func() {
				d, err := n.exchange(t.Context(), domain.RequestID(i+1), "s", answered(time.Second))
				require.NoError(t, err)
				if d.Reject != nil {
					require.Equal(t, domain.CodeConcurrentRequests, d.Reject.Fault.Code)
					refused.Add(1)
				}
			})
		}
		wait.Wait()
		require.Equal(t, int64(15), refused.Load())
		require.Equal(t, int64(20), n.settler.records.Load(), "refused requests leave a record too")
	})
}

func TestASessionSticksAndMovesOn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		n := newReal(catalogOf(domain.Limits{}, upstreamOf(1, 0), upstreamOf(2, 1)), nil)
		defer n.close(t)
		var asked []domain.ProviderID
		call := func(broken domain.ProviderID) func(a *protocol.Attempt) *protocol.AttemptResult {
			return func(a *protocol.Attempt) *protocol.AttemptResult {
				asked = append(asked, a.ProviderID)
				if a.ProviderID == broken {
					return &protocol.AttemptResult{Class: domain.ClassProviderError, Failure: domain.FailStatus, Status: 403}
				}
				return success(0)
			}
		}
		for i, broken := range []domain.ProviderID{0, 1, 0} {
			_, err := n.exchange(t.Context(), domain.RequestID(i+1), "s", call(broken))
			require.NoError(t, err)
			synctest.Wait()
		}
		require.Equal(t, []domain.ProviderID{
			1,    // the better priority
			1, 2, // sticks to 1, which fails
			2, // and stays with 2, although 1 is better and well
		}, asked)
	})
}

func TestAFailingProviderIsLeftAlone(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		n := newReal(catalogOf(domain.Limits{}, upstreamOf(1, 0), upstreamOf(2, 1)), nil)
		defer n.close(t)
		calls := 0
		for i := range 20 {
			d, err := n.exchange(t.Context(), domain.RequestID(i+1), fmt.Sprint("s", i), func(a *protocol.Attempt) *protocol.AttemptResult {
				if a.ProviderID == 1 {
					calls++
					return &protocol.AttemptResult{Class: domain.ClassProviderError, Failure: domain.FailStatus, Status: 403}
				}
				return success(0)
			})
			require.NoError(t, err)
			require.NotNil(t, d.Done, "every request is served")
			synctest.Wait()
		}
		require.Equal(t, 5, calls, "five failures open the breaker")
	})
}

// Requests whose actors panic or are killed at random moments leave nothing behind.
func TestNothingIsHeldAfterRandomFailures(t *testing.T) {
	t.Parallel()
	var messages atomic.Int64
	intercept := func(kind, _ string, _ kit.Ref, _ any) {
		if kind == "request" && messages.Add(1)%13 == 0 {
			panic("injected")
		}
	}
	synctest.Test(t, func(t *testing.T) {
		n := newReal(catalogOf(domain.Limits{ConcurrentRequests: 1000}, upstreamOf(1, 0), upstreamOf(2, 1)), intercept)
		defer n.close(t)
		var wait sync.WaitGroup
		var failed atomic.Int64
		for i := range 300 {
			wait.Go(func() {
				ctx, cancel := context.WithTimeout(t.Context(), time.Duration(i%40)*100*time.Millisecond+time.Millisecond)
				defer cancel()
				if _, err := n.exchange(ctx, domain.RequestID(i+1), fmt.Sprint("s", i%50), answered(time.Second)); err != nil {
					failed.Add(1)
				}
			})
		}
		wait.Wait()
		require.Positive(t, failed.Load())
		require.Less(t, failed.Load(), int64(300))
	})
}
