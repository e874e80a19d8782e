package maintenance_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/actors/maintenance"
)

// election says who leads.
type election struct {
	leads bool
	end   context.CancelFunc // of the leadership
}

func (e *election) Lead(ctx context.Context) (context.Context, context.CancelFunc, bool) {
	if !e.leads {
		return ctx, func() {}, false
	}
	ctx, e.end = context.WithCancel(ctx)
	return ctx, e.end, true
}

func TestOnlyTheLeaderDoesChores(t *testing.T) {
	t.Parallel()
	e := &election{}
	runs := 0
	jobs := maintenance.Led(e, maintenance.Job{Name: "chore", Run: func(ctx context.Context) (int, error) {
		runs++
		e.end()
		return 3, ctx.Err()
	}})
	require.Len(t, jobs, 1)
	require.Equal(t, "chore", jobs[0].Name)
	removed, err := jobs[0].Run(t.Context())
	require.NoError(t, err)
	require.Zero(t, removed)
	require.Zero(t, runs)

	e.leads = true
	removed, err = jobs[0].Run(t.Context())
	require.ErrorIs(t, err, context.Canceled, "a chore ends with the leadership")
	require.Equal(t, 3, removed)
	require.Equal(t, 1, runs)
	require.Len(t, maintenance.Led(nil, jobs...), 1, "without others everybody leads")
}
