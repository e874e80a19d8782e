package kit_test

import (
	"strconv"
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
	a := d.Ref("a")
	require.Equal(t, a, d.Ref("a"), "comparable")
	require.NotEqual(t, a, d.Ref("b"))
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
		require.Greater(t, offers.Load(), int32(2), "each sweep offers anew")
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

func TestMovedIsFollowedOnce(t *testing.T) {
	t.Parallel()
	s := newSystem(t, kit.Options{})
	var made atomic.Int32
	d := s.Directory(kit.Kind{Name: "grain", New: func(string) kit.Actor {
		n := made.Add(1)
		return receive(func(c *kit.Context) {
			switch c.Message() {
			case "ask":
				if n == 1 {
					c.Stop()
					c.Respond(kit.Moved{})
					return
				}
				c.Respond(n)
			case "never":
				c.Respond(kit.Moved{})
			}
		})
	}})
	_, err := kit.Ask[int32](timeout(t), d.Ref("x"), "never")
	require.ErrorIs(t, err, kit.ErrDeadLetter)

	_, err = kit.Ask[int32](timeout(t), d.Ref("x"), "ask")
	require.ErrorIs(t, err, kit.ErrDeadLetter, "it bore the id while it answered")
	n, err := kit.Ask[int32](timeout(t), d.Ref("x"), "ask")
	require.NoError(t, err)
	require.Equal(t, int32(2), n)
}

func TestMessagesToActorsThatCannotStartEnd(t *testing.T) {
	t.Parallel()
	s := newSystem(t, kit.Options{})
	var made atomic.Int32
	d := s.Directory(kit.Kind{Name: "broken", New: func(string) kit.Actor {
		made.Add(1)
		panic("no disk")
	}})
	d.Ref("x").Tell("lost")
	_, err := kit.Ask[int](timeout(t), d.Ref("x"), "ask")
	require.ErrorIs(t, err, kit.ErrDeadLetter)
	require.Eventually(t, func() bool { return d.Live() == 0 }, 5*time.Second, time.Millisecond)
	require.LessOrEqual(t, made.Load(), int32(4), "nobody plays ball with a message")
}

func TestConcurrentFirstSendsSpawnOne(t *testing.T) {
	t.Parallel()
	s := newSystem(t, kit.Options{})
	var made atomic.Int32
	d := s.Directory(kit.Kind{Name: "grain", New: func(string) kit.Actor {
		made.Add(1)
		return receive(echo)
	}})
	const ids, senders = 100, 8
	for id := range ids {
		start, done := make(chan bool), make(chan error, senders)
		for range senders {
			go func() {
				<-start
				_, err := kit.Ask[string](timeout(t), d.Ref(strconv.Itoa(id)), "ask")
				done <- err
			}()
		}
		close(start)
		for range senders {
			require.NoError(t, next(t, done))
		}
	}
	require.Equal(t, int32(ids), made.Load())
	require.Equal(t, ids, d.Live())
	require.Zero(t, d.Ref("0").Depth())
	require.Zero(t, d.Ref("nobody").Depth())
	require.Equal(t, ids, d.Live(), "looking at the depth spawns nothing")
	d.Ref("nobody").Kill()
}

func TestDirectoryKeepsOneActorPerIDUnderStops(t *testing.T) {
	t.Parallel()
	s := newSystem(t, kit.Options{})
	var live, most atomic.Int32
	d := s.Directory(kit.Kind{Name: "grain", New: func(string) kit.Actor {
		if n := live.Add(1); n > most.Load() {
			most.Store(n)
		}
		return &counted{live: &live}
	}})
	done := make(chan error, 8)
	for range cap(done) {
		go func() {
			for i := range 500 {
				if i%5 == 0 {
					d.Ref("x").Tell("stop")
				}
				if _, err := kit.Ask[string](timeout(t), d.Ref("x"), "ask"); err != nil {
					done <- err
					return
				}
			}
			done <- nil
		}()
	}
	for range cap(done) {
		// A message is sent on once: under such a storm its second actor may
		// stop as well. Anything but that is a fault.
		if err := next(t, done); err != nil {
			require.ErrorIs(t, err, kit.ErrDeadLetter)
		}
	}
	require.Equal(t, int32(1), most.Load(), "an id's next actor starts after Stopped of the last")
}

type counted struct{ live *atomic.Int32 }

func (a *counted) Receive(c *kit.Context) {
	switch c.Message() {
	case "stop":
		c.Stop()
	case "ask":
		c.Respond("answer")
	}
}

func (a *counted) Stopped() { a.live.Add(-1) }
