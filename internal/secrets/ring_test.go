package secrets_test

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/claude-code-hub/cch/internal/domain"
	"github.com/claude-code-hub/cch/internal/secrets"
)

const aad = "providers:key_enc:7"

func TestRingOpensWhatItSealed(t *testing.T) {
	t.Parallel()
	ring := newRing(t, masterKey(t, 1))
	rapid.Check(t, func(t *rapid.T) {
		plain := domain.Secret(rapid.String().Draw(t, "plain"))
		sealed, err := ring.Seal(plain, aad)
		require.NoError(t, err)
		got, err := ring.Open(sealed, aad)
		require.NoError(t, err)
		require.Equal(t, plain.Reveal(), got.Reveal())
	})
}

func TestSealHidesAndNeverRepeats(t *testing.T) {
	t.Parallel()
	ring := newRing(t, masterKey(t, 1))
	a, err := ring.Seal("sk-very-secret", aad)
	require.NoError(t, err)
	b, err := ring.Seal("sk-very-secret", aad)
	require.NoError(t, err)
	require.NotEqual(t, a, b, "each value has its own nonce")
	require.NotContains(t, string(a), "secret")
	require.Regexp(t, `^enc:v1:[0-9a-f]{8}:[A-Za-z0-9+/]+$`, string(a))
}

func TestOpenRefuses(t *testing.T) {
	t.Parallel()
	ring := newRing(t, masterKey(t, 1))
	sealed, err := ring.Seal("value", aad)
	require.NoError(t, err)
	changed := bytes.Clone(sealed)
	if at := &changed[len(changed)-4]; *at == 'A' { // to a letter that base64 knows
		*at = 'B'
	} else {
		*at = 'A'
	}

	tests := map[string]struct {
		sealed []byte
		aad    string
		want   error
	}{
		"another row":       {sealed, "providers:key_enc:8", secrets.ErrSealBroken},
		"changed byte":      {changed, aad, secrets.ErrSealBroken},
		"empty":             {nil, aad, secrets.ErrSealedFormat},
		"plain text":        {[]byte("sk-plain"), aad, secrets.ErrSealedFormat},
		"cut off":           {sealed[:18], aad, secrets.ErrSealedFormat},
		"no key id":         {[]byte("enc:v1:"), aad, secrets.ErrSealedFormat},
		"key of elsewhere":  {[]byte("enc:v1:00000000:AAAA"), aad, secrets.ErrUnknownKey},
		"newer than we are": {[]byte("enc:v2:00000000:AAAA"), aad, secrets.ErrSealedFormat},
	}
	for name, test := range tests {
		_, err := ring.Open(test.sealed, test.aad)
		require.ErrorIs(t, err, test.want, name)
	}
}

func TestRotationKeepsOldValuesReadable(t *testing.T) {
	t.Parallel()
	before := newRing(t, masterKey(t, 1))
	sealed, err := before.Seal("value", aad)
	require.NoError(t, err)
	require.True(t, before.Current(sealed))

	after := newRing(t, masterKey(t, 2), masterKey(t, 1))
	got, err := after.Open(sealed, aad)
	require.NoError(t, err)
	require.Equal(t, "value", got.Reveal())
	require.False(t, after.Current(sealed))

	resealed, err := after.Seal(got, aad)
	require.NoError(t, err)
	require.True(t, after.Current(resealed))
	_, err = before.Open(resealed, aad)
	require.ErrorIs(t, err, secrets.ErrUnknownKey)
}

func newRing(t *testing.T, primary secrets.MasterKey, older ...secrets.MasterKey) *secrets.Ring {
	t.Helper()
	ring, err := secrets.NewRing(primary, older...)
	require.NoError(t, err)
	return ring
}
