package snapshots_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/actors/snapshots"
	"github.com/claude-code-hub/cch/internal/domain"
)

type fakeStore struct {
	mu      sync.Mutex
	err     error
	hold    chan struct{}
	saved   map[string]domain.Snapshot
	batches []int
}

func (f *fakeStore) Save(ctx context.Context, list []domain.Snapshot) error {
	f.mu.Lock()
	hold := f.hold
	f.mu.Unlock()
	if hold != nil {
		select {
		case <-hold:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.err != nil {
		return f.err
	}
	if f.saved == nil {
		f.saved = make(map[string]domain.Snapshot)
	}
	f.batches = append(f.batches, len(list))
	for _, s := range list {
		f.saved[s.Kind+"/"+s.ID] = s
	}
	return nil
}

func (f *fakeStore) Load(_ context.Context, kind, id string) (domain.Snapshot, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	s, ok := f.saved[kind+"/"+id]
	if !ok {
		return s, domain.NotFound("snapshot", id)
	}
	return s, nil
}

func (f *fakeStore) set(err error, hold chan struct{}) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.err, f.hold = err, hold
}

func snap(id string, epoch int64, data string) domain.Snapshot {
	return domain.Snapshot{Kind: "session", ID: id, Epoch: epoch, Data: []byte(data)}
}

func start(t *testing.T, f *fakeStore) *snapshots.Batcher {
	t.Helper()
	b := snapshots.New(f, slog.New(slog.DiscardHandler))
	t.Cleanup(func() { require.NoError(t, b.Close(context.Background())) })
	return b
}

func TestSavesAreWrittenInBatchesTheLatestOfEach(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := &fakeStore{}
		b := start(t, f)
		b.Save(snap("first", 1, "x"))
		synctest.Wait() // written at once; the rest gathers meanwhile
		for i := range 450 {
			b.Save(snap(fmt.Sprint(i%225), 1, fmt.Sprint(i)))
		}
		require.NoError(t, b.Flush(t.Context()))
		require.Equal(t, []int{1, 200, 25}, f.batches)
		got, err := f.Load(t.Context(), "session", "7")
		require.NoError(t, err)
		require.Equal(t, "232", string(got.Data))
	})
}

func TestLoadSeesWhatIsNotWrittenYet(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := &fakeStore{}
		hold := make(chan struct{})
		f.set(nil, hold)
		b := start(t, f)
		load := func(id string) string {
			s, err := b.Load(t.Context(), "session", id)
			require.NoError(t, err)
			return string(s.Data)
		}
		b.Save(snap("a", 1, "writing"))
		synctest.Wait()
		require.Equal(t, "writing", load("a"))
		b.Save(snap("a", 1, "waiting"))
		b.Save(snap("a", 0, "of a replaced actor"))
		require.Equal(t, "waiting", load("a"))
		f.set(nil, nil)
		close(hold)
		require.NoError(t, b.Flush(t.Context()))
		require.Equal(t, "waiting", load("a"))
		_, err := b.Load(t.Context(), "session", "unknown")
		require.True(t, domain.IsKind(err, domain.KindNotFound))
	})
}

func TestAFailingStoreIsTriedAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := &fakeStore{}
		f.set(errors.New("disk gone"), nil)
		b := start(t, f)
		b.Save(snap("a", 1, "old"))
		time.Sleep(30 * time.Second)
		b.Save(snap("a", 1, "new"))
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		require.ErrorIs(t, b.Flush(ctx), context.DeadlineExceeded)
		f.set(nil, nil)
		time.Sleep(10 * time.Second)
		got, err := f.Load(t.Context(), "session", "a")
		require.NoError(t, err)
		require.Equal(t, "new", string(got.Data))
	})
}

func TestCloseWritesWhatWaitsAndDropsWhatComesLater(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := &fakeStore{}
		b := start(t, f)
		b.Save(snap("a", 1, "x"))
		require.NoError(t, b.Close(t.Context()))
		b.Save(snap("b", 1, "x"))
		require.NoError(t, b.Close(t.Context()))
		require.Len(t, f.saved, 1)
	})
}

func TestCloseGivesUpOnADeadStore(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := &fakeStore{}
		f.set(errors.New("disk gone"), nil)
		b := snapshots.New(f, slog.New(slog.DiscardHandler))
		b.Save(snap("a", 1, "x"))
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		require.Error(t, b.Close(ctx))
	})
}

func TestCloseDoesNotPauseBetweenBatches(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := &fakeStore{}
		b := snapshots.New(f, slog.New(slog.DiscardHandler))
		for i := range 20_000 {
			b.Save(snap(fmt.Sprint(i), 1, "x"))
		}
		began := time.Now()
		require.NoError(t, b.Close(t.Context()))
		require.Less(t, time.Since(began), time.Second, "as many actors end at once in a shutdown")
		require.Len(t, f.saved, 20_000)
	})
}

func TestCloseDoesNotWaitForAWriteThatHangs(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := &fakeStore{}
		f.set(nil, make(chan struct{}))
		b := snapshots.New(f, slog.New(slog.DiscardHandler))
		b.Save(snap("a", 1, "x"))
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		began := time.Now()
		require.Error(t, b.Close(ctx))
		require.Equal(t, time.Second, time.Since(began))
	})
}
