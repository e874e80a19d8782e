package journal_test

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/persistence/journal"
)

const childDir = "CCH_JOURNAL_CHILD_DIR"

func TestMain(m *testing.M) {
	if dir := os.Getenv(childDir); dir != "" {
		child(dir)
		return
	}
	os.Exit(m.Run())
}

// child appends for ever and names each record once it was told that it is written.
func child(dir string) {
	j, err := journal.Open(journal.Options{Dir: dir, SegmentBytes: 64 << 10})
	if err != nil {
		panic(err)
	}
	for i := 0; ; i++ {
		written := make(chan error, 1)
		if err := j.Append(fmt.Appendf(nil, "%d", i), false, func(_ int64, err error) { written <- err }); err != nil {
			panic(err)
		}
		if err := <-written; err != nil {
			panic(err)
		}
		fmt.Println(i)
	}
}

// A process killed without warning loses nothing that was acknowledged.
func TestKilledProcessLosesNothing(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for range 3 {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), childDir+"="+dir)
		out, err := cmd.StdoutPipe()
		require.NoError(t, err)
		require.NoError(t, cmd.Start())
		acknowledged := -1
		killed := false
		started := time.Now()
		for lines := bufio.NewScanner(out); lines.Scan(); {
			_, err := fmt.Sscan(lines.Text(), &acknowledged)
			require.NoError(t, err)
			if acknowledged >= 3000 && !killed {
				require.NoError(t, cmd.Process.Kill())
				killed = true
			}
			require.Less(t, time.Since(started), time.Minute)
		}
		require.Error(t, cmd.Wait(), "killed")

		j, err := journal.Open(journal.Options{Dir: dir})
		require.NoError(t, err)
		got := records(t, j, j.Checkpointed())
		require.Greater(t, len(got), acknowledged)
		for i, r := range got {
			require.Equal(t, fmt.Sprint(i), r)
		}
		require.NoError(t, j.Checkpoint(j.End()))
		require.NoError(t, j.Close())
	}
}
