package journal

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

const (
	segmentSuffix  = ".seg"
	spareName      = "spare"
	deadFolder     = "dead"
	deadName       = "dead" + segmentSuffix
	filePermission = 0o600
)

// segment is a file of the journal.
type segment struct {
	base int64 // position of its first byte
	path string
}

func segmentPath(dir string, base int64) string {
	return filepath.Join(dir, fmt.Sprintf("%020d%s", base, segmentSuffix))
}

// listSegments finds the segments of a folder by position.
func listSegments(dir string) ([]segment, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("list journal segments: %w", err)
	}
	var found []segment
	for _, e := range entries {
		digits, ok := strings.CutSuffix(e.Name(), segmentSuffix)
		if !ok || len(digits) != 20 {
			continue
		}
		base, err := strconv.ParseInt(digits, 10, 64)
		if err != nil {
			continue
		}
		found = append(found, segment{base: base, path: filepath.Join(dir, e.Name())})
	}
	slices.SortFunc(found, func(a, b segment) int { return int(min(1, max(-1, a.base-b.base))) })
	return found, nil
}

// endOf finds where the last valid record of a segment ends, looking from a
// position that is known to be the beginning of a record.
func endOf(s segment, from int64) (end int64, err error) {
	info, err := os.Stat(s.path)
	if err != nil {
		return 0, fmt.Errorf("examine a journal segment: %w", err)
	}
	end = max(s.base, min(from, s.base+info.Size()))
	scan, file, err := openScanner(s.path, s.base, end, s.base+info.Size())
	if err != nil {
		return 0, err
	}
	defer func() { _ = file.Close() }() // it was only read
	for {
		_, at, err := scan.next()
		if errors.Is(err, io.EOF) {
			return end, nil
		}
		if err != nil {
			return 0, err
		}
		end = at
	}
}

// makeSpare reserves space for the segment after the current one, so that a
// full disk does not stop what is already under way.
func makeSpare(dir string, size int64) error {
	path := filepath.Join(dir, spareName)
	f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY, filePermission) //nolint:gosec // the folder is configuration
	if err != nil {
		return fmt.Errorf("create the spare journal segment: %w", err)
	}
	if err := reserve(f, size); err != nil {
		return errors.Join(fmt.Errorf("reserve the spare journal segment: %w", err), f.Close(), os.Remove(path))
	}
	return f.Close()
}

// takeSpare turns the spare into the segment that begins at base; without a
// spare it creates one.
func takeSpare(dir string, base, size int64) (*os.File, error) {
	path := segmentPath(dir, base)
	err := os.Rename(filepath.Join(dir, spareName), path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("begin a journal segment: %w", err)
	}
	if err == nil {
		// Truncating would give back the space that is reserved for it.
		return os.OpenFile(path, os.O_WRONLY, filePermission) //nolint:gosec // the folder is configuration
	}
	f, err := beginSegment(dir, base)
	if err != nil {
		return nil, err
	}
	if err := reserve(f, size); err != nil {
		return nil, errors.Join(fmt.Errorf("%w: %w", errNoSpace, err), f.Close(), os.Remove(path))
	}
	return f, nil
}

// errNoSpace says that the disk has no room for a segment.
var errNoSpace = errors.New("reserve a journal segment")

// beginSegment creates the file of the segment that begins at base.
func beginSegment(dir string, base int64) (*os.File, error) {
	f, err := os.OpenFile(segmentPath(dir, base), os.O_CREATE|os.O_WRONLY|os.O_TRUNC, filePermission)
	if err != nil {
		return nil, fmt.Errorf("begin a journal segment: %w", err)
	}
	return f, nil
}
