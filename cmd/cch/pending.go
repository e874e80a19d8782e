package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"time"

	"github.com/claude-code-hub/cch/http/middleware"
	"github.com/claude-code-hub/cch/http/problem"
	"github.com/claude-code-hub/cch/http/server"
	"github.com/claude-code-hub/cch/internal/config"
	"github.com/claude-code-hub/cch/persistence/store"
)

const (
	// pendingLook is how often it is looked whether the migrations were made.
	pendingLook = time.Second
	// pendingTold is how often the log says what is waited for.
	pendingTold = 5 * time.Minute
	// pendingRetry is what callers are told to wait, s.
	pendingRetry = "5"
)

var errWaiting = errors.New("the hub waits for its migrations")

// awaitMigrations returns when no migration is pending. Until then the process
// is alive but not ready, as the health routes say, and refuses everything
// else: with AUTO_MIGRATE=false somebody runs cch migrate when it suits.
func awaitMigrations(ctx context.Context, cfg config.Config, logger *slog.Logger) (err error) {
	if cfg.Storage.AutoMigrate {
		return nil
	}
	s, err := openStoreOnly(ctx, cfg)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	pending, err := s.Pending(ctx)
	if err != nil || pending == 0 {
		return err
	}
	return whileStandingIn(ctx, waitingServer(cfg, logger, s), func() error { return pollMigrations(ctx, s, logger) })
}

// pollMigrations looks until no migration is pending.
func pollMigrations(ctx context.Context, s *store.Store, logger *slog.Logger) error {
	look := time.NewTicker(pendingLook)
	defer look.Stop()
	var told time.Time
	for {
		pending, err := s.Pending(ctx)
		if err != nil || pending == 0 {
			return err
		}
		if now := time.Now(); now.Sub(told) >= pendingTold {
			told = now
			logger.WarnContext(ctx, "migrations are pending: run cch migrate", slog.Int("pending", pending))
		}
		select {
		case <-look.C:
		case <-ctx.Done():
			return fmt.Errorf("%d migrations are pending: %w", pending, ctx.Err())
		}
	}
}

// waitingServer answers the health routes truly and everything else with 503.
func waitingServer(cfg config.Config, logger *slog.Logger, s *store.Store) *server.Server {
	startup := server.Component{Name: "startup", Timeout: time.Second, Critical: true, Check: func(context.Context) error {
		return errWaiting // also when the migrations were just made: the hub itself begins after this server
	}}
	return standIn(cfg, logger, func() string { return "The database waits for its migration." }, databaseComponent(s), startup)
}

// standIn answers in place of a hub that cannot serve now: it is alive and not
// ready, and says why. One of the components must fail.
func standIn(cfg config.Config, logger *slog.Logger, why func() string, components ...server.Component) *server.Server {
	refuse := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Retry-After", pendingRetry)
		p := problem.New(http.StatusServiceUnavailable, problem.ErrorUnavailable, why())
		problem.WriteManagement(w, r, p, middleware.RequestIDFrom(r.Context()))
	})
	return server.New(server.Options{
		Addr:    net.JoinHostPort(cfg.Server.Host, strconv.Itoa(cfg.Server.Port)),
		Logger:  logger,
		Now:     time.Now,
		Proxies: middleware.NewProxies(nil, func() []string { return nil }),
		HSTS:    cfg.Auth.SecureCookies,
		Gateway: refuse, Admin: refuse, Metrics: refuse, UI: refuse,
		Health:       server.NewHealth(version, time.Now, components...),
		MetricsToken: cfg.Server.MetricsToken,
	})
}

// whileStandingIn has a server answer until work is done.
func whileStandingIn(ctx context.Context, wait *server.Server, work func() error) error {
	if _, err := wait.Listen(ctx); err != nil {
		return err
	}
	served := make(chan error, 1)
	go func() { served <- wait.Serve() }()
	err := work()
	over, cancel := context.WithCancel(context.WithoutCancel(ctx))
	cancel() // nothing that is served here is worth waiting for
	return errors.Join(err, wait.Shutdown(over), <-served)
}
