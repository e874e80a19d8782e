package journal

import (
	"errors"
	"os"
)

// Idle fails when a running process has the journal of a folder. One that is
// not there yet is idle. It says nothing of the next moment.
func Idle(dir string) error {
	if _, err := os.Stat(dir); errors.Is(err, os.ErrNotExist) {
		return nil
	}
	lock, err := lockDir(dir)
	if err != nil {
		return err
	}
	return unlock(lock)
}
