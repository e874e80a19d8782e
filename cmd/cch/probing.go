package main

import (
	"context"

	"github.com/claude-code-hub/cch/actors/prober"
	"github.com/claude-code-hub/cch/actors/provider"
	"github.com/claude-code-hub/cch/actors/system"
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

// endpointProbes is when and how endpoints are looked at; nil = by hand alone.
func (a *App) endpointProbes() *system.EndpointProbes {
	p := &a.cfg.Probes
	if !p.Enabled {
		return nil
	}
	return &system.EndpointProbes{
		Schedule: prober.Schedule{
			Every: p.Interval.Duration(), AfterTimeout: p.AfterTimeout.Duration(), Timeout: p.Timeout.Duration(),
			AtOnce: p.AtOnce, Jitter: p.Jitter.Duration(), Leads: a.leader.Holds,
		},
		Store: a.store.Endpoints(), Look: a.reach.Look,
	}
}

// probeEndpoint finds out by hand whether a base URL can be reached.
func (a *App) probeEndpoint(ctx context.Context, base string) domain.EndpointProbe {
	ctx, cancel := context.WithTimeout(ctx, a.cfg.Probes.Timeout.Duration())
	defer cancel()
	return a.reach.Look(ctx, base)
}

// pruneProbes forgets old outcomes of probes.
func (a *App) pruneProbes(ctx context.Context) (removed int, err error) {
	before := a.now().AddDate(0, 0, -a.cfg.Probes.KeepDays)
	for {
		n, err := a.store.Endpoints().PruneProbes(ctx, before, a.cfg.Probes.CleanupBatch)
		removed += n
		if err != nil || n < a.cfg.Probes.CleanupBatch {
			return removed, err
		}
	}
}
