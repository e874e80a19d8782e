package garbage

import (
	"fmt"
	"runtime/debug"
)

// Release gives the system back the memory that only starting up needed: what
// the heap does not use any more, and pages of the program itself, which the
// kernel maps in sixteens and keeps for as long as the process lives. A page
// that is needed again comes back from the file cache. It stops nobody, but
// takes a collection.
func Release() error {
	debug.FreeOSMemory()
	if err := releaseProgram(); err != nil {
		return fmt.Errorf("release pages of the program: %w", err)
	}
	return nil
}
