package journal_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/persistence/journal"
)

func open(t testing.TB, o journal.Options) *journal.Journal {
	t.Helper()
	j, err := journal.Open(o)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, j.Close()) })
	return j
}

// put appends a record and waits until it is written.
func put(t testing.TB, j *journal.Journal, record string) int64 {
	t.Helper()
	type result struct {
		end int64
		err error
	}
	written := make(chan result, 1)
	require.NoError(t, j.Append([]byte(record), false, func(end int64, err error) { written <- result{end, err} }))
	r := <-written
	require.NoError(t, r.err)
	return r.end
}

func records(t testing.TB, j *journal.Journal, from int64) (list []string) {
	t.Helper()
	last := from
	require.NoError(t, j.Read(from, func(record []byte, end int64) bool {
		require.Greater(t, end, last)
		last = end
		list = append(list, string(record))
		return true
	}))
	return list
}

func segmentFiles(t testing.TB, dir string) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*.seg"))
	require.NoError(t, err)
	return files
}

func TestRecordsSurviveReopening(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	j := open(t, journal.Options{Dir: dir})
	var want []string
	for i := range 10 {
		want = append(want, fmt.Sprint("record ", i))
		put(t, j, want[i])
	}
	require.Equal(t, want, records(t, j, 0))
	require.NoError(t, j.Close())
	require.ErrorIs(t, j.Append([]byte("x"), false, nil), journal.ErrClosed)

	j = open(t, journal.Options{Dir: dir})
	require.Equal(t, want, records(t, j, 0))
	end := put(t, j, "after")
	require.Equal(t, append(want, "after"), records(t, j, 0))
	require.Equal(t, end, j.End())
}

func TestASecondProcessIsKeptOut(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	j := open(t, journal.Options{Dir: dir})
	_, err := journal.Open(journal.Options{Dir: dir})
	require.ErrorContains(t, err, "another running process")
	require.NoError(t, j.Close())
	open(t, journal.Options{Dir: dir})
}

func TestConcurrentAppendsKeepTheOrderOfTheirCallbacks(t *testing.T) {
	t.Parallel()
	j := open(t, journal.Options{Dir: t.TempDir(), SegmentBytes: 4096})
	const writers, each = 8, 200
	var mu sync.Mutex
	var last int64
	var wg sync.WaitGroup
	for w := range writers {
		wg.Add(each)
		go func() {
			for i := range each {
				err := j.Append(fmt.Appendf(nil, "%d/%d", w, i), false, func(end int64, err error) {
					defer wg.Done()
					mu.Lock()
					defer mu.Unlock()
					if err != nil || end <= last {
						t.Errorf("end %d after %d: %v", end, last, err)
					}
					last = end
				})
				if err != nil {
					t.Error(err)
					wg.Done()
				}
			}
		}()
	}
	wg.Wait()
	require.Equal(t, last, j.End())
	next := make([]int, writers) // each writer's records are in its order
	for _, r := range records(t, j, 0) {
		var w, i int
		_, err := fmt.Sscanf(r, "%d/%d", &w, &i)
		require.NoError(t, err)
		require.Equal(t, next[w], i)
		next[w]++
	}
	for _, n := range next {
		require.Equal(t, each, n)
	}
}

func TestCheckpointDeletesWhatIsBelow(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	o := journal.Options{Dir: dir, SegmentBytes: 100}
	j := open(t, o)
	var ends []int64
	var want []string
	for i := range 50 {
		want = append(want, fmt.Sprintf("record %030d", i))
		ends = append(ends, put(t, j, want[i]))
	}
	before := len(segmentFiles(t, dir))
	require.Greater(t, before, 10)

	require.NoError(t, j.Checkpoint(ends[29]))
	require.NoError(t, j.Checkpoint(ends[3]), "going back changes nothing")
	require.Equal(t, ends[29], j.Checkpointed())
	require.Less(t, len(segmentFiles(t, dir)), before)
	require.Equal(t, want[30:], records(t, j, j.Checkpointed()))
	require.NoError(t, j.Close())

	j = open(t, o)
	require.Equal(t, ends[29], j.Checkpointed())
	require.Equal(t, want[30:], records(t, j, j.Checkpointed()))
	require.NoError(t, j.Checkpoint(j.End()))
	require.Len(t, segmentFiles(t, dir), 1)
	require.Empty(t, records(t, j, j.Checkpointed()))
	require.Greater(t, put(t, j, "next"), ends[49], "no position is given twice")
}

func TestReadStopsWhenAsked(t *testing.T) {
	t.Parallel()
	j := open(t, journal.Options{Dir: t.TempDir(), SegmentBytes: 64})
	for i := range 20 {
		put(t, j, fmt.Sprint("record ", i))
	}
	var seen []string
	var position int64
	for len(seen) < 20 { // in pieces, continuing where the last one ended
		n := 0
		require.NoError(t, j.Read(position, func(record []byte, end int64) bool {
			seen = append(seen, string(record))
			position = end
			n++
			return n < 3
		}))
		require.NotZero(t, n)
	}
	require.Equal(t, "record 19", seen[19])
	require.Len(t, seen, 20)
}

func TestRecordsAreBounded(t *testing.T) {
	t.Parallel()
	j := open(t, journal.Options{Dir: t.TempDir()})
	require.ErrorIs(t, j.Append(nil, false, nil), journal.ErrTooLarge)
	require.ErrorIs(t, j.Append(make([]byte, journal.MaxRecord+1), true, nil), journal.ErrTooLarge)
	put(t, j, string(bytes.Repeat([]byte("x"), journal.MaxRecord)))
	require.Len(t, records(t, j, 0)[0], journal.MaxRecord)
}

// A full journal takes what is under way, for a while, and nothing new; it
// takes everything again once the store has caught up.
func TestFullJournalShedsNewRecordsFirst(t *testing.T) {
	t.Parallel()
	j := open(t, journal.Options{Dir: t.TempDir(), SegmentBytes: 1000, MaxBytes: 3000})
	record := bytes.Repeat([]byte("x"), 92) // 100 bytes on disk
	written := make(chan int64, 100)
	done := func(end int64, err error) {
		if err != nil {
			t.Error(err)
		}
		written <- end
	}
	count := func(urgent bool) (n int) {
		for j.Append(record, urgent, done) == nil {
			<-written
			n++
		}
		require.ErrorIs(t, j.Append(record, urgent, done), journal.ErrFull)
		return n
	}
	require.Equal(t, 30, count(false))
	require.True(t, j.Full())
	require.Equal(t, 11, count(true), "one segment more")
	require.True(t, j.Stats().Full)
	require.NoError(t, j.Checkpoint(j.End()))
	require.False(t, j.Full())
	require.Positive(t, count(false))
}

func TestBuriedRecordsAreKeptApart(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	j := open(t, journal.Options{Dir: dir})
	put(t, j, "alive")
	require.NoError(t, j.Bury([]byte("poison one")))
	require.NoError(t, j.Bury([]byte("poison two")))
	require.Equal(t, []string{"alive"}, records(t, j, 0))
	require.Equal(t, []string{"poison one", "poison two"}, dead(t, dir))
	require.Equal(t, 2, j.Stats().Dead)
	require.NoError(t, j.Close())

	j = open(t, journal.Options{Dir: dir})
	require.Equal(t, 2, j.Stats().Dead, "they are known to the next process")
	require.NoError(t, j.DropDead())
	require.NoError(t, j.DropDead())
	require.Zero(t, j.Stats().Dead)
	require.Empty(t, dead(t, dir))
	require.Equal(t, []string{"alive"}, records(t, j, 0))
}

func dead(t *testing.T, dir string) (found []string) {
	t.Helper()
	require.NoError(t, journal.ReadDead(dir, func(record []byte) { found = append(found, string(record)) }))
	return found
}

// A checkpoint that the disk did not take at once is written later, and frees
// the room of its segments at once.
func TestCheckpointIsWrittenWhenTheDiskTakesIt(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	j := open(t, journal.Options{Dir: dir, SegmentBytes: 100})
	for i := range 20 {
		put(t, j, fmt.Sprint("a record of some length ", i))
	}
	obstacle := filepath.Join(dir, "checkpoint.new")
	require.NoError(t, os.Mkdir(obstacle, 0o700))
	require.Error(t, j.Checkpoint(j.End()))
	require.Len(t, segmentFiles(t, dir), 1)
	require.NoFileExists(t, filepath.Join(dir, "checkpoint"))
	require.NoError(t, os.Remove(obstacle))
	require.Eventually(t, func() bool {
		_, err := os.Stat(filepath.Join(dir, "checkpoint"))
		return err == nil
	}, 10*time.Second, 10*time.Millisecond)
	end := j.End()
	require.NoError(t, j.Close())
	require.Equal(t, end, open(t, journal.Options{Dir: dir}).Checkpointed())
}

func TestFsyncAlways(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	j := open(t, journal.Options{Dir: dir, Fsync: journal.FsyncAlways})
	put(t, j, "one")
	require.Equal(t, []string{"one"}, records(t, j, 0))
}
