package secrets

import (
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"unicode"

	"github.com/claude-code-hub/cch/internal/domain"
)

const (
	masterKeySize = 32
	masterKeyFile = "master.key"
	keyIDLength   = 8
)

// Purposes of sub-keys. Each gives an independent key, so that one that leaks
// says nothing about another.
const (
	PurposeCSRF    = "csrf/v1"
	PurposeSession = "session/v1"
)

// ErrMasterKey reports a key that is not 32 bytes in base64.
var ErrMasterKey = errors.New("the encryption key must be 32 bytes in base64")

// MasterKey is the secret all others are sealed under. It prints as ***.
type MasterKey struct{ bytes [masterKeySize]byte }

// ParseMasterKey reads 32 bytes in standard or URL-safe base64, padded or not.
func ParseMasterKey(text domain.Secret) (MasterKey, error) {
	s := strings.TrimRight(strings.TrimSpace(text.Reveal()), "=")
	s = strings.NewReplacer("-", "+", "_", "/").Replace(s)
	raw, err := base64.RawStdEncoding.DecodeString(s)
	if err != nil || len(raw) != masterKeySize {
		return MasterKey{}, ErrMasterKey // the cause would quote the key
	}
	return MasterKey{bytes: [masterKeySize]byte(raw)}, nil
}

// ParseMasterKeys reads keys that are separated by commas or white space: the
// first seals, the others open what was sealed under them.
func ParseMasterKeys(text domain.Secret) ([]MasterKey, error) {
	fields := strings.FieldsFunc(text.Reveal(), func(r rune) bool { return r == ',' || unicode.IsSpace(r) })
	if len(fields) == 0 {
		return nil, ErrMasterKey
	}
	keys := make([]MasterKey, len(fields))
	for i, f := range fields {
		var err error
		if keys[i], err = ParseMasterKey(domain.Secret(f)); err != nil {
			return nil, err
		}
	}
	return keys, nil
}

// LoadOrCreateMasterKeys takes the keys from configured (ENCRYPTION_KEY) or, when
// that is empty, from <dataDir>/master.key. A missing file is created with mode
// 0600 and one key; several processes that start at once agree on it.
func LoadOrCreateMasterKeys(dataDir string, configured domain.Secret) ([]MasterKey, error) {
	if configured != "" {
		return ParseMasterKeys(configured)
	}
	path := filepath.Join(dataDir, masterKeyFile)
	text, _, err := loadOrCreate(path, newMasterKey)
	if err != nil {
		return nil, fmt.Errorf("load master key: %w", err)
	}
	keys, err := ParseMasterKeys(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return keys, nil
}

func newMasterKey() string {
	var raw [masterKeySize]byte
	_, _ = rand.Read(raw[:]) // never fails since Go 1.24
	return base64.StdEncoding.EncodeToString(raw[:])
}

// PrependMasterKey puts a fresh key before those in <dataDir>/master.key, and
// returns all. Until [DropOlderMasterKeys] what is sealed under either can be
// opened, so that a rotation may be broken off at any point.
func PrependMasterKey(dataDir string) ([]MasterKey, error) {
	path := filepath.Join(dataDir, masterKeyFile)
	text, err := readSecret(path)
	if err != nil {
		return nil, fmt.Errorf("read master key: %w", err)
	}
	lines := newMasterKey() + "\n" + text.Reveal()
	keys, err := ParseMasterKeys(domain.Secret(lines))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return keys, replace(path, lines)
}

// DropOlderMasterKeys leaves the first key in <dataDir>/master.key.
func DropOlderMasterKeys(dataDir string) error {
	path := filepath.Join(dataDir, masterKeyFile)
	text, err := readSecret(path)
	if err != nil {
		return fmt.Errorf("read master key: %w", err)
	}
	return replace(path, strings.Fields(text.Reveal())[0])
}

// Derive makes the sub-key for a purpose (HKDF-SHA256).
func (k MasterKey) Derive(purpose string) [sha256.Size]byte {
	out, err := hkdf.Key(sha256.New, k.bytes[:], nil, "cch/"+purpose, sha256.Size)
	if err != nil { // only for a length HKDF cannot give
		panic("secrets: derive " + purpose + ": " + err.Error())
	}
	return [sha256.Size]byte(out)
}

// id names the key in what it sealed, without telling anything about it.
func (k MasterKey) id() string {
	sum := k.Derive("key-id/v1")
	return hex.EncodeToString(sum[:])[:keyIDLength]
}

func (k MasterKey) String() string { return "***" }

// GoString keeps %#v from printing the key.
func (k MasterKey) GoString() string { return "***" }

// LogValue keeps slog from printing the key.
func (k MasterKey) LogValue() slog.Value { return slog.StringValue("***") }
