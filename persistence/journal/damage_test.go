package journal_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/claude-code-hub/cch/persistence/journal"
)

// segmentBytes is reserved on the disk by each of hundreds of journals, twice.
const segmentBytes = 16 << 10

// write makes a journal of one segment and returns its records, the positions
// after them and its bytes.
func write(t testing.TB, dir string, n int) (want []string, ends []int64, content []byte) {
	t.Helper()
	j, err := journal.Open(journal.Options{Dir: dir, SegmentBytes: segmentBytes})
	require.NoError(t, err)
	for i := range n {
		want = append(want, fmt.Sprintf("record %d %s", i, bytes.Repeat([]byte{byte(i)}, i)))
		ends = append(ends, put(t, j, want[i]))
	}
	require.NoError(t, j.Close())
	content, err = os.ReadFile(segmentFiles(t, dir)[0])
	require.NoError(t, err)
	return want, ends, content
}

// Wherever the last write was cut, everything before it is read and new records
// follow it.
func TestTornTailAtEveryByte(t *testing.T) {
	t.Parallel()
	want, ends, content := write(t, t.TempDir(), 6)
	for cut := range content {
		dir := t.TempDir()
		write(t, dir, 6)
		require.NoError(t, os.WriteFile(segmentFiles(t, dir)[0], content[:cut], 0o600))
		whole := 0
		for whole < len(ends) && ends[whole] <= int64(cut) {
			whole++
		}
		j, err := journal.Open(journal.Options{Dir: dir, SegmentBytes: segmentBytes, Fsync: journal.FsyncNever})
		require.NoError(t, err)
		put(t, j, "next")
		require.Equal(t, append(want[:whole:whole], "next"), records(t, j, 0), "cut at %d", cut)
		require.NoError(t, j.Close())
		j, err = journal.Open(journal.Options{Dir: dir, SegmentBytes: segmentBytes, Fsync: journal.FsyncNever})
		require.NoError(t, err)
		require.Equal(t, append(want[:whole:whole], "next"), records(t, j, 0))
		require.NoError(t, j.Close())
	}
}

// A damaged byte costs the record it lies in and no other.
func TestDamageCostsOneRecord(t *testing.T) {
	t.Parallel()
	want, ends, content := write(t, t.TempDir(), 8)
	for at := range content[:ends[6]] { // the last record would be a torn tail
		dir := t.TempDir()
		write(t, dir, 8)
		damaged := bytes.Clone(content)
		damaged[at] ^= 0x55
		require.NoError(t, os.WriteFile(segmentFiles(t, dir)[0], damaged, 0o600))
		hit := 0
		for ends[hit] <= int64(at) {
			hit++
		}
		j, err := journal.Open(journal.Options{Dir: dir, SegmentBytes: segmentBytes, Fsync: journal.FsyncNever})
		require.NoError(t, err)
		require.Equal(t, append(want[:hit:hit], want[hit+1:]...), records(t, j, 0), "damage at %d", at)
		require.Positive(t, j.Stats().DamagedBytes)
		require.NoError(t, j.Close())
	}
}

func TestDamagedCheckpointIsNoCheckpoint(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	want, ends, _ := write(t, dir, 4)
	j := open(t, journal.Options{Dir: dir})
	require.NoError(t, j.Checkpoint(ends[1]))
	require.NoError(t, j.Close())
	require.NoError(t, os.WriteFile(dir+"/checkpoint", []byte("999999 00000000\n"), 0o600))
	j = open(t, journal.Options{Dir: dir})
	require.Zero(t, j.Checkpointed())
	require.Equal(t, want, records(t, j, 0))
}

// What a power failure took below the checkpoint is not missed, and positions
// go on behind it.
func TestCheckpointBeyondTheEnd(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	_, ends, content := write(t, dir, 4)
	j := open(t, journal.Options{Dir: dir})
	require.NoError(t, j.Checkpoint(ends[3]))
	require.NoError(t, j.Close())
	for _, f := range segmentFiles(t, dir) {
		require.NoError(t, os.Remove(f))
	}
	require.NoError(t, os.WriteFile(fmt.Sprintf("%s/%020d.seg", dir, 0), content[:ends[1]], 0o600))
	j = open(t, journal.Options{Dir: dir})
	require.Equal(t, ends[3], j.End())
	require.Empty(t, records(t, j, j.Checkpointed()))
	put(t, j, "next")
	require.Equal(t, []string{"next"}, records(t, j, j.Checkpointed()))
}

// Random sequences of appends, checkpoints and reopenings never lose, double or
// reorder a record above the checkpoint.
func TestJournalAgainstAModel(t *testing.T) {
	t.Parallel()
	root, runs := t.TempDir(), 0
	rapid.Check(t, func(r *rapid.T) {
		runs++
		o := journal.Options{Dir: filepath.Join(root, strconv.Itoa(runs)), SegmentBytes: 200, Fsync: journal.FsyncNever}
		j, err := journal.Open(o)
		require.NoError(r, err)
		defer func() { require.NoError(r, j.Close()) }()
		var model []string
		var ends []int64
		n := 0
		r.Repeat(map[string]func(*rapid.T){
			"append": func(r *rapid.T) {
				record := fmt.Sprint(n, "-", rapid.StringN(0, 120, -1).Draw(r, "record"))
				n++
				model = append(model, record)
				ends = append(ends, put(t, j, record))
			},
			"checkpoint": func(r *rapid.T) {
				if len(ends) == 0 {
					r.Skip("nothing to forget")
				}
				k := rapid.IntRange(1, len(ends)).Draw(r, "k")
				require.NoError(r, j.Checkpoint(ends[k-1]))
				model, ends = model[k:], ends[k:]
			},
			"reopen": func(r *rapid.T) {
				require.NoError(r, j.Close())
				j, err = journal.Open(o)
				require.NoError(r, err)
			},
			"": func(r *rapid.T) {
				require.Equal(r, append([]string(nil), model...), records(t, j, j.Checkpointed()))
			},
		})
	})
}
