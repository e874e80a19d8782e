package store

import (
	"context"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
)

func TestStatementsHaveTheirTime(t *testing.T) {
	t.Parallel()
	d := deadline{limit: time.Hour}
	ctx := d.TraceQueryStart(t.Context(), nil, pgx.TraceQueryStartData{})
	until, limited := ctx.Deadline()
	require.True(t, limited)
	require.WithinRange(t, until, time.Now(), time.Now().Add(time.Hour))
	d.TraceQueryEnd(ctx, nil, pgx.TraceQueryEndData{})
	require.ErrorIs(t, ctx.Err(), context.Canceled, "a statement that is over leaves no timer behind")
	require.NoError(t, t.Context().Err())

	ctx = d.TraceCopyFromStart(unhurried(t.Context()), nil, pgx.TraceCopyFromStartData{})
	_, limited = ctx.Deadline()
	require.False(t, limited)
	d.TraceCopyFromEnd(ctx, nil, pgx.TraceCopyFromEndData{})
	require.NoError(t, ctx.Err())
}
