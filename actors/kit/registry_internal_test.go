package kit

import (
	"log/slog"
	"strconv"
	"testing"

	"github.com/asynkron/protoactor-go/actor"
	"github.com/stretchr/testify/require"
)

func TestNarrowRegistryFindsEveryActor(t *testing.T) {
	t.Parallel()
	lib := actor.NewActorSystem(actor.WithLoggerFactory(func(*actor.ActorSystem) *slog.Logger {
		return slog.New(slog.DiscardHandler)
	}))
	var first []string
	for _, bucket := range lib.ProcessRegistry.LocalPIDs.LocalPIDs {
		first = append(first, bucket.Keys()...)
	}
	require.Contains(t, first, "eventstream")
	narrow(lib.ProcessRegistry)
	require.Len(t, lib.ProcessRegistry.LocalPIDs.LocalPIDs, registryBuckets)
	for _, id := range first {
		_, found := lib.ProcessRegistry.GetLocal(id)
		require.True(t, found, id)
	}

	process := lib.DeadLetter
	for i := range 5000 {
		id := "request/" + strconv.Itoa(i)
		pid, fresh := lib.ProcessRegistry.Add(process, id)
		require.True(t, fresh)
		_, found := lib.ProcessRegistry.Get(pid)
		require.True(t, found)
		lib.ProcessRegistry.Remove(pid)
		_, found = lib.ProcessRegistry.GetLocal(id)
		require.False(t, found)
	}
}
