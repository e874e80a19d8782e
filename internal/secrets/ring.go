package secrets

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"github.com/claude-code-hub/cch/internal/domain"
)

const sealedPrefix = "enc:v1:"

// Errors of Ring.Open.
var (
	ErrSealedFormat = errors.New("not a sealed value")
	ErrUnknownKey   = errors.New("sealed under an encryption key this node does not have")
	ErrSealBroken   = errors.New("sealed value was changed or belongs elsewhere")
)

// Ring seals and opens what the store keeps encrypted: AES-256-GCM with a
// nonce of its own for each value. The form is enc:v1:<key id>:<base64 of nonce
// and ciphertext>, so that values sealed under an older key stay readable after
// a rotation. Safe for concurrent use.
type Ring struct {
	primary string
	aeads   map[string]cipher.AEAD // by key id
}

// NewRing makes a ring that seals under primary and opens values of all keys.
func NewRing(primary MasterKey, older ...MasterKey) (*Ring, error) {
	r := &Ring{primary: primary.id(), aeads: make(map[string]cipher.AEAD, 1+len(older))}
	for _, k := range append([]MasterKey{primary}, older...) {
		sub := k.Derive("seal/v1")
		block, err := aes.NewCipher(sub[:])
		if err != nil {
			return nil, fmt.Errorf("make cipher: %w", err)
		}
		aead, err := cipher.NewGCM(block)
		if err != nil {
			return nil, fmt.Errorf("make cipher mode: %w", err)
		}
		r.aeads[k.id()] = aead
	}
	return r, nil
}

// Seal encrypts plain. aad names the place the value belongs to, as
// table:column:id; the value opens only with the same aad, so that a row's
// ciphertext is worthless in another row.
func (r *Ring) Seal(plain domain.Secret, aad string) ([]byte, error) {
	aead := r.aeads[r.primary]
	nonce := make([]byte, aead.NonceSize(), aead.NonceSize()+len(plain)+aead.Overhead())
	if _, err := rand.Read(nonce); err != nil {
		return nil, fmt.Errorf("draw nonce: %w", err)
	}
	box := aead.Seal(nonce, nonce, []byte(plain.Reveal()), []byte(aad))
	out := []byte(sealedPrefix + r.primary + ":")
	return base64.RawStdEncoding.AppendEncode(out, box), nil
}

// Open decrypts what Seal made with the same aad. It fails with one of
// ErrSealedFormat, ErrUnknownKey and ErrSealBroken.
func (r *Ring) Open(sealed []byte, aad string) (domain.Secret, error) {
	rest, ok := strings.CutPrefix(string(sealed), sealedPrefix)
	id, text, found := strings.Cut(rest, ":")
	if !ok || !found {
		return "", ErrSealedFormat
	}
	aead := r.aeads[id]
	if aead == nil {
		return "", fmt.Errorf("%w (key id %.16q)", ErrUnknownKey, id)
	}
	box, err := base64.RawStdEncoding.DecodeString(text)
	if err != nil || len(box) < aead.NonceSize() {
		return "", ErrSealedFormat
	}
	plain, err := aead.Open(nil, box[:aead.NonceSize()], box[aead.NonceSize():], []byte(aad))
	if err != nil {
		return "", ErrSealBroken
	}
	return domain.Secret(plain), nil
}

// Current tells whether a value is sealed under the ring's primary key, that
// is, needs no re-sealing after a rotation.
func (r *Ring) Current(sealed []byte) bool {
	return strings.HasPrefix(string(sealed), sealedPrefix+r.primary+":")
}
