package secrets

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"hash/crc32"
	"math/big"
	"strings"

	"github.com/claude-code-hub/cch/internal/domain"
)

const (
	keyPrefix      = "sk-"
	keyBits        = 192
	keyBodyDigits  = 33 // base-62 digits of 192 bits
	keyCheckDigits = 6  // base-62 digits of a CRC-32
	keyHintLength  = 8
	base62         = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

	// MinCustomKeyLength is the least length of a key somebody chose themselves.
	MinCustomKeyLength = 24
)

// HashKey is what the store keeps of a client's credential. Credentials carry
// enough randomness that a plain SHA-256 can be an index and needs no salt.
// It does not allocate for credentials up to 128 bytes.
func HashKey(credential string) [sha256.Size]byte {
	var short [128]byte
	if len(credential) <= len(short) {
		return sha256.Sum256(short[:copy(short[:], credential)])
	}
	return sha256.Sum256([]byte(credential))
}

// NewKey draws a client credential: sk-, 192 random bits and a checksum, all
// letters and digits so that a double click selects it.
func NewKey() domain.Secret {
	var raw [keyBits / 8]byte
	_, _ = rand.Read(raw[:]) // never fails since Go 1.24
	body := toBase62(new(big.Int).SetBytes(raw[:]), keyBodyDigits)
	return domain.Secret(keyPrefix + body + keyChecksum(body))
}

// KeyIntact tells whether a credential has the form and checksum of NewKey. A
// key somebody chose themselves has neither, so false means "mistyped or not
// ours", never "invalid".
func KeyIntact(credential string) bool {
	digits, ok := strings.CutPrefix(credential, keyPrefix)
	if !ok || len(digits) != keyBodyDigits+keyCheckDigits {
		return false
	}
	return keyChecksum(digits[:keyBodyDigits]) == digits[keyBodyDigits:]
}

// KeyHint gives the parts of a credential that may be stored and shown.
func KeyHint(credential domain.Secret) (prefix, last4 string) {
	last4 = credential.Last4()
	if last4 == "" {
		return "", ""
	}
	return credential.Reveal()[:keyHintLength], last4
}

// Equal compares two credentials in time that depends on neither content nor
// common prefix.
func Equal(a, b string) bool {
	x, y := HashKey(a), HashKey(b)
	return subtle.ConstantTimeCompare(x[:], y[:]) == 1
}

func keyChecksum(body string) string {
	sum := crc32.ChecksumIEEE([]byte(body))
	return toBase62(big.NewInt(int64(sum)), keyCheckDigits)
}

func toBase62(n *big.Int, width int) string {
	digits := make([]byte, width)
	base, rest := big.NewInt(int64(len(base62))), new(big.Int)
	for i := width - 1; i >= 0; i-- {
		n.DivMod(n, base, rest)
		digits[i] = base62[rest.Int64()]
	}
	return string(digits)
}
