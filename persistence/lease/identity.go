package lease

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// identityFile names a hub by its folder: a process that starts there again is
// the same hub, whose last process is dead for sure.
const identityFile = "node-id"

// Identity is the name of the hub whose data lie in a folder, made at its first
// start. Who calls it must have the folder for itself.
func Identity(dir string) (string, error) {
	path := filepath.Join(dir, identityFile)
	known, err := os.ReadFile(path) //nolint:gosec // the operator's own folder
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("read the name of this node: %w", err)
	}
	if id := strings.TrimSpace(string(known)); id != "" {
		return id, nil
	}
	id := make([]byte, 16)
	_, _ = rand.Read(id) // never fails since Go 1.24
	name := hex.EncodeToString(id)
	if err := os.WriteFile(path, []byte(name+"\n"), 0o600); err != nil {
		return "", fmt.Errorf("keep the name of this node: %w", err)
	}
	return name, nil
}
