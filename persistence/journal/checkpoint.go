package journal

import (
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"os"
	"path/filepath"
)

const checkpointName = "checkpoint"

// readCheckpoint reads the position up to which records are no longer needed.
// A damaged file counts as none: more is read again than necessary.
func readCheckpoint(dir string) (int64, error) {
	b, err := os.ReadFile(filepath.Join(dir, checkpointName)) //nolint:gosec // the folder is configuration
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("read the journal checkpoint: %w", err)
	}
	var position int64
	var sum uint32
	if n, _ := fmt.Sscanf(string(b), "%d %x", &position, &sum); n != 2 || sum != checkpointSum(position) {
		return 0, nil
	}
	return position, nil
}

// writeCheckpoint replaces the checkpoint in one step.
func writeCheckpoint(dir string, position int64) error {
	text := fmt.Sprintf("%d %08x\n", position, checkpointSum(position))
	path := filepath.Join(dir, checkpointName)
	if err := os.WriteFile(path+".new", []byte(text), filePermission); err != nil {
		return fmt.Errorf("write the journal checkpoint: %w", err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		return fmt.Errorf("write the journal checkpoint: %w", err)
	}
	return nil
}

func checkpointSum(position int64) uint32 {
	return crc32.Checksum(fmt.Append(nil, position), castagnoli())
}
