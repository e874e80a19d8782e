package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"
	"time"

	"github.com/claude-code-hub/cch/internal/config"
	"github.com/claude-code-hub/cch/internal/garbage"
	"github.com/claude-code-hub/cch/internal/secrets"
	"github.com/claude-code-hub/cch/internal/telemetry"
)

// paceGarbage sets how much garbage the hub lets pile up until ctx ends, where
// GOGC does not say otherwise. A hub at rest holds 10 to 20 MB, and collecting
// whenever that doubles takes a twentieth of the processor under many small
// requests: they are given room for as long as they come. Thousands of streams
// hold little each, take on little and drop a lot at once: they are given a little
// less than by Go's default of 100.
func paceGarbage(ctx context.Context) {
	const goDefault = 100
	pacer := garbage.Pacer{Floor: 52 << 20, Percent: 80, Interval: time.Second, Room: 128 << 20}
	if set := debug.SetGCPercent(pacer.Percent); set != goDefault {
		debug.SetGCPercent(set)
		return
	}
	go pacer.Run(ctx)
}

// serve runs the hub until a signal, then stops it in good order.
func serve(ctx context.Context, _ []string, out io.Writer) error {
	paceGarbage(ctx)
	cfg, warnings, err := config.Load(config.Environ())
	if err != nil {
		return fmt.Errorf("the configuration has faults:\n%w", err)
	}
	level := &slog.LevelVar{}
	level.Set(telemetry.ParseLevel(cfg.Log.Level))
	logger := telemetry.NewLogger(os.Stderr, level, secrets.Redact)
	for _, w := range warnings {
		logger.WarnContext(ctx, "configuration", slog.String("warning", w))
	}
	if err := awaitMigrations(ctx, cfg, logger); err != nil {
		return err
	}
	for {
		err := serveOnce(ctx, cfg, Options{Logger: logger, Level: level}, out)
		ended, asked := errors.AsType[*restoreError](err)
		if !asked {
			return err
		}
		if err := ended.restore.run(ctx, cfg, logger); err != nil {
			return err
		}
	}
}

// serveOnce runs the hub until a signal, or until an archive is to be put back.
func serveOnce(ctx context.Context, cfg config.Config, o Options, out io.Writer) error {
	app, err := New(ctx, cfg, o)
	if err != nil {
		return err
	}
	addr, err := app.Listen(ctx)
	if err != nil {
		return errors.Join(err, app.Close(ctx))
	}
	app.greet(out, addr)
	if err := garbage.Release(); err != nil {
		app.logger.WarnContext(ctx, "memory of the start is kept", "error", err)
	}
	return app.Run(ctx)
}

// greet says where to go, and shows a generated token at the first start.
func (a *App) greet(out io.Writer, addr net.Addr) {
	url := a.cfg.Server.AppURL
	if tcp, ok := addr.(*net.TCPAddr); ok && url == "" {
		url = fmt.Sprintf("http://localhost:%d", tcp.Port)
	}
	fmt.Fprintf(out, "\n  Claude Code Hub %s\n\n  Dashboard     %s\n  Agents        ANTHROPIC_BASE_URL=%s\n  API           %s/api/v1/docs\n",
		version, url, url, url)
	switch token := a.adminToken; {
	case token.Created:
		fmt.Fprintf(out, "  Admin token   %s\n                shown once; kept in %s\n\n", token.Token.Reveal(), token.Path)
	case token.Path != "":
		fmt.Fprintf(out, "  Admin token   in %s\n\n", token.Path)
	default:
		fmt.Fprint(out, "  Admin token   from ADMIN_TOKEN\n\n")
	}
}

// Run serves until ctx ends, lets running requests finish and closes
// everything. A second signal, or the hard limit, cuts the waiting short. It
// fails with a restoreError when it ended for that.
func (a *App) Run(ctx context.Context) error {
	failed := make(chan error, 1)
	go func() { failed <- a.server.Serve() }()
	var next error
	select {
	case err := <-failed:
		return errors.Join(err, a.Close(context.WithoutCancel(ctx)))
	case r := <-a.restores:
		next = &restoreError{r}
	case <-ctx.Done():
	}
	a.logger.InfoContext(ctx, "shutting down", slog.Duration("drain", a.cfg.Shutdown.Drain.Duration()))
	stopping := context.WithoutCancel(ctx)
	hard := time.AfterFunc(a.cfg.Shutdown.HardExit.Duration(), func() {
		a.logger.ErrorContext(stopping, "the shutdown took too long")
		os.Exit(1)
	})
	defer hard.Stop()
	impatient, stop := signal.NotifyContext(stopping, os.Interrupt, syscall.SIGTERM)
	defer stop()
	err := errors.Join(a.server.Shutdown(impatient), <-failed, a.Close(stopping))
	if err != nil || ctx.Err() != nil {
		return err
	}
	return next
}

// Listen opens the port.
func (a *App) Listen(ctx context.Context) (net.Addr, error) { return a.server.Listen(ctx) }
