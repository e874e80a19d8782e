package recorder

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// What a batch waits for is its own delay, whatever becomes of the clock.
func TestABatchDoesNotWaitForAClockThatWasSetBack(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var offset time.Duration
		o := Options{Now: func() time.Time { return time.Now().Add(offset).Round(0) }}.withDefaults()
		q := newQueue(o, 0)
		q.push(item{size: 1, end: 1})
		offset = -time.Hour
		began := time.Now()
		batch, _, ok := q.next(t.Context())
		require.True(t, ok)
		require.Len(t, batch, 1)
		require.Equal(t, o.BatchDelay, time.Since(began))
	})
}
