package maintenance_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/actors/maintenance"
	"github.com/claude-code-hub/cch/internal/domain"
)

// logs holds the ages of rows and details, and unused pages.
type logs struct {
	rows, details []time.Time
	pages         int
	steps         []time.Time
	most          int // asked for in one step
	left          time.Time
	err           error
}

func (l *logs) prune(from *[]time.Time, before time.Time, limit int) (int, error) {
	l.steps = append(l.steps, time.Now())
	l.most = max(l.most, limit)
	var kept []time.Time
	n := 0
	for _, at := range *from {
		if at.Before(before) && n < limit {
			n++
			continue
		}
		kept = append(kept, at)
	}
	*from = kept
	return n, l.err
}

func (l *logs) CountCleanup(_ context.Context, c domain.LogCleanup) (int, error) {
	l.left = c.Before
	return 7, nil
}

func (l *logs) PruneRows(_ context.Context, before time.Time, limit int) (int, error) {
	return l.prune(&l.rows, before, limit)
}

func (l *logs) PruneDetails(_ context.Context, at time.Time, limit int) (int, error) {
	return l.prune(&l.details, at, limit)
}

func (l *logs) Shrink(_ context.Context, pages int) (int, error) {
	l.pages = max(0, l.pages-pages)
	return l.pages, nil
}

type settings domain.Settings

func (s settings) Current() *domain.Catalog {
	return domain.NewCatalog(domain.Configuration{Settings: domain.Settings(s)})
}

func many(n int, at time.Time) []time.Time {
	all := make([]time.Time, n)
	for i := range all {
		all[i] = at
	}
	return all
}

func TestCleanupDeletesWhatIsOldInSmallBatches(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		now := time.Now()
		l := &logs{
			rows:    append(many(1700, now.AddDate(0, 0, -31)), many(40, now.AddDate(0, 0, -29))...),
			details: append(many(600, now.Add(-time.Second)), many(30, now.Add(time.Hour))...), // by when they expire
			pages:   5000,
		}
		job := maintenance.Cleanup(l, settings(domain.DefaultSettings()), time.Now)
		removed, err := job.Run(t.Context())
		require.NoError(t, err)
		require.Equal(t, 2300, removed)
		require.Len(t, l.rows, 40)
		require.Len(t, l.details, 30)
		require.Zero(t, l.pages, "the space is given back")
		require.LessOrEqual(t, l.most, 1000)
		for i := range l.steps[1:] {
			if i != 1 { // where the details end and the rows begin
				require.GreaterOrEqual(t, l.steps[i+1].Sub(l.steps[i]), 100*time.Millisecond, "step %d", i)
			}
		}
		removed, err = job.Run(t.Context())
		require.NoError(t, err)
		require.Zero(t, removed)
		left, err := job.Left(t.Context())
		require.NoError(t, err)
		require.Equal(t, 7, left)
		require.WithinDuration(t, now.AddDate(0, 0, -30), l.left, time.Minute, "what is older than it should get")
	})
}

func TestCleanupKeepsRowsWhenItIsOff(t *testing.T) {
	t.Parallel()
	l := &logs{rows: many(3, time.Now().AddDate(-1, 0, 0)), details: many(3, time.Now().AddDate(-1, 0, 0))}
	set := domain.DefaultSettings()
	set.CleanupEnabled = false
	removed, err := maintenance.Cleanup(l, settings(set), time.Now).Run(t.Context())
	require.NoError(t, err)
	require.Equal(t, 3, removed, "details go in any case")
	require.Len(t, l.rows, 3)
	left, err := maintenance.Cleanup(l, settings(set), time.Now).Left(t.Context())
	require.NoError(t, err)
	require.Zero(t, left, "nothing is due")
}

func TestCleanupFollowsTheRetention(t *testing.T) {
	t.Parallel()
	now := time.Now()
	l := &logs{rows: []time.Time{now.AddDate(0, 0, -6), now.AddDate(0, 0, -8)}}
	set := domain.DefaultSettings()
	set.CleanupRetentionDays = 7
	_, err := maintenance.Cleanup(l, settings(set), func() time.Time { return now }).Run(t.Context())
	require.NoError(t, err)
	require.Equal(t, []time.Time{now.AddDate(0, 0, -6)}, l.rows)
}

func TestCleanupStopsWhenItsTimeIsUp(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := &logs{rows: many(5000, time.Now().AddDate(-1, 0, 0))}
		ctx, cancel := context.WithTimeout(t.Context(), 350*time.Millisecond)
		defer cancel()
		removed, err := maintenance.Cleanup(l, settings(domain.DefaultSettings()), time.Now).Run(ctx)
		require.NoError(t, err, "the rest is for the next time")
		require.Equal(t, 5000-len(l.rows), removed)
		require.NotEmpty(t, l.rows)
		require.Positive(t, removed)
	})
}

func TestCleanupTellsOfErrors(t *testing.T) {
	t.Parallel()
	l := &logs{err: errors.New("disk full")}
	_, err := maintenance.Cleanup(l, settings(domain.DefaultSettings()), time.Now).Run(t.Context())
	require.ErrorIs(t, err, l.err)
}

type pruner struct{ before time.Time }

func (p *pruner) Prune(_ context.Context, before time.Time) error {
	p.before = before
	return nil
}

func TestPruneKeepsForAWhile(t *testing.T) {
	t.Parallel()
	now := time.Now()
	p := &pruner{}
	job := maintenance.Prune("web_sessions", p, time.Hour, func() time.Time { return now })
	_, err := job.Run(t.Context())
	require.NoError(t, err)
	require.Equal(t, now.Add(-time.Hour), p.before)
	require.Equal(t, "web_sessions", job.Name)
}
