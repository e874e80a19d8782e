package recorder_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

func TestFlushWaitsForWhatWasRecordedBefore(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.boot(t)
		require.NoError(t, w.rec.Flush(t.Context()), "nothing is pending")

		w.finish(t, 1)
		require.Zero(t, w.store.closed())
		require.NoError(t, w.rec.Flush(t.Context()))
		require.Equal(t, 1, w.store.closed())

		w.store.fail(errors.New("away"))
		w.finish(t, 2)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		require.ErrorIs(t, w.rec.Flush(ctx), context.DeadlineExceeded)
		w.store.fail(nil)
		require.NoError(t, w.rec.Flush(t.Context()))
		w.shutdown(t)
	})
}
