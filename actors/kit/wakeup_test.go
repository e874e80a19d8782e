package kit_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/actors/kit"
)

// sleeper asks to be woken by the times it is told and notes when it was.
type sleeper struct {
	wakeup kit.Wakeup
	woken  chan time.Time
}

func (s *sleeper) Receive(c *kit.Context) {
	switch m := c.Message().(type) {
	case []time.Time:
		s.wakeup.By(c, m...)
	case kit.Wake:
		s.wakeup.Rang()
		s.woken <- c.Now()
	}
}

func TestWakeupComesOnceAtTheEarliestTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		sys := kit.NewSystem(kit.Options{})
		defer func() { require.NoError(t, sys.Shutdown(context.Background())) }()
		woken := make(chan time.Time, 10)
		ref := sys.Spawn(kit.Kind{Name: "sleeper", New: func(string) kit.Actor { return &sleeper{woken: woken} }}, "1")

		start := time.Now()
		ref.Tell([]time.Time{{}, start.Add(time.Hour), start.Add(3 * time.Minute)})
		ref.Tell([]time.Time{start.Add(5 * time.Minute)})
		ref.Tell([]time.Time{start.Add(time.Minute), {}})
		ref.Tell([]time.Time{})
		ref.Tell([]time.Time{{}})
		require.InDelta(t, time.Minute, (<-woken).Sub(start), float64(20*time.Millisecond))
		time.Sleep(2 * time.Hour)
		synctest.Wait()
		require.Empty(t, woken, "the later times are the actor's to ask for again")

		ref.Tell([]time.Time{time.Now().Add(time.Second)})
		<-woken
		ref.Tell([]time.Time{start}) // long past
		<-woken
	})
}
