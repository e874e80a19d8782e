package garbage

import (
	"bufio"
	"os"
	"strconv"
	"strings"
	"syscall"
)

// releaseProgram drops the read-only pages of the program's file. Its data stay:
// they are no longer what the file says.
func releaseProgram() error {
	program, err := os.Readlink("/proc/self/exe")
	if err != nil {
		return err
	}
	maps, err := os.Open("/proc/self/maps")
	if err != nil {
		return err
	}
	defer maps.Close()
	lines := bufio.NewScanner(maps)
	for lines.Scan() {
		m, ok := parseMapping(lines.Text())
		if !ok || m.file != program || !m.readOnly {
			continue
		}
		if _, _, errno := syscall.Syscall(syscall.SYS_MADVISE, m.from, m.to-m.from, syscall.MADV_DONTNEED); errno != 0 {
			return errno
		}
	}
	return lines.Err()
}

// mapping is a line of /proc/self/maps.
type mapping struct {
	from, to uintptr
	readOnly bool // and private
	file     string
}

// parseMapping reads a line; false for one that has no file.
func parseMapping(line string) (m mapping, ok bool) {
	f := strings.Fields(line) // addresses, permissions, offset, device, inode, path
	if len(f) < 6 {
		return m, false
	}
	first, last, _ := strings.Cut(f[0], "-")
	from, err := strconv.ParseUint(first, 16, 64)
	if err != nil {
		return m, false
	}
	to, err := strconv.ParseUint(last, 16, 64)
	if err != nil {
		return m, false
	}
	_, path, _ := strings.Cut(line, " /") // a path may hold spaces
	return mapping{
		from: uintptr(from), to: uintptr(to), file: "/" + path,
		readOnly: len(f[1]) == 4 && f[1][1] == '-' && f[1][3] == 'p',
	}, true
}
