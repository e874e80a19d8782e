package kit_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/actors/kit"
)

// brittle panics at "boom" and counts what it got since it was made.
type brittle struct {
	n     int
	calls chan string // hooks, in order
}

func (b *brittle) Receive(c *kit.Context) {
	switch c.Message() {
	case "boom":
		panic("boom")
	case "count":
		b.n++
		c.Respond(b.n)
	}
}

func (b *brittle) Failed(msg, cause any) {
	if msg == cause {
		b.calls <- "failed"
	}
}

func (b *brittle) Stopped() { b.calls <- "stopped" }

func brittleKind(sup kit.Supervision, calls chan string) kit.Kind {
	return kit.Kind{
		Name: "brittle", Supervision: sup,
		New: func(string) kit.Actor { return &brittle{calls: calls} },
	}
}

func count(t *testing.T, r kit.Ref) int {
	t.Helper()
	n, err := kit.Ask[int](timeout(t), r, "count")
	require.NoError(t, err)
	return n
}

func TestRestartBacksOffAndKeepsTheQueue(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := kit.NewSystem(kit.Options{})
		calls := make(chan string, 100)
		r := s.Spawn(brittleKind(kit.Restart, calls), "1")
		require.Equal(t, 1, count(t, r))

		var waits []time.Duration
		for range 8 {
			start := time.Now()
			r.Tell("boom")
			require.Equal(t, 1, count(t, r), "a fresh incarnation answers what was queued behind")
			waits = append(waits, time.Since(start).Round(100*time.Millisecond))
			require.Equal(t, "failed", next(t, calls))
			require.Equal(t, "stopped", next(t, calls))
		}
		ms := time.Millisecond
		require.Equal(t, []time.Duration{
			100 * ms, 200 * ms, 400 * ms, 800 * ms, 1600 * ms, 3200 * ms, 5000 * ms, 5000 * ms,
		}, waits)

		time.Sleep(2 * time.Minute)
		start := time.Now()
		r.Tell("boom")
		count(t, r)
		require.Equal(t, 100*ms, time.Since(start).Round(100*ms), "a quiet minute forgives")
		require.NoError(t, s.Shutdown(t.Context()))
	})
}

func TestRestartThenRest(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := kit.NewSystem(kit.Options{})
		r := s.Spawn(brittleKind(kit.RestartThenRest, make(chan string, 100)), "1")
		start := time.Now()
		for range 9 {
			r.Tell("boom")
			require.Equal(t, 1, count(t, r))
		}
		require.Zero(t, time.Since(start), "the first nine restarts are immediate")

		r.Tell("boom")
		_, err := kit.Ask[int](timeout(t), r, "count")
		require.ErrorIs(t, err, kit.ErrDeadLetter)
		time.Sleep(29 * time.Second)
		_, err = kit.Ask[int](timeout(t), r, "count")
		require.ErrorIs(t, err, kit.ErrDeadLetter, "it rests for 30 s")
		time.Sleep(2 * time.Second)
		require.Equal(t, 1, count(t, r))

		got := s.Stats()
		require.Equal(t, []kit.KindStats{{
			Kind: "brittle", Live: 1, Asks: 12, Panics: 10, Restarts: 10, DeadLetters: 2,
		}}, got)
		r.Tell("boom")
		require.Equal(t, 1, count(t, r), "rested, it has all its chances again")
		require.NoError(t, s.Shutdown(t.Context()))
	})
}
