package secrets

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/claude-code-hub/cch/internal/domain"
)

// ErrEmptyFile reports a secret file without content. It is not overwritten:
// whatever was sealed under the lost secret may still be wanted.
var ErrEmptyFile = errors.New("the file is empty: restore it or remove it")

// loadOrCreate reads the secret in path, or writes a fresh one there. The file
// appears with its whole content or not at all, and never replaces another.
func loadOrCreate(path string, fresh func() string) (s domain.Secret, created bool, err error) {
	s, err = readSecret(path)
	if !errors.Is(err, fs.ErrNotExist) {
		return s, false, err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return "", false, err
	}
	text := fresh()
	err = publish(path, text)
	if errors.Is(err, fs.ErrExist) { // another process was faster
		s, err = readSecret(path)
		return s, false, err
	}
	return domain.Secret(text), err == nil, err
}

func readSecret(path string) (domain.Secret, error) {
	raw, err := os.ReadFile(path) //nolint:gosec // the path is the operator's data directory
	if err != nil {
		return "", err
	}
	s := strings.TrimSpace(string(raw))
	if s == "" {
		return "", fmt.Errorf("%s: %w", path, ErrEmptyFile)
	}
	return domain.Secret(s), nil
}

// publish writes a temporary file and links it into place, which fails with
// fs.ErrExist when somebody else did so first.
func publish(path, text string) error {
	return written(path, text, func(tmp string) error { return os.Link(tmp, path) })
}

// replace puts another text into a file, at once.
func replace(path, text string) error {
	return written(path, text, func(tmp string) error { return os.Rename(tmp, path) })
}

// written writes a temporary file beside path, of mode 0600, and has it put
// into place.
func written(path, text string, place func(tmp string) error) error {
	tmp, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(tmp.Name()) }() // gone if it was renamed
	_, err = tmp.WriteString(text + "\n")
	err = errors.Join(err, tmp.Sync(), tmp.Close())
	if err != nil {
		return err
	}
	return place(tmp.Name())
}

// randomText is 192 random bits in URL-safe base64.
func randomText() string {
	var raw [24]byte
	_, _ = rand.Read(raw[:]) // never fails since Go 1.24
	return base64.RawURLEncoding.EncodeToString(raw[:])
}
