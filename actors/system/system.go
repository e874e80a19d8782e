package system

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/claude-code-hub/cch/actors/bindings"
	"github.com/claude-code-hub/cch/actors/bus"
	"github.com/claude-code-hub/cch/actors/catalog"
	"github.com/claude-code-hub/cch/actors/endpoint"
	"github.com/claude-code-hub/cch/actors/kit"
	"github.com/claude-code-hub/cch/actors/leases"
	"github.com/claude-code-hub/cch/actors/maintenance"
	"github.com/claude-code-hub/cch/actors/prober"
	"github.com/claude-code-hub/cch/actors/protocol"
	"github.com/claude-code-hub/cch/actors/provider"
	"github.com/claude-code-hub/cch/actors/quota"
	"github.com/claude-code-hub/cch/actors/recorder"
	"github.com/claude-code-hub/cch/actors/replays"
	"github.com/claude-code-hub/cch/actors/request"
	"github.com/claude-code-hub/cch/actors/router"
	"github.com/claude-code-hub/cch/actors/session"
	"github.com/claude-code-hub/cch/actors/snapshots"
	"github.com/claude-code-hub/cch/internal/domain"
	"github.com/claude-code-hub/cch/internal/pricing"
)

// Options are what a System is made of. All but Sessions, Announce, Chores and
// Intercept must be set.
type Options struct {
	Logger *slog.Logger
	Now    func() time.Time
	// Node names this process in leases; a restarted process has another name,
	// so that leases of its predecessor are known to be dead.
	Node string

	Configuration catalog.Store
	Snapshots     snapshots.Store
	Sessions      session.History // nil: a killed process may number requests of a session twice
	Breakers      BreakerStore
	Resources     bindings.Store
	Replays       replays.Store
	Ledger        LedgerStore
	Recorder      recorder.Options // its Ledger, Quota, System, Now and Logger are set here
	Accounts      AccountStore
	AccountReader AccountReader // needed with Chores, and for Accounts
	Prices        *pricing.Prices

	SessionTTL             time.Duration
	Zone                   *time.Location // of calendar limits where the settings name none; nil = UTC
	CountOnly              bool           // limits of users and keys are counted and not enforced
	MaxAttemptsPerProvider int
	CountNetworkErrors     bool
	EndpointBreakers       bool             // failures open the breakers of endpoints
	ShortContext           int              // see request.Deps
	Probing                provider.Probing // of open breakers; zero = none
	EndpointProbes         *EndpointProbes  // nil = endpoints are looked at by hand alone

	// Cluster places the actors of providers, sessions and quotas on the nodes
	// that share them; nil = this is the only node.
	Cluster Cluster

	// Announce sends what happened here to every other node. It must not block.
	// Nil = there are none.
	Announce func(message []byte)

	// Chores makes what maintenance does by the clock; nil = nothing.
	Chores func(maintenance.Catalog, *Operator) []maintenance.Job
	// Leader is whether this node, of several, asks upstream accounts; nil = each
	// does.
	Leader maintenance.Leader

	// Intercept is called before an actor handles a message, see kit.Options.
	Intercept func(kind, id string, self kit.Ref, msg any)
}

// System is every actor of a node. Safe for concurrent use.
type System struct {
	logger    *slog.Logger
	now       func() time.Time
	kit       *kit.System
	bus       *bus.Bus
	listener  kit.Ref // the actor of the bus
	catalog   *catalog.Catalog
	snapshots *snapshots.Batcher
	recorder  *recorder.Recorder
	keeper    *leases.Keeper
	resources *bindings.Bindings
	replays   *replays.Replays

	providers, sessions, quotas, endpoints *kit.Directory
	cluster                                Cluster // nil: this is the only node
	pools                                  *endpoint.View

	emergency  *request.Emergency // nil: nothing is enforced
	dispatcher *Dispatcher
	operator   *Operator
	accounts   *Accounts
	chores     maintenance.Figures
	keeping    kit.Ref // of maintenance; the zero value = there is none
}

// EndpointProbes are looks at the endpoints of vendors by the clock.
type EndpointProbes struct {
	prober.Schedule

	Store prober.Store
	Look  func(ctx context.Context, base string) domain.EndpointProbe
}

// Start reads the configuration and spawns every long-lived actor. Rows that an
// earlier process left open are closed before it returns.
func Start(ctx context.Context, o Options) (*System, error) {
	configuration, err := catalog.Load(ctx, catalog.Options{
		Zone:  o.Zone,
		Store: o.Configuration, Logger: o.Logger, Swapped: func(c *domain.Catalog) {
			takePrices(o, c)
			o.announce(&protocol.ConfigChanged{Version: c.Version()})
		},
	})
	if err != nil {
		return nil, err
	}
	s := &System{
		logger:    o.Logger,
		now:       o.Now,
		kit:       kit.NewSystem(kit.Options{Logger: o.Logger, Now: o.Now, Intercept: o.Intercept}),
		bus:       bus.New(bus.Options{Logger: o.Logger, Now: o.Now, Broadcast: o.broadcast()}),
		catalog:   configuration,
		snapshots: snapshots.New(o.Snapshots, o.Logger), //nolint:contextcheck // it writes on until Shutdown
		cluster:   o.Cluster,
	}
	s.bus.Subscribe(&breakerLog{store: o.Breakers, logger: o.Logger})
	s.bus.Subscribe(&accountLog{store: o.Accounts, logger: o.Logger})
	s.listener = s.kit.Spawn(s.bus.Kind(), "bus")
	s.catalog.Start(s.kit)
	s.resources = bindings.New(o.Resources, o.Now)
	s.resources.Start(s.kit)
	s.replays = replays.New(o.Replays)
	s.replays.Start(s.kit)
	s.recorder = s.newRecorder(o)
	s.openDirectories(o)
	if err := s.recorder.Recover(ctx); err != nil { // what an earlier process left in the journal
		return nil, errors.Join(err, s.Shutdown(ctx))
	}
	s.startRequests(o)
	s.serveCluster()
	s.wakeProviders()
	if p := o.EndpointProbes; p != nil {
		s.kit.Spawn(prober.Kind(prober.Options{
			Schedule: p.Schedule, Catalog: s.catalog, Store: p.Store, Look: p.Look,
			Pools: func(key domain.PoolKey) kit.Ref { return s.endpoints.Ref(key.String()) },
		}), "prober")
	}
	if o.Chores != nil {
		jobs := append(o.Chores(s.catalog, s.operator), maintenance.Led(o.Leader, maintenance.PollAccounts(s.accounts, s.catalog, o.Now))...)
		s.keeping = s.kit.Spawn(maintenance.Kind(jobs, &s.chores), "maintenance")
	}
	return s, nil
}

// takePrices compiles the prices of a configuration before a request needs them.
func takePrices(o Options, c *domain.Catalog) {
	if _, err := o.Prices.Take(c); err != nil {
		o.Logger.Error("stored prices cannot be read, others are in force", "error", err)
	}
}

// newRecorder makes the recorder, which does nothing yet.
func (s *System) newRecorder(o Options) *recorder.Recorder {
	ro := o.Recorder
	ro.System, ro.Now, ro.Logger, ro.Ledger = s.kit, o.Now, o.Logger, o.Ledger
	ro.Quota = func(user domain.UserID) kit.Ref { return s.quotas.Ref(userKey(user)) }
	return recorder.New(ro)
}

// LedgerStore keeps what was spent.
type LedgerStore interface {
	quota.LedgerReader
	provider.Ledger
	recorder.Ledger
}

// ledger is the ledger as quota actors see it: read from the store, written in
// groups by the recorder.
type ledger struct {
	quota.LedgerReader
	*recorder.Recorder
}

// openDirectories makes the kinds whose actors are spawned when first asked.
func (s *System) openDirectories(o Options) {
	alive := func(node string) bool { return node == o.Node }
	var place kit.Placement
	if o.Cluster != nil {
		place, alive = o.Cluster, o.Cluster.ProcessLives
	}
	s.providers = s.kit.PlacedDirectory(provider.New(provider.Options{
		Catalog: s.catalog, Snapshots: s.snapshots, Events: breakerEvents{s.bus}, Health: s.bus.HealthPublisher(),
		Accounts: accountEvents{s.bus, o.Now}, Ledger: o.Ledger,
		SessionTTL: o.SessionTTL, CountNetworkErrors: o.CountNetworkErrors, Probing: o.Probing, NodeLives: alive,
	}), place)
	s.pools = &endpoint.View{}
	s.endpoints = s.kit.Directory(endpoint.New(endpoint.Options{
		Snapshots: s.snapshots, Events: breakerEvents{s.bus}, View: s.pools, Breakers: o.EndpointBreakers,
	}))
	s.sessions = s.kit.PlacedDirectory(session.New(session.Options{
		Snapshots: s.snapshots, History: o.Sessions, TTL: o.SessionTTL,
	}), place)
	s.quotas = s.kit.PlacedDirectory(quota.New(quota.Options{
		Catalog: s.catalog, Snapshots: s.snapshots, Ledger: ledger{o.Ledger, s.recorder}, Node: o.Node,
		SessionTTL: o.SessionTTL, CountOnly: o.CountOnly, NodeLives: alive,
	}), place)
}

// startRequests makes what runs proxied requests: the keeper of their leases
// and the routers.
func (s *System) startRequests(o Options) {
	s.keeper = leases.New(leases.Options{Holders: s.holder, Node: o.Node})
	keeper := s.kit.Spawn(s.keeper.Kind(), "leases")
	if !o.CountOnly {
		s.emergency = request.NewEmergency(o.SessionTTL)
	}
	pool := router.NewPool(s.kit, request.Kind(request.Deps{
		Holders: s.holder, Keeper: keeper, Recorder: s.recorder, Health: s.bus.View(),
		Pools: s.pools, Prices: o.Prices, Node: o.Node, Attempts: o.MaxAttemptsPerProvider, CountNetworkErrors: o.CountNetworkErrors,
		ShortContext: o.ShortContext, Emergency: s.emergency, Nodes: nodes(o.Cluster),
	}), router.Options{})
	s.dispatcher = NewDispatcher(DispatcherOptions{
		Pool: pool, Keeper: keeper, Recorder: s.recorder, Now: o.Now, Logger: o.Logger,
	})
	s.operator = &Operator{providers: s.providers, sessions: s.sessions, quotas: s.quotas, endpoints: s.endpoints, now: o.Now}
	s.accounts = &Accounts{reader: o.AccountReader, operator: s.operator, health: s.Health}
}

// wakeProviders has every provider's actor say how it is, so that a breaker
// that was open before a restart is known before the first request.
func (s *System) wakeProviders() {
	for _, p := range s.catalog.Current().Providers() {
		s.providers.Ref(providerKey(p.ID)).Tell(&protocol.HealthRead{ProviderID: p.ID})
		if p.VendorID != 0 {
			pool := domain.PoolKey{Vendor: p.VendorID, Type: p.Type}
			s.endpoints.Ref(pool.String()).Tell(&protocol.PoolRead{Pool: pool})
		}
	}
}

// holder addresses the actor that grants leases of a kind and key.
func (s *System) holder(kind protocol.LeaseKind, key string) kit.Ref {
	switch kind {
	case protocol.LeaseProvider:
		return s.providers.Ref(key)
	case protocol.LeaseSession:
		return s.sessions.Ref(key)
	case protocol.LeaseEndpoint:
		return s.endpoints.Ref(key)
	case protocol.LeaseQuota:
	}
	return s.quotas.Ref(key)
}

// Shutdown gives the actors that nodes share to the others, if there are any,
// writes the rows that are pending, while actors can still settle them, ends every
// actor and writes the snapshots they left. Whoever sends
// requests must have stopped before. Where ctx has a deadline, each of these
// takes at most half of the time left, so that a database that does not answer
// does not keep actors from leaving snapshots elsewhere.
func (s *System) Shutdown(ctx context.Context) error {
	var err error
	if s.cluster != nil {
		err = s.end(ctx, "cluster", s.leaveCluster)
	}
	if s.recorder != nil {
		err = errors.Join(err, s.end(ctx, "recorder", s.recorder.Close))
	}
	err = errors.Join(err, s.end(ctx, "actors of requests and limits", s.kit.Shutdown))
	err = errors.Join(err, s.end(ctx, "snapshots", s.snapshots.Close))
	s.bus.Close()
	if err != nil {
		return fmt.Errorf("end actors: %w", err)
	}
	return nil
}

// end ends one part within half of the time left, and says how long it took.
func (s *System) end(ctx context.Context, part string, f func(context.Context) error) error {
	began := s.now()
	if deadline, ok := ctx.Deadline(); ok {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, time.Until(deadline)/2)
		defer cancel()
	}
	err := f(ctx)
	s.logger.InfoContext(ctx, "shutdown step", "step", part, "duration_ms", s.now().Sub(began).Milliseconds())
	return err
}

// Dispatcher runs proxied requests.
func (s *System) Dispatcher() *Dispatcher { return s.dispatcher }

// Accounts asks the upstream accounts of providers.
func (s *System) Accounts() *Accounts { return s.accounts }

// Resources knows at which provider a resource is.
func (s *System) Resources() *bindings.Bindings { return s.resources }

// Replays keeps answers that may be given again.
func (s *System) Replays() *replays.Replays { return s.replays }

// Operator serves the management API.
func (s *System) Operator() *Operator { return s.operator }

// Recorder writes request records down.
func (s *System) Recorder() *recorder.Recorder { return s.recorder }

// Configuration is the catalog with its versions.
func (s *System) Configuration() *catalog.Catalog { return s.catalog }

// Current is the configuration in force.
func (s *System) Current() *domain.Catalog { return s.catalog.Current() }

// Health is what is known of a provider; false = nothing yet.
func (s *System) Health(id domain.ProviderID) (domain.ProviderHealth, bool) {
	return s.bus.View().Health(id)
}

// Pool is what is known of a pool of endpoints; false = nothing yet.
func (s *System) Pool(key domain.PoolKey) (*domain.PoolHealth, bool) { return s.pools.Pool(key) }

// InFlight is the number of requests in flight in a session, named by its hash.
func (s *System) InFlight(sessionHash string) int { return s.keeper.InFlight(sessionHash) }

// Leases are the leases this node holds, by kind.
func (s *System) Leases() map[protocol.LeaseKind]int { return s.keeper.Counts() }

// Emergency counts the requests that were decided without a quota actor.
func (s *System) Emergency() request.EmergencyStats { return s.emergency.Stats() }

// Stats are the counters of all kinds of actors.
func (s *System) Stats() []kit.KindStats { return s.kit.Stats() }
