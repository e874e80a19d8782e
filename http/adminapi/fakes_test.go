package adminapi_test

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/claude-code-hub/cch/actors/protocol"
	"github.com/claude-code-hub/cch/http/adminapi"
	"github.com/claude-code-hub/cch/internal/domain"
	"github.com/claude-code-hub/cch/persistence/store"
)

// liveCatalog reads the store whenever a version is awaited.
type liveCatalog struct {
	store   *store.Store
	mu      sync.Mutex
	current *domain.Catalog
}

func (c *liveCatalog) Current() *domain.Catalog {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.current
}

func (c *liveCatalog) Await(ctx context.Context, version int64) error {
	configuration, err := c.store.Configuration(context.WithoutCancel(ctx)) // a busy machine is no reason to stay behind
	if err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.current = domain.NewCatalog(configuration)
	if c.current.Version() < version {
		return errors.New("catalog is behind")
	}
	return nil
}

// fakeActors answer from fixed values and note what they were told.
type fakeActors struct {
	mu       sync.Mutex
	health   map[domain.ProviderID]domain.ProviderHealth
	quota    map[domain.UserID]*protocol.QuotaState
	inFlight map[string]int
	breakers []protocol.BreakerSet
	ended    []domain.SessionKey
	bound    map[domain.SessionKey]domain.ProviderID
	pools    []protocol.PoolSet
	probed   []protocol.EndpointProbed
	down     bool
	adapter  domain.AccountAdapter // of every provider that names none
	reading  *domain.AccountState  // what asking an account gives
}

func newFakeActors() *fakeActors {
	return &fakeActors{
		health: map[domain.ProviderID]domain.ProviderHealth{}, quota: map[domain.UserID]*protocol.QuotaState{},
		inFlight: map[string]int{},
	}
}

var errActorDown = errors.New("no answer in time")

func (f *fakeActors) SetBreaker(_ context.Context, m *protocol.BreakerSet) (domain.ProviderHealth, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.down {
		return domain.ProviderHealth{}, errActorDown
	}
	f.breakers = append(f.breakers, *m)
	h := domain.ProviderHealth{ProviderID: m.ProviderID, Breaker: domain.BreakerClosed}
	if m.Action == protocol.BreakerTrip {
		h.Breaker = domain.BreakerOpen
		if m.Until != 0 {
			h.OpenUntil = time.UnixMilli(m.Until)
		}
	}
	f.health[m.ProviderID] = h
	return h, nil
}

func (f *fakeActors) EndpointProbed(m *protocol.EndpointProbed) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.probed = append(f.probed, *m)
}

func (f *fakeActors) SetPool(_ context.Context, m *protocol.PoolSet) (domain.PoolHealth, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.down {
		return domain.PoolHealth{}, errActorDown
	}
	f.pools = append(f.pools, *m)
	state := domain.BreakerClosed
	if m.Action == protocol.BreakerTrip {
		state = domain.BreakerOpen
	}
	return domain.PoolHealth{
		Key: m.Pool, Breaker: state,
		Endpoints: map[domain.EndpointID]domain.EndpointHealth{m.Endpoint: {Breaker: state}},
	}, nil
}

func (*fakeActors) Pool(domain.PoolKey) (*domain.PoolHealth, bool) { return nil, false }

func (f *fakeActors) ReadQuota(_ context.Context, user domain.UserID) (*protocol.QuotaState, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.down {
		return nil, errActorDown
	}
	if s := f.quota[user]; s != nil {
		return s, nil
	}
	return &protocol.QuotaState{}, nil
}

func (f *fakeActors) ForgetQuota(context.Context, domain.UserID) error { return nil }

func (f *fakeActors) ReadProvider(_ context.Context, id domain.ProviderID) (*protocol.QuotaState, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.down {
		return nil, errActorDown
	}
	return &protocol.QuotaState{Windows: []protocol.QuotaWindow{
		{Scope: domain.ScopeProvider, ID: int64(id), Limit: domain.LimitDaily, Used: 3 * domain.NanoPerUSD, Max: 4 * domain.NanoPerUSD},
	}}, nil
}

func (f *fakeActors) ReadSession(_ context.Context, s domain.SessionKey) (*protocol.SessionView, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.down {
		return nil, errActorDown
	}
	return &protocol.SessionView{ProviderID: f.bound[s]}, nil
}

func (f *fakeActors) EndSession(_ context.Context, s domain.SessionKey) (*protocol.SessionEnded, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.down {
		return nil, errActorDown
	}
	f.ended = append(f.ended, s)
	return &protocol.SessionEnded{WasBound: true}, nil
}

func (f *fakeActors) Adapter(p *domain.Provider) domain.AccountAdapter {
	if a := p.Account.Adapter; a != "" && a != domain.AdapterAuto {
		return a
	}
	return f.adapter
}

func (f *fakeActors) Refresh(_ context.Context, p *domain.Provider) (*domain.AccountState, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	switch {
	case f.down:
		return nil, errActorDown
	case f.Adapter(p) == "":
		return nil, domain.NewFault(domain.KindInvalid, "", "choose an adapter")
	}
	f.health[p.ID] = domain.ProviderHealth{ProviderID: p.ID, Breaker: domain.BreakerClosed, Account: f.reading}
	return f.reading, nil
}

func (f *fakeActors) Health(id domain.ProviderID) (domain.ProviderHealth, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	h, ok := f.health[id]
	return h, ok
}

func (f *fakeActors) InFlight(hash string) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.inFlight[hash]
}

// usableModels are those that everybody may use, and one of the user's own.
type usableModels struct{}

func (usableModels) Usable(_ context.Context, k *domain.Key, u *domain.User) []domain.UsableModel {
	return []domain.UsableModel{
		{Name: "common", Protocols: []domain.Protocol{domain.ProtocolClaude, domain.ProtocolChat}},
		{Name: k.Name + " of " + u.Name, Protocols: []domain.Protocol{domain.ProtocolGemini}},
	}
}

// fakeTester reports a fixed verdict and keeps what it was asked.
type fakeTester struct {
	mu    sync.Mutex
	asked []domain.ConnectionTest
}

func (f *fakeTester) Test(_ context.Context, t domain.ConnectionTest) (domain.ConnectionReport, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.asked = append(f.asked, t)
	return domain.ConnectionReport{
		Status: domain.ConnectionGreen, SubStatus: "success", HTTPStatus: 200, Latency: 1500 * time.Millisecond,
		Content: "pong", Usage: domain.Usage{Input: 9, Output: 2},
		Attempts: []domain.ConnectionAttempt{{Preset: "messages", URL: t.Provider.URL, HTTPStatus: 200, SubStatus: "success"}},
	}, nil
}

// stuckCatalog never catches up.
type stuckCatalog struct{ adminapi.Catalog }

func (stuckCatalog) Await(ctx context.Context, _ int64) error {
	<-ctx.Done()
	return ctx.Err()
}

// fakeDemo is a demo upstream that keeps what it was told.
type fakeDemo struct {
	mu   sync.Mutex
	mode string
	key  domain.Secret // of the running traffic
	runs bool
}

func (f *fakeDemo) Mode() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.mode
}

func (f *fakeDemo) SetMode(mode string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.mode = mode
}

func (f *fakeDemo) StartTraffic(key domain.Secret) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.key, f.runs = key, true
}

func (f *fakeDemo) StopTraffic() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.runs = false
}

func (f *fakeDemo) TrafficRuns() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.runs
}
