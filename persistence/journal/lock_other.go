//go:build !unix

package journal

import (
	"fmt"
	"os"
	"path/filepath"
)

// lockDir opens the lock file; the system offers no advisory lock through the
// standard library.
func lockDir(dir string) (*os.File, error) {
	f, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_CREATE|os.O_RDWR, filePermission)
	if err != nil {
		return nil, fmt.Errorf("lock the journal: %w", err)
	}
	return f, nil
}

func unlock(f *os.File) error { return f.Close() }
