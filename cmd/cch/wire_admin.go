package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"time"

	"github.com/claude-code-hub/cch/http/adminapi"
	"github.com/claude-code-hub/cch/http/server"
	"github.com/claude-code-hub/cch/internal/domain"
	"github.com/claude-code-hub/cch/internal/jobs"
	"github.com/claude-code-hub/cch/internal/outbound"
	"github.com/claude-code-hub/cch/internal/outbound/balance"
	"github.com/claude-code-hub/cch/internal/outbound/conntest"
	"github.com/claude-code-hub/cch/internal/secrets"
	"github.com/claude-code-hub/cch/internal/telemetry"
	"github.com/claude-code-hub/cch/internal/upstream"
	"github.com/claude-code-hub/cch/persistence/store"
	"github.com/claude-code-hub/cch/ui"
)

func (a *App) buildAdmin(context.Context, Options) error {
	adminapi.InstallErrors()
	a.health = server.NewHealth(version, a.now,
		databaseComponent(a.store),
		a.redisComponent(),
		a.clusterComponent(),
		server.Component{Name: "journal", Check: a.checkJournal, Timeout: time.Second},
	)
	a.archives = newArchives(a)
	a.jobs = jobs.New(a.logger, a.now)
	a.onClose("jobs", func(context.Context) error { a.jobs.Close(); return nil })
	a.admin = adminapi.New(a.adminOptions())
	return nil
}

// databaseComponent is well while the database answers and has every migration.
func databaseComponent(s *store.Store) server.Component {
	return server.Component{Name: "database", Timeout: 3 * time.Second, Critical: true, Check: func(ctx context.Context) error {
		if err := s.Ping(ctx); err != nil {
			return err
		}
		pending, err := s.Pending(ctx)
		if err == nil && pending > 0 {
			err = fmt.Errorf("%d migrations are pending: run cch migrate", pending)
		}
		return err
	}}
}

// checkJournal tells whether the journal has something for the operator to see to.
func (a *App) checkJournal(context.Context) error {
	switch s := a.journal.Stats(); {
	case s.Dead > 0:
		return fmt.Errorf("%d records are buried: see cch buried list", s.Dead)
	case s.Full:
		return errors.New("the journal is full")
	}
	return nil
}

func (a *App) adminOptions() adminapi.Options {
	return adminapi.Options{
		Logger: a.logger, Now: a.now, Version: version, AppURL: a.cfg.Server.AppURL,
		SessionTTL: a.cfg.Upstream.SessionTTL.Duration(),
		Auth: adminapi.AuthOptions{
			AdminToken:        a.adminToken.Token,
			APIKeyAdminAccess: a.cfg.Auth.APIKeyAdminAccess,
			SecureCookies:     a.cfg.Auth.SecureCookies,
			SessionTTL:        a.cfg.Auth.SessionTTL.Duration(),
			SessionKey:        a.master.Derive(secrets.PurposeSession),
			CSRFKey:           a.csrfKey(),
		},
		TokenGenerated: a.adminToken.Path != "",
		FlushLogs:      a.flushLogs,
		Snapshots:      a.shots,

		Stores:  stores(a.store),
		Catalog: a.system.Configuration(),
		Prices:  a.prices,
		Models:  a.gateway,
		Sync:    a.sync.Load(),
		Actors:  a.system.Operator(),
		Live:    a.system,
		Nodes:   a.nodes,
		Tester:  a.tester(),

		Accounts: a.system.Accounts(),

		Jobs:         a.jobs,
		Chores:       a.system,
		LogLevel:     logLevel{a.level},
		Storage:      a.measureStorage,
		RotateToken:  a.tokenRotation(),
		Archives:     a.archives,
		Declarations: declarations{},
		Recompute:    a.recompute,

		Demo:    a.demoUpstream(),
		Lacking: a.gateway.Lacking,
		Suppose: a.suppose,
		Probe:   a.probeEndpoint,
		Trouble: store.Trouble,
		Health:  a.health.Report,
		Proxies: a.proxies,
	}
}

// flushLogs waits for a user's requests and then for the log.
func (a *App) flushLogs(ctx context.Context, user domain.UserID) error {
	if err := a.gateway.AwaitUser(ctx, user); err != nil {
		return err
	}
	return a.system.Recorder().Flush(ctx)
}

// suppose has the gateway read a supposed request.
func (a *App) suppose(c *domain.Catalog, s *domain.Supposed) (adminapi.Supposition, error) {
	read, err := a.gateway.Suppose(c, s)
	if read == nil {
		return nil, err // no interface around nothing
	}
	return read, err
}

// accountReader asks upstream accounts.
func (a *App) accountReader() *balance.Reader {
	return balance.New(balance.Options{
		Policy: a.outboundPolicy(), Schemes: a.schemes(), Timeout: accountTimeout, Now: a.now, Redact: secrets.Redact,
	})
}

// accountTimeout bounds asking one upstream account.
const accountTimeout = 10 * time.Second

// outboundPolicy keeps the calls that the hub makes by itself away from itself.
func (a *App) outboundPolicy() outbound.Policy {
	self := func(to netip.AddrPort) bool {
		return to.Addr().IsLoopback() && int(to.Port()) == a.cfg.Server.Port
	}
	return outbound.Policy{AllowPrivate: true, Self: self}
}

// tester calls providers as the gateway does, but never this process itself.
func (a *App) tester() *conntest.Tester {
	return conntest.New(conntest.Options{
		Policy:  a.outboundPolicy(),
		Schemes: a.schemes(), Timeout: a.cfg.Upstream.TestTimeout.Duration(), Now: a.now,
		Target: upstream.Target, Authorize: upstream.Authorize, Redact: secrets.Redact,
	})
}

func (a *App) csrfKey() [32]byte {
	if s := a.cfg.Auth.CSRFSecret.Reveal(); s != "" {
		return sha256.Sum256([]byte(s))
	}
	return a.master.Derive(secrets.PurposeCSRF)
}

func stores(s *store.Store) adminapi.Stores {
	return adminapi.Stores{
		Users: s.Users(), Keys: s.Keys(), Providers: s.Providers(), Groups: s.Groups(), Vendors: s.Vendors(), Endpoints: s.Endpoints(), Settings: s.Settings(), ErrorRules: s.ErrorRules(),
		Prices: s.ModelPrices(), Accounts: s.ProviderAccounts(), Ledger: s.Ledger(), Rollups: s.Rollups(), Usage: s.Rollups(),
		Logs: s.RequestLogs(), Cleaner: s.RequestLogs(), Sessions: s.Sessions(), BreakerEvents: s.BreakerEvents(),
		Auth: s.AuthSessions(), Throttle: s.LoginThrottle(), RequestFilters: s.RequestFilters(), Preferences: s.Preferences(),
	}
}

func (a *App) buildServer(ctx context.Context, _ Options) error {
	page, err := ui.Handler(ui.Options{Boot: a.boot, SignedIn: signedIn, NotFound: a.admin})
	if err != nil {
		return fmt.Errorf("dashboard: %w", err)
	}
	interrupted, cancel := context.WithCancel(context.WithoutCancel(ctx))
	cancel() // a drain that ends at once breaks off what still runs
	a.server = server.New(server.Options{
		Addr:         net.JoinHostPort(a.cfg.Server.Host, strconv.Itoa(a.cfg.Server.Port)),
		Logger:       a.logger,
		Now:          a.now,
		Proxies:      a.proxies,
		HSTS:         a.cfg.Auth.SecureCookies,
		Gateway:      a.gateway,
		Admin:        a.admin,
		Metrics:      telemetry.NewRegistry(a.readings).Handler(),
		UI:           page,
		Health:       a.health,
		MetricsToken: a.cfg.Server.MetricsToken,
		Drain:        a.cfg.Shutdown.Drain.Duration(),
		Refuse:       a.gateway.Refuse,
		Interrupt:    func() { go a.gateway.Drain(interrupted) },
	})
	return nil
}

// boot is what the dashboard must know before its first request.
func (a *App) boot(*http.Request) ui.Boot {
	c := a.system.Current()
	s := c.Settings()
	return ui.Boot{
		Version: version, Title: s.SiteTitle, Origin: a.cfg.Server.AppURL, TimeZone: c.Zone().String(), Currency: "USD",
		Setup: len(c.Providers()) == 0,
	}
}

func signedIn(r *http.Request) bool {
	_, err := r.Cookie(adminapi.CookieName)
	return err == nil
}
