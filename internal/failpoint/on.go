//go:build failpoints && unix

package failpoint

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
)

// Env names the variable that arms a place.
const Env = "CCH_FAILPOINT"

// armed is the place at which this process is to end, if any.
//
//nolint:gochecknoglobals // a process has one end
var (
	armed = sync.OnceValue(readEnv)
	left  atomic.Int64
)

func readEnv() string {
	name, count, _ := strings.Cut(os.Getenv(Env), ":")
	n, err := strconv.ParseInt(count, 10, 64)
	if err != nil {
		n = 1
	}
	left.Store(n)
	return name
}

// Hit is called at a place.
func Hit(name string) {
	if armed() != name || left.Add(-1) != 0 {
		return
	}
	fmt.Fprintln(os.Stderr, "failpoint", name, "ends the process")
	_ = syscall.Kill(os.Getpid(), syscall.SIGKILL) // it does not return
	select {}
}
