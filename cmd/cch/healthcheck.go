package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"time"

	"github.com/claude-code-hub/cch/internal/config"
)

// healthcheck asks the hub of this environment whether it is ready.
func healthcheck(ctx context.Context, _ []string, out io.Writer) error {
	cfg, _, err := config.Load(config.Environ())
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	url := fmt.Sprintf("http://%s/api/health/ready", net.JoinHostPort(reachable(cfg.Server.Host), strconv.Itoa(cfg.Server.Port)))
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return err
	}
	resp, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		return fmt.Errorf("ask %s: %w", url, err)
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%s answered %s", url, resp.Status)
	}
	_, err = fmt.Fprintln(out, "ready")
	return err
}

// reachable is where this machine reaches what listens at host: an address that
// stands for all of them is none to call.
func reachable(host string) string {
	if ip, err := netip.ParseAddr(host); host == "" || err == nil && ip.IsUnspecified() {
		return "127.0.0.1"
	}
	return host
}
