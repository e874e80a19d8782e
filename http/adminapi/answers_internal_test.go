package adminapi

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

type answersKey struct{ n int }

func TestAnswersAreWorkedOutOnceAndKeptForAWhile(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_790_000_000, 0)
	a := newAnswers(func() time.Time { return now })
	var worked atomic.Int64
	ask := func(n int) int64 {
		v, err := answer(t.Context(), a, answersKey{n}, 5*time.Second, func(context.Context) (int64, error) {
			return worked.Add(1), nil
		})
		require.NoError(t, err)
		return v
	}
	require.EqualValues(t, 1, ask(1))
	require.EqualValues(t, 1, ask(1))
	require.EqualValues(t, 2, ask(2), "another key is another answer")
	now = now.Add(5 * time.Second)
	require.EqualValues(t, 3, ask(1))
}

func TestThoseWhoAskTogetherWaitForOne(t *testing.T) {
	t.Parallel()
	a := newAnswers(time.Now)
	var worked atomic.Int64
	begun, release := make(chan struct{}), make(chan struct{})
	work := func(context.Context) (int64, error) {
		close(begun)
		<-release
		return worked.Add(1), nil
	}
	first, leave := context.WithCancel(t.Context())
	var group sync.WaitGroup
	group.Go(func() {
		_, err := answer(first, a, answersKey{}, time.Minute, work)
		require.ErrorIs(t, err, context.Canceled)
	})
	<-begun
	leave() // who began it goes away
	group.Wait()
	for range 20 {
		group.Go(func() {
			v, err := answer(t.Context(), a, answersKey{}, time.Minute, work)
			require.NoError(t, err)
			require.EqualValues(t, 1, v)
		})
	}
	close(release)
	group.Wait()
}

func TestFailuresAreNotKept(t *testing.T) {
	t.Parallel()
	a := newAnswers(time.Now)
	failure := errors.New("not now")
	_, err := answer(t.Context(), a, answersKey{}, time.Minute, func(context.Context) (int, error) { return 0, failure })
	require.ErrorIs(t, err, failure)
	_, err = answer(t.Context(), a, answersKey{}, time.Minute, func(context.Context) (int, error) { panic("oh") })
	require.ErrorContains(t, err, "panic: oh")
	v, err := answer(t.Context(), a, answersKey{}, time.Minute, func(context.Context) (int, error) { return 7, nil })
	require.NoError(t, err)
	require.Equal(t, 7, v)
}

func TestAnswersAreBounded(t *testing.T) {
	t.Parallel()
	a := newAnswers(time.Now)
	for n := range 3 * maxAnswers {
		_, err := answer(t.Context(), a, answersKey{n}, time.Minute, func(context.Context) (int, error) { return n, nil })
		require.NoError(t, err)
	}
	require.Len(t, a.held, maxAnswers)
	require.Len(t, a.keys, maxAnswers)
	v, err := answer(t.Context(), a, answersKey{3*maxAnswers - 1}, time.Minute, func(context.Context) (int, error) { return -1, nil })
	require.NoError(t, err)
	require.Equal(t, 3*maxAnswers-1, v, "the newest stay")
}
