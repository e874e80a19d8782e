package provider

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/internal/domain"
)

func TestPublisher(t *testing.T) {
	t.Parallel()
	told := domain.ProviderHealth{Breaker: domain.BreakerClosed, RequestLimit: 100, InFlight: 50}
	now := start.Add(100 * time.Millisecond)
	soon, beat := start.Add(publishEvery), start.Add(heartbeat)
	tests := map[string]struct {
		change func(*domain.ProviderHealth)
		want   time.Time
	}{
		"nothing":              {func(*domain.ProviderHealth) {}, beat},
		"a twentieth":          {func(h *domain.ProviderHealth) { h.InFlight = 55 }, beat},
		"more than that":       {func(h *domain.ProviderHealth) { h.InFlight = 56 }, soon},
		"fewer":                {func(h *domain.ProviderHealth) { h.InFlight = 44 }, soon},
		"idle":                 {func(h *domain.ProviderHealth) { h.InFlight = 0 }, soon},
		"limit changed":        {func(h *domain.ProviderHealth) { h.RequestLimit = 10 }, soon},
		"a session, unlimited": {func(h *domain.ProviderHealth) { h.Sessions = 1 }, soon},
		"a failure":            {func(h *domain.ProviderHealth) { h.Failures = 1 }, soon},
		"an error":             {func(h *domain.ProviderHealth) { h.LastError = "no" }, soon},
		"open":                 {func(h *domain.ProviderHealth) { h.Breaker = domain.BreakerOpen }, now},
		"open for longer":      {func(h *domain.ProviderHealth) { h.OpenUntil = now.Add(time.Hour) }, now},
		"cooling":              {func(h *domain.ProviderHealth) { h.CoolingUntil = now.Add(time.Second) }, now},
		"cooled once":          {func(h *domain.ProviderHealth) { h.CoolingUntil = start }, beat},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var p publisher
			require.Equal(t, start, p.due(told, start), "the first is told at once")
			require.EqualValues(t, 1, p.next(told, start).Seq)
			h := told
			tc.change(&h)
			require.Equal(t, tc.want, p.due(h, now))
			require.EqualValues(t, 2, p.next(h, now).Seq)
		})
	}
}

func TestAnIdleHealthyProviderIsSilent(t *testing.T) {
	t.Parallel()
	var p publisher
	h := domain.ProviderHealth{Breaker: domain.BreakerClosed}
	p.next(h, start)
	require.Zero(t, p.due(h, start.Add(time.Hour)))
}

func TestReachingTheLimitIsTold(t *testing.T) {
	t.Parallel()
	require.True(t, moved(99, 100, 100))
	require.True(t, moved(100, 99, 100))
	require.False(t, moved(98, 99, 100))
	require.True(t, moved(1, 2, 0))
}
