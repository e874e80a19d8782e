package jobs_test

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/internal/domain"
	"github.com/claude-code-hub/cch/internal/jobs"
)

func runner() *jobs.Runner { return jobs.New(slog.New(slog.DiscardHandler), time.Now) }

func start(t *testing.T, r *jobs.Runner, kind string, run domain.JobFunc) string {
	t.Helper()
	j, err := r.Start(kind, run)
	require.NoError(t, err)
	require.Equal(t, domain.JobRunning, j.State)
	return j.ID
}

func look(t *testing.T, r *jobs.Runner, id string) domain.Job {
	t.Helper()
	j, err := r.Get(id)
	require.NoError(t, err)
	return j
}

func TestAJobTellsHowFarItIs(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := runner()
		defer r.Close()
		id := start(t, r, "count", func(_ context.Context, progress domain.JobProgress) (any, error) {
			progress(1, 2)
			time.Sleep(time.Minute)
			return "two", nil
		})
		time.Sleep(time.Second)
		j := look(t, r, id)
		require.Equal(t, []any{domain.JobRunning, 1, 2}, []any{j.State, j.Done, j.Total})
		_, err := r.Start("count", nil)
		require.True(t, domain.IsKind(err, domain.KindConflict), "one of a kind at a time")
		time.Sleep(time.Minute)
		j = look(t, r, id)
		require.Equal(t, []any{domain.JobDone, "two", time.Minute}, []any{j.State, j.Result, j.EndedAt.Sub(j.StartedAt)})
	})
}

func TestJobsFailAndAreCancelled(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := runner()
		wait := func(ctx context.Context, _ domain.JobProgress) (any, error) {
			<-ctx.Done()
			return 3, ctx.Err()
		}
		failed := start(t, r, "a", func(context.Context, domain.JobProgress) (any, error) { return nil, errors.New("no room") })
		broken := start(t, r, "b", func(context.Context, domain.JobProgress) (any, error) { panic("nil map") })
		cancelled, left := start(t, r, "c", wait), start(t, r, "d", wait)
		_, err := r.Cancel(cancelled)
		require.NoError(t, err)
		synctest.Wait()
		require.Equal(t, "no room", look(t, r, failed).Error)
		require.Equal(t, domain.JobFailed, look(t, r, broken).State)
		require.Equal(t, domain.JobCancelled, look(t, r, cancelled).State)
		require.Equal(t, 3, look(t, r, cancelled).Result, "what it got to")
		require.Equal(t, domain.JobRunning, look(t, r, left).State)
		r.Close()
		require.Equal(t, domain.JobCancelled, look(t, r, left).State)
		_, err = r.Cancel("job_x")
		require.True(t, domain.IsKind(err, domain.KindNotFound))
	})
}

func TestOldJobsAreForgotten(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := runner()
		defer r.Close()
		var first, last string
		for range 150 {
			last = start(t, r, "x", func(context.Context, domain.JobProgress) (any, error) { return nil, nil })
			synctest.Wait()
			if first == "" {
				first = last
			}
		}
		_, err := r.Get(first)
		require.True(t, domain.IsKind(err, domain.KindNotFound))
		look(t, r, last)
	})
}
