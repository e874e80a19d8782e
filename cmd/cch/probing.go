package main

import (
	"context"
	"errors"
	"net"
	"net/url"
	"time"

	"github.com/claude-code-hub/cch/actors/provider"
	"github.com/claude-code-hub/cch/internal/domain"
	"github.com/claude-code-hub/cch/internal/outbound/conntest"
)

// probing is how providers whose breaker is open are asked whether they answer
// again: not at all, unless the operator pays for it.
func (a *App) probing() provider.Probing {
	u := &a.cfg.Upstream
	if !u.SmartProbing {
		return provider.Probing{}
	}
	return provider.Probing{
		Prober: probe{a.tester()}, Every: u.ProbeInterval.Duration(), Timeout: u.ProbeTimeout.Duration(),
	}
}

// probe asks by a connectivity test.
type probe struct{ tester *conntest.Tester }

// Alive tells whether the provider gave an answer. One that is slow or odd is
// one; a refusal for want of quota is none, as requests would fare alike.
func (p probe) Alive(ctx context.Context, provider *domain.Provider) bool {
	report, err := p.tester.Test(ctx, domain.ConnectionTest{Provider: *provider})
	return err == nil && report.Status != domain.ConnectionRed && report.SubStatus != "rate_limit"
}

// probeTimeout is how long an endpoint may take to be reached.
const probeTimeout = 5 * time.Second

// probeEndpoint finds out whether a base URL can be reached, by a connection
// alone: no request is made and no key is shown.
func probeEndpoint(ctx context.Context, base string) domain.EndpointProbe {
	u, err := url.Parse(base)
	if err != nil {
		return domain.EndpointProbe{ErrorType: "network", Error: "not a URL"}
	}
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[u.Scheme]
	}
	ctx, cancel := context.WithTimeout(ctx, probeTimeout)
	defer cancel()
	begun := time.Now()
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", net.JoinHostPort(u.Hostname(), port))
	if err != nil {
		return domain.EndpointProbe{Latency: time.Since(begun), ErrorType: dialFault(err), Error: err.Error()}
	}
	_ = conn.Close() // nothing was sent
	return domain.EndpointProbe{OK: true, Latency: max(time.Millisecond, time.Since(begun))}
}

func dialFault(err error) string {
	var dns *net.DNSError
	var timeout net.Error
	switch {
	case errors.As(err, &dns):
		return "dns"
	case errors.As(err, &timeout) && timeout.Timeout(), errors.Is(err, context.DeadlineExceeded):
		return "timeout"
	}
	return "network"
}
