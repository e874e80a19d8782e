package garbage

import (
	"os"
	"runtime"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestReleaseLeavesTheProgramRunning also reads what was dropped: code, texts and
// the tables of a stack.
func TestReleaseLeavesTheProgramRunning(t *testing.T) {
	require.NoError(t, Release())
	_, file, _, ok := runtime.Caller(0)
	require.True(t, ok)
	require.Contains(t, file, "release_linux_test.go")
	_, err := os.ReadFile("/does/not/exist")
	require.Error(t, err)
}

func TestParseMapping(t *testing.T) {
	for _, c := range []struct {
		line string
		want mapping
		ok   bool
	}{
		{"00400000-01cea000 r-xp 00000000 fe:00 1234  /usr/bin/cch", mapping{0x400000, 0x1cea000, true, "/usr/bin/cch"}, true},
		{"01cea000-037b5000 r--p 018ea000 fe:00 1234  /opt/my hub/cch", mapping{0x1cea000, 0x37b5000, true, "/opt/my hub/cch"}, true},
		{"037b5000-038bc000 rw-p 033b5000 fe:00 1234  /usr/bin/cch", mapping{0x37b5000, 0x38bc000, false, "/usr/bin/cch"}, true},
		{"037b5000-038bc000 r--s 033b5000 fe:00 1234  /usr/bin/cch", mapping{0x37b5000, 0x38bc000, false, "/usr/bin/cch"}, true},
		{"c000000000-c004000000 rw-p 00000000 00:00 0", mapping{}, false},
		{"nonsense r-xp 00000000 fe:00 1234 /usr/bin/cch", mapping{}, false},
		{"", mapping{}, false},
	} {
		got, ok := parseMapping(c.line)
		assert.Equal(t, c.ok, ok, c.line)
		assert.Equal(t, c.want, got, c.line)
	}
}
