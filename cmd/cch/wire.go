package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/claude-code-hub/cch/actors/cluster"
	"github.com/claude-code-hub/cch/actors/kit"
	"github.com/claude-code-hub/cch/actors/protocol"
	"github.com/claude-code-hub/cch/actors/recorder"
	"github.com/claude-code-hub/cch/actors/system"
	"github.com/claude-code-hub/cch/converters/capability"
	"github.com/claude-code-hub/cch/http/adminapi"
	"github.com/claude-code-hub/cch/http/gateway"
	"github.com/claude-code-hub/cch/http/gateway/intake"
	"github.com/claude-code-hub/cch/http/gateway/snapshots"
	"github.com/claude-code-hub/cch/http/middleware"
	"github.com/claude-code-hub/cch/http/server"
	"github.com/claude-code-hub/cch/internal/config"
	"github.com/claude-code-hub/cch/internal/demo"
	"github.com/claude-code-hub/cch/internal/domain"
	"github.com/claude-code-hub/cch/internal/jobs"
	"github.com/claude-code-hub/cch/internal/outbound"
	"github.com/claude-code-hub/cch/internal/outbound/media"
	"github.com/claude-code-hub/cch/internal/outbound/reach"
	"github.com/claude-code-hub/cch/internal/pricesync"
	"github.com/claude-code-hub/cch/internal/pricing"
	"github.com/claude-code-hub/cch/internal/routing"
	"github.com/claude-code-hub/cch/internal/secrets"
	"github.com/claude-code-hub/cch/internal/upstream"
	"github.com/claude-code-hub/cch/persistence/journal"
	"github.com/claude-code-hub/cch/persistence/lease"
	"github.com/claude-code-hub/cch/persistence/redis"
	"github.com/claude-code-hub/cch/persistence/store"
)

// Options are what a test may change about an App.
type Options struct {
	// Media is which hosts may be called for what requests point at; the zero value
	// is public ones alone.
	Media  outbound.Policy
	Logger *slog.Logger
	Level  *slog.LevelVar   // of the logger; nil = it cannot be changed
	Now    func() time.Time // nil = time.Now
	// Intercept is called before an actor handles a message, see kit.Options.
	Intercept func(kind, id string, self kit.Ref, msg any)
}

// App is the running hub. New builds it, Listen and Run serve, Close ends it.
type App struct {
	cfg        config.Config
	logger     *slog.Logger
	now        func() time.Time
	adminToken secrets.AdminToken
	master     secrets.MasterKey
	ring       *secrets.Ring

	demo     *demo.Server // nil = off
	store    *store.Store
	redis    *redis.Client  // nil = none
	channel  *redis.Channel // between nodes; nil = none
	cluster  *cluster.Node  // nil = a node by itself
	journal  *journal.Journal
	leader   leadership
	number   *lease.Number // nil = nobody else uses the database
	prices   *pricing.Prices
	reach    *reach.Prober
	zone     *time.Location                   // of the process
	sync     atomic.Pointer[pricesync.Syncer] // its chore may run before it is there
	system   *system.System
	upstream *upstream.Client
	media    *media.Fetcher
	proxies  *middleware.Proxies
	shots    *snapshots.Store
	gateway  *gateway.Gateway
	health   *server.Health
	jobs     *jobs.Runner
	admin    *adminapi.API
	server   *server.Server
	archives *archives
	level    *slog.LevelVar

	usage       atomic.Pointer[domain.StorageUsage] // as last measured; nil = not yet
	restores    chan *pendingRestore                // of capacity 1
	differences atomic.Int64                        // between the ledger and what is counted, at the last check
	closers     []closer
}

// New builds every part of the hub, each from those above it. What was begun is
// ended again when a later part fails.
func New(ctx context.Context, cfg config.Config, o Options) (_ *App, err error) {
	a := &App{cfg: cfg, logger: o.Logger, now: o.Now, level: o.Level, restores: make(chan *pendingRestore, 1)}
	if a.level == nil {
		a.level = &slog.LevelVar{}
	}
	if a.now == nil {
		a.now = time.Now
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, a.Close(ctx))
		}
	}()
	for _, build := range []func(context.Context, Options) error{
		a.buildDemo,
		a.buildSecrets,
		a.buildStore,
		a.buildRedis,
		a.buildActors,
		a.buildPrices,
		a.buildGateway,
		a.buildAdmin,
		a.buildServer,
	} {
		if err := build(ctx, o); err != nil {
			return nil, err
		}
	}
	return a, nil
}

func (a *App) buildSecrets(_ context.Context, _ Options) (err error) {
	dir := a.cfg.Storage.Directory()
	keys, err := secrets.LoadOrCreateMasterKeys(dir, a.cfg.Auth.EncryptionKey)
	if err != nil {
		return fmt.Errorf("master key: %w", err)
	}
	a.master = keys[0]
	if a.ring, err = secrets.NewRing(keys[0], keys[1:]...); err != nil {
		return fmt.Errorf("seal credentials: %w", err)
	}
	if a.adminToken.Token = a.cfg.Auth.AdminToken; a.adminToken.Token != "" {
		return nil
	}
	if a.adminToken, err = secrets.LoadOrCreateAdminToken(dir); err != nil {
		return fmt.Errorf("admin token: %w", err)
	}
	return nil
}

func (a *App) buildStore(ctx context.Context, _ Options) (err error) {
	a.store, err = store.Open(ctx, store.Options{
		DSN: a.cfg.Storage.DSN.Reveal(), DataDir: a.cfg.Storage.DataDir, Pool: poolLimits(a.cfg.Storage), Sealer: a.ring,
		Logger: a.logger, AutoMigrate: a.cfg.Storage.AutoMigrate, Now: a.now,
	})
	if err != nil {
		return fmt.Errorf("open the database: %w", err)
	}
	a.onClose("database", func(context.Context) error { return a.store.Close() })
	rules, err := routing.DefaultErrorRules()
	if err != nil {
		return err
	}
	return a.store.ErrorRules().Seed(ctx, rules)
}

func poolLimits(s config.Storage) store.PoolLimits {
	return store.PoolLimits{
		Connections: s.PoolMax, Idle: s.PoolIdle.Duration(), Connect: s.PoolConnect.Duration(),
		Statement: s.Statement.Duration(), Lock: s.LockWait.Duration(),
	}
}

func (a *App) buildActors(ctx context.Context, o Options) error {
	records, err := journal.Open(journal.Options{
		Dir:      journalDir(a.cfg),
		Fsync:    journal.Fsync(a.cfg.Journal.Fsync),
		MaxBytes: int64(a.cfg.Journal.MaxBytes),
		Logger:   a.logger,
	})
	if err != nil {
		return fmt.Errorf("open the journal: %w", err)
	}
	a.journal = records
	if a.prices, err = pricing.NewPrices(); err != nil {
		return fmt.Errorf("read price lists: %w", err)
	}
	a.onClose("journal", func(context.Context) error { return records.Close() })
	if err := a.buildLeases(ctx); err != nil {
		return err
	}
	if a.reach, err = reach.New(reach.Method(a.cfg.Probes.Method), a.outboundPolicy()); err != nil {
		return fmt.Errorf("look at endpoints: %w", err)
	}
	a.onClose("probes of endpoints", func(context.Context) error { a.reach.Close(); return nil })
	if a.zone, err = time.LoadLocation(a.cfg.Log.Timezone); err != nil { // it was validated
		return err
	}
	node := newNodeName(a.now())
	snapshots, announce := a.shared(node)
	if err := a.joinCluster(ctx, node); err != nil {
		return err
	}
	var nodes system.Cluster
	if a.cluster != nil {
		nodes, announce = a.cluster, a.cluster.Tell
	}
	a.system, err = system.Start(ctx, system.Options{
		Logger: a.logger, Now: a.now, Node: node, Announce: announce, Cluster: nodes,
		Configuration: a.store, Snapshots: snapshots, Ledger: a.store.Ledger(),
		Sessions: a.store.Sessions(), Breakers: a.store.BreakerEvents(),
		Resources: a.store.ResourceBindings(), Replays: a.store.Replays(),
		Accounts: a.store.ProviderAccounts(), AccountReader: a.accountReader(),
		Recorder: recorder.Options{
			Journal: records, Store: a.store.RequestLogs(),
			BatchRecords: a.cfg.Journal.BatchSize, BatchDelay: a.cfg.Journal.FlushInterval.Duration(),
			MaxPending: a.cfg.Journal.MaxPending, Lost: a.lost(),
		},
		Prices:                 a.prices,
		SessionTTL:             a.cfg.Upstream.SessionTTL.Duration(),
		Zone:                   a.zone,
		MaxAttemptsPerProvider: a.cfg.Upstream.MaxAttemptsPerProvider,
		CountNetworkErrors:     a.cfg.Upstream.BreakOnNetworkErrors,
		ShortContext:           a.shortContext(),
		EndpointBreakers:       a.cfg.Upstream.EndpointBreakers,
		Probing:                a.probing(),
		EndpointProbes:         a.endpointProbes(),
		CountOnly:              !a.cfg.Bounds.EnforceRateLimits,
		Chores:                 a.chores,
		Leader:                 a.leader,
		Intercept:              o.Intercept,
	})
	if err != nil {
		return err
	}
	a.onClose("actors", a.system.Shutdown)
	a.listen()
	a.watch(ctx)
	return nil
}

// watch has the catalog look at once when another node changed the
// configuration; by itself it looks twice a second.
func (a *App) watch(ctx context.Context) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	var watching sync.WaitGroup
	watching.Go(func() {
		a.store.Watch(ctx, func(version int64) {
			a.system.Configuration().Ref().Tell(&protocol.ConfigChanged{Version: version})
		})
	})
	a.onClose("watch of the configuration", func(context.Context) error {
		cancel()
		watching.Wait()
		return nil
	})
}

func (a *App) shortContext() int {
	if !a.cfg.Upstream.ShortContext {
		return 0
	}
	return a.cfg.Upstream.ShortContextMessages
}

// newNodeName names this process among those that ever held leases.
func newNodeName(now time.Time) string { return domain.NewLeaseID(now).String() }

func (a *App) buildGateway(ctx context.Context, o Options) error {
	newest, err := a.store.RequestLogs().Newest(ctx)
	if err != nil {
		return fmt.Errorf("read the newest request id: %w", err)
	}
	capabilities, err := capability.Builtin()
	if err != nil {
		return fmt.Errorf("read what models can take: %w", err)
	}
	fixed, err := middleware.ParseProxies(a.cfg.Server.TrustedProxies)
	if err != nil {
		return fmt.Errorf("TRUSTED_PROXIES: %w", err)
	}
	a.proxies = middleware.NewProxies(fixed, func() []string { return a.system.Current().Settings().TrustedProxies })
	a.upstream = upstream.New(upstream.Options{
		Connect: a.cfg.Upstream.ConnectTimeout.Duration(),
		Headers: a.cfg.Upstream.HeadersTimeout.Duration(),
		Gap:     a.cfg.Upstream.BodyTimeout.Duration(),
		Now:     a.now,
		Schemes: a.schemes(),
	})
	a.onClose("connections to providers", func(context.Context) error { a.upstream.Close(); return nil })
	if a.media, err = media.New(media.Options{Policy: o.Media, Logger: a.logger}); err != nil {
		return err
	}
	a.onClose("connections to hosts of media", func(context.Context) error { a.media.Close(); return nil })
	a.shots = snapshots.New(a.cfg.Log.SessionMessages, a.now)
	a.gateway = gateway.New(gateway.Options{
		Catalog:    a.system,
		Dispatcher: dispatcher{a.system.Dispatcher()},
		Recorder:   a.system.Recorder(),
		Upstream:   a.upstream,
		IDs:        a.requestIDs(newest),
		Now:        a.now,
		Logger:     a.logger,
		ClientIP:   func(r *http.Request) string { return a.proxies.ClientIP(r).String() },
		Body:       a.bodyLimits(),
		MaxRunning: a.cfg.Bounds.MaxInFlight,
		Expire:     a.store.Users().Expire,
		Bindings:   a.system.Resources(),
		Affinity:   a.affinity(),
		Replay:     a.replay(),
		Snapshots:  a.shots,
		Media:      a.media,

		Capabilities: models{builtin: capabilities, prices: func() *pricing.List { return a.prices.For(a.system.Current()).At(a.now()) }},
	})
	return nil
}

func (a *App) replay() gateway.Replay {
	r := &a.cfg.Replay
	return gateway.Replay{
		Enabled: r.Enabled, Hot: r.Hot.Duration(), Kept: r.Kept.Duration(), Detached: r.Detached.Duration(),
		Spools: r.Spools, MaxBytes: int(r.MaxBytes), Store: a.system.Replays(),
	}
}

func (a *App) affinity() gateway.Affinity {
	if !a.cfg.Upstream.PrefixAffinity {
		return gateway.Affinity{}
	}
	return gateway.Affinity{Kept: a.cfg.Upstream.PrefixAffinityTTL.Duration(), Window: a.cfg.Upstream.PrefixAffinityWindow}
}

func (a *App) bodyLimits() intake.Limits {
	l := intake.DefaultLimits()
	l.Raw, l.Plain = int64(a.cfg.Bounds.MaxCompressed), int64(a.cfg.Bounds.MaxDecompressed)
	l.Memory = int64(a.cfg.Bounds.MaxBodyMemory)
	return l
}

// dispatcher fits the actors' client to the interface of the gateway, which
// wants its own Run.
type dispatcher struct{ *system.Dispatcher }

func (d dispatcher) Admit(ctx context.Context, m *protocol.Admit) (gateway.Run, protocol.Decision, error) {
	run, decision, err := d.Dispatcher.Admit(ctx, m)
	if run == nil {
		return nil, decision, err
	}
	return run, decision, err
}
