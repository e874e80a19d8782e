package adminapi

import (
	"context"
	"net/netip"
	"sync"
	"time"

	"github.com/claude-code-hub/cch/internal/domain"
)

// limitOf says how many failures a scope may have in a window.
type limitOf struct {
	failures int
	window   time.Duration
}

const lockFor = 15 * time.Minute

// throttle counts failed sign-ins per address and per network. Counts persist,
// so that a restart forgets no guesser. When very many fail at once, wherever
// they come from, each further failure is answered a second late.
type throttle struct {
	store ThrottleRepository
	now   func() time.Time

	mu      sync.Mutex // one failure is counted at a time
	recent  int        // failures since minute began
	minute  time.Time
	penalty func(context.Context)
}

const floodPerMinute = 120

func newThrottle(store ThrottleRepository, now func() time.Time) *throttle {
	return &throttle{store: store, now: now, penalty: oneSecond}
}

// failed counts a failure and returns what to tell the caller: the reason, or,
// where too many came before, when to try again.
func (t *throttle) failed(ctx context.Context, ip netip.Addr, reason error) error {
	retry, flood, err := t.count(ctx, ip)
	if flood {
		t.penalty(ctx)
	}
	switch {
	case err != nil:
		return err
	case retry > 0:
		f := domain.NewFault(domain.KindRateLimited, domain.CodeTooManyAuthFailures, "Too many failed attempts.")
		f.RetryAfter = retry
		return f
	}
	return reason
}

func (t *throttle) count(ctx context.Context, ip netip.Addr) (retry time.Duration, flood bool, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := t.now()
	if now.Sub(t.minute) >= time.Minute {
		t.minute, t.recent = now, 0
	}
	t.recent++
	flood = t.recent > floodPerMinute
	for scope, limit := range scopesOf(ip) {
		wait, err := t.countScope(ctx, scope, limit, now)
		if err != nil {
			return 0, flood, err
		}
		retry = max(retry, wait)
	}
	return retry, flood, nil
}

// scopesOf are what a failure counts against.
func scopesOf(ip netip.Addr) map[string]limitOf {
	if !ip.IsValid() {
		return map[string]limitOf{"ip:local": {10, 5 * time.Minute}}
	}
	bits := 24
	if ip.Is6() {
		bits = 64
	}
	network := netip.PrefixFrom(ip, bits).Masked()
	return map[string]limitOf{
		"ip:" + ip.String():       {10, 5 * time.Minute},
		"net:" + network.String(): {30, 10 * time.Minute},
	}
}

// countScope adds a failure and returns how long the scope is locked. While it
// is locked nothing is written, so guessing costs the store no more.
func (t *throttle) countScope(ctx context.Context, scope string, limit limitOf, now time.Time) (time.Duration, error) {
	s, err := t.store.Get(ctx, scope)
	switch {
	case domain.IsKind(err, domain.KindNotFound):
		s = domain.LoginThrottle{Scope: scope, WindowStartAt: now}
	case err != nil:
		return 0, err
	}
	if now.Before(s.LockedUntil) {
		return s.LockedUntil.Sub(now), nil
	}
	if !s.LockedUntil.IsZero() || now.Sub(s.WindowStartAt) >= limit.window {
		s = domain.LoginThrottle{Scope: scope, WindowStartAt: now}
	}
	s.Failures++
	if s.Failures >= limit.failures {
		s.LockedUntil = now.Add(lockFor)
	}
	return 0, t.store.Put(ctx, s)
}

func oneSecond(ctx context.Context) {
	timer := time.NewTimer(time.Second)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
