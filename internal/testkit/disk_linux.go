package testkit

import (
	"fmt"
	"os"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// SmallDisk mounts a disk of so many bytes, for the time of the test, and
// returns its folder. Only root may.
func SmallDisk(t testing.TB, bytes int64) string {
	t.Helper()
	dir := t.TempDir()
	err := syscall.Mount("tmpfs", dir, "tmpfs", 0, fmt.Sprintf("size=%d", bytes))
	require.NoError(t, err, "tests of a full disk mount a small one, which only root may")
	t.Cleanup(func() { require.NoError(t, syscall.Unmount(dir, syscall.MNT_DETACH)) })
	return dir
}

// Fill writes a file until the disk it is on has no room for a byte more.
func Fill(t testing.TB, path string) {
	t.Helper()
	f, err := os.Create(path)
	require.NoError(t, err)
	defer func() { _ = f.Close() }()
	for size := 1 << 20; size > 0; {
		_, err := f.Write(make([]byte, size))
		if err != nil {
			require.ErrorIs(t, err, syscall.ENOSPC)
			size /= 2
		}
	}
}
