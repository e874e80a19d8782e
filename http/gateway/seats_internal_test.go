package gateway

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/internal/domain"
)

func take(ctx context.Context, s *seats, key domain.KeyID) (func(), error) {
	set := domain.DefaultSettings()
	return s.take(ctx, &domain.Key{ID: key}, &domain.User{ID: 1}, &set)
}

func TestSeatsAreHandedOverInOrderOfArrival(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newSeats(1, 10)
		leave, err := take(t.Context(), s, 1)
		require.NoError(t, err)
		order := make(chan int, 3)
		for i := range 3 {
			go func() {
				leave, err := take(t.Context(), s, 1)
				if err == nil {
					order <- i
					leave()
				}
			}()
			synctest.Wait()
		}
		leave()
		leave() // a second time changes nothing
		require.Equal(t, []int{0, 1, 2}, []int{<-order, <-order, <-order})
		synctest.Wait()
		taken, waiting := s.count()
		require.Zero(t, taken+waiting)
		require.Empty(t, s.byKey)
		require.Empty(t, s.byUser)
	})
}

func TestWaitingForASeatIsBounded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newSeats(1, 2)
		leave, err := take(t.Context(), s, 1)
		require.NoError(t, err)

		from := time.Now()
		_, err = take(t.Context(), s, 1)
		require.True(t, domain.IsKind(err, domain.KindOverloaded))
		require.Equal(t, seatWait, time.Since(from))

		for range 2 {
			go func() { _, _ = take(t.Context(), s, 1) }()
		}
		synctest.Wait()
		from = time.Now()
		_, err = take(t.Context(), s, 1)
		require.True(t, domain.IsKind(err, domain.KindOverloaded), "the queue is full")
		require.Zero(t, time.Since(from))
		require.Equal(t, 5*time.Second, domain.AsFault(err).RetryAfter, "the longer the queue, the later")

		ctx, cancel := context.WithCancel(t.Context())
		time.Sleep(2 * seatWait)
		go cancel()
		_, err = take(ctx, s, 1)
		require.True(t, domain.IsKind(err, domain.KindClientGone))
		leave()
		taken, waiting := s.count()
		require.Zero(t, taken+waiting)
	})
}

func TestSeatsOfAUser(t *testing.T) {
	t.Parallel()
	s := newSeats(5, 5)
	k, u := &domain.Key{ID: 1, UserID: 7}, &domain.User{ID: 7}
	leave, err := s.take(t.Context(), k, u, &domain.Settings{})
	require.NoError(t, err)
	g := &Gateway{seats: s}
	require.Equal(t, 1, s.of(u.ID))
	require.NoError(t, g.AwaitUser(t.Context(), 8), "others are not waited for")

	patience, cancel := context.WithTimeout(t.Context(), 3*userLook)
	defer cancel()
	require.ErrorIs(t, g.AwaitUser(patience, u.ID), context.DeadlineExceeded)
	time.AfterFunc(2*userLook, leave)
	require.NoError(t, g.AwaitUser(t.Context(), u.ID))
	require.Zero(t, s.of(u.ID))
}

func TestNobodyEntersWhileDraining(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newSeats(5, 5)
		leave, err := take(t.Context(), s, 1)
		require.NoError(t, err)
		empty := s.drain()
		_, err = take(t.Context(), s, 1)
		require.Equal(t, domain.CodeServerShutdown, domain.AsFault(err).Code)
		select {
		case <-empty:
			t.Fatal("somebody is still inside")
		default:
		}
		leave()
		<-empty
	})
}
