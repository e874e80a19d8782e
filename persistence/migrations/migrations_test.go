package migrations_test

import (
	"crypto/sha256"
	"encoding/hex"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/claude-code-hub/cch/persistence/migrations"
)

// update adds the checksums of new files. It never changes one.
var update = flag.Bool("update", false, "add the checksums of new migrations")

const pins = "testdata/checksums.txt"

// A migration that was released is never edited: databases that have it would
// differ from those that get it now.
func TestReleasedMigrationsStayAsTheyAre(t *testing.T) {
	t.Parallel()
	pinned := readPins(t)
	var added []string
	for _, folder := range folders() {
		for _, name := range names(t, folder.files) {
			text, err := fs.ReadFile(folder.files, name)
			require.NoError(t, err)
			sum := sha256.Sum256(text)
			file, found := path.Join(folder.name, name), hex.EncodeToString(sum[:])
			if want, ok := pinned[file]; ok {
				require.Equal(t, want, found, "%s was released and must not change: write another migration", file)
			} else {
				added = append(added, found+"  "+file)
			}
			delete(pinned, file)
		}
	}
	require.Empty(t, pinned, "released migrations are missing")
	if *update {
		appendPins(t, added)
		return
	}
	require.Empty(t, added, "new migrations have no checksum: go test ./persistence/migrations -update")
}

// A number stands for the same change on every engine.
func TestEnginesHaveTheSameNumbers(t *testing.T) {
	t.Parallel()
	var files []string
	for _, folder := range folders()[:2] {
		files = append(files, numbers(t, folder.files)...)
	}
	slices.Sort(files)
	require.Equal(t, slices.Compact(files), numbers(t, migrations.Postgres()))
}

type folder struct {
	name  string
	files fs.FS
}

// folders are the two SQLite files', then the other engines'.
func folders() []folder {
	return []folder{
		{"sqlite/cch", migrations.SQLiteConfiguration()},
		{"sqlite/logs", migrations.SQLiteLogs()},
		{"postgres", migrations.Postgres()},
	}
}

func names(t *testing.T, files fs.FS) []string {
	t.Helper()
	list, err := fs.Glob(files, "*.sql")
	require.NoError(t, err)
	require.NotEmpty(t, list)
	return list
}

func numbers(t *testing.T, files fs.FS) []string {
	t.Helper()
	var list []string
	for _, name := range names(t, files) {
		number, _, _ := strings.Cut(name, "_")
		list = append(list, number)
	}
	return list
}

func readPins(t *testing.T) map[string]string {
	t.Helper()
	text, err := os.ReadFile(pins)
	if !os.IsNotExist(err) {
		require.NoError(t, err)
	}
	pinned := make(map[string]string)
	for line := range strings.Lines(string(text)) {
		sum, file, ok := strings.Cut(strings.TrimSpace(line), "  ")
		require.True(t, ok, line)
		pinned[file] = sum
	}
	return pinned
}

func appendPins(t *testing.T, added []string) {
	t.Helper()
	f, err := os.OpenFile(pins, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	require.NoError(t, err)
	defer func() { require.NoError(t, f.Close()) }()
	for _, line := range added {
		_, err := fmt.Fprintln(f, line)
		require.NoError(t, err)
	}
}
