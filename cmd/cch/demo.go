package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"github.com/claude-code-hub/cch/http/adminapi"
	"github.com/claude-code-hub/cch/internal/demo"
	"github.com/claude-code-hub/cch/internal/domain"
)

// demoPace is the time between the words of a streamed demo answer, about that
// of a fast model.
const demoPace = 25 * time.Millisecond

// buildDemo makes the demo upstream, which nothing calls until an administrator
// asks for a provider that stands for it.
func (a *App) buildDemo(context.Context, Options) error {
	if a.cfg.Setup.DemoUpstream == "on" {
		a.demo = demo.NewServer(demoPace)
	}
	return nil
}

// schemes are the provider URLs that lead to no network.
func (a *App) schemes() map[string]http.RoundTripper {
	if a.demo == nil {
		return nil
	}
	return map[string]http.RoundTripper{domain.DemoScheme: demo.Transport{Handler: a.demo}}
}

// demoUpstream is what the management API steers, or nil when that is off.
func (a *App) demoUpstream() adminapi.DemoUpstream {
	if a.demo == nil {
		return nil
	}
	traffic := demo.NewTraffic(demo.TrafficOptions{Gateway: a.gateway})
	a.onClose("demo traffic", func(context.Context) error { traffic.Stop(); return nil })
	return demoControl{server: a.demo, traffic: traffic}
}

// demoControl fits the demo to the interface of the management API, which knows
// modes by their names.
type demoControl struct {
	server  *demo.Server
	traffic *demo.Traffic
}

func (d demoControl) Mode() string                   { return string(d.server.Mode()) }
func (d demoControl) SetMode(mode string)            { d.server.SetMode(demo.Mode(mode)) }
func (d demoControl) StartTraffic(key domain.Secret) { d.traffic.Start(key.Reveal()) }
func (d demoControl) StopTraffic()                   { d.traffic.Stop() }
func (d demoControl) TrafficRuns() bool              { return d.traffic.Running() }

// serveDemo runs the demo upstream as a process of its own until a signal.
func serveDemo(ctx context.Context, args []string, out io.Writer) error {
	flags := flag.NewFlagSet("demo-upstream", flag.ContinueOnError)
	flags.SetOutput(out)
	addr := flags.String("listen", "127.0.0.1:23999", "address to listen on")
	if err := flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return nil
		}
		return err
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", *addr)
	if err != nil {
		return fmt.Errorf("listen on %s: %w", *addr, err)
	}
	fmt.Fprintf(out, "demo upstream on http://%s\nfaults: put /fault/<mode> in front of the path; modes: %v\n", listener.Addr(), demo.Modes())
	server := &http.Server{Handler: demo.NewServer(demoPace), ReadHeaderTimeout: 10 * time.Second}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(listener) }()
	select {
	case err := <-ended:
		return fmt.Errorf("serve the demo upstream: %w", err)
	case <-ctx.Done():
		return server.Close() // nothing of value is cut off
	}
}
