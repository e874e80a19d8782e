package breaker_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/internal/breaker"
	"github.com/claude-code-hub/cch/internal/domain"
)

func refused(status int, after time.Duration) breaker.Refusal {
	return breaker.Refusal{
		Class: domain.ClassProviderError, Failure: domain.FailStatus, Status: status, RetryAfter: after,
	}
}

func TestCoolingPauses(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		refusal breaker.Refusal
		want    time.Duration
	}{
		"dial":              {breaker.Refusal{Class: domain.ClassSystemError, Failure: domain.FailDial}, 10 * time.Second},
		"upstream proxy":    {breaker.Refusal{Class: domain.ClassSystemError, Failure: domain.FailProxy}, 10 * time.Second},
		"reset":             {breaker.Refusal{Class: domain.ClassSystemError, Failure: domain.FailReset}, 0},
		"429 with a time":   {refused(429, 17*time.Second), 17 * time.Second},
		"429 with a day":    {refused(429, 24*time.Hour), time.Hour},
		"429":               {refused(429, 0), time.Second},
		"503 with a time":   {refused(503, 7*time.Second), 7 * time.Second},
		"503":               {refused(503, 0), 0},
		"529":               {refused(529, 0), 30 * time.Second},
		"529 with a time":   {refused(529, 5*time.Second), 5 * time.Second},
		"500 with a time":   {refused(500, 5*time.Second), 0},
		"our own overload":  {breaker.Refusal{Class: domain.ClassLocalOverload, Status: 503, RetryAfter: time.Second}, 0},
		"the client's 429":  {breaker.Refusal{Class: domain.ClassClientError, Status: 429}, 0},
		"success in a 200":  {breaker.Refusal{Class: domain.ClassOK, Status: 200}, 0},
		"client went away":  {breaker.Refusal{Class: domain.ClassClientAbort, Status: 499}, 0},
		"pretended success": {breaker.Refusal{Class: domain.ClassProviderError, Failure: domain.FailFake200, Status: 429}, time.Second},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := breaker.Cooling{}.After(tc.refusal, start)
			require.Equal(t, tc.want > 0, c.Active(start))
			if tc.want > 0 {
				require.Equal(t, start.Add(tc.want), c.Until)
				require.False(t, c.Active(c.Until))
			}
		})
	}
}

func TestCoolingDoublesUntilItIsAnswered(t *testing.T) {
	t.Parallel()
	var c breaker.Cooling
	now := start
	for _, want := range []time.Duration{1, 2, 4, 8, 16, 32, 60, 60} {
		c = c.After(refused(429, 0), now)
		require.Equal(t, want*time.Second, c.Until.Sub(now))
		now = c.Until
	}
	c = c.After(breaker.Refusal{Class: domain.ClassOK, Status: 200}, now)
	c = c.After(refused(429, 0), now)
	require.Equal(t, time.Second, c.Until.Sub(now))
}

func TestRefusalsTogetherLengthenThePauseOnce(t *testing.T) {
	t.Parallel()
	var c breaker.Cooling
	for range 20 {
		c = c.After(refused(429, 0), start)
	}
	require.Equal(t, start.Add(time.Second), c.Until)
}

func TestAShorterPauseNeverEndsALongerOne(t *testing.T) {
	t.Parallel()
	c := breaker.Cooling{}.After(refused(429, time.Minute), start)
	c = c.After(refused(529, 0), start.Add(time.Second))
	c = c.After(breaker.Refusal{Class: domain.ClassOK}, start.Add(2*time.Second))
	require.Equal(t, start.Add(time.Minute), c.Until)
}
