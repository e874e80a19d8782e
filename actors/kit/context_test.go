package kit_test

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/actors/kit"
)

// asker runs functions it is told and records the replies it gets.
type asker struct {
	replies chan kit.Reply
	at      chan time.Time
}

func newAsker() *asker {
	return &asker{replies: make(chan kit.Reply, 1000), at: make(chan time.Time, 1000)}
}

func (a *asker) Receive(c *kit.Context) {
	switch m := c.Message().(type) {
	case func(c *kit.Context):
		m(c)
	case kit.Reply:
		a.replies <- m
		a.at <- c.Now()
	}
}

func (a *asker) kind() kit.Kind {
	return kit.Kind{Name: "asker", Supervision: kit.RestartThenRest, New: func(string) kit.Actor { return a }}
}

func TestAskToBringsExactlyOneReply(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := kit.NewSystem(kit.Options{})
		kept := make(chan kit.Responder, 100)
		worker := s.Spawn(kit.Kind{
			Name: "worker", Supervision: kit.RestartThenRest, MaxQueue: 1000,
			New: func(string) kit.Actor {
				return receive(func(c *kit.Context) {
					switch c.Message() {
					case "answer":
						c.Respond(42)
						c.Respond(43)
					case "boom":
						panic("boom")
					case "keep":
						kept <- c.Responder()
					}
				})
			},
		}, "1")
		gone := s.Spawn(kindOf("gone", echo), "1")
		gone.Kill()
		synctest.Wait()
		full := s.Spawn(kit.Kind{Name: "full", MaxQueue: 1, New: func(string) kit.Actor {
			return receive(func(c *kit.Context) {
				if c.Message() == "block" {
					time.Sleep(time.Second) // virtual
				}
			})
		}}, "1")
		full.Tell("block")
		synctest.Wait()
		full.Tell("1")
		full.Tell("2")
		a := newAsker()
		self := s.Spawn(a.kind(), "1")
		ask := func(to kit.Ref, msg any) {
			self.Tell(func(c *kit.Context) { c.AskTo(to, 7, msg, 50*time.Millisecond) })
		}

		ask(worker, "answer")
		require.Equal(t, kit.Reply{Corr: 7, Msg: 42}, next(t, a.replies))
		ask(worker, "boom")
		require.Equal(t, kit.Reply{Corr: 7, Err: &kit.FailedError{Kind: "worker", Why: "panic"}}, next(t, a.replies))
		ask(worker, "something else")
		require.Equal(t, kit.Reply{Corr: 7, Err: &kit.FailedError{Kind: "worker", Why: "gave no answer"}}, next(t, a.replies))
		ask(gone, "ask")
		require.Equal(t, kit.Reply{Corr: 7, Err: kit.ErrDeadLetter}, next(t, a.replies))
		ask(kit.Ref{}, "ask")
		require.Equal(t, kit.Reply{Corr: 7, Err: kit.ErrDeadLetter}, next(t, a.replies))
		ask(full, "ask")
		require.Equal(t, kit.Reply{Corr: 7, Err: kit.ErrSaturated}, next(t, a.replies))

		start := time.Now()
		ask(worker, "keep")
		require.Equal(t, kit.Reply{Corr: 7, Err: kit.ErrDeadline}, next(t, a.replies))
		require.InDelta(t, 50, time.Since(start).Milliseconds(), 10)
		responder := next(t, kept)
		require.False(t, responder.IsZero())
		responder.Respond("too late")

		ask(worker, "keep")
		responder = next(t, kept)
		responder.Respond("first")
		responder.Respond("second")
		require.Equal(t, kit.Reply{Corr: 7, Msg: "first"}, next(t, a.replies))
		time.Sleep(time.Second)
		synctest.Wait()
		require.Empty(t, a.replies, "nothing comes twice")
		require.NoError(t, s.Shutdown(t.Context()))
	})
}

func TestForward(t *testing.T) {
	t.Parallel()
	s := newSystem(t, kit.Options{})
	told := make(chan any, 1)
	worker := s.Spawn(kindOf("worker", func(c *kit.Context) {
		echo(c)
		if n, ok := c.Message().(int); ok {
			told <- n
		}
	}), "1")
	dead := s.Spawn(kindOf("dead", echo), "1")
	dead.Kill()
	front := s.Spawn(kindOf("front", func(c *kit.Context) {
		switch c.Message().(type) {
		case string, int:
			c.Forward(worker)
		case float64:
			c.Forward(dead)
		case bool:
			c.Forward(kit.Ref{})
		}
	}), "1")
	got, err := kit.Ask[string](timeout(t), front, "hi")
	require.NoError(t, err)
	require.Equal(t, "hi", got)
	front.Tell(5)
	require.Equal(t, 5, next(t, told))
	_, err = kit.Ask[string](timeout(t), front, 1.5)
	require.ErrorIs(t, err, kit.ErrDeadLetter)
	_, err = kit.Ask[string](timeout(t), front, true)
	require.ErrorIs(t, err, kit.ErrDeadLetter)
}

func TestRespondToTellIsNothing(t *testing.T) {
	t.Parallel()
	s := newSystem(t, kit.Options{})
	zero := make(chan bool, 1)
	r := s.Spawn(kindOf("worker", func(c *kit.Context) {
		if c.Message() == "tell" {
			c.Respond("nobody listens")
			resp := c.Responder()
			resp.Respond("still nobody")
			zero <- resp.IsZero()
		}
	}), "1")
	r.Tell("tell")
	require.True(t, next(t, zero))
}

func TestStash(t *testing.T) {
	t.Parallel()
	s := newSystem(t, kit.Options{})
	r := s.Spawn(kit.Kind{Name: "loader", Supervision: kit.RestartThenRest, New: func(string) kit.Actor {
		var ready bool
		var seen []string
		return receive(func(c *kit.Context) {
			switch m := c.Message().(type) {
			case bool:
				ready = m
				c.Unstash()
			case error:
				panic(m)
			case string:
				if !ready {
					c.Stash()
					return
				}
				seen = append(seen, m)
				c.Respond(seen)
			}
		})
	}}, "1")
	type result struct {
		seen []string
		err  error
	}
	asked := make(chan result, 1)
	r.Tell("a")
	r.Tell("b")
	go func() {
		seen, err := kit.Ask[[]string](timeout(t), r, "c")
		asked <- result{seen, err}
	}()
	require.Eventually(t, func() bool { return s.Stats()[0].Asks == 1 && r.Depth() == 0 }, 5*time.Second, time.Millisecond)
	r.Tell(errors.New("the stash survives this"))
	r.Tell(true)
	got := next(t, asked)
	require.NoError(t, got.err)
	require.Equal(t, []string{"a", "b", "c"}, got.seen)
	seen, err := kit.Ask[[]string](timeout(t), r, "d")
	require.NoError(t, err)
	require.Equal(t, []string{"a", "b", "c", "d"}, seen)
}

func TestStashOfAStoppedActorIsAnswered(t *testing.T) {
	t.Parallel()
	s := newSystem(t, kit.Options{})
	r := s.Spawn(kindOf("loader", func(c *kit.Context) {
		switch c.Message() {
		case "stash":
			c.Stash()
			c.Self().Tell("stop")
		case "stop":
			c.Stop()
		}
	}), "1")
	_, err := kit.Ask[string](timeout(t), r, "stash")
	require.ErrorIs(t, err, kit.ErrDeadLetter)
}

func TestIdentity(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	s := newSystem(t, kit.Options{Now: func() time.Time { return at }})
	type identity struct {
		id   string
		self kit.Ref
		now  time.Time
	}
	r := s.Spawn(kindOf("worker", func(c *kit.Context) {
		if c.Message() == "who" {
			c.Respond(identity{c.ID(), c.Self(), c.Now()})
		}
	}), "42")
	got, err := kit.Ask[identity](timeout(t), r, "who")
	require.NoError(t, err)
	require.Equal(t, identity{"42", r, at}, got)
	require.False(t, r.IsZero())
	require.True(t, kit.Ref{}.IsZero())
}
