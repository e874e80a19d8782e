package main

import (
	"context"

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
