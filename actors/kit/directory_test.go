package kit_test

import (
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/actors/kit"
)

func TestDirectorySpawnsOnDemand(t *testing.T) {
	t.Parallel()
	s := newSystem(t, kit.Options{})
	d := s.Directory(kindOf("session", func(c *kit.Context) {
		switch c.Message() {
		case "who":
			c.Respond(c.ID())
		case "stop":
			c.Stop()
		}
	}))
	require.Equal(t, d.Ref("a"), d.Ref("a"))
	require.Zero(t, d.Live(), "a Ref alone spawns nothing")
	_, live := d.Lookup("a")
	require.False(t, live)

	for _, id := range []string{"a", "b", "a"} {
		got, err := kit.Ask[string](timeout(t), d.Ref(id), "who")
		require.NoError(t, err)
		require.Equal(t, id, got)
	}
	require.Equal(t, 2, d.Live())

	for range 200 { // what is queued behind a stop follows the id
		d.Ref("a").Tell("stop")
		got, err := kit.Ask[string](timeout(t), d.Ref("a"), "who")
		require.NoError(t, err)
		require.Equal(t, "a", got)
	}
}

func TestPassivation(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := kit.NewSystem(kit.Options{})
		var busy atomic.Bool
		var offers atomic.Int32
		d := s.Directory(kit.Kind{
			Name: "session", Passivate: 5 * time.Minute,
			New: func(string) kit.Actor {
				n := 0
				return receive(func(c *kit.Context) {
					switch c.Message().(type) {
					case kit.MaybePassivate:
						offers.Add(1)
						c.Respond(kit.Passivated{OK: !busy.Load()})
					case string:
						n++
						c.Respond(n)
					}
				})
			},
		})
		ask := func() int {
			n, err := kit.Ask[int](t.Context(), d.Ref("x"), "")
			require.NoError(t, err)
			return n
		}
		busy.Store(true)
		require.Equal(t, 1, ask())
		stale, _ := d.Lookup("x")
		for range 4 {
			time.Sleep(2 * time.Minute)
			ask()
		}
		require.Zero(t, offers.Load(), "it was never idle for five minutes")
		time.Sleep(7 * time.Minute)
		require.Positive(t, offers.Load())
		require.Equal(t, 1, d.Live(), "it declined")
		require.Equal(t, 6, ask())

		busy.Store(false)
		time.Sleep(7 * time.Minute)
		require.Zero(t, d.Live())
		require.Equal(t, 1, ask(), "a new incarnation")
		require.Equal(t, stale, d.Ref("x"))
		require.NoError(t, s.Shutdown(t.Context()))
		_, err := kit.Ask[int](t.Context(), d.Ref("x"), "")
		require.ErrorIs(t, err, kit.ErrDeadLetter)
	})
}
