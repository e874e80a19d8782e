package catalog_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/actors/catalog"
	"github.com/claude-code-hub/cch/actors/kit"
	"github.com/claude-code-hub/cch/actors/protocol"
	"github.com/claude-code-hub/cch/internal/domain"
)

// fakeStore is a configuration that tests change.
type fakeStore struct {
	mu      sync.Mutex
	version int64
	err     error
	hold    chan struct{} // Configuration waits for it, if set
	loads   int
}

func (f *fakeStore) set(version int64, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.version, f.err = version, err
}

func (f *fakeStore) ConfigVersion(context.Context) (int64, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.version, f.err
}

func (f *fakeStore) Configuration(context.Context) (domain.Configuration, error) {
	f.mu.Lock()
	c, hold := domain.Configuration{Version: f.version}, f.hold
	f.loads++
	err := f.err
	f.mu.Unlock()
	if hold != nil {
		<-hold
	}
	return c, err
}

func start(t *testing.T, f *fakeStore) *catalog.Catalog {
	t.Helper()
	c, err := catalog.Load(t.Context(), catalog.Options{Store: f})
	require.NoError(t, err)
	s := kit.NewSystem(kit.Options{})
	c.Start(s)
	t.Cleanup(func() { require.NoError(t, s.Shutdown(context.Background())) })
	return c
}

func TestAChangeIsSeenWithinHalfASecond(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := &fakeStore{version: 1}
		c := start(t, f)
		require.EqualValues(t, 1, c.Current().Version())
		pinned := c.Current()
		time.Sleep(time.Second)
		f.set(2, nil)
		time.Sleep(510 * time.Millisecond)
		synctest.Wait()
		require.EqualValues(t, 2, c.Current().Version())
		require.EqualValues(t, 1, pinned.Version(), "who began with a snapshot keeps it")
		time.Sleep(10 * time.Second)
		require.Equal(t, 2, f.loads, "nothing is loaded while nothing changes")
	})
}

func TestAwaitAsksForTheVersionAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := &fakeStore{version: 1}
		c := start(t, f)
		synctest.Wait()
		f.set(7, nil)
		began := time.Now()
		require.NoError(t, c.Await(t.Context(), 7))
		require.Less(t, time.Since(began), 50*time.Millisecond)
		require.NoError(t, c.Await(t.Context(), 3))

		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		require.ErrorIs(t, c.Await(ctx, 8), context.DeadlineExceeded)
	})
}

func TestTheLastGoodSnapshotStaysWhileTheStoreFails(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := &fakeStore{version: 1}
		c := start(t, f)
		f.set(2, errors.New("disk gone"))
		time.Sleep(5 * time.Second)
		require.EqualValues(t, 1, c.Current().Version())
		f.set(3, nil)
		time.Sleep(time.Second)
		synctest.Wait()
		require.EqualValues(t, 3, c.Current().Version())
	})
}

// A change that comes while an older one is being loaded is not forgotten.
func TestAChangeDuringALoadIsLoadedNext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := &fakeStore{version: 1}
		c := start(t, f)
		synctest.Wait()
		hold := make(chan struct{})
		f.mu.Lock()
		f.version, f.hold = 2, hold
		f.mu.Unlock()
		c.Ref().Tell(&protocol.ConfigChanged{Version: 2})
		synctest.Wait()
		f.mu.Lock()
		f.version, f.hold = 3, nil
		f.mu.Unlock()
		c.Ref().Tell(&protocol.ConfigChanged{Version: 3})
		synctest.Wait()
		require.EqualValues(t, 1, c.Current().Version())
		began := time.Now()
		close(hold)
		require.NoError(t, c.Await(t.Context(), 3))
		require.Less(t, time.Since(began), 50*time.Millisecond)
	})
}

func TestNothingIsServedWithoutAFirstSnapshot(t *testing.T) {
	t.Parallel()
	_, err := catalog.Load(t.Context(), catalog.Options{Store: &fakeStore{err: errors.New("no")}})
	require.ErrorContains(t, err, "first catalog")
}

func TestSwappedSeesEverySnapshotFirst(t *testing.T) {
	t.Parallel()
	var seen []int64
	_, err := catalog.Load(t.Context(), catalog.Options{
		Store: &fakeStore{version: 5}, Swapped: func(c *domain.Catalog) { seen = append(seen, c.Version()) },
	})
	require.NoError(t, err)
	require.Equal(t, []int64{5}, seen)
}
