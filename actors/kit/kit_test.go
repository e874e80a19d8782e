package kit_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/claude-code-hub/cch/actors/kit"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// newSystem starts a system that the test shuts down.
func newSystem(t testing.TB, o kit.Options) *kit.System {
	t.Helper()
	s := kit.NewSystem(o)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		require.NoError(t, s.Shutdown(ctx))
	})
	return s
}

// receive makes an actor of a function.
type receive func(c *kit.Context)

func (f receive) Receive(c *kit.Context) { f(c) }

func kindOf(name string, f func(c *kit.Context)) kit.Kind {
	return kit.Kind{Name: name, New: func(string) kit.Actor { return receive(f) }}
}

// echo answers every string with itself.
func echo(c *kit.Context) {
	if s, ok := c.Message().(string); ok {
		c.Respond(s)
	}
}

// next takes what an actor put into a channel.
func next[T any](t testing.TB, ch <-chan T) T {
	t.Helper()
	select {
	case v := <-ch:
		return v
	case <-time.After(10 * time.Second):
		t.Fatal("nothing came")
		panic("unreachable")
	}
}

func timeout(t testing.TB) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	t.Cleanup(cancel)
	return ctx
}

func TestAsk(t *testing.T) {
	t.Parallel()
	s := newSystem(t, kit.Options{Name: "test"})
	r := s.Spawn(kindOf("worker", func(c *kit.Context) {
		switch m := c.Message().(type) {
		case string:
			c.Respond(m + "!")
			c.Respond("a second answer")
		case int:
			panic("told to")
		case error:
			c.Respond(kit.Failed{Kind: "other", Why: m.Error()})
		}
	}), "1")

	got, err := kit.Ask[string](timeout(t), r, "hi")
	require.NoError(t, err)
	require.Equal(t, "hi!", got)

	_, err = kit.Ask[int](timeout(t), r, "hi")
	require.ErrorIs(t, err, kit.ErrUnexpectedReply)

	_, err = kit.Ask[string](timeout(t), r, 2.5)
	var failed *kit.FailedError
	require.ErrorAs(t, err, &failed)
	require.Equal(t, &kit.FailedError{Kind: "worker", Why: "gave no answer"}, failed)

	_, err = kit.Ask[string](timeout(t), r, errors.New("no disk"))
	require.ErrorAs(t, err, &failed)
	require.Equal(t, &kit.FailedError{Kind: "other", Why: "no disk"}, failed)

	_, err = kit.Ask[string](timeout(t), r, 1)
	require.ErrorAs(t, err, &failed)
	require.Equal(t, &kit.FailedError{Kind: "worker", Why: "panic"}, failed)

	_, err = kit.Ask[string](timeout(t), r, "after the panic")
	require.ErrorIs(t, err, kit.ErrDeadLetter)

	_, err = kit.Ask[string](timeout(t), kit.Ref{}, "nobody")
	require.ErrorIs(t, err, kit.ErrDeadLetter)
}

func TestAskGivesUpWithItsContext(t *testing.T) {
	t.Parallel()
	s := newSystem(t, kit.Options{})
	late := make(chan kit.Responder, 1)
	seen := make(chan struct{}, 1)
	r := s.Spawn(kindOf("slow", func(c *kit.Context) {
		switch c.Message() {
		case "keep":
			late <- c.Responder()
			return
		case "promised":
			seen <- struct{}{}
		}
		echo(c)
	}), "1")

	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error)
	go func() {
		_, err := kit.Ask[string](ctx, r, "keep")
		done <- err
	}()
	responder := next(t, late)
	cancel()
	require.ErrorIs(t, next(t, done), context.Canceled)

	responder.Respond("too late") // must reach nobody, least of all the next asker
	for range 100 {
		got, err := kit.Ask[string](timeout(t), r, "mine")
		require.NoError(t, err)
		require.Equal(t, "mine", got)
	}
	for range 100 { // an answer that is there already may win
		if _, err := kit.Ask[string](ctx, r, "promised"); err != nil {
			require.ErrorIs(t, err, context.Canceled)
		}
		next(t, seen)
	}
	got, err := kit.Ask[string](timeout(t), r, "mine")
	require.NoError(t, err)
	require.Equal(t, "mine", got, "no answer reaches the next asker")
}
