package recorder

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

type refusal struct{}

func (refusal) Error() string  { return "the row is impossible" }
func (refusal) Rejected() bool { return true }

// picky is a store of numbers that rejects batches with one it does not like.
type picky struct {
	dislikes map[int]int // number -> how often it is rejected yet
	kept     []int
	writes   int
}

func (p *picky) write(_ context.Context, batch []int) error {
	p.writes++
	if i := slices.IndexFunc(batch, func(n int) bool { return p.dislikes[n] > 0 }); i >= 0 {
		if len(batch) == 1 {
			p.dislikes[batch[i]]--
		}
		return refusal{}
	}
	p.kept = append(p.kept, batch...)
	return nil
}

const always = 1 << 30

// Whatever is wrong with whichever records, those that can be kept are kept
// once, the others are named.
func TestSiftKeepsWhatCanBeKept(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		n := rapid.IntRange(1, 40).Draw(r, "records")
		store := &picky{dislikes: map[int]int{}}
		var batch, want, poison []int
		for i := range n {
			batch = append(batch, i)
			switch rapid.IntRange(0, 4).Draw(r, "what") {
			case 0:
				store.dislikes[i] = always
				poison = append(poison, i)
			case 1: // in time
				store.dislikes[i] = rapid.IntRange(1, poisonTries-1).Draw(r, "times")
				want = append(want, i)
			default:
				want = append(want, i)
			}
		}
		var left []spoiled[int]
		var err error
		synctest.Test(t, func(t *testing.T) { left, err = sift(t.Context(), batch, store.write) })
		if err != nil {
			r.Fatal(err)
		}
		var named []int
		for _, s := range left {
			named = append(named, s.alone[0])
			if s.why == nil {
				r.Fatalf("no reason given for %d", s.alone[0])
			}
		}
		slices.Sort(store.kept)
		if !slices.Equal(want, store.kept) || !slices.Equal(poison, named) {
			r.Fatalf("kept %v, want %v; named %v, want %v", store.kept, want, named, poison)
		}
	})
}

// One bad record in a full batch costs few writes and a second.
func TestSiftFindsOneBadRecordSoon(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		batch := make([]int, 512)
		for i := range batch {
			batch[i] = i
		}
		store := &picky{dislikes: map[int]int{300: always}}
		began := time.Now()
		left, err := sift(t.Context(), batch, store.write)
		require.NoError(t, err)
		require.Len(t, left, 1)
		require.LessOrEqual(t, store.writes, 2*9+1+poisonTries)
		require.LessOrEqual(t, time.Since(began), 2*time.Second)
	})
}

func TestSiftEndsWithItsContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), firstRetry)
		defer cancel()
		store := &picky{dislikes: map[int]int{1: always}}
		_, err := sift(ctx, []int{0, 1}, store.write)
		require.ErrorIs(t, err, context.DeadlineExceeded)

		gone := errors.New("the store is gone for good")
		_, err = sift(t.Context(), []int{0, 1}, func(context.Context, []int) error { return gone })
		require.ErrorIs(t, err, gone)
	})
}
