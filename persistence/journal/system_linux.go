package journal

import (
	"errors"
	"os"
	"syscall"
)

// reserve allocates blocks for a file without changing its size, so that its
// end stays the end of what was written.
func reserve(f *os.File, size int64) error {
	const keepSize = 1 // FALLOC_FL_KEEP_SIZE
	err := control(f, func(fd int) error { return syscall.Fallocate(fd, keepSize, 0, size) })
	if errors.Is(err, syscall.EOPNOTSUPP) || errors.Is(err, syscall.ENOSYS) {
		return nil // the file system cannot; a full disk then shows at the write
	}
	return err
}

// dataSync brings what was written to the disk.
func dataSync(f *os.File) error { return control(f, syscall.Fdatasync) }

// control runs a system call on a file, which stays open meanwhile.
func control(f *os.File, call func(fd int) error) error {
	conn, err := f.SyscallConn()
	if err != nil {
		return err
	}
	var callErr error
	if err := conn.Control(func(fd uintptr) { callErr = call(int(fd)) }); err != nil {
		return err
	}
	return callErr
}
