package domain

import (
	"errors"
	"log/slog"
)

// Secret is a credential. Every way of printing or serialising it gives ***;
// only Reveal hands out the value, so that each use can be searched for.
type Secret string

const masked = "***"

// Reveal returns the credential itself. Callers must not log, store or send it
// anywhere but to the party it belongs to.
func (s Secret) Reveal() string { return string(s) }

func (s Secret) String() string { return masked }

// GoString keeps %#v from printing the value.
func (s Secret) GoString() string { return masked }

// LogValue keeps slog from printing the value.
func (s Secret) LogValue() slog.Value { return slog.StringValue(masked) }

// MarshalText keeps JSON and other text encoders from printing the value.
func (s Secret) MarshalText() ([]byte, error) { return []byte(masked), nil }

// ErrSecretEncoding is what binary encoders get: a secret never enters a
// message, a snapshot or the journal.
var ErrSecretEncoding = errors.New("a secret cannot be encoded")

// MarshalBinary refuses, see ErrSecretEncoding.
func (s Secret) MarshalBinary() ([]byte, error) { return nil, ErrSecretEncoding }

// Last4 is the hint shown for a credential: its last four characters, or
// nothing when so short that the hint would give it away.
func (s Secret) Last4() string {
	if len(s) < 12 {
		return ""
	}
	return string(s[len(s)-4:])
}
