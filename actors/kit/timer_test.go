package kit_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/claude-code-hub/cch/actors/kit"
)

func TestAfterFiresAtTheNextTick(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := kit.NewSystem(kit.Options{})
		type fired struct {
			d     time.Duration
			after time.Duration
		}
		got := make(chan fired, 100)
		start := time.Now()
		r := s.Spawn(kindOf("timer", func(c *kit.Context) {
			switch m := c.Message().(type) {
			case []time.Duration:
				for _, d := range m {
					c.After(d, d)
				}
			case time.Duration:
				got <- fired{m, time.Since(start)}
			}
		}), "1")
		ms := time.Millisecond
		all := []time.Duration{0, 1 * ms, 10 * ms, 11 * ms, 95 * ms, time.Second, 10240 * ms, 25 * time.Second, time.Hour, -time.Second}
		r.Tell(all)
		for range all {
			f := <-got
			require.GreaterOrEqual(t, f.after, f.d)
			require.LessOrEqual(t, f.after, max(f.d, 0)+20*ms, f.d)
		}
		require.NoError(t, s.Shutdown(t.Context()))
	})
}

// Whatever is set, moved and stopped, exactly the live timers fire, each at
// its time.
func TestTimersAgainstModel(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		type order struct {
			d    time.Duration
			stop int // index of a timer to stop, -1 = none
			wait time.Duration
		}
		orders := rapid.SliceOfN(rapid.Custom(func(rt *rapid.T) order {
			return order{
				d:    time.Duration(rapid.IntRange(0, 30_000).Draw(rt, "d")) * time.Millisecond,
				stop: rapid.IntRange(-1, 20).Draw(rt, "stop"),
				wait: time.Duration(rapid.IntRange(0, 2_000).Draw(rt, "wait")) * time.Millisecond,
			}
		}), 1, 40).Draw(rt, "orders")
		synctest.Test(t, func(*testing.T) {
			s := kit.NewSystem(kit.Options{})
			start := time.Now()
			var mu sync.Mutex
			fired := make(map[int]time.Duration)
			var timers []kit.Timer
			r := s.Spawn(kindOf("timer", func(c *kit.Context) {
				switch m := c.Message().(type) {
				case order:
					timers = append(timers, c.After(m.d, len(timers)))
					if m.stop >= 0 && m.stop < len(timers) {
						timers[m.stop].Stop()
					}
				case int:
					mu.Lock()
					defer mu.Unlock()
					fired[m] = time.Since(start)
				}
			}), "1")
			due := make(map[int]time.Duration)
			for i, o := range orders {
				r.Tell(o)
				synctest.Wait()
				due[i] = time.Since(start) + o.d
				if at, set := due[o.stop]; set && (o.stop == i || time.Since(start) < at+20*time.Millisecond) {
					mu.Lock()
					if _, done := fired[o.stop]; !done {
						delete(due, o.stop)
					}
					mu.Unlock()
				}
				time.Sleep(o.wait)
			}
			time.Sleep(time.Minute)
			synctest.Wait()
			for i, at := range due {
				got, ok := fired[i]
				if !ok || got < at || got > at+20*time.Millisecond {
					rt.Errorf("timer %d: due %v, fired %v (%t)", i, at, got, ok)
				}
			}
			if len(fired) != len(due) {
				rt.Errorf("%d fired, %d due", len(fired), len(due))
			}
			if err := s.Shutdown(context.Background()); err != nil {
				rt.Error(err)
			}
		})
	})
}

// A restarted actor must get nothing its predecessor was waiting for.
func TestAnIncarnationTakesItsTimersAndWorkAlong(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := kit.NewSystem(kit.Options{})
		silent := s.Spawn(kindOf("silent", func(c *kit.Context) { c.Responder() }), "1")
		got := make(chan any, 100)
		cancelled := make(chan error, 1)
		r := s.Spawn(kit.Kind{Name: "worker", Supervision: kit.RestartThenRest, New: func(string) kit.Actor {
			return receive(func(c *kit.Context) {
				switch m := c.Message().(type) {
				case string:
					c.After(time.Second, m+" timer")
					c.AskTo(silent, 1, "ask", time.Second)
					c.Go(time.Minute, func(ctx context.Context) any {
						if m == "old" {
							<-ctx.Done()
							cancelled <- ctx.Err()
						}
						return m + " work"
					})
				case error:
					panic(m)
				case kit.Started:
				default:
					got <- m
				}
			})
		}}, "1")
		r.Tell("old")
		r.Tell(errors.New("boom"))
		require.ErrorIs(t, next(t, cancelled), context.Canceled)
		time.Sleep(5 * time.Second)
		synctest.Wait()
		require.Empty(t, got)
		require.NoError(t, s.Shutdown(t.Context()))
	})
}

func TestGo(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := kit.NewSystem(kit.Options{})
		got := make(chan any, 10)
		r := s.Spawn(kindOf("worker", func(c *kit.Context) {
			switch m := c.Message().(type) {
			case func(context.Context) any:
				c.Go(time.Second, m)
			case kit.Started:
			default:
				got <- m
			}
		}), "1")
		r.Tell(func(context.Context) any { return 42 })
		require.Equal(t, 42, next(t, got))
		r.Tell(func(context.Context) any { panic("boom") })
		require.Equal(t, kit.WorkFailed{Cause: "boom"}, next(t, got))
		start := time.Now()
		r.Tell(func(ctx context.Context) any { <-ctx.Done(); return ctx.Err() })
		require.Equal(t, context.DeadlineExceeded, next(t, got))
		require.Equal(t, time.Second, time.Since(start))
		r.Tell(func(context.Context) any { return nil })
		synctest.Wait()
		require.Empty(t, got, "nil is no message")

		r.Tell(func(ctx context.Context) any { <-ctx.Done(); time.Sleep(time.Second); return 1 })
		synctest.Wait()
		start = time.Now()
		require.NoError(t, s.Shutdown(t.Context()))
		require.Equal(t, time.Second, time.Since(start), "shutdown cancels work and waits for it")
		require.Empty(t, got)
	})
}

func TestShutdownLeavesRequestTimersBehind(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := kit.NewSystem(kit.Options{})
		r := s.Spawn(kindOf("worker", func(c *kit.Context) { c.After(time.Hour, "never") }), "1")
		r.Tell("set")
		start := time.Now()
		require.NoError(t, s.Shutdown(t.Context()))
		require.Zero(t, time.Since(start))
	})
}
