package maintenance_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/actors/kit"
	"github.com/claude-code-hub/cch/actors/maintenance"
)

// chore counts its runs; do, if set, is what it does.
type chore struct {
	mu   sync.Mutex
	at   []time.Duration // since it was made
	made time.Time
	do   func(ctx context.Context) (int, error)
}

func newChore() *chore { return &chore{made: time.Now()} }

func (c *chore) run(ctx context.Context) (int, error) {
	c.mu.Lock()
	c.at = append(c.at, time.Since(c.made))
	do := c.do
	c.mu.Unlock()
	if do == nil {
		return 1, nil
	}
	return do(ctx)
}

func (c *chore) runs() []time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func start(t *testing.T, figures *maintenance.Figures, jobs ...maintenance.Job) (stop func()) {
	t.Helper()
	sys := kit.NewSystem(kit.Options{})
	sys.Spawn(maintenance.Kind(jobs, figures), "")
	return func() { require.NoError(t, sys.Shutdown(context.Background())) }
}

func TestChoresAreDoneByTheClock(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, figures := newChore(), &maintenance.Figures{}
		made := c.made
		defer start(t, figures, maintenance.Job{Name: "c", Every: time.Hour, Within: time.Minute, Run: c.run})()
		time.Sleep(59 * time.Second)
		require.Empty(t, c.runs(), "a node that starts is left alone")
		time.Sleep(24 * time.Hour)
		runs := c.runs()
		require.LessOrEqual(t, runs[0], 7*time.Minute)
		require.InDelta(t, 24, len(runs), 3)
		for i := range runs[1:] {
			require.InDelta(t, 60, (runs[i+1] - runs[i]).Minutes(), 6.1)
		}
		got := figures.All()["c"]
		require.Equal(t, made.Add(runs[len(runs)-1]), got.LastAt)
		got.LastAt = time.Time{}
		require.Equal(t, maintenance.Figure{
			Every: time.Hour, Within: time.Minute, Runs: len(runs), Removed: len(runs), Left: -1,
		}, got)
	})
}

func TestOneChoreAtATime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		running, most := 0, 0
		slow := func(context.Context) (int, error) {
			mu.Lock()
			running++
			most = max(most, running)
			mu.Unlock()
			time.Sleep(20 * time.Minute)
			mu.Lock()
			running--
			mu.Unlock()
			return 0, nil
		}
		figures := &maintenance.Figures{}
		var jobs []maintenance.Job
		for _, name := range []string{"a", "b", "c"} {
			jobs = append(jobs, maintenance.Job{Name: name, Every: time.Hour, Within: time.Hour, Run: slow})
		}
		stop := start(t, figures, jobs...)
		time.Sleep(12 * time.Hour)
		stop()
		require.Equal(t, 1, most)
		for _, j := range jobs {
			require.Greater(t, figures.All()[j.Name].Runs, 5, "each gets its turn")
		}
	})
}

func TestAChoreThatFailsIsTriedAgain(t *testing.T) {
	t.Parallel()
	for name, do := range map[string]func(context.Context) (int, error){
		"error": func(context.Context) (int, error) { return 0, errors.New("no disk") },
		"panic": func(context.Context) (int, error) { panic("a bug") },
		"stuck": func(ctx context.Context) (int, error) { <-ctx.Done(); return 0, ctx.Err() },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				broken, sound, figures := newChore(), newChore(), &maintenance.Figures{}
				broken.do = do
				defer start(t, figures,
					maintenance.Job{Name: "broken", Every: time.Hour, Within: time.Minute, Run: broken.run},
					maintenance.Job{Name: "sound", Every: time.Hour, Within: time.Minute, Run: sound.run},
				)()
				time.Sleep(5 * time.Hour)
				f := figures.All()["broken"]
				require.GreaterOrEqual(t, f.Runs, 4)
				require.Equal(t, f.Runs, f.Failures)
				require.GreaterOrEqual(t, figures.All()["sound"].Runs, 4, "others do not suffer")
				require.Zero(t, figures.All()["sound"].Failures)
			})
		})
	}
}

func TestShutdownBreaksAChoreOff(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := newChore()
		ended := make(chan error, 1)
		c.do = func(ctx context.Context) (int, error) {
			<-ctx.Done()
			ended <- ctx.Err()
			return 0, nil
		}
		stop := start(t, nil, maintenance.Job{Name: "c", Every: time.Minute, Within: time.Hour, Run: c.run})
		time.Sleep(2 * time.Minute)
		require.Len(t, c.runs(), 1)
		stop()
		require.ErrorIs(t, <-ended, context.Canceled)
	})
}

func TestAChoreIsDoneWhenSomebodyAsks(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, figures := newChore(), &maintenance.Figures{}
		hold := make(chan struct{})
		c.do = func(context.Context) (int, error) { <-hold; return 3, errors.New("no room") }
		sys := kit.NewSystem(kit.Options{})
		ref := sys.Spawn(maintenance.Kind([]maintenance.Job{{
			Name: "c", Every: time.Hour, Within: time.Minute, Run: c.run,
			Left: func(context.Context) (int, error) { return 5, nil },
		}}, figures), "")
		defer func() { require.NoError(t, sys.Shutdown(context.Background())) }()
		ref.Tell(maintenance.RunNow{Name: "another"})
		ref.Tell(maintenance.RunNow{Name: "c"})
		ref.Tell(maintenance.RunNow{Name: "c"})
		synctest.Wait()
		require.True(t, figures.All()["c"].Running)
		close(hold)
		synctest.Wait()
		require.Len(t, c.runs(), 1, "not twice, and at once")
		got := figures.All()["c"]
		require.Equal(t, []any{false, 1, 1, 3, 5, "no room"}, []any{got.Running, got.Runs, got.Failures, got.Removed, got.Left, got.Error})
		time.Sleep(24 * time.Hour)
		require.InDelta(t, 24, len(c.runs()), 4, "its own times come as before")
	})
}
