package provider

import (
	"context"
	"log/slog"
	"time"

	"github.com/claude-code-hub/cch/actors/kit"
	"github.com/claude-code-hub/cch/internal/breaker"
	"github.com/claude-code-hub/cch/internal/domain"
)

// Prober finds out whether a provider whose breaker is open answers again.
type Prober interface {
	Alive(ctx context.Context, p *domain.Provider) bool
}

// Probing is how open breakers are probed. Without a Prober they are not: their
// time runs out.
type Probing struct {
	Prober  Prober
	Every   time.Duration
	Timeout time.Duration
}

// probed is the outcome of a probe.
type probed struct{ alive bool }

// prober sends probes while the breaker is open. A success leads to half-open
// and no further: real requests decide about the rest.
type prober struct {
	Probing

	at      time.Time // when the next one is due; zero = not open
	running bool
}

// look sends a probe if one is due and returns when to look again.
func (a *Actor) look(c *kit.Context) time.Time {
	p := &a.probe
	if p.Prober == nil || a.state.breaker.Current() != domain.BreakerOpen || !a.state.enabled {
		p.at = time.Time{}
		return p.at
	}
	if p.at.IsZero() {
		p.at = a.now.Add(p.Every)
	}
	if p.running || a.now.Before(p.at) {
		return p.at
	}
	provider := a.o.Catalog.Current().Provider(a.state.id)
	if provider == nil {
		return time.Time{}
	}
	p.running, p.at = true, a.now.Add(p.Every)
	logger := c.Logger()
	c.Go(p.Timeout, func(ctx context.Context) (out any) {
		defer func() {
			if cause := recover(); cause != nil {
				logger.Error("probe failed", slog.Any("panic", cause))
				out = probed{}
			}
		}()
		return probed{alive: p.Prober.Alive(ctx, provider)}
	})
	return p.at
}

func (a *Actor) probed(m probed) {
	a.probe.running = false
	if m.alive {
		a.state.step(breaker.Event{Kind: breaker.HealthOK}, cause{message: "a probe was answered"}, a.now)
	}
}
