package recorder

import (
	"cmp"
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
	reason   error       // nil = a refusal
	shut     bool        // it takes nothing
	kept     []int
	writes   int
}

var errOdd = errors.New("XX000: nobody knows")

func (p *picky) write(_ context.Context, batch []int) error {
	p.writes++
	if i := slices.IndexFunc(batch, func(n int) bool { return p.dislikes[n] > 0 }); i >= 0 {
		if len(batch) == 1 {
			p.dislikes[batch[i]]--
		}
		return cmp.Or(p.reason, error(refusal{}))
	}
	if p.shut {
		return p.reason
	}
	p.kept = append(p.kept, batch...)
	return nil
}

// persist is how workers write while they sift.
func (p *picky) persist(ctx context.Context, batch []int) error {
	return persist(ctx, 1, func(ctx context.Context) error { return p.write(ctx, batch) }, func(int64, error) {})
}

func (p *picky) sieve() *sieve[int] {
	return &sieve[int]{write: p.persist, control: func(context.Context, int) error {
		if p.shut {
			return p.reason
		}
		return nil
	}}
}

const always = 1 << 30

// Whatever is wrong with whichever records, those that can be kept are kept
// once, the others are named.
func TestSiftKeepsWhatCanBeKept(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		n := rapid.IntRange(1, 40).Draw(r, "records")
		store := &picky{dislikes: map[int]int{}}
		batch, want, poison := []int{n}, []int{n}, []int(nil) // one that is good, for comparison
		if rapid.Bool().Draw(r, "odd") {
			store.reason = errOdd
		}
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
		var undecided []int
		synctest.Test(t, func(t *testing.T) { left, undecided, err = store.sieve().sift(t.Context(), batch) })
		if err != nil || len(undecided) > 0 {
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
		slices.Sort(want)
		slices.Sort(named)
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
		left, undecided, err := store.sieve().sift(t.Context(), batch)
		require.NoError(t, err)
		require.Empty(t, undecided)
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
		_, _, err := store.sieve().sift(ctx, []int{0, 1})
		require.ErrorIs(t, err, context.DeadlineExceeded)
	})
}

// A store that takes nothing, for whatever reason, has nobody buried, and is not
// bothered with every record.
func TestSiftBlamesNobodyForABrokenStore(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		batch := make([]int, 512)
		for i := range batch {
			batch[i] = i
		}
		store := &picky{shut: true, reason: errOdd}
		bad, left, err := store.sieve().sift(t.Context(), batch)
		require.NoError(t, err)
		require.Empty(t, bad)
		require.Len(t, left, len(batch))
		require.Less(t, store.writes, 50)

		store = &picky{reason: errOdd, dislikes: map[int]int{7: always}}
		s := store.sieve()
		s.control = func(context.Context, int) error { return errOdd } // it broke meanwhile
		bad, left, err = s.sift(t.Context(), batch)
		require.NoError(t, err)
		require.Empty(t, bad)
		require.Equal(t, []int{7}, left)
	})
}
